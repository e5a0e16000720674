"""One model, three formats, read back by those who read feeds."""

import contextlib
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import duckdb
import feedparser
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from storage.library import connection
from tests.judges.site import given as given_
from yibao import chinese_scripts, maths
from yibao.edition_summaries import MOST_OF_WEEK, summarize_edition
from yibao.feeds import atom, jsonfeed, opml, rss, windows
from yibao.feeds.channels import ARCHIVE_ITEMS, ItemMaker, describe_feed, list_subjects
from yibao.feeds.files import list_feed_documents
from yibao.feeds.items import make_item
from yibao.feeds.model import MOST_ITEMS, Variant, list_variants
from yibao.records import AnnounceType, Author, Edition, Entry, Paper, Timestamps, Translation, TranslationState
from yibao.settings import Arxiv, Feeds, Settings, Site
from yibao.site.browser_files import list_browser_files

SITE = Site.model_validate({"base_url": "https://yibao.example"})
AT = datetime(2025, 1, 13, 5, tzinfo=UTC)
AWKWARD = "Is p<0.05 & x<y>z <b>test</b>"
SCHEMA = json.loads((Path(__file__).parents[1] / "judges" / "jsonfeed-1.1.schema.json").read_text(encoding="utf-8"))


def entry(number=1, *, translated=True, at=AT, title=AWKWARD, authors=("A. One", "B. Two, Jr."), zh="译文标题"):
    arxiv_id = f"2501.{number:05d}"
    paper = Paper(
        arxiv_id,
        1,
        title,
        "English <i>abstract</i>.",
        tuple(Author(a) for a in authors),
        ("cs.CL", "cs.AI"),
        "cs.CL",
        "api",
    )
    translation = Translation(arxiv_id, "zh-Hans", zh, "中文<script>x</script>摘要。", title, "a.md", number)
    return Entry(
        arxiv_id,
        paper,
        translation if translated else None,
        date(2025, 1, 13),
        AnnounceType.NEW,
        at.date() if translated else None,
        Timestamps(at, at),
    )


def edition(entries):
    return Edition("2025-W03", date(2025, 1, 13), date(2025, 1, 19), tuple(entries), (), (), (), Timestamps(AT, AT))


def test_every_feed_shows_the_sites_icon_which_is_published():
    changes = plan([entry(1)])
    documents = list_feed_documents(list_subjects(["cs.CL"]), changes.contents.lists, SITE)
    tree = {path: one.render(changes.items) for path, one in documents.items() if path.startswith("feeds/all/")}
    icon = "https://yibao.example/icon-144.png"
    for variant in ("", "en/", "zh-Hant/"):
        folder = f"feeds/all/{variant}"
        namespace = {"atom": "http://www.w3.org/2005/Atom"}
        atom_feed = etree.fromstring(tree[f"{folder}atom.xml"])
        assert [atom_feed.findtext(f"atom:{name}", namespaces=namespace) for name in ("icon", "logo")] == [icon] * 2
        channel = etree.fromstring(tree[f"{folder}rss.xml"])[0]
        told = [channel.findtext(f"image/{name}") for name in ("url", "title", "link")]
        assert told == [icon, channel.findtext("title"), channel.findtext("link")]
        json_feed = json.loads(tree[f"{folder}feed.json"])
        assert (json_feed["icon"], json_feed["favicon"]) == (icon, icon)
    assert "icon-144.png" in list_browser_files(SITE, has_signup=False)


@pytest.fixture(scope="module", autouse=True)
def library():
    with contextlib.closing(duckdb.connect()) as opened:
        opened.execute("SET TimeZone = 'UTC'")
        connection.migrate(opened)
        LIBRARY.append(opened)
        yield


LIBRARY = []


def plan(entries, chosen=(), site=SITE):
    """What is published when the library holds these entries and an edition of them."""
    settings = Settings(site=site, arxiv=Arxiv(categories=("cs.CL",)), feeds=Feeds(own=tuple(chosen)))
    with LIBRARY[-1].cursor() as opened:
        opened.begin()
        changes = given_(opened, settings, entries, [edition(entries)])
        opened.rollback()
    return changes


def feeds_by_variant(entries, chosen=(), site=SITE):
    """Every live feed with its items, by subject and variant."""
    changes = plan(entries, chosen, site)
    lists, maker = changes.contents.lists, ItemMaker(site)
    return [
        (variant, live_feed(subject, variant, site, lists, maker, changes.items))
        for subject in list_subjects(["cs.CL"], chosen)
        for variant in list_variants(site)
    ]


def live_feed(subject, variant, site, lists, maker, items):
    def make(ref):
        return maker.make_item(items[ref.item], variant, is_short=ref.of_day > windows.MOST_WHOLE)

    live = windows.choose_live(lists.windows[subject.live])
    total = lists.counts.get(subject.live, 0)
    return windows.fill_live_feed(describe_feed(subject, variant, site), live, total, "https://e.org/", make)


def made(entries, chosen=(), variant=Variant.WRITTEN):
    return [feed for feed_variant, feed in feeds_by_variant(entries, chosen) if feed_variant is variant]


def archive(entries):
    """The documents of the archive of everything, oldest first, by name."""
    start = "feeds/all/archive/"
    changes = plan(entries)
    tree = list_feed_documents(list_subjects(["cs.CL"]), changes.contents.lists, SITE)
    return {path.removeprefix(start): one.render(changes.items) for path, one in tree.items() if path.startswith(start)}


def test_there_is_a_feed_for_everything_for_translations_for_editions_and_for_each_category():
    entries = [entry(1), entry(2, translated=False)]
    items = {feed.name: len(feed.items) for feed in made(entries)}
    assert items == {"all": 2, "translated": 1, "editions": 1, "cs.CL": 2}


@pytest.mark.parametrize("write", [rss.render_feed, atom.render_feed])
def test_feedparser_reads_every_entry_without_bozo(write):
    for feed in made([entry(1), entry(2, translated=False), entry(3, zh=AWKWARD + "译")]):
        parsed = feedparser.parse(write(feed))
        assert not parsed.bozo
        assert [item.id for item in parsed.entries] == [item.id for item in feed.items]
        assert [item.title for item in parsed.entries] == [item.title for item in feed.items]
        assert all("<script" not in item.content[0].value for item in parsed.entries)


def test_json_feed_keeps_to_its_schema():
    for feed in made([entry(1), entry(2, translated=False)]):
        checker = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
        checker.validate(json.loads(jsonfeed.render_feed(feed)))


def test_ids_are_permanent_and_the_same_in_every_format_and_feed():
    everything, translated, *_ = made([entry(1)])
    ids = {
        feedparser.parse(rss.render_feed(everything)).entries[0].id,
        feedparser.parse(atom.render_feed(everything)).entries[0].id,
        json.loads(jsonfeed.render_feed(everything))["items"][0]["id"],
        feedparser.parse(atom.render_feed(translated)).entries[0].id,
        made([replace(entry(1), paper=None)])[0].items[0].id,
    }
    assert ids == {"tag:yibao.example,2026:arxiv/2501.00001"}


def test_authors_are_one_element_in_rss_and_atom_of_which_readers_keep_one_and_each_apart_in_json():
    (feed, *_) = made([entry(1)])
    assert rss.render_feed(feed).count(b"<dc:creator>") == 1
    names = ["A. One", "B. Two, Jr."]
    assert [author.name for author in feedparser.parse(atom.render_feed(feed)).entries[0].authors] == [", ".join(names)]
    assert [author["name"] for author in json.loads(jsonfeed.render_feed(feed))["items"][0]["authors"]] == names


def test_the_id_in_rss_says_that_it_is_no_address():
    document = etree.fromstring(rss.render_feed(made([entry(1)])[0]))
    assert [one.get("isPermaLink") for one in document.iter("guid")] == ["false"]


def test_both_languages_are_in_every_entry_and_each_says_which_it_is():
    html = made([entry(1)])[0].items[0].html
    assert '<div lang="zh-Hans"><p>中文&lt;script&gt;x&lt;/script&gt;摘要。</p></div>' in html
    assert '<div lang="en"><p>English &lt;i&gt;abstract&lt;/i&gt;.</p></div>' in html


def test_the_same_entries_give_the_same_bytes_in_any_order():
    entries = [entry(n) for n in range(1, 9)]
    for write in (rss.render_feed, atom.render_feed, jsonfeed.render_feed):
        assert [write(feed) for feed in made(entries)[:2]] == [write(feed) for feed in made(entries[::-1])[:2]]


def test_a_live_feed_holds_the_newest_sixty_and_its_archive_everything():
    days = [datetime(2025, month, 3, 5, tzinfo=UTC) for month in (1, 2)]
    entries = [entry(1000 * day.month + n, at=day) for day in days for n in range(MOST_ITEMS - 10)]
    (feed, *_) = made(entries)
    assert len(feed.items) == MOST_ITEMS
    assert feed.items[0].published_at == days[1]
    documents = archive(entries)
    assert list(documents) == ["2025-01.atom.xml", "2025-02.atom.xml"]
    ids = {item.id for one in documents.values() for item in feedparser.parse(one).entries}
    assert ids == {f"tag:yibao.example,2026:{one.item}" for one in entries}


def test_archive_documents_lead_to_one_another_and_to_the_live_feed():
    days = [datetime(2025, month, 3, 5, tzinfo=UTC) for month in (1, 2, 3)]
    archived = archive([entry(1000 * day.month, at=day) for day in days])
    documents = [etree.fromstring(one) for one in archived.values()]
    links = [
        {one.get("rel"): one.get("href").rpartition("/")[2] for one in document.iterfind("{*}link")}
        for document in documents
    ]
    assert [one.get("prev-archive") for one in links] == [None, "2025-01.atom.xml", "2025-02.atom.xml"]
    assert [one.get("next-archive") for one in links] == ["2025-02.atom.xml", "2025-03.atom.xml", None]
    assert {one["current"] for one in links} == {"atom.xml"}
    assert all(document.find("{http://purl.org/syndication/history/1.0}archive") is not None for document in documents)
    assert not any(feedparser.parse(one).bozo for one in archived.values())


def test_a_full_part_of_a_month_never_changes_again_for_what_comes_later():
    entries = [entry(n, translated=False) for n in range(1, ARCHIVE_ITEMS + 3)]
    later = [*entries, entry(9999, at=AT + timedelta(days=2))]
    before, after = archive(entries), archive(later)
    assert list(after) == ["2025-01.atom.xml", "2025-01-2.atom.xml"]
    assert before["2025-01.atom.xml"] == after["2025-01.atom.xml"]


def test_what_a_live_feed_need_not_hold_is_in_it_up_to_300_kilobytes():
    long, old = "很长的摘要。" * 900, datetime(2024, 12, 1, 5, tzinfo=UTC)
    entries = [replace(one, translation=replace(one.translation, abstract=long)) for one in map(entry, range(1, 60))]
    older = [replace(one, stamp=Timestamps(old, old)) for one in entries]
    for feed in made([*older[:30], *entries[30:40]]):
        for write in (rss.render_feed, atom.render_feed, jsonfeed.render_feed):
            assert len(write(feed)) <= 300_000
        assert feed.items
    assert len(made(entries)[0].items) == 59, "of the newest day nothing is left out for its size"


def test_categories_are_labelled_in_the_language_of_the_feed():
    labels = {
        variant: etree.fromstring(atom.render_feed(made([entry(1)], variant=variant)[0]))
        .find(".//{*}category")
        .get("label")
        for variant in Variant
    }
    assert labels == {
        Variant.WRITTEN: "计算与语言",
        Variant.TRADITIONAL: "計算與語言",
        Variant.ENGLISH: "Computation and Language",
    }


@pytest.mark.parametrize(
    ("variant", "title", "note"),
    [
        (Variant.WRITTEN, "译报 2025 年第 3 周：译文 1 篇", "本期不完整：cs.CV 的公布列表未收齐。Incomplete: arXiv's"),
        (Variant.TRADITIONAL, "译报 2025 年第 3 周：譯文 1 篇", "本期不完整：cs.CV 的公佈列表未收齊。Incomplete:"),
        (Variant.ENGLISH, "译报 Week 3 of 2025: 1 translated", "<p>Incomplete: arXiv"),
    ],
)
def test_an_edition_in_a_feed_says_in_its_language_what_it_has_and_what_it_lacks(variant, title, note):
    some = replace(edition([entry(1)]), notes=("cs.CV, 2025-01-13: not reached", "cs.CV, 2025-01-14: not reached"))
    item = make_item(summarize_edition(some), SITE, variant)
    assert item.title == title
    assert unescape(item.html).count(note) == 1
    assert "not reached" not in item.html


def test_a_paper_that_arxiv_does_not_know_is_not_said_to_be_awaited():
    orphaned = replace(entry(1), paper=None, state=TranslationState.ORPHANED)
    html = make_item(orphaned, SITE).html
    assert "arXiv 上查无此编号" in html
    assert "尚待" not in html
    assert "尚待" in make_item(replace(orphaned, state=TranslationState.CURRENT), SITE).html


def test_a_large_edition_shows_its_first_papers_in_feeds_and_how_many_more_there_are():
    entries = [entry(n, zh=f"一篇很长的译文标题，第 {n} 篇") for n in range(1, 150)]
    for variant, more in ((Variant.WRITTEN, "另有 49 篇。49 more."), (Variant.ENGLISH, "49 more.")):
        feed = next(one for one in made(entries, variant=variant) if one.name == "editions")
        (item,) = feed.items
        assert item.html.count("<li>") == MOST_OF_WEEK
        assert f'<a href="https://yibao.example/editions/2025-W03/">{more}</a>' in item.html
    assert "more" not in made(entries[:100])[2].items[0].html


def test_a_hub_the_licence_of_paper_and_translation_and_the_pdf_are_told():
    one = entry(1)
    licensed = replace(
        one,
        paper=replace(one.paper, license="http://creativecommons.org/licenses/by/4.0/"),
        translation=replace(one.translation, license="CC BY 4.0"),
    )
    site = SITE.model_copy(update={"hub_url": "https://hub.example"})
    feed = feeds_by_variant([licensed], site=site)[0][1]
    document = feedparser.parse(atom.render_feed(feed))
    rels = {link.rel: link.href for link in document.feed.links}
    assert rels["hub"] == "https://hub.example"
    assert document.entries[0].rights == "CC BY 4.0"
    assert {link.rel for link in document.entries[0].links} == {"alternate", "related", "license"}
    assert b'rel="hub"' in rss.render_feed(feed)
    assert b"<dc:rights>CC BY 4.0</dc:rights>" in rss.render_feed(feed)
    feed_json = json.loads(jsonfeed.render_feed(feed))
    assert feed_json["hubs"] == [{"type": "WebSub", "url": "https://hub.example"}]
    assert feed_json["items"][0]["external_url"] == "https://arxiv.org/pdf/2501.00001"


def test_an_old_paper_that_is_translated_today_is_in_the_feed_of_translations():
    old = replace(entry(9999), translated_on=date(2025, 6, 2), stamp=Timestamps(datetime(2024, 1, 1, tzinfo=UTC), AT))
    feeds = {feed.name: feed for feed in made([entry(n) for n in range(1, MOST_ITEMS + 5)] + [old])}
    assert feeds["translated"].items[0].id.endswith("2501.09999")
    assert not any(item.id.endswith("2501.09999") for item in feeds["all"].items)


def test_a_waiting_translation_is_published_from_what_there_is():
    item = made([replace(entry(1), paper=None)])[0].items[0]
    assert item.title == "译文标题"
    assert "still to come" in item.html


def test_opml_lists_every_feed():
    listed = opml.render_list(made([entry(1)]), "译报")
    assert listed.count(b"xmlUrl=") == 4


def test_the_traditional_variant_is_converted_and_says_so_and_leaves_formulas_code_addresses_and_names():
    abstract = "我们用软件 `计算 x` 求 $x_{后面}$，见 https://e.org/网络 与网络。"
    one = replace(
        entry(1, zh="网络软件"), translation=replace(entry(1).translation, abstract=abstract, translator="干湖")
    )
    one = replace(one, translation=replace(one.translation, title="网络软件"))
    feed = made([one], variant=Variant.TRADITIONAL)[0]
    (item,) = feed.items
    assert (item.title, item.language, item.translator) == ("網路軟體", "zh-Hant", "干湖")
    assert "我們用軟體" in item.html
    assert "計算" not in item.html
    assert "后面" in item.html
    assert "繁體由 OpenCC 自簡體轉換。Converted from Simplified Chinese by OpenCC." in item.html
    assert feed.title == "译报 · 全部（繁體，自動轉換）"
    assert atom.render_feed(feed).count(b'href="https://yibao.example/feeds/all/zh-Hant/atom.xml"') == 1


def test_what_a_person_wrote_in_traditional_comes_before_what_is_converted():
    by_hand = replace(entry(1).translation, language="zh-Hant", title="親手寫的標題", abstract="親手寫的摘要。")
    (item,) = made([replace(entry(1), others=(by_hand,))], variant=Variant.TRADITIONAL)[0].items
    assert item.title == "親手寫的標題"
    assert "OpenCC" not in item.html


def test_the_english_variant_is_english_alone_under_ids_of_its_own():
    entries = [entry(1), entry(2, translated=False)]
    feed, written = made(entries, variant=Variant.ENGLISH)[0], made(entries)[0]
    assert [item.id for item in feed.items] == [f"{item.id}/en" for item in written.items]
    assert [item.url for item in feed.items] == [item.url for item in written.items]
    assert (feed.title, feed.language) == ("译报 · Everything", "en")
    assert not re.search("[\u4e00-\u9fff]", "".join(item.title + item.summary + item.html for item in feed.items))


def test_every_feed_is_there_in_every_variant_and_a_site_that_is_not_simplified_converts_nothing():
    assert {len(made([entry(1)], variant=variant)) for variant in Variant} == {4}
    site = SITE.model_copy(update={"language": "zh-Hant"})
    assert {variant for variant, _ in feeds_by_variant([entry(1)], site=site)} == {Variant.WRITTEN, Variant.ENGLISH}


@given(st.text(alphabet="网络软件后面$`x_{}^ <>/:.htps\n"))
def test_conversion_keeps_all_that_is_not_chinese_and_every_formula(text):
    converted = chinese_scripts.convert_text(text)
    assert re.sub("[\u4e00-\u9fff]+", "", converted) == re.sub("[\u4e00-\u9fff]+", "", text)
    assert maths.find_formulas(converted) == maths.find_formulas(text)


@given(st.text(), st.text(), st.lists(st.text(), max_size=4), st.text())
def test_any_text_makes_well_formed_feeds(title, zh, authors, other):
    one = entry(1, title=title or "x", zh=zh, authors=authors)
    paper = replace(one.paper, categories=(other,), license=other, comment=other, is_withdrawn=True)
    translation = replace(one.translation, translator=other, license=other)
    site = SITE.model_copy(update={"title": other})
    feed = feeds_by_variant([replace(one, paper=paper, translation=translation)], site=site)[0][1]
    assert not feedparser.parse(rss.render_feed(feed)).bozo
    assert not feedparser.parse(atom.render_feed(feed)).bozo
    json.loads(jsonfeed.render_feed(feed))


def test_three_thousand_authors_are_all_there():
    (feed, *_) = made([entry(1, authors=[f"Author {n}" for n in range(3000)])])
    assert feedparser.parse(atom.render_feed(feed)).entries[0].author.count(", ") == 2999
    assert len(json.loads(jsonfeed.render_feed(feed))["items"][0]["authors"]) == 3000
