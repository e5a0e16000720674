"""The published tree over HTTP, asked by a real client."""

import gzip
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from storage import site_tree, tree_state
from yibao.build_graph import wrap_content
from yibao.web import files
from yibao.web.application import WORKER, make_application


@contextmanager
def serving(public):
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_application(public), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "public"
    files = {
        "index.html": "<!doctype html><title>译报</title>" + "<p>正文</p>" * 100,
        "today/index.html": "<!doctype html><title>今日</title>",
        "feeds/all/atom.xml": "<feed/>" * 200,
        "feeds/all/rss.xml": "<rss/>",
        "feeds/all/feed.json": "{}",
        "feeds.opml": "<opml/>",
        "papers/2501.00001/cite.bib": "@misc{}",
        ".yibao.part": "half",
    }
    site_tree.publish_tree(
        tree_state.read_tree(folder),
        folder.parent / "untold",
        {path: wrap_content(said.encode()) for path, said in files.items()},
    )
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.fixture(scope="module")
def client(public):
    with serving(public) as url, httpx.Client(base_url=url, headers={"Accept-Encoding": "identity"}) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/today/", "text/html; charset=utf-8"),
        ("/feeds/all/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/feeds/all/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/feeds/all/feed.json", "application/feed+json; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/papers/2501.00001/cite.bib", "application/x-bibtex; charset=utf-8"),
    ],
)
def test_each_file_has_its_media_type_and_headers_that_protect_readers(client, path, kind):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=300"


def test_only_the_worker_of_duckdb_may_compile_webassembly(client, public):
    for name in (WORKER.removeprefix("/"), "search.js"):
        (public / name).write_text("let a = 1;")
    (public / "feeds" / "sql_worker.js").write_text("let a = 1;")
    policies = {}
    for path in (WORKER, "/search.js", "/", "/data/", "/feeds/sql_worker.js", "/nothing/"):
        answer = client.get(path)
        policies[path] = answer.headers["content-security-policy"]
        known = client.get(path, headers={"If-None-Match": answer.headers.get("etag", "")})
        assert known.headers["content-security-policy"] == policies[path]
    assert [path for path, policy in policies.items() if "wasm" in policy] == [WORKER]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policies[WORKER]


def test_a_large_file_is_handed_out_in_its_compressed_form_and_by_ranges_as_it_is(client, public):
    content = bytes(range(256)) * 8192
    (public / "large.wasm").write_bytes(content)
    (public / "large.wasm.gz").write_bytes(gzip.compress(content))
    for headers, coding in (({}, None), ({"Accept-Encoding": "gzip"}, "gzip"), ({"Accept-Encoding": "br"}, None)):
        answer = client.get("/large.wasm", headers=headers)
        assert (answer.content, answer.headers.get("content-encoding")) == (content, coding)
        assert answer.headers["content-type"] == "application/wasm"
        assert client.head("/large.wasm", headers=headers).headers["content-length"] == answer.headers["content-length"]
    part = client.get("/large.wasm", headers={"Range": "bytes=5-8", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, content[5:9])


def test_what_a_client_has_is_not_sent_again(client):
    first = client.get("/feeds/all/atom.xml")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert not etag.startswith("W/")
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = client.get("/feeds/all/atom.xml", headers=headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    for headers in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Thu, 01 Jan 2004 00:00:00 GMT"},
        {"If-Modified-Since": "nonsense"},
    ):
        assert client.get("/feeds/all/atom.xml", headers=headers).status_code == 200


def test_the_compressed_form_has_an_etag_of_its_own_and_only_who_asks_gets_it(client, public):
    plain = client.get("/")
    packed = client.get("/", headers={"Accept-Encoding": "br;q=1, gzip;q=0.8"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert all("Accept-Encoding" in one.headers["vary"] for one in (packed, plain))
    assert "content-encoding" not in client.get("/", headers={"Accept-Encoding": "gzip;q=0"}).headers
    found = files.find_file(public, "/")
    assert gzip.decompress(found.compressed["gzip"]) == plain.content


def test_who_takes_zstd_gets_it_and_a_twin_of_other_bytes_is_not_handed_out(client, public):
    plain = client.get("/")
    packed = client.get("/", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert packed.headers["content-encoding"] == "zstd"
    assert packed.content == plain.content
    (public / "index.html").write_bytes(plain.content + b"<!-- by hand -->")
    assert client.get("/", headers={"Accept-Encoding": "gzip"}).content == plain.content + b"<!-- by hand -->"
    (public / "index.html").write_bytes(plain.content)


def test_a_changed_file_has_another_etag_at_once(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    before = files.find_file(tmp_path, "/a.txt").etag
    (tmp_path / "a.txt").write_text("three")
    assert files.find_file(tmp_path, "/a.txt").etag != before


def test_what_comes_later_is_found_and_what_goes_is_gone(tmp_path):
    assert files.find_file(tmp_path, "/new/") is None
    (tmp_path / "new").mkdir()
    assert files.find_file(tmp_path, "/new/") is None
    (tmp_path / "new" / "index.html").write_text("new")
    assert files.find_file(tmp_path, "/new/").size == 3
    (tmp_path / "new" / "index.html").unlink()
    assert files.find_file(tmp_path, "/new/") is None


def test_a_part_is_sent_to_who_asks_for_one(client):
    whole = client.get("/feeds/all/atom.xml")
    part = client.get("/feeds/all/atom.xml", headers={"Range": "bytes=7-13", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, whole.content[7:14])
    assert part.headers["content-range"] == f"bytes 7-13/{len(whole.content)}"
    stale = client.get("/feeds/all/atom.xml", headers={"Range": "bytes=7-13", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, len(whole.content))
    assert client.get("/feeds/all/atom.xml", headers={"Range": "bytes=999999-"}).status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/link.txt",
        "/.yibao.part",
        "/nothing",
        "/today/index.html/",
        "/%00",
        "/a%5c..%5csecret.txt",
    ],
)
def test_nothing_outside_the_tree_and_nothing_hidden_is_found(client, public, path):
    assert files.find_file(public, path) is None
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text


def test_a_folder_is_asked_for_with_a_slash(client):
    answer = client.get("/today")
    assert (answer.status_code, answer.headers["location"]) == (308, "/today/")


def test_head_sends_no_body_and_other_methods_are_refused(client):
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 100
    assert client.post("/").status_code == 405


def test_other_sites_may_read_feeds(client):
    answer = client.get("/feeds/all/feed.json", headers={"Origin": "https://reader.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    asked = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/feeds/all/feed.json", headers=asked).status_code == 204


def test_who_reads_pages_is_shown_the_trees_page_for_what_is_not_there_and_others_a_line(tmp_path):
    (tmp_path / "404.html").write_text("<!doctype html><title>Not found</title>")
    with serving(tmp_path) as url:
        page = httpx.get(f"{url}/nothing/here/", headers={"Accept": "text/html,*/*"})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "<title>Not found</title>" in page.text
        line = httpx.get(f"{url}/nothing.xml", headers={"Accept": "application/xml"})
        assert (line.status_code, line.headers["content-type"]) == (404, "text/plain; charset=utf-8")
