"""The search index, damaged or where nothing may be written."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from storage import search
from tests.storage.test_search import ENTRIES, fill, found
from yibao.errors import LibraryError
from yibao.search.language import parse_text


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / "search", ENTRIES, is_whole=True)
    return tmp_path / "search"


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def blank(path):
    path.write_bytes(bytes(path.stat().st_size))


def remove(path):
    path.unlink()


@pytest.mark.parametrize("damage", [cut, blank, remove])
@pytest.mark.parametrize("name", ["meta.json", ".managed.json", "*.store", "*.idx", "*.term", "*.fast", "*.fieldnorm"])
def test_a_damaged_file_is_told_with_the_remedy_and_the_index_made_anew(folder, damage, name):
    if (name, damage) == (".managed.json", remove):
        pytest.skip("tantivy does without")
    damage(next(folder.glob(name)))
    search._open_index.cache_clear()
    with pytest.raises(LibraryError, match=r"search: the search index is damaged .*yibao publish"):
        search.find_papers(folder, parse_text(""), 60)
    assert search.is_damaged(folder)
    assert search.read_signature(folder) is None
    fill(folder, ENTRIES, is_whole=True)
    assert not search.is_damaged(folder)
    assert (search.read_signature(folder), found(folder)) == ("1", [3, 2, 1])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"version": 3}'])
def test_a_damaged_note_of_what_is_indexed_makes_the_index_anew(folder, content):
    (folder / "indexed.json").write_bytes(content)
    assert search.read_signature(folder) is None


PROGRAM = """
import os, sys
from pathlib import Path
from storage import search
from yibao.search.language import parse_text
def found():
    return search.find_papers(Path(sys.argv[1]), parse_text("planning"), 60).arxiv_ids
found()  # Imports what only root may read.
search._open_index.cache_clear()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(found(), found())
"""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be another user")
def test_search_works_where_nothing_may_be_written(folder):
    # A folder that others can reach, unlike pytest's.
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        shutil.copytree(folder, place / "search")
        (place / "search").chmod(0o555)
        for path in (place / "search").iterdir():
            path.chmod(0o444)
        (place / "tmp").mkdir()
        (place / "tmp").chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(place / "search")],
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "TMPDIR": str(place / "tmp")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "['2501.00002'] ['2501.00002']\n", done.stderr
        assert list((place / "tmp").iterdir()) == []
    finally:
        shutil.rmtree(place)
