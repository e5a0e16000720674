"""The lines between tasks on Prefect's page: each is a value that one task made and the other took."""

import re

import pytest

from tests.conftest import MONDAY
from tests.drills.scheduled import PrefectApi
from tests.standin.server import Fault

#: Task, parameter and the task that made its value. What a task's name says of category and date is the same for both.
TRUE_LINES = (
    (r"store the feed of (.+)", "kept", r"fetch the feed of (.+)"),
    (r"store the list of (.+)", "fetched", r"fetch the list of (.+), page \d+"),
    (r"store changed records", "kept", r"fetch records changed since .+"),
    (r"store changed records", "cursor", r"store changed records"),
    (r"fetch records changed since .+", "cursor", r"store changed records"),
    (r"store metadata", "kept", r"fetch metadata from .+ on"),
    (r"store metadata", "kept", r"fetch the record of .+"),
)


def is_true(line):
    """Whether a line is one of those that there are to be, between tasks on the same list."""
    taker, parameter, maker = line
    for takers, name, makers in TRUE_LINES:
        taker_match, maker_match = re.fullmatch(takers, taker), re.fullmatch(makers, maker)
        if taker_match and maker_match and name == parameter and taker_match.groups() == maker_match.groups():
            return True
    return False


@pytest.fixture
def api(prefect_server):
    from prefect.settings import PREFECT_API_URL

    return PrefectApi(PREFECT_API_URL.value())


def read_task_runs(api, flow):
    """The task runs of the newest run of a flow, by id, once all of them have ended."""
    run = max(api.runs(flow), key=lambda run: run["expected_start_time"])
    last = "judge the lists" if flow == "harvest" else "send what is due"
    return {task["id"]: task for task in api.ended_task_runs(run["id"], last)}


def draw_lines(tasks):
    """Every line between two tasks, as the names of the taker, its parameter and the maker."""
    return [
        (task["name"], parameter, tasks[source["id"]]["name"])
        for task in tasks.values()
        for parameter, sources in task["task_inputs"].items()
        for source in sources
    ]


def require_true_lines(tasks):
    lines = draw_lines(tasks)
    assert [line for line in lines if not is_true(line)] == []
    for task in tasks.values():
        if task["name"].startswith(("store the feed", "store the list", "store changed", "store metadata")):
            assert task["task_inputs"].get("kept") or task["task_inputs"].get("fetched"), task["name"]
    return lines


def test_every_line_of_a_day_leads_from_what_was_fetched_to_where_it_is_stored(installation, arxiv, api):
    arxiv.records_a_page = 3
    # Several requests in vain, whose tasks and notes make nothing that another takes.
    arxiv.fail("/rss/cs.CV", Fault.UNAVAILABLE, times=2)
    installation.run_on_prefect("daily", MONDAY)
    tasks = read_task_runs(api, "daily")
    lines = require_true_lines(tasks)
    kinds = {(re.split(" of | since | from ", taker)[0], parameter) for taker, parameter, _ in lines}
    assert kinds >= {
        ("store the feed", "kept"),
        ("store the list", "fetched"),
        ("store changed records", "kept"),
        ("store changed records", "cursor"),
        ("fetch records changed", "cursor"),
    }
    assert any(task["name"].startswith("note a fault of the list of cs.CV") for task in tasks.values())


def test_each_page_of_a_list_leads_to_its_store(installation, arxiv, api):
    arxiv.entries_a_page = 2
    installation.run_on_prefect("harvest", MONDAY)
    lines = require_true_lines(read_task_runs(api, "harvest"))
    pages = [maker for taker, _, maker in lines if taker.startswith("store the list of cs.CL")]
    assert sorted(pages)[:2] == [f"fetch the list of cs.CL, {MONDAY}, page {number}" for number in (1, 2)]


def test_metadata_lead_from_the_answer_to_their_store(installation, arxiv, api):
    installation.write("2025/a.md", "## T\n[标题](https://arxiv.org/abs/2501.05727)\n\n摘要。\n\n")
    arxiv.fail("/oai", Fault.OAI_ERROR, times=99)
    installation.run_on_prefect("weekly", MONDAY)
    lines = require_true_lines(read_task_runs(api, "weekly"))
    assert [taker for taker, _, _ in lines] == ["store metadata"]
