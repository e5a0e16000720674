// Reads a page's metadata as Wikimedia's citation service does: the page in, JSON out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { parseAll } = require("html-metadata");
const read = await parseAll(require("cheerio").load(readFileSync(0, "utf8")));
process.stdout.write(JSON.stringify(read));
