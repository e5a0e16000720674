// DuckDB's own worker, which also tells how many bytes of a release it has fetched.
let fetched = 0;
self.XMLHttpRequest = class extends self.XMLHttpRequest {
  send(body) {
    super.send(body); // It waits for the answer.
    fetched += this.response?.byteLength ?? this.response?.length ?? 0;
    self.postMessage({ type: "FETCHED", data: fetched });
  }
};
// Where the engine cannot be loaded, DuckDB says nothing to who asked: thrown again, it is an error of the worker.
self.addEventListener("unhandledrejection", ({ reason }) => setTimeout(() => {
  throw reason;
}));
self.importScripts("data/engine/duckdb-browser-eh.worker.js");
