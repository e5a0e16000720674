// Lighthouse's scores of pages, as JSON: for each address its categories with their scores, and what cost points.
import lighthouse from "lighthouse";
import { launch } from "chrome-launcher";

const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const chrome = await launch({ chromePath: process.argv[2], chromeFlags: flags });
const found = {};
for (const url of process.argv.slice(3)) {
  const { lhr } = await lighthouse(url, { port: chrome.port, output: "json", logLevel: "error" });
  found[url] = {
    scores: Object.fromEntries(Object.entries(lhr.categories).map(([name, one]) => [name, one.score])),
    faults: Object.values(lhr.audits).filter((one) => one.score !== null && one.score < 1).map((one) => one.id),
    bytes: lhr.audits["total-byte-weight"].numericValue,
  };
}
await chrome.kill();
console.log(JSON.stringify(found));
