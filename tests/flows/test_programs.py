"""What programs are told of the open dataset, by HTTP and by the Model Context Protocol, and of what is wrong."""

import json
import socket
import sys
from pathlib import Path
from urllib.parse import quote

import anyio
import duckdb
import httpx
import pytest
from mcp import Client, StdioServerParameters

from commands import mcp_server
from commands.api_service import ApiService
from storage.dataset import making, shelf
from storage.library import connection, ledger
from tests.flows.test_incremental import Life
from tests.judges.conftest import serving_app
from tests.releases import announce, folders, live, release
from yibao.dataset.cursors import Cursor, read_cursor, write_cursor
from yibao.dataset.openapi import ROOT
from yibao.dataset.schema import load_schema
from yibao.errors import QueryError
from yibao.records import Batch, BatchState
from yibao.web.api import make_api_application
from yibao.web.responses import Problem

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """A life of two days, released."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making.lake, "write_lake", lambda *_: "")
        life = Life(tmp_path_factory.mktemp("programs"), 3)
        announce(life, "translate", "unlist")
        with connection.write_library(life.settings.paths.library) as library:
            for category in ("cs.CV", "math.NA"):
                batch = Batch(category, life.on, BatchState.PARTIAL, 3, 2, ("rss",), "one is missing")
                ledger.store_batch(library, batch, life.on)
        return live(life, 1)


@pytest.fixture(scope="module")
def api(life):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            serving_app(make_api_application(ApiService(life.settings)), listener),
            httpx.Client(base_url=url + ROOT) as client,
        ):
            yield client


@pytest.fixture(scope="module")
def newest(life):
    with duckdb.connect(str(folders(life)[-1] / "yibao.duckdb"), read_only=True) as database:
        yield database


def ask(api, path, **query):
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def read_all(api, path, **query):
    """The rows of all pages of a list, and how many pages there were."""
    rows, pages, cursor = [], 0, {}
    while True:
        page = ask(api, path, **query, **cursor)
        rows += page["items"]
        pages += 1
        if page["next_cursor"] is None:
            return rows, pages
        cursor = {"cursor": page["next_cursor"]}


def test_it_describes_itself_and_the_newest_release(api, life):
    assert ask(api, "openapi.json")["openapi"] == "3.1.0"
    newest = ask(api, "release")
    assert newest == json.loads((life.settings.paths.public / "data/latest.json").read_bytes())


def test_a_paper_is_what_the_release_says_of_it_in_every_spelling(api, newest):
    query = (
        "SELECT arxiv_id FROM translation JOIN paper USING (arxiv_id) WHERE language = 'zh-Hans' ORDER BY ALL LIMIT 1"
    )
    (arxiv_id,) = newest.execute(query).fetchone()
    found = ask(api, f"papers/{arxiv_id}")
    tables = {table.name: table for table in load_schema().tables}
    assert list(found["paper"]) == list(tables["paper"].names)
    (title,) = newest.execute("SELECT title FROM paper WHERE arxiv_id = ?", [arxiv_id]).fetchone()
    assert found["paper"]["title"] == title
    assert found["paper"]["changed_at"].endswith("Z")
    assert "zh-Hans" in [translation["language"] for translation in found["translations"]]
    for spelling in (f"arXiv:{arxiv_id}v3", quote(f"https://arxiv.org/abs/{arxiv_id}", safe="")):
        assert ask(api, f"papers/{spelling}") == found


def test_a_translation_of_a_paper_that_is_not_known_is_found(api, newest):
    (arxiv_id,) = newest.execute("SELECT arxiv_id FROM translation ANTI JOIN paper USING (arxiv_id)").fetchone()
    found = ask(api, f"papers/{arxiv_id}")
    assert (found["paper"], len(found["translations"])) == (None, 1)


@pytest.mark.parametrize("order", ["best", "newest"])
def test_a_search_is_read_page_by_page(api, order):
    whole = ask(api, "papers", q="title", limit=200, order=order)
    rows, pages = read_all(api, "papers", q="title", limit=3, order=order)
    assert rows == whole["items"]
    assert (len(rows), pages) == (whole["total"], -(-whole["total"] // 3))
    assert pages > 2
    # Where the last page is full, none is promised after it.
    assert read_all(api, "papers", q="title", limit=whole["total"], order=order) == (rows, 1)


def test_editions_and_their_papers_are_read_page_by_page(api, newest):
    editions, pages = read_all(api, "editions", limit=2)
    assert [one["edition"] for one in editions] == [
        row[0] for row in newest.execute("SELECT edition FROM edition ORDER BY starts_on DESC, edition DESC").fetchall()
    ]
    assert pages > 1
    for one in editions:
        papers, _ = read_all(api, f"editions/{one['edition']}", limit=2)
        assert [(row["position"], row["arxiv_id"]) for row in papers] == newest.execute(
            "SELECT position, arxiv_id FROM edition_paper WHERE edition = ? ORDER BY position", [one["edition"]]
        ).fetchall()


def test_completeness_is_chosen_by_category_state_and_dates(api, newest):
    rows, _ = read_all(api, "completeness", limit=1)
    (count,) = newest.execute("SELECT count(*) FROM completeness").fetchone()
    assert len(rows) == count > 1
    one = rows[0]
    chosen, _ = read_all(api, "completeness", category=one["category"], state=one["state"], **{"from": "2025-01-01"})
    assert one in chosen
    assert ask(api, "completeness", until="2001-01-01")["items"] == []


def test_what_a_client_has_is_not_sent_again(api):
    first = api.get("editions")
    again = api.get("editions", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = api.head("editions")
    assert (head.headers["etag"], head.content) == (first.headers["etag"], b"")
    assert first.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nothing", 404, "openapi.json"),
        ("papers/", 404, "openapi.json"),
        ("papers/2501.99999", 404, "knows no paper"),
        ("papers/hep-th%2F9901001", 404, "knows no paper hep-th/9901001"),
        ("papers/what", 400, "no identifier"),
        ("papers?q=%22", 400, "quotation mark"),
        ("papers?q=" + "a" * 10_000, 400, "too long"),
        ("papers?wat=1", 400, "There is no such condition"),
        ("papers?limit=0", 400, "from 1 to 200"),
        ("papers?limit=%C2%B2", 400, "from 1 to 200"),
        ("papers?limit=1&limit=2", 400, "twice"),
        ("papers?order=worst", 400, "best, newest"),
        ("papers?cursor=x", 400, "damaged"),
        ("editions?q=a", 400, "limit, cursor"),
        ("editions/2025-99-99", 404, "no edition"),
        ("release?a=1", 400, "takes none"),
        ("completeness?from=soon", 400, "is a date"),
        ("completeness?state=good", 400, "complete, partial"),
        ("completeness?" + "a=1&" * 100, 400, ""),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(api, path, status, said):
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert said in problem["detail"]


def test_nothing_can_be_written(api):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = api.request(method, "papers")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert answer.json()["title"] == "Method Not Allowed"
    assert api.options("papers").status_code == 204


def test_before_the_first_release_it_asks_for_patience(tmp_path):
    answer = ApiService(Life(tmp_path, 1).settings)(f"{ROOT}editions", "")
    assert isinstance(answer, Problem)
    assert (answer.status, answer.retry_after_s) == (503, 60)


@pytest.mark.soak
def test_a_list_goes_on_in_its_release_and_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")
    life = live(Life(tmp_path, 3), 2)
    service = ApiService(life.settings)
    first = json.loads(service(f"{ROOT}editions", "limit=1").content)
    expected = json.loads(service(f"{ROOT}editions", f"cursor={first['next_cursor']}").content)
    announce(life)
    release(life)
    assert json.loads(service(f"{ROOT}editions", "").content)["release"] != first["release"]
    assert json.loads(service(f"{ROOT}editions", f"cursor={first['next_cursor']}").content) == expected
    gone = write_cursor(Cursor("2001-01-01.1", ("2001-01-01", "2001-01-01")))
    answer = service(f"{ROOT}editions", f"cursor={gone}")
    assert (answer.status, "Begin anew" in answer.detail) == (410, True)


@pytest.mark.soak
def test_a_damaged_release_is_told_and_does_not_end_the_server(tmp_path, monkeypatch):
    monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")
    life = live(Life(tmp_path, 4), 1)
    database = shelf.find_folder(life.settings.paths.public, folders(life)[-1].name) / "yibao.duckdb"
    database.unlink()
    database.write_bytes(b"cut")
    answer = ApiService(life.settings)(f"{ROOT}editions", "")
    assert (answer.status, "cannot be read" in answer.detail) == (503, True)


@pytest.mark.parametrize(
    "text", ["", "x", "W10", "WyJhIl0", "WyIyMDI1LTAxLTAxLjEiLC0xXQ", "WyIyMDI1LTAxLTAxLjEiLHRydWVd", "ü" * 9]
)
def test_a_cursor_that_is_none_of_ours_is_refused(text):
    with pytest.raises(QueryError, match="damaged"):
        read_cursor(text, (int,))


def call(server, *calls):
    """Call tools one after the other; returns for each whether it failed, and what it said."""

    async def ask():
        async with Client(server) as client:
            results = [await client.call_tool(name, arguments) for name, arguments in calls]
            return [(one.is_error, one.content[0].text) for one in results]

    return anyio.run(ask)


def test_every_tool_explains_itself_and_says_that_it_only_reads(life):
    async def list_tools():
        async with Client(mcp_server.make_server(life.settings)) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in anyio.run(list_tools)}
    assert set(tools) == {"search", "paper", "editions", "edition", "completeness", "describe_tables", "sql"}
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools.values())


def test_its_answers_are_those_of_the_api(life):
    api = ApiService(life.settings)
    edition = json.loads(api(f"{ROOT}editions", "limit=1").content)["items"][0]["edition"]
    pairs = [
        (("search", {"query": "title", "limit": 3}), ("papers", "q=title&limit=3")),
        (("paper", {"identifier": "2501.00001"}), ("papers/2501.00001", "")),
        (("editions", {}), ("editions", "")),
        (("edition", {"name": edition}), (f"editions/{edition}", "")),
        (("completeness", {"from_date": "2025-01-01"}), ("completeness", "from=2025-01-01")),
    ]
    said = call(mcp_server.make_server(life.settings), *(one for one, _ in pairs))
    assert [(is_error, json.loads(text)) for is_error, text in said] == [
        (False, json.loads(api(ROOT + path, query).content)) for _, (path, query) in pairs
    ]


def test_what_is_wrong_is_told_to_the_assistant(life):
    said = call(
        mcp_server.make_server(life.settings),
        ("paper", {"identifier": "x"}),
        ("paper", {"identifier": "2501.99999"}),
        ("search", {"query": '"'}),
        ("search", {"query": "a", "limit": 1000}),
        ("edition", {"name": "tomorrow"}),
        ("editions", {"cursor": "x"}),
    )
    assert all(is_error for is_error, _ in said)
    words = ("no identifier", "knows no paper", "quotation mark", "less than or equal to 200", "no edition", "damaged")
    assert [word for word, (_, text) in zip(words, said, strict=True) if word not in text] == []


def test_an_answer_that_nobody_could_read_is_refused(life, monkeypatch):
    monkeypatch.setattr(mcp_server, "_MOST_CHARACTERS", 1000)
    ((is_error, text),) = call(mcp_server.make_server(life.settings), ("describe_tables", {}))
    assert (is_error, "Ask for less at a time" in text) == (True, True)


@pytest.mark.soak
def test_an_assistant_starts_it_and_asks_the_release_in_sql(life):
    home = life.settings.paths.data.parent
    (home / "yibao.toml").write_text("")
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "commands.main", "mcp"], cwd=home, env={"PYTHONPATH": str(PROJECT)}
    )
    said = call(
        server,
        ("describe_tables", {}),
        ("sql", {"query": "SELECT count(*) AS papers FROM paper"}),
        ("sql", {"query": "FROM range(1000)"}),
        ("sql", {"query": "DROP TABLE paper"}),
        ("sql", {"query": "COPY paper TO 'stolen.csv'"}),
        ("sql", {"query": "SELECT 1; SELECT 2"}),
        ("sql", {"query": ""}),
    )
    assert json.loads(said[0][1]).keys() == {table.name for table in load_schema().tables}
    counted = json.loads(said[1][1])
    assert (counted["release"], counted["is_cut"]) == (folders(life)[-1].name, False)
    assert counted["rows"][0]["papers"] > 0
    many = json.loads(said[2][1])
    assert (len(many["rows"]), many["is_cut"]) == (200, True)
    assert [is_error for is_error, _ in said[3:]] == [True] * 4
    words = ("read-only", "Permission", "one at a time", "empty")
    assert [word for word, (_, text) in zip(words, said[3:], strict=True) if word not in text] == []
    assert not (home / "stolen.csv").exists()
