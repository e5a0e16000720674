// What parsers from the npm registry read in a feed, as JSON: for each parser a list of {id, title, authors}.
import { readFileSync } from "node:fs";
import { parseFeed } from "@rowanmanning/feed-parser";
import { parseFeed as feedsmith } from "feedsmith";
import RssParser from "rss-parser";

const text = readFileSync(process.argv[2], "utf8");
const isJson = text.startsWith("{");
const found = {};

const smith = feedsmith(text).feed;
const smithItems = smith.entries || smith.items;
const names = (list) => (list || []).map((one) => one.name || one);
found.feedsmith = smithItems.map((one) => ({
  id: one.guid?.value ?? one.id,
  title: typeof one.title === "string" ? one.title : one.title.value,
  authors: one.authors ? names(one.authors) : names(one.dc?.creators ?? [one.dc?.creator].filter(Boolean)),
}));
if (!isJson) {
  found["feed-parser"] = parseFeed(text).items.map((one) => ({ id: one.id, title: one.title, authors: names(one.authors) }));
  const rss = await new RssParser().parseString(text);
  found["rss-parser"] = rss.items.map((one) => ({ id: one.guid ?? one.id, title: one.title, authors: [one.creator ?? one.author].flat().filter(Boolean) }));
}
console.log(JSON.stringify(found));
