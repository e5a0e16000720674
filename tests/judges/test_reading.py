"""What a reader does with a page in a real browser: choose languages, fold, step by keys, keep, hide, print."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright import sync_api

from tests.judges.site import drawn, entry
from tests.judges.test_pages_judged import PAGES
from yibao.records import Edition
from yibao.settings import Arxiv, Settings, Site

EDITION = "editions/2025-W03/"
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1200, "height": 900}


@pytest.fixture
def eighteen(tmp_path, folder_url):
    """The address of a weekly issue of eighteen papers with titles and abstracts of usual length."""
    papers = [
        entry(
            number,
            title=f"Paper {number}: Towards an Understanding of Long Contexts in Language Models",
            zh=f"论文 {number}：理解语言模型中的长上下文与检索增强生成",
            abstract="我们研究语言模型如何使用长上下文，并提出一种方法。" * 12,
        )
        for number in range(1, 19)
    ]
    week = Edition("2025-W03", date(2025, 1, 13), date(2025, 1, 19), tuple(papers), (), ())
    settings = Settings(site=Site.model_validate({"base_url": folder_url}), arxiv=Arxiv(categories=("cs.CL",)))
    for path, content in drawn(papers, [replace(week, stamp=papers[0].stamp)], settings).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return f"{folder_url}/{EDITION}"


def is_seen(page, selector):
    return page.locator(selector).first.is_visible()


def test_a_folded_page_of_eighteen_papers_is_at_most_six_screens_of_a_phone(eighteen, page):
    page.set_viewport_size(PHONE)
    page.goto(eighteen)
    assert page.locator("article.paper").count() == 18
    assert page.evaluate("document.documentElement.scrollHeight") <= 6 * PHONE["height"]
    # Without a script, too.
    context = page.context.browser.new_context(java_script_enabled=False, viewport=PHONE)
    plain = context.new_page()
    plain.goto(eighteen)
    bottom = plain.locator("footer").bounding_box()
    assert bottom["y"] + bottom["height"] <= 6 * PHONE["height"]
    assert not plain.locator(".translation").first.is_visible()
    plain.locator(".abstract > summary").first.click()
    assert plain.locator(".translation").first.is_visible()
    assert not plain.locator(".english > div").first.is_visible()
    plain.locator(".english > summary").first.click()
    assert plain.locator(".english > div").first.is_visible()
    context.close()


def test_languages_switch_without_reload_and_stay_as_chosen_on_this_device(url, page):
    page.set_viewport_size(WIDE)
    page.goto(f"{url}/{EDITION}")
    page.evaluate("window.isSame = true")
    shown = []
    for name in ("中", "EN", "对照"):
        page.get_by_role("button", name=name, exact=True).click()
        shown.append((is_seen(page, ".translation"), is_seen(page, ".english > div"), is_seen(page, "h3 .zh")))
    assert shown == [(True, False, True), (False, True, False), (True, True, True)]
    assert page.evaluate("window.isSame")
    page.get_by_role("button", name="EN", exact=True).click()
    page.goto(f"{url}/papers/2501.00011/")
    assert not is_seen(page, ".translation")
    page.goto(f"{url}/{EDITION}")
    assert page.get_by_role("button", name="EN", exact=True).get_attribute("aria-pressed") == "true"
    assert not is_seen(page, "h3 .zh")


def test_abstracts_fold_and_unfold_and_an_anchor_opens_its_paper(url, page):
    page.set_viewport_size(WIDE)
    page.goto(f"{url}/{EDITION}")
    assert is_seen(page, ".translation")
    page.get_by_role("button", name="收起摘要").click()
    assert not is_seen(page, ".translation")
    page.reload()
    assert not is_seen(page, ".translation")
    page.get_by_role("button", name="展开摘要").click()
    assert is_seen(page, ".translation")
    address = page.goto(f"{url}/categories/cs.CL/").url
    link = page.locator("main a[href*='editions/2025-01-17/']").first
    link.click()
    page.wait_for_url("**/editions/2025-01-17/**")
    assert page.url != address
    assert page.locator(":target .fold > div").is_visible()


def test_keys_step_through_papers_keep_them_and_lead_to_search_and_help(url, page):
    page.goto(f"{url}/{EDITION}")
    focused = "document.activeElement.closest('.paper')?.id"
    page.keyboard.press("j")
    first = page.evaluate(focused)
    page.keyboard.press("j")
    second = page.evaluate(focused)
    page.keyboard.press("k")
    assert [first, second, page.evaluate(focused)] == ["2501.00001", "2501.00002", "2501.00001"]
    page.keyboard.press("s")
    assert page.locator("[id='2501.00001'] .keep").inner_text() == "已收藏"
    page.keyboard.press("1")
    assert not is_seen(page, ".english > div")
    page.keyboard.press("?")
    page.get_by_role("heading", name="键盘操作").wait_for()
    page.keyboard.press("j")
    page.get_by_role("checkbox", name="在本机停用这些按键").check()
    page.get_by_role("button", name="关闭").click()
    page.keyboard.press("/")
    assert page.url.endswith(EDITION)
    page.evaluate("localStorage.clear()")
    page.reload()
    page.keyboard.press("/")
    page.wait_for_url("**/search/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("jk/")
    assert page.locator("#q").input_value() == "jk/"


def test_kept_papers_stay_on_the_device_and_can_be_exported_and_imported(url, page, tmp_path):
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    page.goto(f"{url}/{EDITION}")
    page.locator("[id='2501.00011'] .keep").click()
    page.goto(f"{url}/papers/2501.00004/")
    page.locator("main .keep").click()
    page.goto(f"{url}/saved/")
    assert page.locator("#saved-papers a").all_inner_texts() == ["会检索的智能体", "模型的研究"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="导出全部").click()
    file = tmp_path / "yibao.json"
    saved.value.save_as(file)
    assert set(json.loads(file.read_text())["kept"]) == {"2501.00011", "2501.00004"}
    with page.expect_download() as cited:
        page.get_by_role("button", name="BibTeX").click()
    assert "eprint = {2501.00011}" in Path(cited.value.path()).read_text()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="从本机删除").click()
    page.get_by_text("暂无收藏").wait_for()
    page.locator("#import").set_input_files(file)
    page.get_by_text("已导入。").wait_for()
    page.get_by_role("link", name="会检索的智能体").click()
    assert page.url == f"{url}/papers/2501.00011/"
    assert {method for method, _ in sent} == {"GET"}
    assert all("2501.00011" not in address or "/papers/" in address for _, address in sent)


def exported(address):
    paper = {"title": "x", "title_en": "x", "authors": "", "kept": "", "address": address}
    return json.dumps({"kept": {"1": paper}, "hidden": []})


@pytest.mark.parametrize(
    "content", ["nonsense", '{"kept": {}}', exported("javascript:alert(1)"), exported("papers/../../x/")]
)
def test_a_file_that_is_no_export_changes_nothing(url, page, tmp_path, content):
    file = tmp_path / "other.json"
    file.write_text(content)
    page.goto(f"{url}/saved/")
    page.locator("#import").set_input_files(file)
    page.get_by_text("这不是本站导出的收藏文件").wait_for()
    assert page.evaluate("localStorage.getItem('yibao.kept')") is None


def test_a_hidden_category_is_counted_where_it_is_missing_and_can_be_shown_again(url, page):
    page.goto(f"{url}/editions/2025-01-17/2/")
    papers = page.locator(".paper").count()
    assert papers > 5
    page.get_by_role("button", name="隐藏").click()
    assert page.locator(".paper:visible").count() == 0
    page.get_by_text(f"按你的设置隐藏 {papers} 篇").wait_for()
    page.reload()
    assert page.locator(".paper:visible").count() == 0
    page.get_by_role("button", name="显示").click()
    assert page.locator(".paper:visible").count() == papers


def test_papers_that_came_since_the_last_visit_are_marked_as_new(url, page):
    page.goto(f"{url}/{EDITION}")
    assert page.locator(".is-new").count() == 0
    # Two days later one paper is there that was not when this page was read.
    page.evaluate(
        """() => {
            const seen = JSON.parse(localStorage.getItem("yibao.seen"));
            seen.at -= 48 * 3600 * 1000;
            delete seen.names["2501.00004+"];
            localStorage.setItem("yibao.seen", JSON.stringify(seen));
        }"""
    )
    for _ in range(2):
        page.reload()
        assert page.locator(".is-new").evaluate_all("all => all.map((one) => one.id)") == ["2501.00004"]
    assert "上次来访后新增 1 篇" in page.locator(".tools [role=status]").inner_text()


@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_no_page_is_wider_than_the_window(url, page, width):
    page.set_viewport_size({"width": width, "height": 844})
    for path in PAGES:
        page.goto(f"{url}/{path}")
        if "?q=" in path:
            page.locator("#found a").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_links_are_underlined_in_a_colour_that_can_be_seen(url, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{url}/")
    contrast = page.evaluate(
        """() => {
            const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
            const light = (text) => parse(text).map((one) => one / 255)
                .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
                .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
            const paper = light(getComputedStyle(document.body).backgroundColor);
            return [...document.querySelectorAll("main a, main a .zh")].filter((link) => link.getClientRects().length)
                .map((link) => getComputedStyle(link)).filter((style) => style.textDecorationLine === "underline")
                .map((style) => light(style.textDecorationColor))
                .map((line) => (Math.max(line, paper) + 0.05) / (Math.min(line, paper) + 0.05));
        }"""
    )
    assert len(contrast) > 10
    assert min(contrast) >= 3


def test_a_reader_goes_by_keyboard_from_the_front_page_through_an_edition_to_a_paper_and_back(url, page):
    page.set_viewport_size(PHONE)
    page.goto(f"{url}/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/**")
    page.goto(f"{url}/editions/")
    page.locator("main a[href*='2025-01-17']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/editions/2025-01-17/")
    page.keyboard.press("[")
    page.wait_for_url("**/editions/2024-12-30/")
    page.keyboard.press("]")
    page.wait_for_url("**/editions/2025-01-17/")


def test_a_weekly_issue_is_printed_whole_with_both_languages_and_no_controls(eighteen, page):
    page.set_viewport_size(PHONE)
    page.goto(eighteen)
    page.emulate_media(media="print")
    for selector in (".translation", ".english > div", ".contents ol", "h1", "header .name"):
        sync_api.expect(page.locator(selector).first).to_be_visible()
    for selector in (".tools", "header nav", ".keep", ".abstract > summary", ".english > summary"):
        assert not is_seen(page, selector)
    chinese, english = (page.locator(one).first.bounding_box() for one in (".translation", ".english"))
    assert english["x"] > chinese["x"] + 100
    sheets = len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True)))
    assert 4 <= sheets <= 9
