"""`yibao rebuild`: the library again from kept answers and curators' files, and the proof that it is the same."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import environment
from flows.steps.rebuild import rebuild_library
from storage.library import connection
from tests.conftest import MONDAY, further_values, section
from yibao.errors import YibaoError


def load(installation):
    return environment.load_settings(installation.config)


def rebuild(installation, *, is_replaced=False):
    return rebuild_library(load(installation), is_replaced=is_replaced)


@pytest.fixture
def lived_on(lived, arxiv, monkeypatch):
    """One that lived through Tuesday, too, with a correction of a translation; and asked another server by then."""
    arxiv.today = MONDAY + timedelta(days=1)
    monkeypatch.setattr(environment, "today", lambda: arxiv.today)
    lived.write("a.md", section("2501.05727", zh="更好的标题"))
    lived.write("b.md", section("2501.06252"))
    lived.run("daily", arxiv.today)
    return lived


@pytest.mark.soak
def test_the_rebuilt_library_says_the_same(lived_on):
    rebuilt = rebuild(lived_on)
    assert not rebuilt.outcome.failures
    kinds = {one.kind: one for one in rebuilt.differences}
    assert kinds["papers"].same > 5
    assert kinds["announcements"].same > 5
    assert kinds["translations"].same == 2
    assert all(one.is_none for one in rebuilt.differences), rebuilt.differences
    assert rebuilt.aside is None
    assert not (lived_on.folder / "data" / "rebuild").exists()


@pytest.mark.soak
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE paper_state SET title = 'Another' WHERE arxiv_id = '2501.05727'", "papers"),
        *further_values(
            ("DELETE FROM announcement WHERE arxiv_id = '2501.05727'", "announcements"),
            ("UPDATE translation SET abstract = '改了。' WHERE arxiv_id = '2501.06252'", "translations"),
        ),
    ],
)
def test_a_library_that_somebody_changed_is_told_apart(lived_on, change, kind):
    with connection.write_library(lived_on.folder / "data" / "library.duckdb") as library:
        library.execute(change)
    differences = {one.kind: one for one in rebuild(lived_on).differences}
    assert not differences[kind].is_none
    done = CliRunner().invoke(yibao, ["rebuild", "--config", str(lived_on.config)])
    assert (done.exit_code, kind in done.stdout) == (1, True)


@pytest.mark.soak
def test_a_replaced_library_keeps_its_history_and_readers_notice_nothing(lived_on):
    history = {name: lived_on.rows(name) for name in ("translation", "erratum", "operations.run", "publication")}
    before = {path: path.read_bytes() for path in lived_on.public.rglob("*.xml")}
    rebuilt = rebuild(lived_on, is_replaced=True)
    assert rebuilt.aside.exists()
    assert {name: lived_on.rows(name) for name in history} == history
    lived_on.run("publish", MONDAY + timedelta(days=1))
    assert {path: path.read_bytes() for path in lived_on.public.rglob("*.xml")} == before


@pytest.mark.soak
@pytest.mark.parametrize("is_damaged", [True, *further_values(False)])
def test_a_library_that_is_lost_or_damaged_is_made_again(lived_on, is_damaged):
    papers = lived_on.rows("announcement")
    path = lived_on.folder / "data" / "library.duckdb"
    if is_damaged:
        path.write_bytes(b"nonsense" * 1000)
    else:
        path.unlink()
    rebuilt = rebuild(lived_on, is_replaced=True)
    assert rebuilt.differences is None
    assert bool(rebuilt.why_unread) == bool(rebuilt.aside) == is_damaged
    assert lived_on.rows("announcement") == papers


def test_while_a_run_is_at_work_nothing_is_rebuilt(lived, monkeypatch):
    from flows.steps.run_record import hold_run_lock

    with hold_run_lock(load(lived)), pytest.raises(YibaoError, match="Another run"):
        rebuild(lived)
