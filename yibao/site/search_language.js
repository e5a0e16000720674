// Queries and texts as yibao/search/ reads and folds them: folding.py, language.py, concepts.py, conditions.py, terms.py.
// One set of vectors holds the two to each other (tests/yibao/test_search_script.py). Nothing here touches the page.

const HAN = "\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{2ffff}々";
const TOKEN = new RegExp(`[${HAN}]|(?<![\\p{L}\\p{N}])[a-z](?:\\+\\+|#)|(?:(?![${HAN}])[\\p{L}\\p{N}])+`, "gu");
const ONE_HAN = new RegExp(`^[${HAN}]$`, "u");
const COMPOUND = /(?<![\p{L}\p{N}])[a-z0-9]+(?:-[a-z0-9]+)+(?![\p{L}\p{N}])/gu;
const ACCENT = /\\(?:[`'^~=."]\s*|[uvHcdbkr](?=\s*\{|\s+\\?[A-Za-z](?![A-Za-z]))\s*)\{?\\?([A-Za-z])\}?/gu;
const SCRIPT = /\}?[_^]\{?([\p{L}\p{N}]+)\}?/gu;
const BLANK = /[\s\x1c-\x1f\x85]/u;
const LAST_PART = /(?:^|\/|arxiv[.:]|org:)((?:[a-z-]+(?:\.[a-z]{2})?\/\d{7}|\d{4}\.\d{4,6})(?:v\d+)?)(?:\.pdf|\/)?$/iu;
const IDENTIFIER = /^(?:(\d{4}\.\d{4,6})|([a-z]+(?:-[a-z]+)*)(?:\.[A-Za-z]{2}(?:-[a-z]+)?)?\/(\d{7}))(?:v[1-9]\d*)?$/u;
const PARTICLES = new Set("的了和与及在之对中");
const PLURALS = [["ies", "y"], ["sses", "ss"], ["xes", "x"], ["ches", "ch"], ["shes", "sh"]];
const MOST_CHARACTERS = 600, MOST_WORDS = 80, MOST_NESTED = 12;
const NUMBER = 0.85, OTHER = 0.9;

// What cannot be read: `kind` says why, `place` where, from 1.
export class QueryError extends Error {
  constructor(kind, place, value = "") {
    super(kind);
    Object.assign(this, { kind, place, value });
  }
}

const isLetter = (sign) => /^\p{L}$/u.test(sign);
const isWordSign = (sign) => /^[\p{L}\p{N}]$/u.test(sign);
export const isHan = (token) => ONE_HAN.test(token);

// A language by the tables that are published beside the index.
export function makeLanguage(tables) {
  const signs = new Map(Object.entries(tables.letters));
  const pairs = Array.from(tables.simplified);
  for (let place = 0; place < pairs.length; place += 2) signs.set(pairs[place], pairs[place + 1]);
  const terms = indexTerms(tables.terms.map((group) => group.map((way) => way.split(" "))));
  const known = new Map(Object.keys(tables.categories).map((code) => [code.toLowerCase(), code]));
  const names = Object.keys(tables.fields).join("|");
  const language = { tables, signs, terms, known, field: new RegExp(`^(${names})[:：](?=[^\\s\\x1c-\\x1f\\x85])`, "iu") };
  return {
    fold: (text) => fold(language, text),
    split: splitTokens,
    joined: joinCompounds,
    parse: (text) => parse(language, text),
    isTerm: (tokens) => terms.others.has(tokens.join(" ")),
  };
}

function fold(language, text) {
  if (/[\\$^_{}~]/.test(text)) text = decodeTex(language, text);
  text = text.normalize("NFKC").toLowerCase();
  text = text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC");
  text = text.replace(/[\u2010-\u2015\u2212\ufe63\uff0d]/g, "-");
  return Array.from(text, (sign) => language.signs.get(sign) ?? sign).join("");
}

function decodeTex(language, text) {
  text = text.replaceAll("$", "");
  if (text.includes("\\")) {
    text = text.replace(ACCENT, "$1");
    text = text.replace(/\\([A-Za-z]+)/g, (_, name) => (Object.hasOwn(language.tables.commands, name) ? language.tables.commands[name] : " "));
    text = text.replace(/\\([^\0]?)/gu, (_, sign) => ("#%&".includes(sign) && sign ? sign : " "));
  }
  if (/[_^]/.test(text)) text = text.replace(SCRIPT, joinScript);
  return text.replace(/[_^~]/g, " ").replace(/[{}]/g, "");
}

function joinScript(_match, script, place, text) {
  const before = Array.from(text.slice(0, place)).slice(-2);
  const last = before.at(-1) ?? " ", first = before.length > 1 ? before[0] : "";
  const single = isLetter(last) && !isWordSign(first);
  return single || (isWordSign(last) && /^\p{Nd}+$/u.test(script)) ? script : ` ${script}`;
}

export const splitTokens = (folded) => folded.match(TOKEN) ?? [];
export const joinCompounds = (folded) => (folded.match(COMPOUND) ?? []).map((word) => word.replaceAll("-", ""));

function indexTerms(groups) {
  const others = new Map();
  for (const group of groups)
    for (const way of group)
      for (const spelling of listNumbers(way)) {
        const key = spelling.join(" ");
        if (!others.has(key)) others.set(key, new Map());
        for (const other of group) if (other.join(" ") !== way.join(" ")) others.get(key).set(other.join(" "), other);
      }
  const kept = [...others].filter(([key, ways]) => ways.size || key.includes(" "));
  return { others: new Map(kept.map(([key, ways]) => [key, [...ways.values()]])), longest: Math.max(...kept.map(([key]) => key.split(" ").length)) };
}

function listNumbers(way) {
  const other = isHan(way.at(-1)) ? null : varyNumber(way.at(-1));
  return other ? [way, [...way.slice(0, -1), other]] : [way];
}

export function varyNumber(token) {
  if (token.length < 3 || !/^[a-z]+$/i.test(token)) return null;
  for (const [plural, singular] of PLURALS) if (token.endsWith(plural)) return token.slice(0, -plural.length) + singular;
  if (token.endsWith("s")) return /(?:ss|us|is|as)$/.test(token) ? null : token.slice(0, -1);
  if (token.endsWith("y") && !"aeiou".includes(token.at(-2))) return `${token.slice(0, -1)}ies`;
  return token + (/(?:x|ch|sh)$/.test(token) ? "es" : "s");
}

export function writeSingular(token) {
  const other = varyNumber(token);
  return other && other.length < token.length ? other : token;
}

// --- Reading a query -------------------------------------------------------------------------------------------------

function parse(language, text) {
  const letters = Array.from(text);
  if (letters.length > MOST_CHARACTERS) throw new QueryError("long", 1);
  const plain = letters.map((sign) => ({ "“": '"', "”": '"', "„": '"', "（": "(", "）": ")" })[sign] ?? sign);
  const tokens = splitText(language, plain);
  if (tokens.length > MOST_WORDS) throw new QueryError("long", 1);
  const state = { language, tokens, place: 0 };
  const read = simplify(readChoices(state, 0));
  if (state.place < tokens.length) throw new QueryError("closed", tokens[state.place].place);
  const isPlain = tokens.every((token) => token.kind === "word");
  const beside = isPlain ? tokens.filter((token) => !token.field).map((token) => token.text).join(" ") : "";
  const asksNothing = read[0] === "all" && read.length === 1;
  return { condition: tokens.length && asksNothing ? ["concept", "", [], [], 0] : read, beside: [...splitTokens(fold(language, beside))] };
}

function splitText(language, text) {
  const tokens = [];
  let place = 0;
  while (place < text.length) {
    const sign = text[place];
    if (BLANK.test(sign)) place += 1;
    else if (sign === "(" || sign === ")") tokens.push({ kind: sign, text: sign, place: ++place, field: "" });
    else if (sign === "-" && place + 1 < text.length && !BLANK.test(text[place + 1]) && !"-)".includes(text[place + 1]))
      tokens.push({ kind: "-", text: sign, place: ++place, field: "" });
    else {
      const [token, end] = readWord(language, text, place);
      tokens.push(token);
      place = end;
    }
  }
  return tokens;
}

function readWord(language, text, start) {
  const match = language.field.exec(text.slice(start, start + 16).join(""));
  const field = match ? language.tables.fields[match[1].toLowerCase()] : "";
  const begin = start + (match ? Array.from(match[0]).length : 0);
  if (text[begin] === '"') {
    const end = text.indexOf('"', begin + 1);
    if (end < 0) throw new QueryError("quote", begin + 1);
    return [{ kind: "phrase", text: text.slice(begin + 1, end).join(""), place: start + 1, field }, end + 1];
  }
  let end = begin, depth = 0;
  while (end < text.length && !BLANK.test(text[end]) && text[end] !== '"') {
    depth += text[end] === "(" ? 1 : text[end] === ")" ? -1 : 0;
    if (depth < 0) break;
    end += 1;
  }
  const word = text.slice(begin, end).join("");
  const kind = (word === "OR" || word === "AND") && !field ? word : "word";
  return [{ kind, text: word, place: start + 1, field }, end];
}

const peek = (state) => state.tokens[state.place];

function readChoices(state, depth) {
  const choices = [readAll(state, depth)];
  while (peek(state)?.kind === "OR") {
    const sign = state.tokens[state.place++];
    const next = peek(state);
    const last = choices.at(-1);
    if (!next || next.kind === ")" || next.kind === "OR" || (last[0] === "all" && last.length === 1)) throw new QueryError("or", sign.place);
    choices.push(readAll(state, depth));
  }
  return choices.length === 1 ? choices[0] : ["any", ...choices];
}

function readAll(state, depth) {
  const found = [];
  for (let token = peek(state); token && token.kind !== ")" && token.kind !== "OR"; token = peek(state)) {
    if (token.kind === "AND") state.place += 1;
    else if (token.kind === "word" && !token.field) {
      const words = [];
      while (peek(state)?.kind === "word" && !peek(state).field) words.push(state.tokens[state.place++].text);
      found.push(...makeConcepts(state.language, words, "", false));
    } else found.push(readOne(state, depth));
  }
  return joinAll(found);
}

function readOne(state, depth) {
  const token = state.tokens[state.place++];
  if (token.kind === "-") return readNegation(state, token, depth);
  if (token.kind !== "(") return makeCondition(state.language, token);
  if (depth >= MOST_NESTED) throw new QueryError("deep", token.place);
  const inner = readChoices(state, depth + 1);
  if (peek(state)?.kind !== ")") throw new QueryError("open", token.place);
  state.place += 1;
  return inner;
}

function readNegation(state, sign, depth) {
  const token = peek(state);
  if (!token || [")", "OR", "AND", "-"].includes(token.kind)) throw new QueryError("minus", sign.place);
  if (token.kind !== "word" || token.field) return ["not", readOne(state, depth)];
  state.place += 1;
  return ["not", joinAll(makeConcepts(state.language, [token.text], "", true))];
}

function makeCondition(language, token) {
  if (token.field === "" || token.field === "title")
    return token.kind === "phrase" ? makePhrase(language, token.text, token.field) : joinAll(makeConcepts(language, [token.text], token.field, false));
  if (token.field === "author" || token.field === "translator") {
    const names = listNameOrders([...splitTokens(fold(language, token.text))]);
    return ["concept", token.field, names.map((name) => [name.join(" "), 1]), [], 0];
  }
  return makeFilter(language, token);
}

const joinAll = (nodes) => (nodes.length === 1 ? nodes[0] : ["all", ...nodes]);

function simplify(node) {
  if (node[0] === "all") {
    const children = node.slice(1).map(simplify).flatMap((child) => (child[0] === "all" ? child.slice(1) : [child]));
    return joinAll(unique(children));
  }
  if (node[0] === "any") return ["any", ...unique(node.slice(1).map(simplify))];
  return node[0] === "not" ? ["not", simplify(node[1])] : node;
}

const unique = (nodes) => [...new Map(nodes.map((node) => [JSON.stringify(node), node])).values()];

// --- Facts -----------------------------------------------------------------------------------------------------------

function makeFilter(language, token) {
  const { field, text, place } = token;
  const wrong = () => new QueryError(field === "from" || field === "until" ? "date" : field, place, text);
  if (field === "category") {
    const wanted = text.replace(/\.\*$/, "").replace(/\*$/, "");
    const code = language.tables.categories[language.known.get(wanted.toLowerCase()) ?? ""];
    if (!code) throw wrong();
    return ["filter", "category", code];
  }
  if (field === "language") {
    if (!/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(text)) throw wrong();
    return ["filter", "language", text.toLowerCase()];
  }
  if (field === "translated") {
    const answer = { yes: true, no: false, 是: true, 否: false }[text.toLowerCase()];
    if (answer === undefined) throw wrong();
    return ["filter", "translated", answer];
  }
  if (field === "id") {
    const found = findIdentifier(text);
    if (!found) throw wrong();
    return ["filter", "id", found];
  }
  return ["filter", "date", findDates(field, text, wrong)];
}

function findDates(field, text, wrong) {
  const dots = field === "date" ? text.indexOf("..") : -1;
  const first = dots < 0 ? text : text.slice(0, dots), last = dots < 0 ? "" : text.slice(dots + 2);
  const start = first && field !== "until" ? findDays(first, wrong)[0] : "0000-00-00";
  const ends = field !== "from" && (last || dots < 0);
  return [start, ends ? findDays(dots < 0 ? first : last, wrong)[1] : "9999-99-99"];
}

function findDays(text, wrong) {
  const match = /^(\p{Nd}{4})(?:-(\p{Nd}{1,2}))?(?:-(\p{Nd}{1,2}))?$/u.exec(text);
  const [year, month, day] = [1, 2, 3].map((part) => Number(match?.[part] ?? 0));
  const lastDay = day || new Date(Date.UTC(2000 + (year % 400), month || 12, 0)).getUTCDate();
  if (!match || !year || month > 12 || day > new Date(Date.UTC(2000 + (year % 400), month || 1, 0)).getUTCDate()) throw wrong();
  const write = (...parts) => `${String(year).padStart(4, "0")}-${parts.map((part) => String(part).padStart(2, "0")).join("-")}`;
  return [write(month || 1, day || 1), write(month || 12, lastDay)];
}

export function findIdentifier(text) {
  const last = LAST_PART.exec(text.split("?")[0].split("#")[0]);
  const match = last && IDENTIFIER.exec(last[1]);
  if (!match) return null;
  if (!match[1]) return `${match[2]}/${match[3]}`;
  const digits = match[1].length - 5;
  return (Number(match[1].slice(0, 4)) <= 1412 ? digits === 4 : digits >= 5) ? match[1] : null;
}

// --- Words as concepts -----------------------------------------------------------------------------------------------

function makeConcepts(language, words, field, isExact) {
  const found = [];
  let units = [];
  for (const word of words) {
    const identifier = field ? null : findIdentifier(word);
    if (identifier) {
      found.push(...makeAll(language, units, field, isExact), ["filter", "id", identifier]);
      units = [];
    } else if (word.toLowerCase() !== "arxiv:") units.push(...splitWord(language, word));
  }
  return [...found, ...makeAll(language, units, field, isExact)];
}

function makePhrase(language, text, field) {
  const folded = fold(language, text);
  const phrases = [splitTokens(folded).join(" ")];
  const joined = joinCompounds(folded);
  if (joined.length === 1 && !/[\s\x1c-\x1f\x85]/u.test(folded.trim())) phrases.push(joined[0]);
  return ["concept", field, phrases.filter(Boolean).map((phrase) => [phrase, 1]), [], 0];
}

export function listNameOrders(name) {
  if (name.length < 2 || name.length > 4 || isHan(name[0])) return name.length ? [name] : [];
  const orders = [name, [...name.slice(1), name[0]], [name.at(-1), ...name.slice(0, -1)]];
  return [...new Map(orders.map((order) => [order.join(" "), order])).values()];
}

function splitWord(language, word) {
  const folded = fold(language, word);
  const joined = joinCompounds(folded);
  const units = [];
  for (const token of splitTokens(folded)) {
    const isChinese = isHan(token);
    if (units.length && units.at(-1).isChinese === isChinese) units.at(-1).tokens.push(token);
    else units.push({ tokens: [token], isChinese, joined: joined.length === 1 && !isChinese ? joined[0] : "" });
  }
  return units;
}

function makeAll(language, units, field, isExact) {
  const found = [];
  for (let place = 0; place < units.length; ) {
    const unit = units[place];
    if (unit.isChinese) {
      found.push(...cutChinese(language, unit.tokens, field, isExact));
      place += 1;
      continue;
    }
    const count = isExact ? 1 : countUnitsOfTerm(language, units, place);
    const tokens = units.slice(place, place + count).flatMap((one) => one.tokens);
    found.push(makeWords(language, tokens, count === 1 ? unit.joined : "", field, isExact));
    place += count;
  }
  return found.filter((one) => one[2].length);
}

function countUnitsOfTerm(language, units, place) {
  let tokens = [], best = 1;
  for (let count = 1; place + count <= units.length; count += 1) {
    const unit = units[place + count - 1];
    tokens = [...tokens, ...unit.tokens];
    if (unit.isChinese || tokens.length > language.terms.longest) break;
    if (language.terms.others.has(tokens.join(" "))) best = count;
  }
  return best;
}

function makeWords(language, tokens, joined, field, isExact) {
  const ways = tokens.length ? [[tokens, 1], ...(joined ? [[[joined], 1]] : [])] : [];
  if (isExact) return ["concept", field, ways.map(([way, weight]) => [way.join(" "), weight]), [], 0];
  const isTerm = language.terms.others.has(tokens.join(" "));
  const parts = tokens.length > 1 && !joined && !isTerm ? tokens : [];
  const others = (language.terms.others.get(tokens.join(" ")) ?? []).map((way) => [way, OTHER]);
  return ["concept", field, sortWays([...ways, ...others]), [...parts], parts.length];
}

function sortWays(ways) {
  const varied = new Map();
  for (const [way, weight] of ways) {
    if (!varied.has(way.join(" "))) varied.set(way.join(" "), [way, weight]);
    const other = varyNumber(way.at(-1));
    const number = other && [...way.slice(0, -1), other];
    if (number && !varied.has(number.join(" "))) varied.set(number.join(" "), [number, Math.round(weight * NUMBER * 1000) / 1000]);
  }
  return [...varied.values()].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).map(([way, weight]) => [way.join(" "), weight]);
}

function compare(a, b) {
  for (let place = 0; place < Math.min(a.length, b.length); place += 1) if (a[place] !== b[place]) return a[place] < b[place] ? -1 : 1;
  return a.length - b.length;
}

function cutChinese(language, run, field, isExact) {
  if (isExact) return [["concept", field, [[run.join(" "), 1]], [], 0]];
  const { others, longest } = language.terms;
  const found = [];
  let start = 0, place = 0;
  while (place < run.length) {
    let length = Math.min(longest, run.length - place);
    while (length > 1 && !others.has(run.slice(place, place + length).join(" "))) length -= 1;
    if (length < 2) { place += 1; continue; }
    const tokens = run.slice(place, place + length);
    const ways = [[tokens, 1], ...others.get(tokens.join(" ")).map((way) => [way, OTHER])];
    found.push(...makePiece(run.slice(start, place), field, false), ["concept", field, sortWays(ways), [], 0]);
    start = place = place + length;
  }
  return found.length ? [...found, ...makePiece(run.slice(start), field, false)] : makePiece(run, field, true);
}

function makePiece(run, field, isAlone) {
  if (!isAlone && (run.length <= 1 || run.every((sign) => PARTICLES.has(sign)))) return [];
  const pairs = run.length >= 4 && run.length <= 24 ? [...new Set(run.slice(1).map((sign, place) => `${run[place]} ${sign}`))] : [];
  return [["concept", field, [[run.join(" "), 1]], pairs, Math.ceil((2 / 3) * pairs.length)]];
}
