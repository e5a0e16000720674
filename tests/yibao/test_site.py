"""Pages and citations, by what readers and reference managers find in them."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import unquote, urljoin

import bibtexparser
import pytest
import rispy
from lxml import etree, html

from tests.judges.site import drawn, editions, entries
from tests.judges.site import entry as site_entry
from yibao.build_graph import ItemRef, Lists
from yibao.records import (
    AnnounceType,
    Author,
    Batch,
    BatchState,
    Edition,
    Entry,
    Erratum,
    Paper,
    SourceText,
    Timestamps,
    Translation,
    TranslationState,
)
from yibao.settings import Arxiv, Settings, Site
from yibao.site import citations, parts, sitemaps
from yibao.site.filters import format_dateline
from yibao.site.parts import split_edition

AT = datetime(2025, 1, 13, 5, tzinfo=UTC)
DAY = date(2025, 1, 13)
SITE = Site.model_validate({"base_url": "https://yibao.example"})
PAPER = Paper(
    "2501.00001",
    2,
    r"Is p<0.05 & $x^2$ <b>test</b> 100\%",
    "First.\n  Second & <i>last</i>.",
    (Author("Zhengyang Tang"), Author("José Müller"), Author("DeepMind")),
    ("cs.CL", "cs.AI"),
    "cs.CL",
    "arXivRaw",
    submitted_at=AT,
    doi="10.1000/x_y",
    journal_ref="Journal & Proc. 5",
)
TRANSLATION = Translation(
    "2501.00001", "zh-Hans", "译文<script>", "中文<script>x</script>摘要。", PAPER.title, "a.md", 1
)
ENTRY = Entry("2501.00001", PAPER, TRANSLATION, DAY, AnnounceType.NEW, DAY, Timestamps(AT, AT))


def edition(*entries):
    return Edition("2025-01-13", DAY, DAY, entries, (), (), (), Timestamps(AT, AT))


def made(*entries, batches=(), editions=None):
    settings = Settings(site=SITE, arxiv=Arxiv(categories=("cs.CL",)))
    return drawn(entries, [edition(*entries)] if editions is None else editions, settings, batches)


def page(path, *entries, **more):
    return html.fromstring(made(*entries, **more)[path])


def test_no_page_links_to_nothing_and_each_has_its_address_title_and_description():
    tree = made(ENTRY)
    for path, content in tree.items():
        if not path.endswith(".html"):
            continue
        document = html.fromstring(content)
        for href in document.xpath("//a/@href | //link[@rel='stylesheet']/@href"):
            target = urljoin(f"https://yibao.example/{path}", href).partition("#")[0]
            place = target.removeprefix("https://yibao.example/")
            if target.startswith("https://yibao.example/") and not place.startswith("feeds"):
                assert place in tree or f"{place}index.html" in tree, (path, href)
        assert document.xpath("//title")[0].text
        assert document.xpath("//meta[@name='description']/@content")[0]
        assert document.xpath("//link[@rel='canonical']/@href")[0].startswith("https://yibao.example/")
        assert not document.xpath("//b | //img")
        # Four pages need a script; to read, none is needed.
        scripts = {urljoin(f"/{path}", one).rpartition("/")[2] for one in document.xpath("//script/@src")}
        assert {"reading.js"} == scripts - {"search.js", "compose.js", "saved.js", "data.js"}
        needs = path in ("search/index.html", "feeds/compose/index.html", "saved/index.html", "data/index.html")
        assert (len(scripts) > 1) == needs


def test_the_sitemap_names_every_page():
    tree = made(ENTRY)
    index = etree.fromstring(tree["sitemap.xml"]).xpath("//*[local-name()='loc']/text()")
    assert index == [f"https://yibao.example/sitemap-{name}.xml" for name in ("pages", "2025-01")]
    listed = [
        place
        for address in index
        for place in etree.fromstring(tree[address.rpartition("/")[2]]).xpath("//*[local-name()='loc']/text()")
    ]
    # Authors are found on the pages of their papers.
    pages_ = {path for path in tree if path.endswith("index.html") and not re.match("authors/.+/", path)}
    assert sorted(listed) == sorted(f"https://yibao.example/{path.removesuffix('index.html')}" for path in pages_)
    assert "https://yibao.example/papers/2501.00001/" in listed
    assert b"Sitemap: https://yibao.example/sitemap.xml" in tree["robots.txt"]


def test_a_reference_manager_reads_the_citation_back():
    tree = made(ENTRY)
    (entry,) = bibtexparser.parse_string(tree["papers/2501.00001/cite.bib"].decode()).entries
    assert (entry.entry_type, entry.key) == ("misc", "tang2025is")
    fields = entry.fields_dict
    assert fields["author"].value == "Zhengyang Tang and José Müller and DeepMind"
    assert fields["eprint"].value == "2501.00001"
    assert "p<0.05" in fields["title"].value
    (record,) = rispy.loads(tree["papers/2501.00001/cite.ris"].decode())
    assert record["title"] == "Is p<0.05 & x² <b>test</b> 100%"
    assert record["authors"] == ["Tang, Zhengyang", "Müller, José", "DeepMind"]
    assert (record["year"], record["doi"]) == ("2025", "10.1000/x_y")
    assert record["abstract"] == "First. Second & <i>last</i>."


def test_a_paper_without_authors_or_dates_can_be_cited():
    bare = replace(PAPER, authors=(), submitted_at=None, doi=None, journal_ref=None, title="题目")
    (entry,) = bibtexparser.parse_string(citations.render_bibtex(bare).decode()).entries
    assert entry.key == "arxiv"
    assert rispy.loads(citations.render_ris(bare).decode())[0]["title"] == "题目"


@pytest.mark.parametrize(
    ("state", "declared", "message"),
    [
        (BatchState.COMPLETE, 3, "完整"),
        (BatchState.PARTIAL, 3, "不完整"),
        (BatchState.UNKNOWN, None, "未知"),
        (BatchState.NONE_ANNOUNCED, 0, "当日没有公布"),
    ],
)
def test_the_status_page_says_of_each_list_what_the_ledger_says(state, declared, message):
    batch = Batch("cs.CL", DAY, state, declared, 2, ("rss",), "because of <this>")
    cells = page("status/index.html", ENTRY, batches=[batch]).xpath("//tbody/tr/*")
    assert [cell.text for cell in cells] == [
        "cs.CL",
        "2025-01-13",
        message,
        f"2 / {declared if declared is not None else '?'}",
        "because of <this>",
    ]


def test_a_category_has_a_page_with_its_papers_and_its_feed():
    document = page("categories/cs.CL/index.html", ENTRY)
    assert document.xpath("//li//a[contains(@href, 'papers/2501.00001/')]")
    assert document.xpath("//link[@rel='alternate']/@href")[-1].endswith("feeds/cs.CL/atom.xml")
    assert "1 篇" in page("categories/index.html", ENTRY).text_content()


def test_a_stale_or_corrected_paper_shows_the_words_that_changed():
    changed = replace(
        ENTRY,
        state=TranslationState.STALE,
        source_version=1,
        source=SourceText(PAPER.title, "First.\n  Second & last."),
        errata=(Erratum(DAY, "王小明", "旧题", "译文<script>", "旧摘要。", "中文摘要。"),),
    )
    document = page("papers/2501.00001/index.html", changed)
    assert "译文依据 v1" in document.text_content()
    assert document.xpath("//details//ins/text()")
    assert "王小明" in document.xpath("//details[@class='changes']")[1].text_content()
    assert not document.xpath("//details//script")


def lines(count, code="cs.CL"):
    texts = []
    for number in range(count):
        paper = replace(PAPER, arxiv_id=f"2502.{number:05d}", title=f"A paper with a long title, number {number}")
        texts.append(Entry(paper.arxiv_id, paper, None, DAY, AnnounceType.NEW))
    return (code, tuple(texts))


def test_a_large_edition_is_cut_into_pages_that_hold_every_paper_once_and_lead_to_one_another():
    day = replace(edition(ENTRY), by_category=(lines(900), lines(40, "cs.CV")))
    pages_ = split_edition(day)
    assert len(pages_) > 2
    listed = [entry for part in pages_ for section in part.sections for entry in section.entries]
    assert listed == list(day.entries)
    assert parts.locate_entries(day) == {
        entry.arxiv_id: part.number for part in pages_ for section in part.sections for entry in section.entries
    }
    tree = made(ENTRY, editions=[day])
    assert max(len(tree[path]) for path in tree if path.startswith("editions/2025-01-13/")) < 150_000
    assert len(tree["index.html"]) < 150_000
    document = html.fromstring(tree["index.html"])
    targets = {
        name.rpartition("#")[0]: name.rpartition("#")[2] for name in document.xpath("//nav[@class='contents']//@href")
    }
    for place, anchor in targets.items():
        assert html.fromstring(tree[f"{place.removeprefix('./')}index.html"]).xpath(f"//h2[@id='{anchor}']")


def test_lists_show_the_first_authors_and_how_many_more_and_the_paper_shows_all():
    many = replace(ENTRY, paper=replace(PAPER, authors=tuple(Author(f"Author {n}") for n in range(3000))))
    tree = made(many)
    assert "Author 7</span> 等 3000 人" in tree["editions/2025-01-13/index.html"].decode()
    assert "等 3000 人" not in tree["papers/2501.00001/index.html"].decode()
    assert b"Author 2999" in tree["papers/2501.00001/index.html"]


@pytest.mark.soak
def test_nothing_chinese_is_called_english_and_nothing_traditional_stands_in_simplified_text():
    settings = Settings(site=SITE, arxiv=Arxiv(categories=("cs.CL", "cs.CV")))
    for path, content in drawn(entries(), editions(entries()), settings).items():
        if path.endswith(".html"):
            document = html.fromstring(content)
            for text in document.xpath("//text()[not(ancestor::script)]"):
                element = text.getparent().getparent() if text.is_tail else text.getparent()
                language = element.xpath("ancestor-or-self::*[@lang][1]/@lang")[0]
                assert language != "en" or not re.search("[\u4e00-\u9fff]", text), (path, text)
                assert language == "zh-Hant" or "繁體" not in text, (path, text)


def test_each_page_of_a_long_edition_says_in_title_and_heading_which_it_is():
    settings = Settings(site=SITE, arxiv=Arxiv(categories=("cs.CL",)))
    (day, week, _) = editions(entries())
    tree = drawn(entries(), [day, week], settings)
    for some, name, heading in (
        (day, "2025-01-17", "二〇二五年一月十七日 · 星期五"),
        (week, "2025 年第 3 周", "2025 年第 3 周"),
    ):
        key, total = some.key, len(split_edition(some))
        assert total > 1
        first, second = (html.fromstring(tree[f"editions/{key}/{page}index.html"]) for page in ("", "2/"))
        assert first.findtext(".//title") == f"{name} · 译报"
        assert first.xpath("normalize-space(//h1)") == heading
        assert second.findtext(".//title") == f"{name}（第 2/{total} 页） · 译报"
        assert second.xpath("normalize-space(//h1)") == f"{heading}（第 2/{total} 页）"


def test_a_paper_that_arxiv_does_not_know_is_not_said_to_be_awaited():
    waiting = replace(ENTRY, paper=None)
    orphaned = replace(waiting, state=TranslationState.ORPHANED)
    path = "papers/2501.00001/index.html"
    assert "尚待 arXiv 的元数据" in made(waiting)[path].decode()
    assert "尚待 arXiv 的元数据" not in made(orphaned)[path].decode()
    assert "arXiv 上查无此编号" in made(orphaned)[path].decode()


@pytest.mark.parametrize(
    ("translated", "listed", "text"),
    [
        ((ENTRY,), (ENTRY,), "译文 1 篇，其余 1 篇"),
        ((ENTRY,), (), "译文 1 篇"),
        ((), (ENTRY,), "论文 1 篇"),
        ((), (), "暂无论文"),
    ],
)
def test_an_edition_says_what_it_has_and_leaves_out_what_it_has_none_of(translated, listed, text):
    some = replace(edition(*translated), by_category=(("cs.CL", listed),) if listed else ())
    document = page("editions/2025-01-13/index.html", ENTRY, editions=[some])
    assert document.xpath("//p[@class='counts']")[0].text == text


def test_an_incomplete_edition_names_its_lists_once_and_briefly():
    notes = [f"{code}, 2025-01-{day}: arXiv could not be reached" for day in (13, 14) for code in ("cs.CL", "cs.CV")]
    document = page("editions/2025-01-13/index.html", ENTRY, editions=[replace(edition(ENTRY), notes=tuple(notes))])
    assert [note.text_content() for note in document.xpath("//p[@class='note']")] == [
        "本期不完整：cs.CL、cs.CV 的公布列表未收齐。"
    ]


def test_a_cross_listed_paper_is_said_to_be_one_in_the_readers_language():
    crossed = replace(ENTRY, translation=None, type=AnnounceType.CROSS)
    some = replace(edition(), by_category=(("cs.CL", (crossed,)),))
    (facts,) = page("editions/2025-01-13/index.html", editions=[some]).xpath("//li/p//text()[contains(., '交叉')]")
    assert facts.endswith(" · 交叉列出")


def test_the_front_page_has_three_leads_then_other_translations_and_a_line_for_each_category():
    papers = [site_entry(number, title=f"Paper {number}", zh=f"论文 {number}") for number in range(1, 6)]
    listed = tuple(replace(site_entry(number, title=f"Plain {number}"), translation=None) for number in range(7, 20))
    some = replace(edition(*papers), number=213, by_category=(("cs.CL", listed),))
    front = page("index.html", *papers, editions=[some])
    assert front.xpath("normalize-space(//h1)") == "第 213 期 · 二〇二五年一月十三日 · 星期一"
    assert front.xpath("//div[@class='leads']//h2/a/span[@class='zh']/text()") == ["论文 1", "论文 2", "论文 3"]
    assert front.xpath("//ol[contains(@class, 'columns')]//span[@class='zh']/text()") == ["论文 4", "论文 5"]
    (line,) = front.xpath("//ul[@class='plain index']/li")
    assert " ".join(line.text_content().split()) == "cs.CL 计算与语言 13"
    assert line.xpath("a/@href") == ["./editions/2025-01-13/#cs.CL"]


def test_a_day_without_translation_shows_the_first_papers_of_each_category_on_the_front_page():
    listed = tuple(replace(site_entry(number, title=f"Plain {number}"), translation=None) for number in range(7, 20))
    some = replace(edition(), by_category=(("cs.CL", listed),))
    front = page("index.html", *listed, editions=[some])
    assert front.xpath("//ul[@class='plain index']//li/a[@lang='en']/text()") == [
        f"Plain {one}" for one in range(7, 12)
    ]
    assert not front.xpath("//div[@class='leads']")


def test_an_edition_begins_with_its_contents_each_line_leading_to_its_paper():
    (day, week, _) = editions(entries())
    tree = drawn(entries(), [day, week], Settings(site=SITE, arxiv=Arxiv(categories=("cs.CL",))))
    for some in (day, week):
        place = f"editions/{some.key}/"
        links = html.fromstring(tree[f"{place}index.html"]).xpath("//nav[@class='contents']//a/@href")
        assert len(links) == len(some.translated) + len(some.by_category)
        for link in links:
            target, _, anchor = urljoin(f"https://yibao.example/{place}", link).partition("#")
            file = target.removeprefix("https://yibao.example/") + "index.html"
            assert html.fromstring(tree[file]).xpath("//*[@id=$id]", id=unquote(anchor)), link


def test_an_edition_leads_to_the_one_before_and_after_it():
    days = [replace(edition(ENTRY), key=f"2025-01-{day}", starts_on=date(2025, 1, day)) for day in (13, 14, 16)]
    tree = made(ENTRY, editions=days)
    links = [html.fromstring(tree[f"editions/{one.key}/index.html"]).xpath("//a[@rel]/@href") for one in days]
    assert links == [
        ["../../editions/2025-01-14/"],
        ["../../editions/2025-01-13/", "../../editions/2025-01-16/"],
        ["../../editions/2025-01-14/"],
    ]


@pytest.mark.parametrize(
    ("language", "day", "parts"),
    [
        ("zh-Hans", date(2026, 11, 25), ("二〇二六年", "十一月二十五日", "星期三")),
        ("zh-Hant", date(2025, 10, 10), ("二〇二五年", "十月十日", "星期五")),
        ("zh-Hans", date(2025, 1, 31), ("二〇二五年", "一月三十一日", "星期五")),
        ("en", date(2026, 11, 25), ("2026", "November 25", "Wednesday")),
    ],
)
def test_a_dateline_is_written_as_gazettes_write_it(language, day, parts):
    assert format_dateline(language, day) == parts


def test_the_calendar_has_a_page_for_each_year_with_every_edition_and_says_what_is_incomplete():
    days = [date(2023, 12, 29), date(2024, 1, 2), date(2025, 1, 13)]
    editions = [
        replace(
            edition(ENTRY), key=day.isoformat(), starts_on=day, ends_on=day, notes=("gap",) if day.year == 2023 else ()
        )
        for day in reversed(days)
    ]
    week = replace(edition(ENTRY), key="2024-W01", starts_on=date(2024, 1, 1), ends_on=date(2024, 1, 7))
    tree = {
        path: content.decode("utf-8", "replace") for path, content in made(ENTRY, editions=[*editions, week]).items()
    }
    assert "../editions/2025-01-13/" in tree["editions/index.html"]
    assert "../../editions/2024-01-02/" in tree["editions/2024/index.html"]
    assert "../../editions/2024-W01/" in tree["editions/2024/index.html"]
    assert "不完整" in tree["editions/2023/index.html"]
    assert "不完整" not in tree["editions/index.html"]
    for path in ("editions/index.html", "editions/2024/index.html", "editions/2023/index.html"):
        for month in html.fromstring(tree[path]).xpath("//table"):
            days_of_it = [int(cell) for cell in month.xpath(".//td/*[1]/text()") if cell.isdigit()]
            assert days_of_it == list(range(1, len(days_of_it) + 1))
            assert len(days_of_it) >= 28


def test_a_translator_has_a_page_and_names_that_look_alike_stay_apart():
    by = [
        replace(ENTRY, arxiv_id=f"2501.0000{n}", translation=replace(TRANSLATION, translator=name))
        for n, name in enumerate(("王小明", "a b", "A B", "a-b", "../x", "…"))
    ]
    tree = made(*by)
    places = [path for path in tree if path.startswith("translators/") and path.count("/") == 2]
    assert len(places) == 6
    assert "translators/王小明/index.html" in places
    assert not any(".." in path for path in places)


def test_more_papers_of_a_month_than_a_sitemap_may_hold_are_in_several():
    count = 2 * sitemaps.MOST_ADDRESSES + 1
    members = {"sitemap-2025-01": [ItemRef(f"arxiv/2501.{number:06d}", "") for number in range(count)]}
    documents = sitemaps.list_sitemaps("https://e.org", ["about/"], Lists(members, {"sitemap-2025-01": count}))
    index = etree.fromstring(documents["sitemap.xml"].render({}))
    listed = [one.text for one in index.iter("{*}loc")]
    assert {f"https://e.org/{name}" for name in documents} == {*listed, "https://e.org/sitemap.xml"}
    assert len(listed) == 4
    addresses = [
        one.text
        for name in documents
        if name != "sitemap.xml"
        for one in etree.fromstring(documents[name].render({})).iter("{*}loc")
    ]
    assert len(set(addresses)) == count + 1


def test_the_open_data_hold_every_translated_paper_in_plain_text_by_month():
    entries = [ENTRY, replace(ENTRY, arxiv_id="2501.00002", translation=None)]
    tree = made(*entries, editions=[edition(ENTRY)])
    document = json.loads(tree["data/manifest.json"])
    assert document["translations"] == [{"month": "2025-01", "path": "translations/2025-01.json", "entries": 1}]
    (one,) = json.loads(tree["data/translations/2025-01.json"])
    assert (one["title_en"], one["authors"][1:]) == ("Is p<0.05 & x² <b>test</b> 100%", ["José Müller", "DeepMind"])
    assert (one["arxiv_id"], one["published"], one["language"]) == ("2501.00001", "2025-01-13", "zh-Hans")
