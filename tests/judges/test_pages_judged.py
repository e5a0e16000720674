"""Every page, as checkers of pages and a browser see it, and the way that a person takes through them."""

import json
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pytest
from lxml import etree, html
from playwright import sync_api

from tests.judges.conftest import HERE, node_package, program
from tests.judges.test_feed_readers import newsboat
from yibao.site.filters import make_slug

AUTHORS = [f"authors/{make_slug(name)}/" for name in ("Zhengyang Tang", "B. Two, Jr.")]
PAGES = (
    "",
    *AUTHORS,
    "categories/cs.CL/2025-01/",
    "search/?q=models",
    "saved/",
    "today/",
    "editions/",
    "editions/2025-01-17/",
    "editions/2025-01-17/2/",
    "editions/2025-W03/",
    "editions/2024-12-30/",
    "papers/2501.00001/",
    "papers/2501.00007/",
    "categories/",
    "categories/cs.CL/",
    "translators/",
    "translators/王小明/",
    "search/",
    "feeds/",
    "feeds/compose/",
    "data/",
    "status/",
    "about/",
)
#: What a page of a day may weigh.
MOST_BYTES = 150_000


def test_the_nu_checker_finds_no_error_in_any_page(site):
    jar = node_package("vnu-jar") / "build" / "dist" / "vnu.jar"
    pages = sorted(map(str, site.public.rglob("*.html")))
    assert len(pages) >= len(PAGES)
    for checked in (pages, ["--css", str(site.public / "style.css")]):
        command = [program("java"), "-jar", jar, "--errors-only", "--format", "json", *checked]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        assert json.loads(done.stderr)["messages"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_any_page(url, browser, scheme):
    code = (node_package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    # The checker is put into the page, which the page's own policy forbids.
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, viewport={"width": 390, "height": 844})
    tab = context.new_page()
    for path in PAGES:
        tab.goto(f"{url}/{path}")
        if "?q=" in path:
            tab.locator("#found a").first.wait_for()
        tab.evaluate(code)
        violations = tab.evaluate("axe.run()")["violations"]
        assert not violations, (path, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in violations])
    context.close()


@pytest.mark.timeout(600)
def test_lighthouse_gives_at_least_95_in_every_category(url):
    node_package("lighthouse")
    addresses = [f"{url}/{path}" for path in ("today/", "papers/2501.00001/", "search/", "feeds/compose/", "editions/")]
    command = [program("node"), HERE / "lighthouse.mjs", program("chromium"), *addresses]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    for address, result in json.loads(done.stdout.splitlines()[-1]).items():
        assert min(result["scores"].values()) >= 0.95, (address, result)


def test_no_link_of_any_page_leads_to_a_page_or_place_that_is_not_there(site, url):
    documents = {}
    for path in site.public.rglob("*.html"):
        place = f"{url}/{quote(path.relative_to(site.public).as_posix().removesuffix('index.html'))}"
        documents[place] = html.fromstring(path.read_bytes(), base_url=place)
    assert len(documents) > len(PAGES)
    for place, document in documents.items():
        document.make_links_absolute(place)
        for _, _, link, _ in document.iterlinks():
            target, _, anchor = link.partition("#")
            if not target.startswith(url) or target.startswith(f"{url}/feeds/search/"):
                continue
            file = site.public / unquote(target.removeprefix(f"{url}/").partition("?")[0])
            assert file.is_file() or (file / "index.html").is_file(), (place, link)
            if anchor:
                assert documents[quote(unquote(target), safe=":/")].xpath("//*[@id=$id]", id=unquote(anchor)), (
                    place,
                    link,
                )


def test_by_links_alone_a_reader_gets_from_today_to_a_paper_its_author_another_of_hers_and_its_translator(url, browser):
    """On a phone's width, by keyboard, without a script."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    tab = context.new_page()

    def follow(link):
        link.first.focus()
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert tab.locator("h1").is_visible()
        return unquote(tab.url.removeprefix(f"{url}/"))

    tab.goto(f"{url}/today/")
    assert follow(tab.get_by_role("link", name="会检索的智能体")) == "papers/2501.00011/"
    assert follow(tab.get_by_role("link", name="Zhengyang Tang")) == AUTHORS[0]
    assert follow(tab.locator("main a[href$='papers/2501.00004/']")) == "papers/2501.00004/"
    assert follow(tab.get_by_role("link", name="王小明")) == "translators/王小明/"
    assert follow(tab.locator("main a[href$='papers/2501.00011/']")) == "papers/2501.00011/"
    assert follow(tab.locator("main a[href*='editions/2025-01-17/']")).startswith("editions/2025-01-17/")
    assert follow(tab.get_by_role("link", name="检索")) == "search/"
    assert follow(tab.get_by_role("link", name="订阅").first) == "feeds/"
    assert tab.locator("main a[href$='atom.xml']").count() > 5
    context.close()


@pytest.mark.parametrize("place", ["editions/2025-01-17/", "editions/2025-01-17/2/", "editions/2025-01-17/99/"])
def test_an_old_link_to_a_paper_leads_to_the_page_of_its_edition_where_it_stands_now(site, url, page, place):
    numbers = json.loads((site.public / "editions" / "2025-01-17" / "pages.json").read_bytes())
    last = max(numbers.values())
    moved = next(arxiv_id for arxiv_id, number in numbers.items() if number == last)
    page.goto(f"{url}/{place}#{moved}")
    page.wait_for_url(f"{url}/editions/2025-01-17/{last}/#{moved}")
    assert page.locator(":target").is_visible()
    page.goto(f"{url}/en/{place}#{moved}")
    page.wait_for_url(f"{url}/en/editions/2025-01-17/{last}/#{moved}")
    # What is nowhere leads nowhere.
    page.goto(f"{url}/editions/2025-01-17/2/#2501.99999")
    page.wait_for_load_state("networkidle")
    assert page.url == f"{url}/editions/2025-01-17/2/#2501.99999"


def test_no_page_of_an_edition_weighs_more_than_a_phone_loads_at_once(site):
    pages = [*site.public.glob("editions/*/**/index.html"), site.public / "today" / "index.html"]
    assert len(pages) > 5
    sizes = {str(path.relative_to(site.public)): path.stat().st_size for path in pages}
    assert max(sizes.values()) < MOST_BYTES, sizes


def test_every_page_can_be_read_without_script_and_fetches_nothing_from_elsewhere(url, browser):
    context = browser.new_context(java_script_enabled=False)
    tab, asked = context.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        tab.goto(f"{url}/{path}")
        assert tab.locator("h1").is_visible()
    context.close()
    assert all(one.startswith(url) for one in asked)


def test_two_languages_stand_side_by_side_and_one_under_the_other_on_a_phone(url, page):
    for width, is_beside in ((1200, True), (390, False)):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{url}/papers/2501.00011/")
        chinese, english = (page.locator(f".sides > [lang={lang}]").bounding_box() for lang in ("zh-Hans", "en"))
        assert (english["x"] > chinese["x"] + 100) == is_beside
        assert (english["y"] > chinese["y"] + 20) != is_beside
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_person_goes_from_today_to_a_paper_finds_words_of_both_languages_and_subscribes(url, page, tmp_path):
    page.goto(f"{url}/today/")
    page.get_by_role("link", name="会检索的智能体").click()
    assert page.locator("h1").inner_text() == "会检索的智能体"
    assert "智能体自己去检索" in page.locator(".sides [lang=zh-Hans]").inner_text()

    page.get_by_role("navigation", name="主要页面").get_by_role("link", name="检索").click()
    for words in ("智能体", "agents search", '"agents that"'):
        page.locator("#q").fill(words)
        page.get_by_role("button", name="检索").click()
        page.get_by_text("找到 1 篇。").wait_for()
        assert page.locator("#found a").inner_text() == "会检索的智能体"
    assert page.locator("#found mark").all_inner_texts() == ["Agents that"]
    for words in ("没有这样的词", "gents search", "智能体 没有这样的词"):
        page.locator("#q").fill(words)
        page.keyboard.press("Enter")
        page.get_by_text("未找到").wait_for()
    page.locator("#q").fill("自己去")
    page.keyboard.press("Enter")
    page.get_by_text("找到 1 篇。").wait_for()
    assert page.locator("#found mark").all_inner_texts() == ["自己去"]

    page.goto(f"{url}/search/?q=智能体")
    page.get_by_role("link", name="订阅此检索").click()
    page.get_by_text("此订阅现有 1 篇").wait_for()
    page.locator("#compose #format").select_option("rss")
    page.locator("#compose #variant").select_option("zh-Hant")
    page.get_by_text("會檢索的智慧體").wait_for()
    address = page.locator("#address").input_value()
    assert address == f"{url}/feeds/search/zh-Hant/rss.xml?q=%E6%99%BA%E8%83%BD%E4%BD%93"
    assert [title for _, title, _ in newsboat(tmp_path, address)] == ["會檢索的智慧體"]


def test_a_choice_that_one_published_feed_holds_gives_the_address_of_that_feed(url, page):
    page.goto(f"{url}/feeds/compose/")
    choices = (("category", "cs.CL", "cs.CL/"), ("category", "", "all/"), ("translated", "yes", "translated/"))
    for field, value, place in choices:
        page.locator(f"#compose #{field}").select_option(value)
        sync_api.expect(page.locator("#address")).to_have_value(f"{url}/feeds/{place}atom.xml")
    page.get_by_text("此订阅现有").wait_for()


def test_a_choice_of_feeds_becomes_an_opml_with_script_and_without(url, page):
    wanted = {f"{url}/feeds/{name}/en/atom.xml" for name in ("all", "cs.CL")}
    page.goto(f"{url}/feeds/compose/")
    for name in ("all", "cs.CL"):
        page.locator(f"#opml input[value='{name}']").check()
    page.locator("#opml-variant").select_option("en")
    with page.expect_download() as saved:
        page.get_by_role("button", name="导出 OPML").click()
    outlines = addresses_in(Path(saved.value.path()).read_bytes())
    assert outlines == wanted
    plain = httpx.get(f"{url}/feeds.opml", params=[("feed", "all"), ("feed", "cs.CL"), ("variant", "en")])
    assert addresses_in(plain.content) == wanted


def addresses_in(content):
    return {one.get("xmlUrl") for one in etree.fromstring(content).iterfind(".//outline")}


def test_the_composer_works_without_script_too(url, browser):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{url}/feeds/compose/")
    tab.locator("#compose #q").fill("智能体")
    tab.locator("#compose #format").select_option("json")
    with tab.expect_response(lambda answer: answer.url.endswith("feed.json?q=%E6%99%BA%E8%83%BD%E4%BD%93")) as response:
        tab.get_by_role("button", name="生成地址").click()
    assert response.value.status == 200
    context.close()


def test_the_whole_site_can_be_gone_through_by_keyboard(url, page):
    page.goto(f"{url}/today/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_feeds_are_found_from_a_page_as_readers_look_for_them(url):
    document = html.fromstring(httpx.get(f"{url}/categories/cs.CL/").content, base_url=f"{url}/categories/cs.CL/")
    document.make_links_absolute()
    addresses = document.xpath("//link[@rel='alternate'][@type='application/atom+xml']/@href")
    assert {f"{url}/feeds/{name}/atom.xml" for name in ("all", "translated", "editions", "cs.CL")} <= set(addresses)
    for address in addresses:
        assert httpx.get(address).status_code == 200
