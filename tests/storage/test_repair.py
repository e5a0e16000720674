"""Looking at everything repairs what somebody changed in the published tree."""

import errno
import shutil

import pytest

from storage import folder_swap, site_tree, tree_state
from yibao.build_graph import wrap_content

PAGE = b"<p>" + b"text " * 200
FILES = {f"papers/{number}/index.html": PAGE + str(number).encode() for number in range(4)} | {
    "style.css": PAGE,
    "robots.txt": b"short",
    "icon.png": PAGE,
}


@pytest.fixture(params=["exchanged", "file by file"], autouse=True)
def either(request, monkeypatch):
    """Disks that can exchange two folders, and disks that cannot."""
    if request.param == "file by file":

        def cannot(_one, _other):
            raise OSError(errno.EXDEV, "two disks")

        monkeypatch.setattr(folder_swap, "swap_folders", cannot)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "public"


def publish(folder, files, *, is_whole=False):
    shown = tree_state.read_tree(folder)
    if is_whole:
        shown = tree_state.check_tree(shown)
    documents = {path: wrap_content(content) for path, content in files.items()}
    return site_tree.publish_tree(shown, folder.parent / "untold.json", documents).counts


def snapshot(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".yibao.json"
    }


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace(path):
    """As editors do: a new file under the old name."""
    new = path.with_name(f"{path.name}~")
    new.write_bytes(path.read_bytes()[::-1])
    shutil.copystat(path, new)
    new.replace(path)


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


def make_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [flip, replace, empty, remove, make_folder])
@pytest.mark.parametrize(
    "path",
    [
        "papers/1/index.html",
        "papers/1/index.html.gz",
        "papers/1/index.html.zst",
        "style.css.gz",
        "robots.txt",
        "icon.png",
    ],
)
def test_what_somebody_changed_is_repaired_for_good(folder, change, path):
    publish(folder, FILES)
    publish(folder, {**FILES, "style.css": PAGE + b"2"})
    before = snapshot(folder)
    change(folder / path)
    assert snapshot(folder) != before
    assert publish(folder, {**FILES, "style.css": PAGE + b"2"}, is_whole=True).changed == 1
    assert snapshot(folder) == before
    # Neither of the two trees has it any more.
    for value in (b"3", b"4", b"2"):
        publish(folder, {**FILES, "style.css": PAGE + value})
    assert snapshot(folder) == before


@pytest.mark.parametrize("change", [flip, replace, remove])
def test_what_somebody_changed_in_the_spare_tree_is_never_shown(folder, change):
    publish(folder, FILES)
    publish(folder, {**FILES, "style.css": PAGE + b"2"})
    before = snapshot(folder)
    spare = folder.with_name("public.next") / "papers" / "1" / "index.html"
    replace(spare)
    change(spare)
    publish(folder, {**FILES, "style.css": PAGE + b"2"}, is_whole=True)
    assert snapshot(folder) == before
    for value in (b"3", b"2"):
        publish(folder, {**FILES, "style.css": PAGE + value})
    assert snapshot(folder) == before


def test_looking_at_everything_touches_nothing_that_is_as_it_was_written(folder):
    publish(folder, FILES)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*.html*")}
    assert publish(folder, FILES, is_whole=True) == (0, len(FILES), 0)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*.html*")} == before
