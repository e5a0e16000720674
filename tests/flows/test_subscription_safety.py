"""What strangers, programs and other sites can do with the pages of mail: nothing that their owner did not ask for."""

import html as markup
import re
from urllib.parse import urlencode

import pytest

from storage.people import subscribers, suppressions
from storage.people.schema import CONSENT, LETTER, REQUEST, SUPPRESSION
from storage.people.subscribers import SubscriberState
from storage.people.suppressions import SuppressionReason
from tests.mail_pages import FORM, ONE_CLICK, URL, MailSite, title_of
from yibao.newsletter.links import make_link
from yibao.newsletter.tokens import Purpose, make_token


@pytest.fixture
def site(tmp_path):
    made = MailSite(tmp_path)
    yield made
    made.people.dispose()


def state_of_everything(site):
    return [site.rows(table) for table in (CONSENT, LETTER, REQUEST, SUPPRESSION)] + [
        subscribers.read_active_subscribers(site.people)
    ]


@pytest.mark.parametrize("purpose", ["confirm", "preferences", "leave"])
def test_a_forged_cut_or_foreign_token_opens_nothing(site, purpose):
    subscriber = site.subscribe()
    request_id = site.rows(REQUEST)[0]["request_id"]
    name = request_id if purpose == "confirm" else subscriber.token_id
    good = make_token(site.people.secret, Purpose(purpose), name)
    others = [one for one in Purpose if one != purpose]
    tokens = [
        good[:-1],
        good[1:],
        good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:],
        good + "A",
        make_token(b"x" * 32, Purpose(purpose), name),
        name,
        "%00",
        "%F0%9F%98%80",
        *(make_token(site.people.secret, other, name) for other in others),
    ]
    before = state_of_everything(site)
    for token in tokens:
        for answer in (
            site.get(f"/subscribe/{purpose}/{token}"),
            site.post(f"/subscribe/{purpose}/{token}", {**ONE_CLICK, "action": "leave"}),
        ):
            assert (answer.status_code, title_of(answer)) == (404, "链接无效"), token
    assert state_of_everything(site) == before


def test_answers_tell_nothing_of_an_address(site):
    site.subscribe(email="known@example.org")
    site.wait(hours=1)
    for name in ("complained", "blocked"):
        suppressions.suppress(site.people, f"{name}@example.org", SuppressionReason(name), site.at)
    site.subscribe(email="left@example.org")
    left = site.find("left@example.org")
    subscribers.end_subscription(site.people, left.subscriber_id, SubscriberState.LEFT, site.at)
    site.wait(hours=1)
    names = ("known", "left", "complained", "blocked", "new")
    for path in ("/subscribe/", "/subscribe/link"):
        answers = {
            name: site.post(path, {**FORM, "email": f"{name}@example.org"}, client=f"198.51.{number}.1")
            for number, name in enumerate(names)
        }
        assert len({(one.status_code, one.content, tuple(one.headers.items())) for one in answers.values()}) == 1
        # Nor does the database: the same was written for each, and decided later.
        assert len([row for row in site.rows(LETTER) if row["sent_at"] is None]) == len(names)
        before = len(site.letters())
        site.send_letters()
        more = {letter["To"].partition("@")[0] for letter in site.letters()[before:]}
        assert more == ({"known", "left", "new"} if path == "/subscribe/" else {"known"})
        site.wait(hours=1)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded; charset=utf-8", b"List-Unsubscribe=One-Click\r\n"),
        (
            "multipart/form-data; boundary=xyz",
            b'--xyz\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xyz--\r\n',
        ),
        (
            'Multipart/Form-Data; boundary="a b"',
            b'--a b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\nContent-Type: text/plain\r\n\r\n'
            b"One-Click\r\n--a b--",
        ),
    ],
)
def test_one_click_of_a_mail_program_leaves_without_cookie_redirect_or_origin(site, kind, body):
    subscriber = site.subscribe()
    leave = make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id)
    headers = {"Content-Type": kind, "Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
    answer = site.ask("POST", leave, content=body, headers=headers)
    assert (answer.status_code, answer.is_redirect, "set-cookie" in answer.headers) == (200, False, False)
    assert site.find().state is SubscriberState.LEFT


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b""),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=Two"),
        ("multipart/form-data", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\nOne-Click\r\n"),
        ("application/x-www-form-urlencoded", b"a&" * 2000),
        ("multipart/form-data; boundary=\xff", b"\xff\xfe"),
    ],
)
def test_a_post_that_does_not_say_so_does_not_leave(site, kind, body):
    subscriber = site.subscribe()
    leave = make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id)
    answer = site.ask("POST", leave, content=body, headers={b"Content-Type": kind.encode("latin-1")})
    assert (answer.status_code, title_of(answer)) == (400, "退订")
    assert site.find().state is SubscriberState.ACTIVE


def test_leaving_is_possible_through_the_gateway_of_a_mail_service_that_leaves_for_hundreds(site):
    subscriber = site.subscribe()
    leave = make_link(URL, site.people.secret, Purpose.LEAVE, subscriber.token_id)
    assert {site.post(leave, ONE_CLICK).status_code for _ in range(100)} == {200}


def test_a_program_that_fills_in_what_people_do_not_see_gets_the_same_answer_and_nothing_else(site):
    seen = site.sign_up()
    trapped = site.sign_up(website="https://spam.example", email="other@example.org")
    assert trapped.content == seen.content
    assert [row["email"] for row in site.rows(REQUEST)] == ["reader@example.org"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://other.example"},
        {"Origin": "https://yibao.example.other.example"},
        {"Origin": "http://[broken"},
    ],
)
def test_a_form_that_another_site_sends_is_refused(site, headers):
    subscriber = site.subscribe()
    preferences = make_link(URL, site.people.secret, Purpose.PREFERENCES, subscriber.token_id)
    before = state_of_everything(site)
    for path in ("/subscribe/", "/subscribe/link", preferences):
        answer = site.post(path, FORM, headers=headers)
        assert (answer.status_code, title_of(answer)) == (403, "来自别的网站")
    assert state_of_everything(site) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": URL},
        {"Origin": "null"},
        {},
    ],
)
def test_a_form_of_our_own_page_is_taken(site, headers):
    assert site.post("/subscribe/", FORM, headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_only_forms_are_taken(site, kind):
    answer = site.ask("POST", "/subscribe/", content=urlencode({"email": "a@b.org"}), headers={"Content-Type": kind})
    assert (answer.status_code, site.rows(REQUEST)) == (415, [])
    many = site.ask(
        "POST",
        "/subscribe/",
        content="&".join(["categories=x"] * 500),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert many.status_code == 415


def test_a_network_signs_up_ten_times_an_hour_and_others_are_not_concerned(site):
    for number in range(10):
        site.sign_up(email=f"r{number}@example.org", client=f"192.0.2.{number}")
    for path in ("/subscribe/", "/subscribe/link"):
        refused = site.post(path, FORM, client="192.0.2.99")
        assert (refused.status_code, title_of(refused)) == (429, "请求太多")
        assert 3000 < int(refused.headers["retry-after"]) <= 3600
    site.sign_up(client="192.0.3.1")
    assert len(site.rows(REQUEST)) == 11


def test_a_network_sends_sixty_forms_an_hour(site):
    statuses = [site.post("/subscribe/", {"email": "x"}, client="2001:db8:0:ff::1").status_code for _ in range(61)]
    assert statuses == [422] * 60 + [429]
    assert site.post("/subscribe/", {"email": "x"}, client="2001:db8:0:1ff::1").status_code == 422


def test_a_database_that_cannot_be_opened_costs_these_pages_alone(tmp_path):
    site = MailSite(tmp_path)
    site.settings.paths.people.parent.mkdir(parents=True)
    site.settings.paths.people.write_bytes(b"no database, but text of some length " * 100)
    site.settings.paths.public.mkdir()
    (site.settings.paths.public / "index.html").write_text("today")
    answer = site.post("/subscribe/", FORM)
    assert (answer.status_code, title_of(answer), answer.headers["retry-after"]) == (503, "暂时不可用", "300")
    assert site.get("/").text == "today"
    assert site.get("/subscribe/").status_code == 200
    site.settings.paths.people.unlink()
    assert site.post("/subscribe/", FORM).status_code == 200


def test_a_scanner_that_gets_every_link_of_every_letter_and_page_changes_nothing(site):
    site.subscribe()
    site.wait(hours=1)
    site.post("/subscribe/link", {"email": "reader@example.org"})
    site.sign_up(email="new@example.org")
    site.send_letters()
    before = state_of_everything(site)
    queue = [
        link
        for letter in site.letters()
        for kind in ("plain", "html")
        for link in re.findall(r"https?://[^\s\"<>]+", letter.get_body((kind,)).get_content())
    ]
    visited = set()
    while queue:
        link = markup.unescape(queue.pop())
        if link in visited or not link.startswith(URL):
            continue
        visited.add(link)
        for method in ("GET", "HEAD"):
            answer = site.ask(method, link)
        if link.startswith(f"{URL}/subscribe/"):
            page = site.get(link)
            queue += [str(page.url.join(one)) for one in re.findall(r'(?:href|src|action)="([^"]+)"', page.text)]
    assert len([link for link in visited if "/subscribe/" in link]) >= 6
    assert state_of_everything(site) == before
    assert answer is not None
