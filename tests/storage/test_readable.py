"""The published tree is for everybody, whatever the umask of who publishes."""

import os
import stat

import pytest

from storage import readable, site_tree, tree_state
from yibao.build_graph import wrap_content

FILES = {"index.html": "<!doctype html>" + "<p>正文</p>" * 100, "feeds/all/archive/2025-01.atom.xml": "<feed/>"}


@pytest.fixture(autouse=True)
def strict_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


def publish(folder, files):
    rendered = {path: wrap_content(content.encode()) for path, content in files.items()}
    site_tree.publish_tree(tree_state.read_tree(folder / "public"), folder / "untold", rendered)


def hidden(folder):
    """What another user may not read, beside what begins with a dot."""
    places = [path for path in [folder, *folder.rglob("*")] if not path.name.startswith(".")]
    wanted = {path: 0o055 if path.is_dir() else 0o044 for path in places}
    return [path for path, rights in wanted.items() if path.stat().st_mode & rights != rights]


def test_everybody_may_read_what_is_published_each_time(tmp_path):
    for text in ("one", "two"):
        publish(tmp_path, {**FILES, "papers/2501.00001/index.html": text * 500})
        assert (tmp_path / "public" / "index.html.gz").exists()
        assert hidden(tmp_path / "public") == []


def test_a_folder_that_was_made_and_not_opened_yet_is_opened(tmp_path):
    (tmp_path / "half").mkdir(mode=0o700)
    readable.make_folder(tmp_path / "half")
    assert hidden(tmp_path / "half") == []


def test_folders_above_the_published_tree_stay_as_they_are(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    publish(private, FILES)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE((private / "untold").stat().st_mode) & 0o077 == 0 if (private / "untold").exists() else True


def test_rights_beyond_that_are_left_to_the_operator(tmp_path):
    folder = tmp_path / "group"
    folder.mkdir()
    folder.chmod(0o2775)
    readable.make_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o2775
