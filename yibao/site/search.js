// Search without a server: the site's texts are read month by month, the newest first, and searched as they stand.
// Chinese is found wherever it stands; a Latin word is found from its beginning. All words must be found.
const form = document.querySelector("form");
const list = document.querySelector("#found");
const state = document.querySelector("#state");
const root = document.body.dataset.root;
const MOST = 100;
let turn = 0;

const plain = (text) => text.normalize("NFKC").toLowerCase();

function wanted(query) {
  const words = plain(query).match(/"[^"]+"|\S+/g) || [];
  return words.map((word) => {
    const bare = word.replaceAll('"', "").trim();
    const escaped = bare.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
    return new RegExp((/^[\p{Script=Latin}\d]/u.test(bare) ? "(?<![\\p{Script=Latin}\\d])" : "") + escaped, "u");
  });
}

// How well an entry fits: titles count most; 0 where a word is missing.
function score(entry, words) {
  const title = plain(`${entry.title}\n${entry.title_en}`);
  const rest = plain([entry.arxiv_id, entry.abstract, entry.abstract_en, entry.translator || "", ...entry.authors].join("\n"));
  let sum = 0;
  for (const word of words) {
    if (word.test(title)) sum += 10;
    else if (word.test(rest)) sum += 1;
    else return 0;
  }
  return sum;
}

function shown(entry, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `${root}papers/${entry.arxiv_id}/`;
  link.textContent = entry.title;
  item.append(link);
  if (entry.title !== entry.title_en) item.append(line(entry.title_en, "en"));
  const text = [entry.abstract, entry.abstract_en].find((one) => words.some((word) => word.test(plain(one))));
  if (text) item.append(excerpt(text, words, text === entry.abstract ? entry.language : "en"));
  const facts = [entry.published, entry.categories.join(", "), entry.arxiv_id, entry.is_withdrawn && "已撤回 withdrawn"];
  item.append(line(facts.filter(Boolean).join(" · ")));
  return item;
}

function line(text, language) {
  const element = document.createElement("p");
  element.className = "quiet";
  if (language) element.lang = language;
  element.textContent = text;
  return element;
}

function excerpt(text, words, language) {
  const places = words.map((word) => plain(text).search(word)).filter((place) => place >= 0);
  const start = Math.max(0, Math.min(...places) - 40);
  const cut = text.slice(start, start + 160);
  const element = line("", language);
  element.append(start > 0 ? "…" : "");
  let rest = cut;
  // Where folding changes lengths (ﬁ is fi), places cannot be told: nothing is marked.
  while (rest && plain(rest).length === rest.length) {
    const hits = words.map((word) => word.exec(plain(rest))).filter(Boolean).sort((a, b) => a.index - b.index);
    if (!hits.length || !hits[0][0]) break;
    const mark = document.createElement("mark");
    mark.textContent = rest.slice(hits[0].index, hits[0].index + hits[0][0].length);
    element.append(rest.slice(0, hits[0].index), mark);
    rest = rest.slice(hits[0].index + hits[0][0].length);
  }
  element.append(rest, start + 160 < text.length ? "…" : "");
  return element;
}

// 2026-06 as readers write it: 2026 年 6 月.
function inChinese(month) {
  const [year, number] = month.split("-").map(Number);
  return `${year} 年 ${number} 月`;
}

async function json(path) {
  const answer = await fetch(root + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function search(query) {
  const mine = ++turn;
  list.replaceChildren();
  const words = wanted(query);
  document.querySelector("#subscribe").hidden = !words.length;
  document.querySelector("#subscribe a").href = `${root}feeds/compose/?q=${encodeURIComponent(query)}`;
  if (!words.length) { state.textContent = ""; return; }
  try {
    let count = 0;
    for (const month of (await json("data/manifest.json")).translations) {
      state.textContent = `正在检索 ${inChinese(month.month)}及更早，已找到 ${count} 篇…`;
      const entries = await json(`data/${month.path}`);
      if (mine !== turn) return;
      const hits = entries.map((entry) => [score(entry, words), entry]).filter(([points]) => points > 0);
      hits.sort((a, b) => b[0] - a[0]);
      for (const [, entry] of hits) if (count++ < MOST) list.append(shown(entry, words));
      if (count >= MOST) break;
    }
    state.textContent = count >= MOST ? `仅显示最新 ${MOST} 篇，请用更具体的词。` : count ? `找到 ${count} 篇。` : "未找到。请换用其他关键词，或用英文检索。";
  } catch (error) {
    state.textContent = `检索未完成：${error.message}。请稍后再试。`;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const query = form.elements.q.value.trim();
  history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : "./");
  search(query);
});
form.elements.q.value = new URLSearchParams(location.search).get("q") || "";
search(form.elements.q.value.trim());
