"""A mistaken run is taken back: what is left is what there was without it."""

from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment, run_record
from storage.people import deliveries
from storage.people.deliveries import DeliveryState
from storage.responses import Responses
from tests.conftest import MONDAY, Installation, section, tree_of
from tests.postbox import people_of, subscribe

TUESDAY, FAR = MONDAY + timedelta(days=1), MONDAY + timedelta(days=9)
TABLES = (
    *("paper_state", "announcement", "batch", "translation", "source_text", "edition", "edition_paper", "problem"),
    *(f"operations.{table}" for table in ("source_report", "oai_cursor", "published_item", "lease")),
)


def relations(installation):
    return {table: installation.rows(table) for table in TABLES}


def revert(installation, after, *more):
    arguments = ["revert", "--after", str(after), *more, "--config", str(installation.config)]
    return CliRunner().invoke(yibao, arguments)


def curate(installation, title):
    installation.write("a.md", section("2501.05727", zh=title) + section("2501.06282", zh="不变"))


@pytest.fixture
def twin(tmp_path_factory, arxiv):
    installation = Installation(tmp_path_factory.mktemp("twin"))
    (installation.folder / "translations").mkdir()
    installation.configure(arxiv)
    return installation


@pytest.mark.soak
def test_after_a_mistaken_run_and_its_revert_the_next_day_is_as_if_it_had_never_been(installation, twin, arxiv):
    for one in (installation, twin):
        curate(one, "初译")
        one.run("daily", MONDAY)
    before = relations(installation)
    arxiv.today = TUESDAY
    # A clock that is nine days ahead, and nobody who notices.
    curate(installation, "改译")
    installation.write("b.md", section("2501.05707", zh="迟到的"))
    installation.run("daily", FAR)
    assert relations(installation) != before
    assert (installation.public / "editions" / str(FAR)).exists()

    at = environment.now()
    subscribe(installation, "reader@example.org")
    people = people_of(installation)
    deliveries.open_deliveries(people, str(FAR), {1: "<1@example.org>"}, at)
    (claim,) = deliveries.claim_deliveries(people, str(FAR), "host/run", 1, at, at + timedelta(minutes=5))
    sent = deliveries.Result(claim.delivery_id, DeliveryState.SENT, "250 taken")
    deliveries.record_results(people, "host/run", [sent], at)

    asked = revert(installation, MONDAY)
    assert asked.exit_code == 1  # Nobody answered.
    assert "1 runs" in asked.output
    assert "1 messages of later editions were sent. They stay on record" in asked.output
    assert relations(installation) != before
    done = revert(installation, MONDAY, "--yes")
    assert done.exit_code == 0, done.output
    assert "Next: yibao run" in done.output
    remaining = relations(installation)
    # What readers are shown, and what was set aside at the last look, is made anew by the next run.
    shown = {"operations.published_item", "edition", "edition_paper"}
    assert {table for table in TABLES if remaining[table] != before[table]} <= {*shown, "problem"}
    assert_nothing_is_dated_after(installation, MONDAY)
    kept = installation.folder / "data" / "responses"
    assert {one.on for one in Responses(kept).read_journal()} == {MONDAY}
    assert str(FAR) in (kept / f"journal.after-{MONDAY}.jsonl").read_text()
    assert deliveries.count_deliveries(people, str(FAR)) == {DeliveryState.SENT: 1}
    assert revert(installation, MONDAY, "--yes").output.startswith("Nothing in the library is dated after")

    curate(twin, "改译")
    twin.write("b.md", section("2501.05707", zh="迟到的"))
    for one in (installation, twin):
        assert not one.run("daily", TUESDAY).faults
    assert relations(installation) == relations(twin)
    assert tree_of(installation.public) == tree_of(twin.public)
    assert not (installation.public / "editions" / str(FAR)).exists()
    result = CliRunner().invoke(yibao, ["search", "迟到的", "--json", "--config", str(installation.config)])
    assert "2501.05707" in result.output


def assert_nothing_is_dated_after(installation, after: date):
    columns = installation.ask(
        "SELECT schema_name || '.' || table_name, column_name "
        "FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name) "
        "WHERE data_type = 'DATE' AND NOT duckdb_columns.internal"
    )
    assert len(columns) > 10
    for table, column in columns:
        if column == "ends_on":
            continue  # A week ends on Sunday.
        late = installation.ask(f"SELECT count(*) FROM {table} WHERE {column} > DATE '{after}'")
        assert late == [(0,)], (table, column)
    (latest,) = installation.ask(
        "SELECT max(greatest(published_at, updated_at)) < '2025-01-14 05:00:00+00' FROM publication"
    )
    assert latest == (True,)


def test_a_run_at_work_is_not_reverted(installation):
    installation.run("harvest", MONDAY)
    with run_record.hold_run_lock(environment.load_settings(installation.config)):
        done = revert(installation, MONDAY - timedelta(days=3), "--yes")
    assert "Another run is at work" in str(done.exception)
    assert installation.ask("SELECT count(*) FROM operations.run") == [(1,)]
