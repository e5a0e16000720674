// The search page: asks the published index, shows twenty papers at a time, and remembers the question in the address.
import { openIndex } from "./search_index.js";
import { isHan } from "./search_language.js";

const form = document.querySelector("form[role=search]");
const list = document.querySelector("#found");
const state = document.querySelector("#state");
const more = document.querySelector("#more");
const older = document.querySelector("#older");
const subscribe = document.querySelector("#subscribe");
const { root, top } = document.body.dataset;
const texts = JSON.parse(document.querySelector("#texts").textContent);
const PAGE = 20, EXCERPT = 180, NAMES = 6;
const say = (name, values = {}) => (texts[name] ?? texts.unread).replace(/\{(\w+)\}/g, (_, key) => values[key]);

let index = null, turn = 0;
const asked = { found: null, total: 0, shown: 0 };

// What is asked: the words, and what was chosen beside them, in the words of the language.
function question() {
  const chosen = Object.fromEntries(new FormData(form));
  const facts = [["cat", chosen.category], ["translated", chosen.translated], ["from", chosen.from], ["until", chosen.until]];
  return [chosen.q.trim(), ...facts.filter(([, value]) => value).map(([name, value]) => `${name}:${value}`)].filter(Boolean).join(" ");
}

async function start() {
  const mine = ++turn;
  const text = question();
  list.replaceChildren();
  state.textContent = "";
  more.hidden = older.hidden = true;
  subscribe.hidden = !text;
  subscribe.href = `${root}feeds/compose/?${new URLSearchParams({ q: text })}`;
  Object.assign(asked, { found: null, total: 0, shown: 0 });
  if (text) await next(mine, text, 0);
}

// Looks at months from one on: by themselves no further than to the first that have anything.
async function next(mine, text, first) {
  try {
    state.textContent = say("searching");
    index ??= await openIndex(top);
    for (let found = null; ; ) {
      found = await index.search(text, found ? found.next : first);
      if (mine !== turn) return;
      asked.found = found;
      const papers = await found.take(PAGE);
      if (mine !== turn) return;
      show(papers);
      if (papers.length || !found.hasOlder) return;
    }
  } catch (error) {
    if (mine === turn) state.textContent = error.kind ? say(error.kind, error) : say("failed", { reason: error.message });
    if (!error.kind) index = null; // A publication may have replaced what was being read.
  }
}

function show(papers) {
  const { found } = asked;
  list.append(...papers.map((paper) => item(paper, found.phrases)));
  asked.shown += papers.length;
  more.hidden = found.isDone;
  older.hidden = !found.isDone || !found.hasOlder;
  const total = asked.total + found.total;
  state.textContent = asked.shown || !found.isDone ? say(found.isDone ? "found" : "some", { count: asked.shown, total }) : say("none");
}

more.addEventListener("click", async () => {
  const mine = turn;
  more.disabled = true;
  try {
    const papers = await asked.found.take(PAGE);
    if (mine === turn) show(papers);
  } catch (error) {
    state.textContent = say("failed", { reason: error.message });
  } finally {
    more.disabled = false;
  }
});

older.addEventListener("click", () => {
  asked.total += asked.found.total;
  older.hidden = true;
  next(turn, question(), asked.found.next);
});

// --- One paper -------------------------------------------------------------------------------------------------------

function item(paper, phrases) {
  const marks = phrases.map(pattern).filter(Boolean);
  const marked = marks.length ? new RegExp(marks.join("|"), "giu") : null;
  const element = document.createElement("li");
  const [english, ...written] = paper.titles;
  const [language, title] = written[0] ?? english;
  const link = document.createElement("a");
  link.href = paper.address ? root + paper.address : `https://arxiv.org/abs/${paper.id}`;
  link.lang = language;
  link.append(...mark(title, marked));
  element.append(link);
  if (written.length) element.append(line(mark(english[1], marked), "en"));
  const abstract = paper.abstracts.toReversed().find(([, text]) => marked && text.search(marked) >= 0) ?? paper.abstracts.at(-1);
  if (abstract) element.append(line(mark(excerpt(abstract[1], marked), marked), abstract[0]));
  const names = paper.authors.slice(0, NAMES).join(", ") + (paper.authors.length > NAMES ? " …" : "");
  const facts = [names, paper.categories.join(", "), paper.day, paper.id, paper.withdrawn && texts.withdrawn];
  element.append(line([facts.filter(Boolean).join(" · ")]));
  return element;
}

// What finds a phrase in a text as it is written: whole words, and Chinese wherever it stands.
function pattern(phrase) {
  const tokens = phrase.split(" ").map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (isHan(tokens[0])) return tokens.join("\\s*");
  return `(?<![\\p{L}\\p{N}])${tokens.join("[^\\p{L}\\p{N}]+")}(?![\\p{L}\\p{N}])`;
}

function mark(text, marked) {
  if (!marked) return [text];
  const parts = [];
  let end = 0;
  for (const hit of text.matchAll(marked)) {
    const element = document.createElement("mark");
    element.textContent = hit[0];
    parts.push(text.slice(end, hit.index), element);
    end = hit.index + hit[0].length;
  }
  return [...parts, text.slice(end)];
}

function excerpt(text, marked) {
  const place = marked ? Math.max(0, text.search(marked)) : 0;
  const start = place > EXCERPT / 2 ? place - EXCERPT / 4 : 0;
  return `${start ? "…" : ""}${text.slice(start, start + EXCERPT)}${start + EXCERPT < text.length ? "…" : ""}`;
}

function line(parts, language) {
  const element = document.createElement("p");
  element.className = "quiet";
  if (language) element.lang = language;
  element.append(...parts);
  return element;
}

// --- The form --------------------------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", given.size ? `?${given}` : "./");
  start();
});
form.addEventListener("change", (event) => { if (event.target.name !== "q") form.requestSubmit(); });
for (const [name, value] of new URLSearchParams(location.search)) if (form.elements[name]) form.elements[name].value = value;
start();
