// Composes a feed's address from what a person chooses, tries it, and makes an OPML of a choice of feeds.
const form = document.querySelector("#compose");
const address = document.querySelector("#address");
const state = document.querySelector("#state");
const base = document.body.dataset.base;
const { top } = document.body.dataset;
const texts = JSON.parse(document.querySelector("#texts").textContent);
const FILES = { atom: "atom.xml", rss: "rss.xml", json: "feed.json" };
const QUESTION = ["q", "category", "author", "translator", "translated"];

// A feed that is published as a file where one holds just this; else the answer to a question.
function path(file) {
  const chosen = new FormData(form);
  const variant = chosen.get("variant") ? `${chosen.get("variant")}/` : "";
  const asked = new URLSearchParams(QUESTION.flatMap((name) => chosen.getAll(name).map((value) => [name, value.trim()])).filter(([, value]) => value));
  const names = [...asked.keys()];
  if (!names.length) return `feeds/all/${variant}${file}`;
  if (names.length === 1 && names[0] === "category") return `feeds/${asked.get("category")}/${variant}${file}`;
  if (names.length === 1 && asked.get("translated") === "yes") return `feeds/translated/${variant}${file}`;
  return `feeds/search/${variant}${file}?${asked}`;
}

let turn = 0;
async function update() {
  const mine = ++turn;
  address.value = `${base}/${path(FILES[new FormData(form).get("format")])}`;
  document.querySelector("#open").href = top + path(FILES[new FormData(form).get("format")]);
  const answer = await fetch(top + path("feed.json")).catch(() => null);
  const content = answer && (answer.ok ? await answer.json() : await answer.text());
  if (mine !== turn) return;
  if (answer && answer.ok) {
    const [newest] = content.items;
    const values = { count: content.items.length, title: newest && newest.title };
    state.textContent = (newest ? texts.newest : texts.none).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  } else if (answer && answer.status === 400) state.textContent = content;
  else state.textContent = texts.fixed;
}

let timer;
form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 300); });
form.addEventListener("submit", (event) => { event.preventDefault(); update(); });
document.querySelector("#copy").addEventListener("click", async () => {
  address.select();
  try { await navigator.clipboard.writeText(address.value); } catch { document.execCommand("copy"); }
  document.querySelector("#copied").textContent = texts.copied;
});

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
document.querySelector("#opml").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = new FormData(event.target);
  const variant = chosen.get("variant") ? `${chosen.get("variant")}/` : "";
  const lines = chosen.getAll("feed").map((name) => {
    const title = escaped(event.target.querySelector(`[value="${CSS.escape(name)}"]`).dataset.title);
    return `    <outline type="rss" text="${title}" title="${title}" xmlUrl="${escaped(`${base}/feeds/${name}/${variant}atom.xml`)}" htmlUrl="${escaped(base)}/"/>`;
  });
  const text = `<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">\n  <head><title>${escaped(document.body.dataset.title)}</title></head>\n  <body>\n${lines.join("\n")}\n  </body>\n</opml>\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/x-opml" }));
  link.download = "feeds.opml";
  link.click();
  URL.revokeObjectURL(link.href);
});

for (const [name, value] of new URLSearchParams(location.search)) if (form.elements[name]) form.elements[name].value = value;
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
update();
