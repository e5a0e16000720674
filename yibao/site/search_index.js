// The published index of search (yibao/search/shards.py): which papers of which months satisfy a query, the best first.
// What shards cannot tell, whether words stand in a row, is looked up in the papers that would be shown.
import { isHan, listNameOrders, makeLanguage, varyNumber, writeSingular } from "./search_language.js";

const IN_TITLE = 1, IN_NAME = 2, TITLE = 3, NAME = 2, NEAR = 0.3;
const OFTEN = [0, 1, 1.4, 1.65];
const ROW_IN_TITLE = 4, ROW_IN_ABSTRACT = 1.5, A_NAME = 4, LONGEST_ROW = 6, FRESHNESS = 0.01;
// Months that a query looks at; fewer, where the newest hold plenty: common words would fetch much for nothing.
const MONTHS = 12, RECENT = 3, PLENTY = 100;
// Papers whose texts are looked at for one page, at most.
const MOST_CHECKED = 40;
const TEXTS = ["title", "abstract"], FIELDS = [...TEXTS, "author", "translator"];

export async function openIndex(root) {
  const read = async (path) => {
    const answer = await fetch(`${root}search/index/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer;
  };
  const [manifest, tables] = await Promise.all(["manifest.json", "tables.json"].map(async (path) => (await read(path)).json()));
  return new SearchIndex(manifest, makeLanguage(tables), read);
}

async function inflate(answer) {
  return new Response(answer.body.pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer();
}

class SearchIndex {
  constructor(manifest, language, read) {
    Object.assign(this, { manifest, language, read, kept: new Map() });
    this.stop = new Set(manifest.stop);
  }

  // What satisfies a query within a year from one of the months on, or within its newest months where they hold plenty.
  async search(text, first = 0) {
    const query = this.language.parse(text);
    const recent = await this.searchMonths(query, first, RECENT);
    return recent.hits.length >= PLENTY || !recent.hasOlder ? recent : this.searchMonths(query, first, MONTHS);
  }

  async searchMonths(query, first, count) {
    const months = this.manifest.months.slice(first, first + count);
    const dates = listDates(query.condition);
    const wanted = months.filter((month) => dates.every(([start, end]) => month.month >= start.slice(0, 7) && month.month <= end.slice(0, 7)));
    const terms = new Set(listTerms(this, query.condition));
    const found = await Promise.all(wanted.map((month) => this.readTerms(month, terms, query.condition)));
    const total = wanted.reduce((sum, month) => sum + month.papers, 0);
    const weights = new Map([...terms].map((term) => {
      const papers = found.reduce((sum, one) => sum + (one.get(term)?.numbers.length ?? 0), 0);
      return [term, Math.log(1 + (total - papers + 0.5) / (papers + 0.5))];
    }));
    const hits = wanted.flatMap((month, place) => rankMonth({ index: this, month, postings: found[place], weights }, query));
    const isRanked = hits.some((hit) => hit.score > 0);
    hits.forEach((hit, place) => { hit.order = isRanked ? hit.score * (1 + FRESHNESS * hit.age) : -place; });
    hits.sort((a, b) => b.order - a.order);
    return new Found(this, query, hits, weights, first + months.length);
  }

  async readTerms(month, terms, condition) {
    const wanted = new Set(terms);
    for (const day of listDays(condition, month.month)) wanted.add(`day:${day}`);
    const byShard = Map.groupBy ? Map.groupBy(wanted, (term) => findShard(term, month.shards)) : group(wanted, (term) => findShard(term, month.shards));
    const found = new Map();
    await Promise.all([...byShard].map(async ([shard, names]) => {
      const bytes = await this.fetch(`${month.month}/${shard.toString(16)}.bin`);
      for (const [term, postings] of readShard(new Uint8Array(bytes), new Set(names))) found.set(term, postings);
    }));
    return found;
  }

  // Bytes of a file, fetched once.
  fetch(path) {
    if (!this.kept.has(path)) {
      const bytes = this.read(path).then(inflate);
      bytes.catch(() => this.kept.delete(path));
      this.kept.set(path, bytes);
    }
    return this.kept.get(path);
  }

  async readPaper(hit) {
    const bytes = await this.fetch(`${hit.month}/papers/${Math.floor(hit.number / this.manifest.block)}.bin`);
    return JSON.parse(new TextDecoder().decode(bytes))[hit.number % this.manifest.block];
  }
}

// What a query found, of which pages are taken one after the other.
class Found {
  // `next` is the first month that was not looked at.
  constructor(index, query, hits, weights, next) {
    Object.assign(this, { index, query, hits, weights, next, place: 0, total: hits.length, phrases: listPhrases(query.condition) });
  }

  get hasOlder() { return this.next < this.index.manifest.months.length; }

  get isDone() { return this.place >= this.hits.length; }

  // The next papers that satisfy the query; fewer where so many of their texts do not that it is given up.
  async take(most) {
    const shown = [];
    let checked = 0;
    while (shown.length < most && !this.isDone && checked < MOST_CHECKED) {
      const batch = this.hits.slice(this.place, this.place + most - shown.length);
      const papers = await Promise.all(batch.map((hit) => this.index.readPaper(hit)));
      this.place += batch.length;
      checked += batch.length;
      papers.forEach((paper, place) => {
        const fields = foldPaper(this.index.language, paper);
        if (isMatch(this.query.condition, paper, fields)) shown.push({ paper, order: batch[place].order + this.rankRow(fields) });
        else this.total -= 1;
      });
    }
    return shown.sort((a, b) => b.order - a.order).map((one) => one.paper);
  }

  rankRow(fields) {
    const row = this.query.beside;
    if (row.length < 2) return 0;
    const weight = listFirst(this.query.condition).flatMap((phrase) => rowTerms(this.index, phrase.split(" "))).reduce((sum, term) => sum + (this.weights.get(term) ?? 0), 0);
    const inTitle = hasPhrase(fields.title, row) ? ROW_IN_TITLE : 0;
    const inAbstract = row.length <= LONGEST_ROW && hasPhrase(fields.abstract, row) ? ROW_IN_ABSTRACT : 0;
    const orders = listNameOrders(row);
    const isName = orders.length > 1 && orders.some((name) => hasPhrase(fields.author, name)) ? A_NAME : 0;
    return weight * (inTitle + inAbstract + isName);
  }
}

function group(values, key) {
  const groups = new Map();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return groups;
}

export function findShard(term, shards) {
  let digest = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(term)) digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
  return digest & (shards - 1);
}

function* readShard(bytes, wanted) {
  let place = 0;
  const number = () => {
    let value = 0, shift = 0, byte;
    do { byte = bytes[place++]; value |= (byte & 127) << shift; shift += 7; } while (byte & 128);
    return value;
  };
  const decoder = new TextDecoder();
  while (place < bytes.length) {
    const length = number();
    const term = decoder.decode(bytes.subarray(place, place + length));
    place += length;
    const end = number() + place;
    if (!wanted.has(term)) { place = end; continue; }
    const numbers = [], bits = [];
    for (let last = -1; place < end; ) {
      const value = number();
      last += 1 + (value >>> 4);
      numbers.push(last);
      bits.push(value & 15);
    }
    yield [term, { numbers, bits }];
  }
}

// --- Terms of a query ------------------------------------------------------------------------------------------------

// The terms that stand for tokens in a row: words without stop words, and pairs of Chinese characters.
function rowTerms(index, tokens) {
  if (tokens.length > 1 && index.language.isTerm(tokens)) return [nameWay(tokens)];
  const terms = [];
  tokens.forEach((token, place) => {
    const next = tokens[place + 1];
    if (isHan(token) && next && isHan(next)) terms.push(token + next);
    else if (isHan(token) ? !isHan(tokens[place - 1] ?? "") : !index.stop.has(token)) terms.push(writeSingular(token));
  });
  return terms;
}

const nameWay = (way) => (way.every(isHan) ? way.join("") : [...way.slice(0, -1), writeSingular(way.at(-1))].join(" "));

function listTerms(index, node) {
  if (node[0] === "concept") return [...node[2].map(([phrase]) => phrase), ...node[3]].flatMap((phrase) => rowTerms(index, phrase.split(" ")));
  if (node[0] === "filter") return node[1] === "date" ? [] : [nameFact(node)];
  return node.slice(1).flatMap((child) => listTerms(index, child));
}

function nameFact([, name, value]) {
  return name === "translated" ? "is:translated" : `${{ category: "cat", language: "lang", id: "id" }[name]}:${value}`;
}

const listDates = (node) => (node[0] === "all" ? node.slice(1).flatMap(listDates) : node[0] === "filter" && node[1] === "date" ? [node[2]] : []);

// The days of a month that a date in the query divides.
function listDays(node, month) {
  if (node[0] === "concept") return [];
  if (node[0] !== "filter") return node.slice(1).flatMap((child) => listDays(child, month));
  if (node[1] !== "date") return [];
  const [start, end] = node[2];
  if (start <= `${month}-01` && end >= `${month}-31`) return [];
  const days = Array.from({ length: 31 }, (_, place) => `${month}-${String(place + 1).padStart(2, "0")}`);
  return days.filter((day) => day >= start && day <= end);
}

function listPhrases(node) {
  if (node[0] === "concept") return [...node[2].map(([phrase]) => phrase), ...node[3]];
  return node[0] === "all" || node[0] === "any" ? node.slice(1).flatMap(listPhrases) : [];
}

// Each concept as it was asked for.
function listFirst(node) {
  if (node[0] === "concept") return node[2].slice(0, 1).map(([phrase]) => phrase);
  return node[0] === "all" || node[0] === "any" ? node.slice(1).flatMap(listFirst) : [];
}

// --- Ranking by what shards say --------------------------------------------------------------------------------------

// For each paper of a month a score, or -1 where it cannot satisfy the query.
function rankMonth(place, query) {
  const scores = evaluate(place, query.condition);
  const hits = [];
  scores.forEach((score, number) => {
    if (score < 0) return;
    const [year, month] = place.month.month.split("-").map(Number);
    const age = (year - 1986 + month / 12) / 100 + number / place.month.papers / 1200;
    hits.push({ month: place.month.month, number, score, age });
  });
  return hits.reverse();
}

function evaluate(place, node) {
  const size = place.month.papers;
  if (node[0] === "concept") return weighConcept(place, node);
  if (node[0] === "filter") return findFact(place, node);
  if (node[0] === "not") return isCertain(place.index, node[1]) ? evaluate(place, node[1]).map((score) => (score < 0 ? 0 : -1)) : new Float32Array(size);
  const children = node.slice(1).map((child) => evaluate(place, child));
  const scores = new Float32Array(size).fill(node[0] === "all" ? 0 : -1);
  for (const child of children)
    child.forEach((score, number) => {
      if (node[0] === "all") scores[number] = score < 0 || scores[number] < 0 ? -1 : scores[number] + score;
      else if (score >= 0) scores[number] = Math.max(scores[number], 0) + score;
    });
  return scores;
}

// Whether shards alone tell who satisfies a condition.
function isCertain(index, node) {
  if (node[0] === "filter") return true;
  if (node[0] === "not") return isCertain(index, node[1]);
  if (node[0] !== "concept") return node.slice(1).every((child) => isCertain(index, child));
  const isPlain = (token) => isHan(token) || (!index.stop.has(token) && varyNumber(token) === null);
  const isOne = (phrase) => rowTerms(index, phrase.split(" ")).length === 1 && phrase.split(" ").every(isPlain);
  return node[1] !== "author" && node[1] !== "translator" && node[2].every(([phrase]) => isOne(phrase)) && node[3].every(isOne);
}

function findFact(place, node) {
  const size = place.month.papers;
  const mark = (terms, marked) => {
    const scores = new Float32Array(size).fill(marked ? -1 : 0);
    for (const term of terms) for (const number of place.postings.get(term)?.numbers ?? []) scores[number] = marked ? 0 : -1;
    return scores;
  };
  if (node[1] !== "date") return mark([nameFact(node)], node[2] !== false);
  const [start, end] = node[2], month = place.month.month;
  if (start <= `${month}-01` && end >= `${month}-31`) return new Float32Array(size);
  return mark(listDays(node, month).map((day) => `day:${day}`), true);
}

function weighConcept(place, [, field, phrases, parts, need]) {
  const size = place.month.papers;
  const scores = new Float32Array(size).fill(-1);
  for (const [phrase, weight] of phrases)
    weighRowOf(place, phrase, field, scores, (score) => score * weight);
  if (!parts.length) return scores;
  const sums = new Float32Array(size), counts = new Uint16Array(size);
  for (const part of parts) {
    const one = new Float32Array(size).fill(-1);
    weighRowOf(place, part, field || "text", one, (score) => score);
    one.forEach((score, number) => { if (score >= 0) { sums[number] += score; counts[number] += 1; } });
  }
  return scores.map((score, number) => (counts[number] >= need ? Math.max(score, sums[number] * NEAR) : score));
}

// Raises the scores of papers that have all terms of a phrase in one field.
function weighRowOf(place, phrase, field, scores, count) {
  const terms = [...new Set(rowTerms(place.index, phrase.split(" ")))];
  if (!terms.length) { scores.forEach((score, number) => { scores[number] = Math.max(score, 0); }); return; }
  const size = place.month.papers;
  const counts = new Uint16Array(size), common = new Uint8Array(size).fill(3), often = new Uint8Array(size).fill(3);
  for (const term of terms) {
    const { numbers, bits } = place.postings.get(term) ?? { numbers: [], bits: [] };
    numbers.forEach((number, at) => {
      counts[number] += 1;
      common[number] &= bits[at] & 3;
      often[number] = Math.min(often[number], bits[at] >> 2);
    });
  }
  const weight = terms.reduce((sum, term) => sum + place.weights.get(term), 0);
  counts.forEach((seen, number) => {
    if (seen < terms.length) return;
    const inTitle = common[number] & IN_TITLE && field !== "author" && field !== "translator" ? TITLE : 0;
    const inName = common[number] & IN_NAME && field !== "title" && field !== "text" ? NAME : 0;
    const inAbstract = field === "" || field === "text" ? OFTEN[often[number]] : 0;
    const best = Math.max(inTitle, inName, inAbstract);
    if (best) scores[number] = Math.max(scores[number], count(weight * best));
  });
}

// --- What a paper's own texts say ------------------------------------------------------------------------------------

export function foldPaper(language, paper) {
  const read = (texts) => {
    const folded = texts.map(language.fold);
    return [...folded.map((text) => [...language.split(text)]), ...folded.flatMap((text) => language.joined(text)).map((word) => [word])];
  };
  const last = (pairs) => pairs.map(([, text]) => text);
  return { title: read(last(paper.titles)), abstract: read(last(paper.abstracts)), author: read(paper.authors), translator: read(paper.translators), more: paper.more };
}

export function hasPhrase(texts, phrase) {
  return texts.some((text) => text.some((token, place) => token === phrase[0] && phrase.every((one, at) => text[place + at] === one)));
}

export function isMatch(node, paper, fields) {
  const [kind, ...rest] = node;
  if (kind === "all") return rest.every((child) => isMatch(child, paper, fields));
  if (kind === "any") return rest.some((child) => isMatch(child, paper, fields));
  if (kind === "not") return !isMatch(rest[0], paper, fields);
  if (kind === "filter") return isFact(rest, paper);
  const [field, phrases, parts, need] = rest;
  // Of very many authors, the block holds the first alone.
  if (field === "author" && fields.more) return true;
  const texts = (names) => (field ? fields[field] : names.flatMap((name) => fields[name]));
  if (phrases.some(([phrase]) => hasPhrase(texts(FIELDS), phrase.split(" ")))) return true;
  return parts.length > 0 && parts.filter((part) => hasPhrase(texts(TEXTS), part.split(" "))).length >= need;
}

function isFact([name, value], paper) {
  if (name === "category") return paper.categories.some((code) => code === value || code.split(".")[0] === value);
  if (name === "language") return paper.languages.some((one) => `${one.toLowerCase()}-`.startsWith(`${value}-`));
  if (name === "translated") return paper.languages.length > 0 === value;
  if (name === "date") return paper.day !== null && value[0] <= paper.day && paper.day <= value[1];
  return paper.id === value;
}
