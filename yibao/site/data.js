// The page of the dataset: download links of the newest release, and two charts from its Parquet, without a server.
const { top } = document.body.dataset;
const texts = JSON.parse(document.querySelector("#texts").textContent);
const base = new URL(`${top}data/`, document.baseURI);
const DAYS = 60;

const fetchJson = async (path) => {
  const response = await fetch(new URL(path, base), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${response.status} ${path}`);
  return response.json();
};

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

function link(url, text) {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.textContent = text;
  return anchor;
}

// Each table's files: one is linked, of several months the newest twelve, and all are in release.json.
function showFiles(release, folder) {
  for (const table of release.tables) {
    const cell = document.querySelector(`[data-table="${table.name}"]`);
    if (!cell) continue;
    cell.replaceChildren();
    for (const file of table.files.slice(-12).reverse()) {
      cell.append(link(new URL(file.path, folder), file.path.replace(/^.*\/|\.parquet$/g, "")), " ");
    }
    if (table.files.length > 12) cell.append(link(new URL("release.json", folder), `… ${table.files.length}`));
  }
}

function showDoors(latest, release, folder) {
  const doors = document.querySelector("#doors");
  doors.replaceChildren(texts.release.replace("{release}", latest.name), " ");
  for (const file of release.files.filter((one) => /^yibao\.|^croissant|^datapackage|^README/.test(one.path))) {
    doors.append(link(new URL(file.path, folder), `${file.path} (${size(file.bytes)})`), " ");
  }
  for (const example of document.querySelectorAll("[data-release]")) {
    example.textContent = example.textContent.replaceAll("RELEASE", latest.name);
  }
}

const draw = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

// One bar a day: how much, and darker how much of it.
function showBars(figure, days, title) {
  const most = Math.max(1, ...days.map((day) => day.all));
  const svg = draw("svg", { viewBox: `0 0 ${DAYS * 10} 120`, role: "img", "aria-label": title });
  days.forEach((day, place) => {
    for (const [value, opacity] of [[day.all, 0.25], [day.part, 1]]) {
      const height = (value / most) * 110;
      const bar = draw("rect", { x: place * 10, y: 115 - height, width: 7, height, fill: "currentColor", "fill-opacity": opacity });
      const label = draw("title", {});
      label.textContent = `${day.on}: ${day.part} / ${day.all}`;
      bar.append(label);
      svg.append(bar);
    }
  });
  const caption = document.createElement("figcaption");
  caption.textContent = `${title} · ${days[0]?.on ?? ""} – ${days.at(-1)?.on ?? ""}`;
  figure.replaceChildren(svg, caption);
  figure.hidden = false;
}

function addUp(rows) {
  const days = new Map();
  for (const row of rows) {
    const on = row.announced_on.toISOString().slice(0, 10);
    const day = days.get(on) ?? { on, all: 0, part: 0 };
    day.all += row.new_papers + row.cross_lists;
    day.part += row.translated;
    days.set(on, day);
  }
  return [...days.values()].sort((one, other) => (one.on < other.on ? -1 : 1)).slice(-DAYS);
}

async function showChart(folder) {
  const { asyncBufferFromUrl, decompress, parquetReadObjects } = await import("./parquet.js");
  const file = await asyncBufferFromUrl({ url: new URL("daily/all.parquet", folder).href });
  const compressors = { ZSTD: (bytes, length) => decompress(bytes, new Uint8Array(length)) };
  const columns = ["announced_on", "new_papers", "cross_lists", "translated"];
  const rows = await parquetReadObjects({ file, columns, compressors });
  if (rows.length) showBars(document.querySelector("#chart"), addUp(rows), texts.chart);
}

async function main() {
  const latest = await fetchJson("latest.json");
  const folder = new URL(latest.path, base);
  // The chart first: for all of arXiv the list of files is larger than its data.
  await showChart(folder);
  const release = await fetchJson(`${latest.path}release.json`);
  showDoors(latest, release, folder);
  showFiles(release, folder);
  // An operator puts DuckDB beside the releases, or does not.
  const engine = await fetch(new URL("engine/engine.json", base), { cache: "no-cache" });
  if (engine.ok) (await import("./sql.js")).offerQueries(base, folder, texts);
}

main().catch((error) => {
  document.querySelector("#doors").append(` ${texts.failed.replace("{reason}", error.message)}`);
});
