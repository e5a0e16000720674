"""A person without script subscribes, confirms, changes, leaves with one click, and comes back; a scanner looks on."""

import email
import os
import re
import socket
import subprocess
import sys
import time
from email import policy
from pathlib import Path

import httpx
import pytest

from storage.people import subscribers
from storage.people.database import open_people
from storage.people.schema import METADATA
from storage.people.subscribers import SubscriberState
from tests.judges.conftest import node_package, program, running_chromium
from tests.judges.site import Published, entries
from tests.postbox import postbox
from yibao.newsletter.links import make_links
from yibao.records import Frequency, Language, Subscription
from yibao.settings import Settings

ROOT = Path(__file__).parents[2]
READER = "reader@example.org"
#: Serves the pages as `yibao serve` does, with a pause between two letters that a person can wait for.
SERVE = """
import sys
from datetime import timedelta
from pathlib import Path
from commands.serving import describe_signup, listen, serve_until_stopped
from flows.steps import environment
from storage.people import letters
letters.LIMITS = ((1, timedelta(seconds=1)), (50, timedelta(days=1)))
settings = environment.load_settings(Path("yibao.toml"))
with listen("127.0.0.1", int(sys.argv[1])) as sockets:
    serve_until_stopped(settings, sockets, describe_signup(settings))
"""


class Gazette:
    """A published site under `yibao serve`, whose letters go to a mail server."""

    def __init__(self, url: str, settings: Settings, box):
        self.url, self.settings, self.box = url, settings, box

    def people(self):
        secret = self.settings.paths.people_secret.read_bytes().strip()
        return open_people(self.settings.paths.people, secret)

    def find(self):
        return subscribers.find_subscriber(self.people(), READER)

    def wait_for_letter(self, count: int):
        for _ in range(200):
            if len(self.box.contents) >= count:
                return email.message_from_bytes(self.box.contents[count - 1], policy=policy.default)
            time.sleep(0.1)
        raise AssertionError(f"{len(self.box.contents)} letters came, not {count}")

    def rows(self):
        with self.people().connect() as connection:
            return {table.name: connection.execute(table.select()).all() for table in METADATA.sorted_tables}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def gazette(tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with postbox() as box:
        site = Published(tmp_path, url)
        changed = site.settings.newsletter.model_copy(update={"outbox": tmp_path / "unused"})
        site.settings = site.settings.model_copy(update={"newsletter": changed})
        site.show(entries()[10:12])
        (tmp_path / "yibao.toml").write_text(
            f'[site]\nbase_url = "{url}"\n[arxiv]\ncategories = ["cs.CL", "cs.CV", "hep-th"]\n'
            f'[newsletter]\nsmtp_url = "{box.url}"\n',
            encoding="utf-8",
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "YIBAO_"))}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port)],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout.readline().decode().strip() == f"readers subscribe at {url}/subscribe/"
            yield Gazette(url, site.settings, box)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def browser():
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.set_default_timeout(20_000)
    opened = context.new_page()
    yield opened
    assert context.cookies() == []
    context.close()


def link_of(letter, purpose):
    return re.search(rf"http\S+/subscribe/{purpose}/\S+", letter.get_body(("plain",)).get_content())[0]


def subscribe(page):
    page.get_by_label("邮箱地址").first.fill(READER)
    page.get_by_role("button", name="订阅").first.click()
    assert "请查收邮件" in page.locator("h1").inner_text()


def confirm(gazette, page, count):
    page.goto(link_of(gazette.wait_for_letter(count), "confirm"))
    page.get_by_role("button", name="确认订阅").click()
    assert "订阅已生效" in page.locator("h1").inner_text()


def test_a_person_without_script_subscribes_changes_leaves_with_one_click_and_comes_back(gazette, page):
    page.goto(f"{gazette.url}/today/")
    page.get_by_role("navigation", name="主要页面").get_by_role("link", name="邮件").click()
    page.get_by_label("每周").check()
    page.get_by_label("中英对照").check()
    page.get_by_label("cs.CL").check()
    page.get_by_label("关键词").fill("智能体\nlarge language model")
    page.get_by_label("时区").select_option("Europe/Berlin")
    subscribe(page)
    assert gazette.find() is None
    confirm(gazette, page, 1)
    asked = Subscription(
        Frequency.WEEKLY, Language.BOTH, ("cs.CL",), ("智能体", "large language model"), (), "Europe/Berlin"
    )
    assert gazette.find().subscription == asked

    page.goto(f"{gazette.url}/subscribe/")
    time.sleep(1.1)
    page.get_by_label("邮箱地址").last.fill(READER)
    page.get_by_role("button", name="寄来我的链接").click()
    letter = gazette.wait_for_letter(2)
    page.goto(link_of(letter, "preferences"))
    assert page.get_by_label("关键词").input_value() == "智能体\nlarge language model"
    page.get_by_label("每日").check()
    page.get_by_label("关键词").fill("/.*/")
    page.get_by_role("button", name="保存").click()
    assert "正则表达式" in page.locator("#keywords-fault").inner_text()
    assert gazette.find().subscription == asked
    page.get_by_label("关键词").fill("")
    page.get_by_role("button", name="保存").click()
    assert "已保存" in page.get_by_role("status").inner_text()
    assert (gazette.find().frequency, gazette.find().subscription.keywords) == (Frequency.DAILY, ())

    # As a mail program leaves, from elsewhere, with the link that mail carries.
    leave = make_links(gazette.url, gazette.people().secret, gazette.find().token_id).leave
    assert leave == link_of(letter, "leave")
    answer = httpx.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.history, "set-cookie" in answer.headers) == (200, [], False)
    assert gazette.find().state is SubscriberState.LEFT

    page.goto(leave)
    assert "现在没有订阅" in page.locator("h1").inner_text()
    page.get_by_role("main").get_by_role("link", name="邮件订阅").click()
    time.sleep(1.1)
    subscribe(page)
    assert gazette.find().state is SubscriberState.LEFT
    confirm(gazette, page, 3)
    assert gazette.find().state is SubscriberState.ACTIVE
    page.goto(link_of(letter, "leave"))
    page.get_by_role("button", name="退订").click()
    assert gazette.find().state is SubscriberState.LEFT


def pages_of(gazette, page):
    """Every kind of page, of a person who is subscribed."""
    page.goto(f"{gazette.url}/subscribe/")
    subscribe(page)
    confirmation = link_of(gazette.wait_for_letter(1), "confirm")
    confirm(gazette, page, 1)
    links = make_links(gazette.url, gazette.people().secret, gazette.find().token_id)
    waiting = f"{gazette.url}/subscribe/"
    return [waiting, *links, confirmation, confirmation[:-4], f"{waiting}nowhere"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_a_phone_shows_every_page_without_moving_sideways(gazette, browser, page, scheme):
    code = (node_package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    addresses = pages_of(gazette, page)
    # The checker is put into the page, which the page's own policy forbids.
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, viewport={"width": 360, "height": 800})
    tab = context.new_page()
    for address in addresses:
        tab.goto(address)
        check(tab, code, address)
    tab.goto(addresses[0])
    tab.locator("form").first.evaluate("form => { form.noValidate = true; }")
    tab.get_by_label("邮箱地址").first.fill("reader")
    tab.get_by_label("关键词").fill("/x/")
    tab.get_by_role("button", name="订阅").first.click()
    assert tab.locator("#email-fault").is_visible()
    check(tab, code, "a form with faults")
    context.close()


def check(tab, code, name):
    tab.evaluate(code)
    found = tab.evaluate("axe.run()")["violations"]
    assert not found, (name, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found])
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360, name


def test_the_nu_checker_finds_no_error_in_any_page(gazette, page, tmp_path):
    jar = node_package("vnu-jar") / "build" / "dist" / "vnu.jar"
    addresses = pages_of(gazette, page)
    contents = [httpx.get(address).content for address in addresses]
    contents.append(httpx.post(addresses[0], data={"email": "<", "keywords": "/x/", "timezone": "x"}).content)
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number}.html").write_bytes(content)
    done = subprocess.run(
        [program("java"), "-jar", jar, "--errors-only", folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_browser_that_opens_every_link_of_a_letter_as_scanners_do_changes_nothing(gazette, browser, page):
    pages_of(gazette, page)
    time.sleep(1.1)
    page.goto(f"{gazette.url}/subscribe/")
    page.get_by_label("邮箱地址").last.fill(READER)
    page.get_by_role("button", name="寄来我的链接").click()
    gazette.wait_for_letter(2)
    before = gazette.rows()
    assert len(before["letter"]) == 2
    context = browser.new_context()  # With script, as scanners render pages.
    tab = context.new_page()
    seen = set()
    queue = [
        link
        for content in gazette.box.contents
        for link in re.findall(
            r"http://[^\s\"<>]+",
            email.message_from_bytes(content, policy=policy.default).get_body(("html",)).get_content(),
        )
    ]
    while queue:
        link = queue.pop()
        if link in seen or not link.startswith(gazette.url):
            continue
        seen.add(link)
        tab.goto(link)
        if "/subscribe/" in link:
            queue += tab.eval_on_selector_all("a[href], form", "all => all.map(one => one.href || one.action)")
    context.close()
    assert len({link for link in seen if "/subscribe/" in link}) >= 4
    assert gazette.rows() == before
