"""What pages tell machines and those who share them: metadata, pictures, icons, the page for what is not there."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree, html
from PIL import Image

from flows.steps.picture_fonts import find_font
from tests.judges.site import drawn, editions, entries, entry
from yibao.records import Author
from yibao.settings import Arxiv, Paths, Settings, Site
from yibao.site import pictures
from yibao.site.pictures import Font, Picture

BASE = "https://yibao.example"
SETTINGS = Settings(
    site=Site.model_validate({"base_url": BASE, "variants": ("en",)}), arxiv=Arxiv(categories=("cs.CL",))
)
ENTRY = entry(70, zh="会检索的智能体", title="Agents that search")
FONT = find_font(Settings())
needs_font = pytest.mark.skipif(FONT is None, reason="this machine has no font with Chinese letters")
PICTURE = Picture("译报", "arXiv:2501.00001", "混合专家模型的推理" * 3, ("Mixture of experts",), "cs.CL · Tang")


@pytest.fixture(scope="module")
def tree():
    some = [ENTRY, *entries()[:9]]
    return drawn(some, editions(some), SETTINGS)


def find_meta(document, name):
    return document.xpath(f"//meta[@name='{name}' or @property='{name}']/@content")


def read_json_ld(content):
    return [json.loads(text) for text in html.fromstring(content).xpath("//script[@type='application/ld+json']/text()")]


def test_a_reference_manager_finds_the_papers_own_data(tree):
    document = html.fromstring(tree["papers/2501.00070/index.html"])
    assert find_meta(document, "citation_title") == ["Agents that search"]
    assert find_meta(document, "citation_author") == ["Zhengyang Tang", "B. Two, Jr."]
    assert find_meta(document, "citation_publication_date") == ["2025/01/17"]
    assert find_meta(document, "citation_arxiv_id") == ["2501.00070"]
    assert find_meta(document, "citation_pdf_url") == ["https://arxiv.org/pdf/2501.00070"]
    assert find_meta(document, "DCTERMS.alternative") == ["会检索的智能体"]


def test_a_search_engine_is_told_of_a_translation_and_of_its_original(tree):
    (article,) = read_json_ld(tree["papers/2501.00070/index.html"])
    assert (article["@type"], article["name"], article["inLanguage"]) == (
        "ScholarlyArticle",
        "会检索的智能体",
        "zh-Hans",
    )
    original = article["translationOfWork"]
    assert (original["@id"], original["name"]) == ("https://arxiv.org/abs/2501.00070", "Agents that search")
    assert [author["name"] for author in original["author"]] == ["Zhengyang Tang", "B. Two, Jr."]
    (issue,) = read_json_ld(tree["editions/2025-01-17/index.html"])
    assert (issue["@type"], issue["issueNumber"]) == ("PublicationIssue", "2025-01-17")
    (site,) = read_json_ld(tree["en/index.html"])
    assert site["potentialAction"]["target"]["urlTemplate"] == f"{BASE}/en/search/?q={{search_term_string}}"


def test_metadata_end_no_script_whatever_a_title_holds():
    awkward = replace(ENTRY, translation=replace(ENTRY.translation, title="</script><b>&amp;"))
    content = drawn([awkward], editions([awkward]), SETTINGS)["papers/2501.00070/index.html"]
    (article,) = read_json_ld(content)
    assert article["name"] == "</script><b>&amp;"
    assert not html.fromstring(content).xpath("//main//b | //head//b")


def test_a_paper_without_authors_date_or_metadata_has_no_empty_tags():
    bare = replace(ENTRY, paper=replace(ENTRY.paper, authors=(), submitted_at=None))
    for one in (bare, replace(ENTRY, paper=None)):
        document = html.fromstring(drawn([one], editions([one]), SETTINGS)["papers/2501.00070/index.html"])
        assert all(document.xpath("//meta[@name]/@content"))
        assert not find_meta(document, "citation_author")


def test_each_page_has_a_description_and_title_of_its_own(tree):
    pages = [html.fromstring(content) for path, content in tree.items() if path.endswith("index.html")]
    # The front page is also found as /today/, aliases of categories under their own addresses: one canonical page each.
    by_address = {page.xpath("string(//link[@rel='canonical']/@href)"): page for page in pages}
    by_address.pop(f"{BASE}/today/")
    by_address.pop(f"{BASE}/en/today/")
    for own in (lambda page: page.get("lang") == "en", lambda page: page.get("lang") == "zh-Hans"):
        described = [find_meta(page, "description")[0] for page in by_address.values() if own(page)]
        titles = [page.findtext(".//title") for page in by_address.values() if own(page)]
        assert len(described) > 10
        repeated = {one for one in described if described.count(one) > 1}
        # Made papers share their abstracts.
        assert all("我们研究" in one or "模型的研究" in one or "A study" in one for one in repeated), repeated
        assert {
            one for one in titles if titles.count(one) > 1 and "模型的研究" not in one and "A study" not in one
        } == set()


def test_browsers_find_icons_manifest_and_search(tree):
    document = html.fromstring(tree["en/papers/2501.00070/index.html"])
    for relation, name in (
        ("apple-touch-icon", "icon-180.png"),
        ("manifest", "site.webmanifest"),
        ("search", "opensearch.xml"),
    ):
        assert document.xpath(f"//link[@rel='{relation}']/@href") == [f"../../../{name}"]
        assert name in tree
    manifest = json.loads(tree["site.webmanifest"])
    for icon in manifest["icons"]:
        assert icon["src"] in tree
    assert Image.open(io.BytesIO(tree["icon-180.png"])).size == (180, 180)
    search = etree.fromstring(tree["opensearch.xml"])
    assert f"{BASE}/search/?q={{searchTerms}}" in search.xpath("//@template")
    assert find_meta(document, "theme-color") == ["#fbfaf7", "#191816"]


def test_the_page_for_what_is_not_there_helps_under_any_address(tree):
    document = html.fromstring(tree["404.html"])
    hrefs = document.xpath("//main//a/@href | //main//form/@action | //link[@rel='stylesheet']/@href")
    assert hrefs
    assert all(href.startswith(BASE) for href in hrefs)
    assert find_meta(document, "robots") == ["noindex"]
    assert not [place for path, place in tree.items() if path.startswith("sitemap") and b"404.html" in place]


@needs_font
def test_a_paper_and_an_edition_have_a_picture_of_their_own_and_name_it():
    some = [ENTRY, *entries()[:3]]
    tree = drawn(some, editions(some), SETTINGS, has_pictures=True)
    for page in ("papers/2501.00070/", "editions/2025-01-17/", "en/papers/2501.00070/"):
        document = html.fromstring(tree[f"{page}index.html"])
        (address,) = find_meta(document, "og:image")
        assert address == f"{BASE}/{page.removeprefix('en/')}picture.png"
        assert find_meta(document, "twitter:card") == ["summary_large_image"]
        content = tree[address.removeprefix(f"{BASE}/")]
        assert Image.open(io.BytesIO(content)).size == (1200, 630)
        assert len(content) < 60_000


def test_without_a_font_the_icon_stands_in_for_pictures(tree):
    document = html.fromstring(tree["papers/2501.00070/index.html"])
    assert find_meta(document, "og:image") == [f"{BASE}/icon-512.png"]
    assert find_meta(document, "twitter:card") == ["summary"]
    assert not [path for path in tree if path.endswith("picture.png")]


@needs_font
def test_the_same_texts_make_the_same_picture_and_others_another():
    assert pictures.draw_picture(PICTURE, FONT) == pictures.draw_picture(PICTURE, FONT)
    assert pictures.draw_picture(PICTURE, FONT) != pictures.draw_picture(PICTURE._replace(title="别的题目"), FONT)


@needs_font
@pytest.mark.parametrize("title", ["", "长" * 400, "A" * 400, "word " * 200, "x²＋∑ \U0001f600 عربى"])
def test_no_title_breaks_a_picture_or_writes_beyond_its_edge(title):
    long = PICTURE._replace(title=title, lines=(title, title, title), foot=title)
    image = Image.open(io.BytesIO(pictures.draw_picture(long, FONT))).convert("RGB")
    paper = image.getpixel((5, 300))
    assert {image.getpixel((x, y)) for x in (1, 30, 1170, 1198) for y in range(20, 630)} == {paper}


def test_a_font_is_asked_for_by_name_and_pictures_can_be_switched_off(tmp_path):
    missing = Settings(paths=Paths(picture_font=tmp_path / "none.otf"))
    assert find_font(missing) is None
    off = Settings(site=Site.model_validate({"pictures": False}))
    assert find_font(off) is None
    assert find_font(Settings(), [str(tmp_path / "none.ttc")]) is None


@needs_font
def test_pictures_are_drawn_anew_when_the_font_changes_and_not_when_the_program_does():
    before = pictures.digest_drawing(FONT)
    assert before == pictures.digest_drawing(FONT._replace(path=Path("/elsewhere.ttc")))
    assert before != pictures.digest_drawing(Font(FONT.path, "other", FONT.face))


def test_the_time_in_metadata_is_that_of_the_paper():
    late = replace(
        ENTRY, paper=replace(ENTRY.paper, submitted_at=datetime(2024, 12, 31, 23, tzinfo=UTC), authors=(Author("A"),))
    )
    (article,) = read_json_ld(drawn([late], editions([late]), SETTINGS)["papers/2501.00070/index.html"])
    assert article["translationOfWork"]["datePublished"] == "2024-12-31"
    assert article["datePublished"].startswith("2025-01-17")
