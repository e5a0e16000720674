"""Pages that are made for one person, over HTTP: what is read of a request, and under which headers they go out."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from yibao.web import requests
from yibao.web.application import make_application
from yibao.web.personal_pages import make_page_application, mount_services
from yibao.web.protocol import BoundedProtocol
from yibao.web.requests import MOST_BODY_BYTES, Request
from yibao.web.responses import Page, Redirect

FORM = "application/x-www-form-urlencoded"


class Pages:
    """Keeps what it is asked."""

    def __init__(self):
        self.asked, self.then = [], []

    def __call__(self, request: Request):
        self.asked.append(request)
        if request.path == "/subscribe/elsewhere":
            return Redirect("./#link")
        if request.path == "/subscribe/later":
            return Page(b"<p>later", 503, retry_after_s=300)
        if request.path == "/subscribe/styled":
            return Page(b"<p>styled", policy="default-src 'self'")
        return Page("<p>页".encode(), is_listed=request.path == "/subscribe/", then=lambda: self.then.append(1))


@pytest.fixture
def pages():
    return Pages()


@pytest.fixture
def app(tmp_path, pages):
    (tmp_path / "index.html").write_text("front")
    return mount_services(make_application(tmp_path), {"/subscribe/": make_page_application(pages, ["10.0.0.0/8"])})


def ask(app, method, path, client="192.0.2.7", **more):
    async def run():
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="https://yibao.example") as browser:
            return await browser.request(method, path, **more)

    return asyncio.run(run())


def test_a_page_goes_out_under_headers_that_keep_it_private(app, pages):
    answer = ask(
        app, "GET", "/subscribe/confirm/x", headers={"Accept-Encoding": "gzip", "Origin": "https://other.example"}
    )
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        200,
        "<p>页",
        "text/html; charset=utf-8",
    )
    expected = {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not {name for name in answer.headers if name.startswith("access-control") or name in ("set-cookie", "etag")}
    assert pages.then == [1]


def test_search_engines_may_list_the_form_alone(app):
    assert "x-robots-tag" not in ask(app, "GET", "/subscribe/").headers


def test_a_request_is_handed_on_as_it_was_sent(app, pages):
    ask(app, "POST", "/subscribe/x?a=b", content=b"email=r", headers={"Content-Type": FORM})
    assert pages.asked == [Request("POST", "/subscribe/x", "a=b", b"email=r", FORM, "192.0.2.7")]


def test_head_is_answered_like_get_without_a_body(app, pages):
    answer = ask(app, "HEAD", "/subscribe/")
    assert (answer.content, answer.headers["content-length"], pages.asked[0].method) == (b"", "6", "GET")


def test_a_redirect_a_time_to_come_back_and_a_policy_of_its_own_are_said(app):
    answer = ask(app, "GET", "/subscribe/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "./#link")
    assert ask(app, "GET", "/subscribe/later").headers["retry-after"] == "300"
    assert ask(app, "GET", "/subscribe/styled").headers["content-security-policy"] == "default-src 'self'"


def test_the_address_without_its_slash_leads_to_the_page(app, pages):
    answer = ask(app, "POST", "/subscribe", content=b"x")
    assert (answer.status_code, answer.headers["location"], pages.asked) == (308, "/subscribe/", [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused_without_leave_for_other_sites(app, pages, method):
    answer = ask(app, method, "/subscribe/")
    assert (answer.status_code, answer.headers["allow"], pages.asked) == (405, "GET, HEAD, POST", [])
    assert "access-control-allow-origin" not in answer.headers


def test_a_post_elsewhere_stays_refused_and_files_stay_as_they_are(app, pages):
    for path in ("/", "/feeds/", "/subscribed/"):
        assert ask(app, "POST", path, content=b"x").status_code == 405
    assert (ask(app, "GET", "/").text, ask(app, "GET", "/subscribed").status_code, pages.asked) == ("front", 404, [])


def test_a_body_of_64_kib_is_read_and_a_longer_one_is_refused(app, pages):
    def chunked():
        async def parts():
            for _ in range(9):
                yield b"x" * 8192

        return parts()

    assert ask(app, "POST", "/subscribe/", content=b"x" * MOST_BODY_BYTES).status_code == 200
    assert len(pages.asked[0].body) == MOST_BODY_BYTES
    for content in (b"x" * (MOST_BODY_BYTES + 1), chunked()):
        answer = ask(app, "POST", "/subscribe/", content=content)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        assert "65536" in answer.text
    assert len(pages.asked) == 1


@pytest.mark.parametrize(
    ("client", "forwarded", "seen"),
    [
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("::1", "203.0.113.5", "203.0.113.5"),
        ("10.1.2.3", "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "203.0.113.5, 10.1.2.3", "203.0.113.5"),
        ("192.0.2.7", "203.0.113.5", "192.0.2.7"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_proxies_that_are_trusted_say_for_whom_they_ask(app, pages, client, forwarded, seen):
    ask(app, "GET", "/subscribe/", client=client, headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert pages.asked[0].client == seen


@contextmanager
def serving(app):
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=BoundedProtocol, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_a_body_that_drips_or_never_comes_is_not_waited_for(app, pages, monkeypatch):
    monkeypatch.setattr(requests, "BODY_TIME_S", 0.3)
    head = b"POST /subscribe/ HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\n" % FORM.encode()
    with serving(app) as address:
        for drops in (0, 3):
            with socket.create_connection(address, timeout=10) as one:
                one.sendall(head)
                for _ in range(drops):
                    one.sendall(b"a")
                    time.sleep(0.05)
                answer = b""
                while part := one.recv(65536):
                    answer += part
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"connection: close" in answer.lower()
        assert httpx.get(f"http://127.0.0.1:{address[1]}/").text == "front"
    assert pages.asked == []


def test_who_goes_away_in_the_middle_of_a_body_changes_nothing(app, pages):
    with serving(app) as address:
        with socket.create_connection(address, timeout=10) as one:
            one.sendall(b"POST /subscribe/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail=")
        answer = httpx.post(f"http://127.0.0.1:{address[1]}/subscribe/", data={"a": "b"})
        assert answer.text == "<p>页"
    assert [one.body for one in pages.asked] == [b"a=b"]


def test_pages_that_wait_for_their_database_keep_nobody_else_waiting(tmp_path):
    waiting = threading.Event()

    def make_page(_request):
        waiting.wait(10)
        return Page(b"")

    (tmp_path / "index.html").write_text("front")
    application = mount_services(make_application(tmp_path), {"/subscribe/": make_page_application(make_page)})
    with serving(application) as address:
        url = f"http://127.0.0.1:{address[1]}"
        threads = [threading.Thread(target=httpx.get, args=(f"{url}/subscribe/",)) for _ in range(12)]
        for one in threads:
            one.start()
        assert httpx.get(f"{url}/", timeout=5).text == "front"
        waiting.set()
        for one in threads:
            one.join(10)
