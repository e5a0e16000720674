// How a reader reads: languages, folds, keys, kept papers, hidden categories, what is new. All of it is stored on the
// reader's device alone. Pages can be read without; what needs this script is shown by it.
"use strict";

// Also for saved.js.
const device = {
  load(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(`yibao.${name}`)) ?? otherwise; } catch { return otherwise; }
  },
  // A full or forbidden store costs the choice, not the page.
  store(name, value) {
    try { localStorage.setItem(`yibao.${name}`, JSON.stringify(value)); } catch { /* nothing is kept */ }
  },
};

(() => {
  const page = document.documentElement;
  const choices = device.load("choices", {});
  // Before anything is painted, so that nothing jumps.
  if (choices.mode) page.dataset.mode = choices.mode;
  if (choices.fold) page.dataset.fold = choices.fold;

  const PAUSE_MS = 30 * 60 * 1000;
  const MOST_SEEN = 5000;
  const wide = matchMedia("(min-width: 60rem)");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
  let words;

  function choose(name, value) {
    choices[name] = value;
    page.dataset[name] = value;
    device.store("choices", choices);
    showChoices();
  }

  const isUnfolded = () => choices.fold === "open" || (wide.matches && choices.fold !== "closed");

  function showChoices() {
    // The front page has room for some of the English until somebody chooses.
    const isFront = document.body.classList.contains("front");
    const mode = choices.mode || (wide.matches ? (isFront ? "" : "both") : "zh");
    for (const button of all(".tools [data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === mode);
    for (const button of all(".tools [data-fold]")) button.textContent = isUnfolded() ? words.fold : words.unfold;
    if (CSS.supports("selector(::details-content)")) return;
    for (const fold of all("details.abstract")) fold.open = isUnfolded();
    for (const fold of all("details.english")) fold.open = mode !== "zh";
    for (const fold of all("details.narrow")) fold.open = wide.matches;
  }

  // Papers as they stand on the page.

  const idOf = (paper) => paper.dataset.paper || paper.id;
  const nameOf = (paper) => idOf(paper) + ("translated" in paper.dataset ? "+" : "");
  const isShown = (element) => element.getClientRects().length > 0;

  function describe(paper) {
    const text = (selector) => paper.querySelector(selector)?.textContent.trim() || "";
    const english = text(".en") || text(".title-en") || text("summary") || text("[lang=en]");
    const address = paper.dataset.address || `${location.pathname.slice(new URL(root(), location).pathname.length)}#${idOf(paper)}`;
    return {
      title: text(".zh") || text("h1") || english,
      title_en: english,
      authors: text(".names") || text("p.quiet[lang=en]"),
      address: "translated" in paper.dataset ? `papers/${idOf(paper)}/` : address,
      kept: new Date().toISOString().slice(0, 10),
    };
  }

  const root = () => document.body.dataset.root;

  function offerKeeping(paper) {
    const place = paper.querySelector(".byline") || paper.querySelector("p.quiet a[href*='arxiv.org/abs/']")?.parentElement;
    if (!place || !idOf(paper)) return;
    const button = make("button", "", { type: "button", className: "keep" });
    const show = () => {
      const isKept = idOf(paper) in device.load("kept", {});
      button.textContent = isKept ? words.kept : words.keep;
      button.setAttribute("aria-pressed", isKept);
    };
    button.addEventListener("click", () => {
      const kept = device.load("kept", {});
      if (idOf(paper) in kept) delete kept[idOf(paper)];
      else kept[idOf(paper)] = describe(paper);
      device.store("kept", kept);
      show();
    });
    place.append(" ", button);
    show();
  }

  // A paper's own page is a paper, too.
  function findPapers() {
    const own = /\/papers\/(.+)\/$/.exec(location.pathname);
    const heading = own && document.querySelector("main h1");
    if (!heading) return all("main .paper, main ol.plain > li");
    const paper = heading.closest("article, main");
    paper.dataset.translated = "";
    paper.dataset.paper = own[1];
    return [paper];
  }

  // A paper may have moved to another page of its edition since somebody linked to it, or that page may be gone.
  async function followPaper() {
    const id = decodeURIComponent(location.hash.slice(1));
    const place = /^(.*\/editions\/(\d[\d-]+)\/)(?:(\d+)\/)?$/.exec(location.pathname);
    if (!place || !/\d{4}/.test(id) || document.getElementById(id)) return;
    const [, edition, key, number = "1"] = place;
    const answer = await fetch(`${document.body.dataset.top}editions/${key}/pages.json`);
    const target = answer.ok ? (await answer.json())[id] : 1;
    if (target && target !== Number(number)) location.replace(`${edition}${target > 1 ? `${target}/` : ""}#${id}`);
  }

  // Hidden categories.

  function offerHiding() {
    for (const heading of all("h2[data-topic]")) {
      const button = make("button", "", { type: "button", className: "hide" });
      button.addEventListener("click", () => {
        const topic = heading.dataset.topic;
        const hidden = device.load("hidden", []);
        device.store("hidden", hidden.includes(topic) ? hidden.filter((one) => one !== topic) : [...hidden, topic]);
        hide();
      });
      heading.append(" ", button);
    }
    hide();
  }

  function hide() {
    const hidden = device.load("hidden", []);
    for (const paper of all(".paper[data-topic]")) paper.hidden = hidden.includes(sectionOf(paper) || paper.dataset.topic);
    for (const heading of all("h2[data-topic]")) {
      heading.querySelector("button").textContent = hidden.includes(heading.dataset.topic) ? words.show : words.hide;
    }
    say();
  }

  const sectionOf = (paper) => paper.closest("section")?.querySelector("h2[data-topic]")?.dataset.topic;

  // What is new since the last visit: what was not there when this page was read in an earlier visit.

  function markNew(papers) {
    const seen = device.load("seen", { visit: 0, at: 0, names: {} });
    const now = Date.now();
    if (now - seen.at > PAUSE_MS) seen.visit += 1;
    seen.at = now;
    const isEarlier = (name) => seen.names[name] < seen.visit;
    const listed = [...papers.filter((paper) => idOf(paper)).map((paper) => [nameOf(paper), paper])];
    const editions = all("[data-edition]").map((item) => [item.dataset.edition, item]);
    const here = location.pathname;
    if (isEarlier(here)) {
      for (const [name, element] of [...listed, ...editions]) {
        if (!isEarlier(name)) markAsNew(element);
      }
    }
    for (const name of [here, ...[...listed, ...editions].map(([one]) => one)]) seen.names[name] ??= seen.visit;
    const names = Object.entries(seen.names);
    seen.names = Object.fromEntries(names.slice(Math.max(0, names.length - MOST_SEEN)));
    device.store("seen", seen);
  }

  function markAsNew(element) {
    element.classList.add("is-new");
    (element.querySelector("h2, h3, summary") || element).prepend(make("span", words.new, { className: "new" }), " ");
  }

  // Nothing is missing in silence: what is new and what is hidden is counted.
  function say() {
    const state = document.querySelector(".tools [role=status]");
    if (!state) return;
    const counts = [[words.since, all(".paper.is-new").length], [words.hidden, all(".paper[hidden]").length]];
    state.textContent = counts.filter(([, count]) => count).map(([text, count]) => text.replace("{count}", count)).join(" · ");
  }

  // Keys. They can be turned off: some people speak to their browser, or type by accident.

  function step(papers, by) {
    const shown = papers.filter(isShown);
    const inside = shown.findIndex((paper) => paper.contains(document.activeElement));
    const next = shown[inside < 0 ? (by > 0 ? 0 : shown.length - 1) : inside + by];
    if (!next) return;
    next.querySelector("a, summary").focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  }

  function press(key) {
    // Looked for at each key: a search lists papers later.
    const papers = findPapers();
    const current = papers.find((paper) => paper.contains(document.activeElement));
    const follow = (selector) => document.querySelector(selector)?.click();
    const uses = {
      j: () => step(papers, 1),
      k: () => step(papers, -1),
      o: () => { const fold = current?.querySelector("details"); if (fold) fold.open = !fold.open; },
      s: () => current?.querySelector(".keep")?.click(),
      1: () => choose("mode", "zh"),
      2: () => choose("mode", "both"),
      3: () => choose("mode", "en"),
      "[": () => follow("a[rel=prev]"),
      "]": () => follow("a[rel=next]"),
      "/": () => { const field = document.querySelector("#q"); if (field) field.focus(); else location.assign(`${root()}search/`); },
      "?": () => document.querySelector("#keys").showModal(),
    };
    if (!Object.hasOwn(uses, key)) return false;
    uses[key]();
    return true;
  }

  function listen() {
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest("input, select, textarea, dialog");
      if (isTyping || choices.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (press(event.key)) event.preventDefault();
    });
    const off = document.querySelector("#keys-off");
    off.checked = choices.keys === "off";
    off.addEventListener("change", () => choose("keys", off.checked ? "off" : "on"));
  }

  document.addEventListener("DOMContentLoaded", () => {
    words = document.querySelector("#words").dataset;
    const papers = findPapers();
    for (const tools of all(".tools")) tools.hidden = false;
    for (const button of all(".tools [data-mode]")) button.addEventListener("click", () => choose("mode", button.dataset.mode));
    for (const button of all(".tools [data-fold]")) {
      button.addEventListener("click", () => choose("fold", isUnfolded() ? "closed" : "open"));
    }
    wide.addEventListener("change", showChoices);
    showChoices();
    papers.forEach(offerKeeping);
    markNew(papers);
    offerHiding();
    listen();
    const follow = () => followPaper().catch(() => { /* offline, or no text: the page stays as it is */ });
    addEventListener("hashchange", follow);
    follow();
  });
})();
