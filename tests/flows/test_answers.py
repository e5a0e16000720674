"""What `yibao serve` answers beside files, asked over HTTP by a real client."""

import gzip
import socket

import feedparser
import httpx
import pytest
import zstandard

from tests.judges.conftest import serving
from tests.judges.site import Published, entries


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        published = Published(tmp_path_factory.mktemp("answers"), url)
        published.show(entries())
        with (
            serving(published.settings, listener),
            httpx.Client(base_url=url, headers={"Accept-Encoding": "identity"}) as one,
        ):
            yield one


@pytest.mark.parametrize(
    ("file", "kind"),
    [("atom.xml", "application/atom+xml"), ("rss.xml", "application/rss+xml"), ("feed.json", "application/feed+json")],
)
def test_any_search_is_a_feed_in_every_format_with_the_headers_of_files(client, file, kind):
    answer = client.get(f"/feeds/search/{file}?q=智能体")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    for name in ("content-security-policy", "x-content-type-options", "access-control-allow-origin", "cache-control"):
        assert answer.headers[name] == client.get("/feeds/all/atom.xml").headers[name]
    assert "会检索的智能体" in answer.text


@pytest.mark.parametrize("query", ["mixture+of+experts", "experts+of+mixture"])
def test_a_search_feed_names_the_words_in_the_readers_order(client, query):
    # Asked by the form without script, too.
    for address in (f"/feeds/search/atom.xml?q={query}", f"/feeds/search/?q={query}&format=atom"):
        feed = feedparser.parse(client.get(address, follow_redirects=True).content).feed
        assert feed.title == f"译报 · 检索 {query.replace('+', ' ')}"


def test_an_answer_that_a_reader_has_is_not_sent_again_and_compressed_forms_have_their_own_tags(client):
    address, tags = "/feeds/search/atom.xml?q=模型", set()
    plain = client.get(address).content
    for coding, unpack in (("identity", bytes), ("gzip", gzip.decompress), ("zstd", zstandard.decompress)):
        with client.stream("GET", address, headers={"Accept-Encoding": coding}) as answer:
            assert unpack(b"".join(answer.iter_raw())) == plain
        tag = answer.headers["etag"]
        again = client.get(address, headers={"Accept-Encoding": coding, "If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        tags.add(tag)
    assert len(tags) == 3
    head = client.head(address)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(plain)))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/feeds/search/?q=a+b&format=rss&variant=en", "/feeds/search/en/rss.xml?q=a+b"),
        ("/feeds/search/?q=&author=&format=json&variant=", "/feeds/all/feed.json"),
        ("/feeds/search/atom.xml?q=", "/feeds/all/atom.xml"),
        ("/feeds/search/", "/feeds/all/atom.xml"),
    ],
)
def test_a_form_without_script_leads_to_the_address_of_its_feed(client, address, place):
    answer = client.get(address)
    assert (answer.status_code, answer.headers["location"]) == (302, place)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/feeds/search/atom.xml?word=x", "no such condition"),
        ("/feeds/search/atom.xml?category=cs.XX", "no such category"),
        ("/feeds/search/?q=a&variant=ja", "Unknown format or variant"),
        ("/feeds/search/?q=a&format=pdf", "Unknown format or variant"),
        ("/feeds.opml?feed=nobody", "no such feed"),
        ("/feeds/search/atom.xml?" + "q=a&" * 70, "fields"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(client, address, message):
    answer = client.get(address)
    assert answer.status_code == 400
    assert message in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "address", ["/feeds/search/ja/atom.xml?q=a", "/feeds/search/x.xml?q=a", "/feeds/search/%00?q=a"]
)
def test_an_address_that_is_no_feed_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_a_query_that_nobody_asked_for_changes_no_file(client):
    assert client.get("/style.css?v=1").content == client.get("/style.css").content


def test_every_condition_narrows_the_feed(client):
    def count(**more):
        return len(feedparser.parse(client.get("/feeds/search/atom.xml", params=more).content).entries)

    assert count(q="study") == 41 - 1  # One waits for its English.
    assert count(q="study", translated="yes") == 10
    assert count(q="study", translated="no") == 30
    assert count(q="智能体", author="Zhengyang Tang") == 1
    assert count(q="智能体", author="Tang, Zhengyang") == 1
    assert count(q="智能体", author="Tang Nobody") == 0
    assert count(translator="王小明") == 11
    assert count(q="智能体", category="cs.AI") == 1
    assert count(q="<script>alert") == 1
