// SQL on the newest release, by DuckDB in a worker of this browser. Answers are taken as CSV, which DuckDB writes itself:
// so nothing that reads its own format (Arrow, 200 KB) is needed.
const ANSWER = "answer.csv";
const MOST_ROWS = 500;

// A worker with DuckDB: what it was asked and has not answered yet, and how many bytes it has fetched.
class Engine {
  #worker;
  #waiting = new Map();
  #number = 0;
  fetched = 0;
  hasEnded = false;

  constructor(address) {
    this.#worker = new Worker(address);
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => this.stop(event.message);
  }

  #receive({ type, requestId, data }) {
    if (type === "FETCHED") this.fetched = data;
    const question = this.#waiting.get(requestId);
    if (!question || type === "INSTANTIATE_PROGRESS") return;
    this.#waiting.delete(requestId);
    if (type === "ERROR") question.reject(new Error(data.message));
    else question.resolve(data);
  }

  ask(type, data) {
    const messageId = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(messageId, { resolve, reject });
      this.#worker.postMessage({ messageId, type, data });
    });
  }

  stop(reason) {
    this.hasEnded = true;
    this.#worker.terminate();
    for (const question of this.#waiting.values()) question.reject(new Error(reason));
  }
}

// Attach a release's database, which is read by ranges as far as queries need it; returns what runs a query.
async function attachRelease(engine, wasm, database) {
  await engine.ask("INSTANTIATE", [wasm, null]);
  await engine.ask("OPEN", { path: ":memory:", filesystem: { forceFullHTTPReads: false } });
  const connection = await engine.ask("CONNECT", null);
  const run = (query) => engine.ask("RUN_QUERY", [connection, query]);
  // Extensions would come from elsewhere.
  await run("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false");
  await run(`ATTACH '${database.replaceAll("'", "''")}' AS yibao (READ_ONLY); USE yibao`);
  return run;
}

async function answerQuery(engine, run, query) {
  const statement = query.trim().replace(/;$/, "");
  await run(`COPY (SELECT * FROM (\n${statement}\n) LIMIT ${MOST_ROWS + 1}) TO '${ANSWER}' (FORMAT csv, HEADER, FORCE_QUOTE *)`);
  const content = await engine.ask("COPY_FILE_TO_BUFFER", ANSWER);
  await engine.ask("DROP_FILE", ANSWER);
  return parseCsv(new TextDecoder().decode(content));
}

// Rows of values, the names of columns first. What is quoted is a value; what is not and is empty is NULL.
function parseCsv(text) {
  const rows = [[]];
  for (const [, value, end] of text.matchAll(/("(?:[^"]|"")*"|[^",\n]*)(,|\n)/g)) {
    rows.at(-1).push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value || null);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

function makeRow(values, name) {
  const row = document.createElement("tr");
  for (const value of values) {
    const cell = row.appendChild(document.createElement(name));
    cell.textContent = value ?? "NULL";
    if (value === null) cell.className = "counts";
    if (name === "th") cell.scope = "col";
  }
  return row;
}

function makeTable([names, ...rows]) {
  const table = document.createElement("table");
  table.className = "wide";
  table.tabIndex = 0;
  table.createTHead().append(makeRow(names, "th"));
  table.createTBody().append(...rows.slice(0, MOST_ROWS).map((row) => makeRow(row, "td")));
  return table;
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const countMegabytes = (bytes) => (bytes / 1e6).toFixed(2);

// Offer the form: `base` is the folder of the dataset, `folder` that of a release, which stays as it is.
export function offerQueries(base, folder, texts) {
  const find = (name) => document.querySelector(`#${name}`);
  const [question, query, run, stop, state, answer] = ["question", "query", "run", "stop", "state", "answer"].map(find);
  const wasm = new URL("engine/duckdb-eh.wasm", base).href;
  const database = new URL("yibao.duckdb", folder).href;
  let engine = null;
  let attached = null;

  function start() {
    engine = new Engine(new URL("../sql_worker.js", base));
    const started = engine;
    attached = attachRelease(engine, wasm, database);
    attached.catch((error) => started.stop(error.message)); // Whatever failed, the next query begins anew.
  }

  async function ask() {
    run.disabled = true;
    stop.disabled = false;
    answer.replaceChildren();
    const isReady = engine && !engine.hasEnded;
    state.textContent = isReady ? texts.running : texts.loading;
    if (!isReady) start();
    const used = engine;
    try {
      const runQuery = await attached;
      const before = used.fetched;
      const rows = await answerQuery(used, runQuery, query.value);
      answer.replaceChildren(makeTable(rows));
      const count = rows.length - 1;
      const told = count > MOST_ROWS ? texts.cut : texts.answered;
      state.textContent = fill(told, {
        count: Math.min(count, MOST_ROWS),
        fetched: countMegabytes(used.fetched - before),
        all: countMegabytes(used.fetched),
      });
    } catch (error) {
      // What follows shows the query as we put it, and where DuckDB would get extensions.
      const reason = error.message.split("\n\n")[0];
      state.textContent = reason === texts.stopped ? reason : fill(texts.wrong, { reason });
    }
    run.disabled = false;
    stop.disabled = true;
  }

  const showQuestion = () => (query.value = question.value);
  question.addEventListener("change", showQuestion);
  showQuestion();
  stop.addEventListener("click", () => engine?.stop(texts.stopped));
  find("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  find("sql").hidden = false;
}
