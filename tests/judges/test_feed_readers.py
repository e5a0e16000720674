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
from yibao.records import Stamp

ATOM = etree.RelaxNG(etree.parse(HERE / "atom.rng"))
JSON_FEED = jsonschema.Draft202012Validator(
    json.loads((HERE / "jsonfeed-1.1.schema.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.FormatChecker(),
)
FEEDS = ("all", "translated", "editions", "cs.CL", "agents")
VARIANTS = ("", "zh-Hant/", "en/")


def meant(site, name="all", variant=""):
    """What the feed is meant to say: (id, title, authors) of each item, as the JSON form has it."""
    told = json.loads((site.public / "feeds" / name / variant / "feed.json").read_bytes())
    return [
        (item["id"], item["title"], [author["name"] for author in item.get("authors", [])]) for item in told["items"]
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
    documents = list(site.public.glob("feeds/**/feed.json"))
    assert len(documents) >= len(FEEDS) * len(VARIANTS)
    for path in documents:
        JSON_FEED.validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FEEDS)
def test_feedparser_reads_every_item_title_and_author_as_meant(site, name, variant):
    folder, wanted = site.public / "feeds" / name / variant, meant(site, name, variant)
    for file in ("atom.xml", "rss.xml"):
        found = feedparser.parse((folder / file).read_bytes())
        assert not found.bozo
        assert [(item.id, item.title) for item in found.entries] == [(id_, title) for id_, title, _ in wanted]
        for item, (_, _, authors) in zip(found.entries, wanted, strict=True):
            names = [author.name for author in item.get("authors", [])]
            assert names == (authors if file == "atom.xml" else ([", ".join(authors)] if authors else []))


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
            if parser == "rss-parser":  # Of several authors in Atom it keeps the first.
                assert one["authors"] == (joined if file == "rss.xml" else authors[:1])
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
    found = Maildir(box)
    return [found[key]["subject"] for key in found.keys() if key not in before]  # noqa: SIM118  (a mailbox is no dict)


def r2e(folder, *arguments):
    command = [program("r2e"), "-c", folder / "rss2email.cfg", "-d", folder / "seen.json", *arguments]
    subprocess.run(command, check=True, timeout=120, capture_output=True)


def reader(folder, url):
    """What the library `reader` holds: id, title, whether it is news."""
    library = pytest.importorskip("reader", reason="reader does not support this Python yet")
    with library.make_reader(str(folder / "reader.sqlite")) as made:
        for known in made.get_entries():
            made.mark_entry_as_read(known)
        made.add_feed(url, exist_ok=True)
        made.update_feed(url)
        return [(one.id, one.title, not one.read) for one in made.get_entries()]


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
def test_newsboat_and_reader_hold_every_item_and_title(site, url, tmp_path, file):
    for visit in (newsboat, reader):
        found = visit(tmp_path, f"{url}/feeds/all/{file}")
        assert {(id_, title) for id_, title, _ in found} == {(id_, title) for id_, title, _ in meant(site)}


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
def test_rss2email_writes_a_message_for_each_item(site, url, tmp_path, file):
    assert len(rss2email(tmp_path, f"{url}/feeds/all/{file}")) == len(meant(site))


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml"])
@pytest.mark.parametrize("visit", [newsboat, reader, rss2email])
def test_a_correction_a_late_translation_and_a_new_version_are_no_news_to_a_reader(tmp_path, folder_url, visit, file):
    later = AT + timedelta(days=2)
    first, second, third = entry(1), replace(entry(2), translation=None, translated_on=None), entry(3)
    made = Published(tmp_path / "site", "http://127.0.0.1:1")
    states = [
        [first, second, third],
        [replace(entry(1, zh="改正后的标题"), stamp=Stamp(first.stamp.published_at, later)), second, third],
        [first, replace(entry(2), stamp=Stamp(second.stamp.published_at, later)), third],
        [first, second, replace(third, paper=replace(third.paper, version=2, abstract="Changed."), stamp=first.stamp)],
    ]
    for number, state in enumerate(states):
        made.show(state)
        shutil.copy(made.public / "feeds/all" / file, tmp_path / "feed.xml")
        found = visit(tmp_path, f"{folder_url}/feed.xml")
        if visit is rss2email:
            assert len(found) == (3 if number == 0 else 0)
        else:
            assert len(found) == 3
            assert sum(bool(news) for _, _, news in found) == (3 if number == 0 else 0)


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
        told = httpx.get(f"{url}/feeds/search/{variant}feed.json", params={"q": "检索"}).json()
        JSON_FEED.validate(told)
        assert [item["id"].rpartition("/")[2] for item in told["items"]] == ["2501.00011"]
        # The address that it gives of itself leads to itself.
        assert httpx.get(told["feed_url"]).json() == told


def test_no_two_items_share_an_id_in_any_feed(site):
    for name in FEEDS:
        assert max(Counter(id_ for id_, _, _ in meant(site, name)).values()) == 1


def test_three_thousand_authors_and_right_to_left_and_markup_come_through(site):
    found = {title: authors for _, title, authors in meant(site, "cs.CL")}
    assert any(len(authors) == 3000 for authors in found.values())
    assert any("<b>test</b> 译文" in title for title in found)
    assert len(entries()) > len(found)
