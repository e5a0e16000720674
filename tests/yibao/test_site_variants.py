"""Pages in several languages: which there are, what they say, and how they lead to one another."""

import re
from dataclasses import replace
from urllib.parse import urljoin

import pytest
from lxml import html

from tests.conftest import further_values
from tests.judges.site import drawn, editions, entries, entry, other_language
from yibao.settings import Arxiv, Settings, Site

BASE = "https://yibao.example"
_HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def publish(language="zh-Hans", variants=(), some=None):
    some = some or [*entries()[:12], entry(60, zh="支持信息检索的软件")]
    site = Site.model_validate({"base_url": BASE, "language": language, "variants": variants})
    return drawn(some, editions(some), Settings(site=site, arxiv=Arxiv(categories=("cs.CL", "math.NA"))))


@pytest.fixture(scope="module")
def tree():
    """A site in all languages."""
    return publish(variants=("zh-Hant", "en"))


def pages_of(tree):
    return {path: html.fromstring(content) for path, content in tree.items() if path.endswith("index.html")}


@pytest.mark.soak
def test_every_page_is_in_every_language_and_names_the_others(tree):
    pages = pages_of(tree)
    for path, document in pages.items():
        links = {link.get("hreflang"): link.get("href") for link in document.xpath("//link[@hreflang][not(@type)]")}
        assert list(links) == ["zh-Hans", "x-default", "zh-Hant", "en"], path
        assert links["x-default"] == links["zh-Hans"]
        for language in LANGUAGES:
            place = links[language].removeprefix(f"{BASE}/")
            other = pages[f"{place}index.html"]
            assert other.get("lang") == language
            assert other.xpath("string(//link[@rel='canonical']/@href)") == links[language]
            named = other.xpath("//link[@hreflang='x-default']/@href")
            assert named == [links["x-default"]]


def test_no_page_of_any_language_links_to_nothing(tree):
    for path, document in pages_of(tree).items():
        for href in document.xpath("//a/@href | //link[@rel='stylesheet' or @rel='icon']/@href | //script/@src"):
            target = urljoin(f"{BASE}/{path}", href).partition("#")[0].partition("?")[0]
            place = target.removeprefix(f"{BASE}/")
            if target.startswith(BASE):
                assert place in tree or f"{place}index.html" in tree, (path, href)


def test_readers_switch_languages_on_the_spot(tree):
    document = html.fromstring(tree["en/papers/2501.00001/index.html"])
    links = document.xpath("//header/nav[@class='languages']/a")
    assert [link.text for link in links] == ["简体中文", "繁體中文", "English"]
    assert [urljoin(f"{BASE}/en/papers/2501.00001/", link.get("href")) for link in links] == [
        f"{BASE}/papers/2501.00001/",
        f"{BASE}/zh-Hant/papers/2501.00001/",
        f"{BASE}/en/papers/2501.00001/",
    ]
    assert [link.get("aria-current") for link in links] == [None, None, "true"]


def says_han(document):
    """List the texts that hold Chinese where a reader expects none: outside of what says that it is Chinese."""
    for element in document.xpath("//*[text()]"):
        language = element.xpath("string(ancestor-or-self::*[@lang][1]/@lang)")
        if language.startswith("en") and element.tag != "title":
            yield from (text for text in element.xpath("text()") if _HAN.search(text))


def test_the_english_interface_is_english(tree):
    pages = {path: page for path, page in pages_of(tree).items() if path.startswith("en/")}
    assert pages
    # The site's own name, and those of people.
    names = re.compile("译报|王小明|李丽|山田 太郎|智能体")
    for path, document in pages.items():
        assert not [text for text in says_han(document) if _HAN.search(names.sub("", text))], path


def test_translations_are_converted_to_traditional_chinese_unless_somebody_wrote_them_so(tree):
    document = html.fromstring(tree["zh-Hant/papers/2501.00060/index.html"])
    assert document.findtext(".//h1") == "支援資訊檢索的軟體"
    assert document.xpath("//main//*[@lang='zh-Hant']")
    assert not document.xpath("//main//*[@lang='zh-Hans']")
    assert "OpenCC" in document.xpath("string(//footer)")
    assert "OpenCC" not in html.fromstring(tree["papers/2501.00060/index.html"]).xpath("string(//footer)")
    by_hand = replace(other_language(5), language="zh-TW", title="手寫的軟件", abstract="親手所寫。")
    some = [replace(entry(5, zh="支持"), others=(by_hand,)), *entries()[5:8]]
    written = publish(variants=("zh-Hant",), some=some)
    assert html.fromstring(written["zh-Hant/papers/2501.00005/index.html"]).findtext(".//h1") == "手寫的軟件"


def test_a_site_in_one_language_has_neither_folders_nor_a_switch():
    tree = publish()
    assert not [path for path in tree if path.startswith(("en/", "zh-Hant/"))]
    assert b"hreflang" not in tree["index.html"]
    assert b"languages" not in tree["index.html"]


@pytest.mark.parametrize(
    ("language", "interface", "heading"),
    [
        ("zh-TW", "zh-Hant", "分類"),
        *further_values(("zh-Hans", "zh-Hans", "分类"), ("en", "en", "Categories"), ("de", "en", "Categories")),
    ],
)
def test_the_sites_language_is_that_of_its_pages_and_english_stands_in(language, interface, heading):
    document = html.fromstring(publish(language)["categories/index.html"])
    assert (document.get("lang"), document.findtext(".//h1")) == (interface, heading)


def test_the_sitemap_names_the_same_pages_in_every_language(tree):
    files = [content.decode() for path, content in tree.items() if path.startswith("sitemap-")]
    listed = [place for content in files for place in re.findall(rf"<loc>{BASE}/(.*?)</loc>", content)]
    own, *others = (
        {place.removeprefix(folder) for place in listed if re.match(rf"(?!{other}){folder}", place)}
        for folder, other in (("", "en/|zh-Hant/"), ("en/", "zh-Hant/"), ("zh-Hant/", "en/"))
    )
    assert {"", "editions/2025-01-17/", "papers/2501.00060/"} <= own
    assert others == [own, own]


def test_a_paper_page_tells_machines_its_languages_and_dates(tree):
    document = html.fromstring(tree["papers/2501.00060/index.html"])
    assert document.xpath("//h1/@lang") == ["zh-Hans"]
    assert document.xpath("//meta[@property='article:published_time']/@content") == ["2025-01-17T05:01:00+00:00"]
