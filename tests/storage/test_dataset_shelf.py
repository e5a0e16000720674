"""How releases are put where readers find them, and what of the library is seen by the next one."""

import duckdb
import pytest

from storage.dataset import making, shelf
from storage.library import connection
from tests.flows.test_incremental import Life
from tests.releases import folders, live, release


@pytest.fixture
def life(tmp_path, monkeypatch):
    """A life of one day, released."""
    monkeypatch.setattr(making.lake, "write_lake", lambda *_: "")
    return live(Life(tmp_path / "life", 3), 1)


def test_the_newest_is_named_after_the_list_has_it(life, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(shelf.tree_files, "write_file", lambda _root, path, _content: written.append(path))
    shelf.publish_list(tmp_path, shelf.read_list(life.settings.paths.public), {})
    assert written == ["data/releases/index.json", "data/latest.json"]


def test_no_file_of_a_release_can_be_written_to(life):
    files = [path for path in folders(life)[-1].rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o222] == []


def test_an_announcement_that_is_learnt_of_later_changes_its_paper(life):
    with connection.write_library(life.settings.paths.library) as library:
        library.execute("""
            INSERT INTO announcement BY NAME
            SELECT * REPLACE (DATE '2024-12-02' AS announced_on) FROM announcement
            WHERE type = 'new' AND arxiv_id IN (SELECT arxiv_id FROM paper) ORDER BY ALL LIMIT 1
        """)
    release(life)
    before, after = (dict(read_announced(folder)) for folder in folders(life)[-2:])
    assert [after[one] for one in after if after[one] != before[one]] == ["2024-12-02"]


def read_announced(folder):
    """When each paper of a release was announced first."""
    with duckdb.connect(str(folder / "yibao.duckdb"), read_only=True) as database:
        return database.execute("SELECT arxiv_id, announced_on::VARCHAR FROM paper").fetchall()
