"""A month of days, each released: what each release tells of its changes makes the one before into it, row for row."""

import pytest

from storage.dataset import making, shelf
from tests.flows.test_incremental import Life
from tests.releases import apply_changes, folders, parquet_rows_of, release, rows_of

DAYS = 22


@pytest.mark.soak
def test_through_a_month_each_release_is_the_one_before_with_its_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")
    life = Life(tmp_path / "life", 12)
    before, kinds = {}, set()
    for day in range(DAYS):
        life.day()
        if day % 7 == 0:
            life.publish()
        if not release(life).releases:
            continue  # A day on which nothing has changed.
        newest = folders(life)[-1]
        told = shelf.read_release(life.settings.paths.public, newest.name)
        rows = rows_of(newest)
        assert apply_changes(before, newest) == rows if told.previous else not before
        kinds |= {kind for one in told.tables if one.changes for kind, count in one.changes._asdict().items() if count}
        before = rows
    assert kinds == {"added", "changed", "removed"}
    assert parquet_rows_of(newest) == before
