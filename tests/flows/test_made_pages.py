"""Every known paper has a page where `yibao serve` answers, made when somebody asks for it; and so has every author."""

import socket
from datetime import date

import httpx
import pytest
from lxml import html

from storage.library import announcements, connection, papers
from tests.judges.conftest import serving
from tests.judges.site import Published, entry, paper
from yibao.records import AnnounceType, Author, ListEntry

DAY = date(2025, 1, 17)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        published = Published(tmp_path_factory.mktemp("made"), url)
        known = [
            paper(500, title="An untranslated paper", authors=(Author("José Müller"), Author("Ann & Bob"))),
            paper(501, title="Another paper of hers", authors=(Author("José Müller"),)),
        ]
        with connection.write_library(published.settings.paths.library) as library:
            papers.store_papers(library, known, DAY)
            lines = [ListEntry(one.arxiv_id, 1, AnnounceType.NEW, ("rss",)) for one in known]
            announcements.replace_entries(library, "cs.CL", DAY, lines)
        listed = [entry(1), *(entry(int(one.arxiv_id[-5:])) for one in known)]
        shown = [
            one if one is listed[0] else _without_translation(one, described)
            for one, described in zip(listed, [None, *known], strict=True)
        ]
        published.show(shown)
        with serving(published.settings, listener), httpx.Client(base_url=url) as client:
            yield published, client


def _without_translation(one, described):
    return one.__class__(one.arxiv_id, described, None, DAY, AnnounceType.NEW, None, one.stamp)


def test_an_untranslated_paper_has_a_page_of_the_same_template_and_its_citations(published):
    _, client = published
    answer = client.get("/papers/2501.00500/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    document = html.fromstring(answer.content)
    assert document.findtext(".//h1") == "An untranslated paper"
    assert "We study models" in document.text_content()
    links = document.xpath("//main//a/@href")
    assert "../../categories/cs.CL/" in links
    assert "../../authors/?name=Ann%20%26%20Bob" in links
    assert client.get("/papers/2501.00500/cite.bib").text.startswith("@misc{")
    assert client.get("/papers/2501.00500").headers["location"] == "/papers/2501.00500/"
    assert client.get("/papers/2501.00500/", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/papers/2501.99999/", "/papers/x/", "/papers/2501.00500v1/", "/xx/papers/2501.00500/"],
)
def test_what_nobody_knows_is_not_found(published, path):
    _, client = published
    assert client.get(path).status_code in (404, 308)
    assert "untranslated" not in client.get(path).text


def test_an_author_without_translated_papers_has_a_page_made_and_one_with_them_is_led_to_theirs(published):
    _, client = published
    document = html.fromstring(client.get("/authors/", params={"name": "José Müller"}).content)
    assert document.findtext(".//h1") == "José Müller"
    assert len(document.xpath("//main//ol/li")) == 2
    answer = client.get("/authors/", params={"name": "Zhengyang Tang"})
    assert answer.status_code == 302
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get("/authors/", params={"name": "Nobody"}).text == client.get("/authors/").text


def test_a_page_is_kept_until_the_library_changes(published):
    site, client = published
    before = client.get("/papers/2501.00501/").text
    with connection.write_library(site.settings.paths.library) as library:
        papers.store_papers(library, [paper(501, title="A corrected title", version=2)], DAY)
    assert "A corrected title" not in before
    assert "A corrected title" in client.get("/papers/2501.00501/").text
