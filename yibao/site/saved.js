// The page of what is kept on the reader's device: papers, hidden categories; export, import, and forgetting it all.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const NAMES = ["kept", "hidden", "choices", "seen"];
  const words = document.querySelector("#saved-words").dataset;
  const state = document.querySelector("#import-state");
  const root = document.body.dataset.root;

  function line(link, text, remove) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.remove;
    button.addEventListener("click", () => { remove(); show(); });
    item.append(link, text, " ", button);
    return item;
  }

  function paperLine(id, paper, kept) {
    const link = document.createElement("a");
    link.href = root + paper.address;
    link.textContent = paper.title;
    const facts = document.createElement("p");
    facts.className = "quiet";
    facts.lang = "en";
    facts.textContent = [paper.title_en !== paper.title && paper.title_en, paper.authors, `arXiv:${id}`].filter(Boolean).join(" · ");
    return line(link, facts, () => { delete kept[id]; device.store("kept", kept); });
  }

  function show() {
    const kept = device.load("kept", {});
    const hidden = device.load("hidden", []);
    const ids = Object.keys(kept).sort((a, b) => kept[b].kept.localeCompare(kept[a].kept) || b.localeCompare(a));
    document.querySelector("#saved-papers").replaceChildren(...ids.map((id) => paperLine(id, kept[id], kept)));
    document.querySelector("#no-saved").hidden = ids.length > 0;
    document.querySelector("#topics").hidden = !hidden.length;
    document.querySelector("#hidden-topics").replaceChildren(...hidden.map((topic) =>
      line(document.createTextNode(topic), "", () => device.store("hidden", hidden.filter((one) => one !== topic)))));
  }

  // As arXiv suggests it; braces and backslashes of a title would end the field.
  function bibtex(id, paper) {
    const plain = (text) => text.replace(/[{}\\]/g, "").replace(/[&%$#_]/g, "\\$&");
    const authors = plain(paper.authors).split(", ").join(" and ");
    return `@misc{${id.replace(/[^\w.]/g, ":")},\n  title = {{${plain(paper.title_en)}}},\n  author = {${authors}},\n  eprint = {${id}},\n  archivePrefix = {arXiv},\n  url = {https://arxiv.org/abs/${id}}\n}\n`;
  }

  function download(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  const isPaper = (paper) => ["title", "title_en", "authors", "address", "kept"].every((name) => typeof paper?.[name] === "string")
    && /^(papers|editions)\/[\w./#-]+$/.test(paper.address) && !paper.address.includes("..");

  // What is there already stays; a file of others cannot lead elsewhere.
  function merge(text) {
    const given = JSON.parse(text);
    const papers = Object.entries(given.kept);
    if (!papers.every(([, paper]) => isPaper(paper)) || !given.hidden.every((topic) => /^[\w.-]+$/.test(topic))) throw new TypeError();
    device.store("kept", { ...Object.fromEntries(papers), ...device.load("kept", {}) });
    device.store("hidden", [...new Set([...device.load("hidden", []), ...given.hidden])]);
  }

  document.querySelector("[data-export=json]").addEventListener("click", () => {
    const all = { kept: device.load("kept", {}), hidden: device.load("hidden", []) };
    download("yibao.json", "application/json", JSON.stringify(all, null, 1));
  });
  document.querySelector("[data-export=bib]").addEventListener("click", () => {
    const kept = Object.entries(device.load("kept", {}));
    download("yibao.bib", "application/x-bibtex", kept.map(([id, paper]) => bibtex(id, paper)).join("\n"));
  });
  document.querySelector("#import").addEventListener("change", async (event) => {
    try {
      merge(await event.target.files[0].text());
      state.textContent = words.imported;
    } catch {
      state.textContent = words.wrong;
    }
    event.target.value = "";
    show();
  });
  document.querySelector("#forget").addEventListener("click", () => {
    if (!confirm(words.sure)) return;
    for (const name of NAMES) localStorage.removeItem(`yibao.${name}`);
    location.reload();
  });
  document.querySelector("#saved").hidden = false;
  show();
});
