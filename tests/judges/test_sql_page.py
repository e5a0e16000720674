"""SQL on the data page, in Chromium and from the static site alone: no other host can be reached."""

import json
import re
import socket
import time

import duckdb
import pytest
from playwright import sync_api

from storage.dataset import engine, shelf
from tests.flows.test_incremental import Life
from tests.judges.conftest import node_package, serving_app
from tests.releases import announce, folders, live, release
from yibao.dataset.cookbook import read_questions
from yibao.web.application import WORKER, WORKER_HEADERS, make_application

pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]
#: What a ready question, and one paper by its identifier, may fetch of a release, which is small here. For a large one
#: it is measured in docs/decisions/0029-sql-in-the-browser.md.
_MOST_MB, _MOST_MB_BY_ID = 1.5, 1.0


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """A site with two releases and the engine, as publications left it."""
    life = live(Life(tmp_path_factory.mktemp("sql"), 3), 2)
    engine.place_engine(node_package("@duckdb/duckdb-wasm"), life.settings.paths.public)
    announce(life)
    release(life)
    return life


@pytest.fixture(scope="module")
def url(life):
    app = make_application(life.settings.paths.public)
    with socket.create_server(("127.0.0.1", 0)) as listener, serving_app(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def form(page, url):
    """The data page with its form. No other host can be reached, and none is asked but by a query that names it."""
    elsewhere = []
    page.context.route(re.compile(f"^(?!{re.escape(url)})"), lambda route: route.abort())
    page.on("requestfinished", lambda sent: elsewhere.append(sent.url) if not sent.url.startswith(url) else None)
    page.goto(f"{url}/data/")
    page.locator("#sql").wait_for()
    yield page
    assert elsewhere == []


def ask(form, query):
    """What the page says to a query, and the rows that it shows."""
    form.locator("#query").fill(query)
    form.locator("#run").click()
    form.locator("#run:enabled").wait_for()
    rows = form.locator("#answer tbody tr").all()
    return form.locator("#state").inner_text(), [row.locator("td").all_inner_texts() for row in rows]


def megabytes(said):
    """What a query fetched, and what was fetched since the release was opened."""
    return [float(number) for number in re.findall(r"([\d.]+) MB", said)]


def newest(life):
    return duckdb.connect(str(folders(life)[-1] / "yibao.duckdb"), read_only=True)


def test_every_ready_question_is_answered_and_fetches_little(form, life):
    with newest(life) as database:
        for number, (_, query) in enumerate(read_questions()):
            form.locator("#question").select_option(index=number)
            assert form.locator("#query").input_value() == query
            said, rows = ask(form, query)
            assert len(rows) == len(database.execute(query).fetchall()), (query, said)
            print(said)
            assert megabytes(said)[0] <= _MOST_MB


def test_a_query_that_is_typed_is_answered_with_each_value_as_it_is(form, life):
    said, rows = ask(form, """SELECT NULL, '', 'a "b"' || chr(10) || 'c, d', [1, 2], DATE '2025-01-17'; """)
    assert rows == [["NULL", "", 'a "b"\nc, d'.replace("\n", " "), "[1, 2]", "2025-01-17"]], said
    with newest(life) as database:
        (paper,) = database.execute("SELECT arxiv_id, title FROM paper ORDER BY arxiv_id LIMIT 1").fetchall()
    said, rows = ask(form, f"SELECT arxiv_id, title FROM paper WHERE arxiv_id = '{paper[0]}'")
    print(said)
    assert rows == [list(paper)]
    assert megabytes(said)[0] <= _MOST_MB_BY_ID
    said, rows = ask(form, "FROM range(1000)")
    assert len(rows) == 500
    assert "500" in said


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELEC 1", "DuckDB 报错：Parser Error: syntax error"),
        ("", "DuckDB 报错：Parser Error: syntax error"),
        ("FROM nothing", "DuckDB 报错：Catalog Error: Table with name nothing does not exist!"),
        ("DROP TABLE paper", "DuckDB 报错：Parser Error"),
        ("FROM 'https://example.org/a.parquet'", "DuckDB 报错：Catalog Error"),
        ("SELECT json_extract('{}', '$')", "DuckDB 报错：Catalog Error"),
    ],
)
def test_what_is_wrong_gets_a_sentence_and_the_next_query_an_answer(form, query, sentence):
    said, rows = ask(form, query)
    assert said.startswith(sentence), said
    assert "\nLINE" not in said
    assert rows == []
    assert ask(form, "SELECT 1")[1] == [["1"]]


def test_a_query_that_never_ends_is_stopped_and_the_next_one_answered(form):
    form.locator("#query").fill("SELECT count(*) FROM range(100000000000) AS a, range(100000000000) AS b")
    form.locator("#run").click()
    time.sleep(2)
    form.locator("#stop").click()
    form.get_by_text("已停止。").wait_for()
    assert ask(form, "SELECT 1")[1] == [["1"]]


def test_a_release_that_is_published_meanwhile_does_not_disturb_the_open_one(form, life):
    before = ask(form, "SELECT count(*), max(changed_on) FROM paper")[1]
    opened = folders(life)[-1].name
    announce(life, "translate", "version")
    release(life)
    assert shelf.read_list(life.settings.paths.public).releases[0].name != opened
    for query in (
        "SELECT count(*), max(changed_on) FROM paper",
        "SELECT count(*), max(changed_on) FROM paper, range(1)",
    ):
        assert ask(form, query)[1] == before
    form.reload()
    form.locator("#sql").wait_for()
    assert ask(form, "SELECT count(*), max(changed_on) FROM paper")[1] != before


def test_where_no_engine_is_no_sql_is_offered(life, browser, url):
    context = browser.new_context()
    tab = context.new_page()
    tab.route("**/data/engine/engine.json", lambda route: route.fulfill(status=404))
    tab.goto(f"{url}/data/")
    tab.locator("#doors a").first.wait_for()
    tab.wait_for_load_state("networkidle")
    assert not tab.locator("#sql").is_visible()
    context.close()


def test_an_engine_that_cannot_be_loaded_is_told(browser, url):
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    # A host that knows no media type for it.
    context.route("**/*.wasm", lambda route: route.fulfill(body=b"no", content_type="application/octet-stream"))
    tab.goto(f"{url}/data/")
    tab.locator("#run").click()
    sync_api.expect(tab.locator("#state")).to_contain_text("DuckDB 报错：")
    context.close()


def test_only_the_worker_may_compile_webassembly(page, url):
    policies = {}
    page.on("response", lambda answer: policies.update({answer.url.removeprefix(url): answer.headers}))
    page.goto(f"{url}/data/")
    page.locator("#run").click()
    page.locator("#answer table").wait_for()
    for path in ("/", "/about/", "/data/"):
        page.goto(f"{url}{path}")
        assert page.evaluate(
            "WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).catch((error) => error.name)"
        ) == ("CompileError")
    loosened = [path for path, headers in policies.items() if "wasm" in headers["content-security-policy"]]
    assert loosened == [WORKER]
    assert policies[WORKER]["content-security-policy"] == WORKER_HEADERS["Content-Security-Policy"]


def test_axe_finds_no_violation_in_the_form_and_its_answer(browser, url):
    code = (node_package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.goto(f"{url}/data/")
    ask(tab, "FROM paper")
    tab.evaluate(code)
    violations = tab.evaluate("axe.run()")["violations"]
    assert not violations, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in violations]
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_publications_keep_the_engine_and_say_nothing_of_it(life):
    public = life.settings.paths.public
    there = json.loads((public / engine.FOLDER / engine.MARK).read_text())
    assert there["version"] == engine.VERSION
    for name, size in there["files"].items():
        assert (public / engine.FOLDER / name).stat().st_size == size
