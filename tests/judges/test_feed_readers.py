"""Every feed, in every variant and format, as other people's readers and parsers see it."""

import json
import shutil
import sqlite3
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from mailbox import Maildir

import feedparser
import httpx
import jsonschema
import pytest
from lxml import etree

from tests.judges.conftest import HERE, node_package, program
from tests.judges.site import AT, Published, entries, entry
from yibao.records import Timestamps

ATOM = etree.RelaxNG(etree.parse(HERE / "atom.rng"))
JSON_FEED = jsonschema.Draft202012Validator(
    json.loads((HERE / "jsonfeed-1.1.schema.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.FormatChecker(),
)
FEEDS = ("all", "translated", "editions", "cs.CL", "agents")
VARIANTS = ("", "zh-Hant/", "en/")


def meant(site, name="all", variant=""):
    """What the feed is meant to say: (id, title, authors) of each item, as the JSON form has it."""
    document = json.loads((site.public / "feeds" / name / variant / "feed.json").read_bytes())
    return [
        (item["id"], item["title"], [author["name"] for author in item.get("authors", [])])
        for item in document["items"]
    ]


def test_every_atom_document_keeps_to_the_grammar_of_its_rfc(site):
    documents = [*site.public.glob("feeds/**/atom.xml"), *site.public.glob("feeds/**/*.atom.xml")]
    assert len(documents) >= len(FEEDS) * len(VARIANTS) + len(FEEDS)
    for path in documents:
        assert ATOM.validate(etree.parse(path)), (path, ATOM.error_log)


@pytest.mark.parametrize(
    "fault",
    ["<updated>2025-01-01</updated>", "<id>again</id>", '<link rel="self"/>', "<entry/>", '<title type="x">t</title>'],
)
def test_the_grammar_refuses_what_the_rfc_refuses(fault):
    sound = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>t</title><updated>2025-01-01T00:00:00Z</updated>'
    )
    assert ATOM.validate(etree.fromstring(f"{sound}</feed>"))
    assert not ATOM.validate(etree.fromstring(f"{sound}{fault}</feed>"))


def test_every_json_feed_keeps_to_its_schema(site):
    documents = list(site.public.glob("feeds/**/*feed.json"))
    assert len(documents) >= 2 * len(FEEDS) * len(VARIANTS)
    for path in documents:
        JSON_FEED.validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FEEDS)
def test_feedparser_reads_every_item_title_and_author_as_meant(site, name, variant):
    folder, wanted = site.public / "feeds" / name / variant, meant(site, name, variant)
    for file in ("atom.xml", "rss.xml"):
        parsed = feedparser.parse((folder / file).read_bytes())
        assert not parsed.bozo
        assert [(item.id, item.title) for item in parsed.entries] == [(id_, title) for id_, title, _ in wanted]
        for item, (_, _, authors) in zip(parsed.entries, wanted, strict=True):
            names = [author.name for author in item.get("authors", [])]
            assert names == ([", ".join(authors)] if authors else [])
            assert item.get("author") == (names[0] if names else None)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("file", ["atom.xml", "rss.xml", "feed.json"])
def test_parsers_of_the_npm_registry_read_every_item_title_and_author_as_meant(site, file, variant):
    node_package("feedsmith")
    path, wanted = site.public / "feeds" / "all" / variant / file, meant(site, "all", variant)
    done = subprocess.run(
        [program("node"), HERE / "parse.mjs", path], capture_output=True, text=True, check=True, timeout=60
    )
    for parser, items in json.loads(done.stdout).items():
        assert [(one["id"], one["title"]) for one in items] == [(id_, title) for id_, title, _ in wanted], parser
        for one, (_, _, authors) in zip(items, wanted, strict=True):
            joined = [", ".join(authors)] if authors else []
            if file != "feed.json" and authors:
                assert one["authors"] == joined, parser
            elif parser == "feed-parser" and not authors:  # An entry without authors has the feed's, says RFC 4287.
                assert one["authors"] in ([], ["译报"])
            else:
                assert one["authors"] in (authors, joined), parser


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
def test_sfeed_reads_every_item_and_title(site, file):
    done = subprocess.run(
        [program("sfeed")], input=(site.public / "feeds/all" / file).read_bytes(), capture_output=True, check=True
    )
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert [(row[5], row[1]) for row in rows] == [(id_, " ".join(title.split())) for id_, title, _ in meant(site)]


def newsboat(folder, url):
    """What newsboat holds after a visit, all that it knew before having been read: id, title, whether it is news."""
    (folder / "urls").write_text(f"{url}\n")
    database = folder / "cache.db"
    if database.exists():
        with sqlite3.connect(database) as cache:
            cache.execute("UPDATE rss_item SET unread = 0")
    command = [program("newsboat"), "-u", "urls", "-c", "cache.db", "-C", "/dev/null", "-x", "reload"]
    subprocess.run(command, cwd=folder, check=True, timeout=60, capture_output=True)
    with sqlite3.connect(database) as cache:
        return cache.execute("SELECT guid, title, unread FROM rss_item").fetchall()


def rss2email(folder, url):
    """Titles of the messages that a visit brings."""
    box = folder / "mail"
    configuration = folder / "rss2email.cfg"
    if not configuration.exists():
        configuration.write_text(
            "[DEFAULT]\nfrom = r@example.org\nto = me@example.org\nemail-protocol = maildir\n"
            f"maildir-path = {folder}\nmaildir-mailbox = mail\ndate-header = True\n"
        )
        Maildir(box, create=True)
        r2e(folder, "add", "yibao", url)
    before = set(Maildir(box).keys())
    r2e(folder, "run")
    maildir = Maildir(box)
    return [maildir[key]["subject"] for key in maildir.keys() if key not in before]  # noqa: SIM118  (a mailbox is no dict)


def r2e(folder, *arguments):
    command = [program("r2e"), "-c", folder / "rss2email.cfg", "-d", folder / "seen.json", *arguments]
    subprocess.run(command, check=True, timeout=120, capture_output=True)


def reader(folder, url):
    """What the library `reader` holds: id, title, whether it is news."""
    library = pytest.importorskip("reader", reason="reader does not support this Python yet")
    with library.make_reader(str(folder / "reader.sqlite")) as feeds:
        for known in feeds.get_entries():
            feeds.mark_entry_as_read(known)
        feeds.add_feed(url, exist_ok=True)
        feeds.update_feed(url)
        return [(one.id, one.title, not one.read) for one in feeds.get_entries()]


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
def test_newsboat_and_reader_hold_every_item_and_title(site, url, tmp_path, file):
    for visit in (newsboat, reader):
        seen = visit(tmp_path, f"{url}/feeds/all/{file}")
        assert {(id_, title) for id_, title, _ in seen} == {(id_, title) for id_, title, _ in meant(site)}


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
def test_rss2email_writes_a_message_for_each_item(site, url, tmp_path, file):
    assert len(rss2email(tmp_path, f"{url}/feeds/all/{file}")) == len(meant(site))


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
@pytest.mark.parametrize("visit", [newsboat, reader, rss2email])
def test_a_correction_a_late_translation_and_a_new_version_are_no_news_to_a_reader(tmp_path, folder_url, visit, file):
    later = AT + timedelta(days=2)
    first, second, third = entry(1), replace(entry(2), translation=None, translated_on=None), entry(3)
    published = Published(tmp_path / "site", "http://127.0.0.1:1")
    states = [
        [first, second, third],
        [replace(entry(1, zh="改正后的标题"), stamp=Timestamps(first.stamp.published_at, later)), second, third],
        [first, replace(entry(2), stamp=Timestamps(second.stamp.published_at, later)), third],
        [first, second, replace(third, paper=replace(third.paper, version=2, abstract="Changed."), stamp=first.stamp)],
    ]
    for number, state in enumerate(states):
        published.show(state)
        shutil.copy(published.public / "feeds/all" / file, tmp_path / "feed.xml")
        seen = visit(tmp_path, f"{folder_url}/feed.xml")
        if visit is rss2email:
            assert len(seen) == (3 if number == 0 else 0)
        else:
            assert len(seen) == 3
            assert sum(bool(news) for _, _, news in seen) == (3 if number == 0 else 0)


def test_every_address_in_the_list_of_feeds_is_a_feed(site, url):
    outlines = etree.fromstring(httpx.get(f"{url}/feeds.opml").content).iterfind(".//outline")
    addresses = [one.get("xmlUrl") for one in outlines]
    assert len(addresses) == 6
    for address in addresses:
        assert not feedparser.parse(httpx.get(address).content).bozo


def test_a_feed_for_a_question_is_a_feed_like_the_others(site, url):
    for variant in VARIANTS:
        atom = httpx.get(f"{url}/feeds/search/{variant}atom.xml", params={"q": "检索"})
        assert ATOM.validate(etree.fromstring(atom.content)), ATOM.error_log
        document = httpx.get(f"{url}/feeds/search/{variant}feed.json", params={"q": "检索"}).json()
        JSON_FEED.validate(document)
        assert [item["id"].split("/")[1] for item in document["items"]] == ["2501.00011"]
        # The address that it gives of itself leads to itself.
        assert httpx.get(document["feed_url"]).json() == document


def walk(url, find_next):
    """The documents of a feed, each of which the one before leads to."""
    while url:
        content = httpx.get(url).raise_for_status().content
        yield content
        url = find_next(content)


def next_in_xml(content):
    root = etree.fromstring(content)
    place = root if root.tag.endswith("}feed") else root.find("channel")
    return next((one.get("href") for one in place.iterfind("{*}link") if one.get("rel") == "next"), None)


@pytest.mark.parametrize("variant", VARIANTS)
def test_pages_lead_from_every_form_of_every_feed_through_all_of_its_last_days(site, url, variant):
    for name in FEEDS:
        wanted = {id_ for id_, _, _ in meant(site, name, variant)}
        for file in ("atom.xml", "rss.xml"):
            documents = list(walk(f"{url}/feeds/{name}/{variant}{file}", next_in_xml))
            assert len(documents) >= 2
            assert {one.id for document in documents[1:] for one in feedparser.parse(document).entries} == wanted
        documents = [json.loads(one) for one in walk(f"{url}/feeds/{name}/{variant}feed.json", next_in_json)]
        assert {item["id"] for document in documents[1:] for item in document["items"]} == wanted


def next_in_json(content):
    return json.loads(content).get("next_url")


def test_newsboat_has_every_language_side_by_side_and_of_feeds_that_overlap_each_paper_once(site, url, tmp_path):
    places = [f"{name}/{variant}" for name in ("all", "translated") for variant in VARIANTS]
    rows = newsboat(tmp_path, "\n".join(f"{url}/feeds/{place}atom.xml" for place in places))
    assert {id_ for id_, _, _ in rows} == {id_ for place in places for id_, _, _ in meant(site, *place.split("/", 1))}
    assert len(rows) == len(VARIANTS) * len(meant(site))


def test_reader_keeps_all_authors_of_a_paper(site, url, tmp_path):
    library = pytest.importorskip("reader", reason="reader does not support this Python yet")
    authors = {id_: names for id_, _, names in meant(site) if names}
    with library.make_reader(str(tmp_path / "authors.sqlite")) as feeds:
        for file in ("atom.xml", "rss.xml"):
            feeds.add_feed(f"{url}/feeds/all/{file}")
        feeds.update_feeds()
        kept = list(feeds.get_entries())
    assert len(kept) == 2 * len(meant(site))
    assert all(one.authors_str == ", ".join(authors[one.id]) for one in kept if one.id in authors)


def test_readers_show_papers_of_one_day_in_the_order_of_the_feed(site, url, tmp_path):
    library = pytest.importorskip("reader", reason="reader does not support this Python yet")
    ids = [id_ for id_, _, _ in meant(site)]
    newsboat(tmp_path, f"{url}/feeds/all/rss.xml")
    with sqlite3.connect(tmp_path / "cache.db") as cache:
        assert [row[0] for row in cache.execute("SELECT guid FROM rss_item ORDER BY pubDate DESC")] == ids
    with library.make_reader(str(tmp_path / "order.sqlite")) as feeds:
        feeds.add_feed(f"{url}/feeds/all/atom.xml")
        feeds.update_feeds()
        kept = sorted(feeds.get_entries(), key=lambda one: one.published, reverse=True)
        assert [one.id for one in kept] == ids
        assert [one.id for one in feeds.get_entries(sort="recent")] == ids


def test_no_two_items_share_an_id_in_any_feed(site):
    for name in FEEDS:
        assert max(Counter(id_ for id_, _, _ in meant(site, name)).values()) == 1


def test_three_thousand_authors_and_right_to_left_and_markup_come_through(site):
    authors_by_title = {title: authors for _, title, authors in meant(site, "cs.CL")}
    assert any(len(authors) == 3000 for authors in authors_by_title.values())
    assert any("<b>test</b> 译文" in title for title in authors_by_title)
    assert len(entries()) > len(authors_by_title)
