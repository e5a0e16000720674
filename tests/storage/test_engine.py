"""The engine of the data page: taken from its package, checked, and kept by publications."""

import tarfile
from hashlib import sha256

import pytest

from storage import site_tree, tree_state
from storage.dataset import engine
from yibao.build_graph import wrap_content
from yibao.errors import DatasetError

CONTENTS = {name: name.encode() * 100 for name in engine.FILES}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of a package whose files are what is expected."""
    monkeypatch.setattr(engine, "FILES", {name: sha256(content).hexdigest() for name, content in CONTENTS.items()})
    (tmp_path / "package" / "dist").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (tmp_path / "package" / "dist" / name).write_bytes(content)
    return tmp_path / "package"


def pack(package):
    """The same as npm packs it."""
    path = package.with_suffix(".tgz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(package, "package")
    return path


@pytest.mark.parametrize("form", [lambda package: package, pack], ids=["folder", "tgz"])
def test_an_engine_is_placed_in_each_form_and_stays_through_publications(package, tmp_path, form):
    public = tmp_path / "public"
    for number in range(3):
        if number == 1:
            sizes = engine.place_engine(form(package), public)
        tree = {"index.html": wrap_content(b"page %d" % number)}
        site_tree.publish_tree(tree_state.read_tree(public), tmp_path / "queue", tree)
    folder = public / engine.FOLDER
    assert {name: (folder / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert {path.name for path in folder.iterdir()} == {*sizes, engine.MARK}
    assert {*sizes} == {name + ending for name in CONTENTS for ending in ("", ".gz", ".zst")}


@pytest.mark.parametrize("deed", ["alter", "remove"])
def test_a_package_that_is_another_places_nothing_and_says_which_is_wanted(package, tmp_path, deed):
    file = package / "dist" / [*CONTENTS][-1]
    file.write_bytes(b"other") if deed == "alter" else file.unlink()
    for form in (package, pack(package)):
        with pytest.raises(DatasetError, match=r"npm pack @duckdb/duckdb-wasm@1\.32\.0"):
            engine.place_engine(form, tmp_path / "public")
    assert not (tmp_path / "public").exists()


def test_a_file_that_is_no_package_is_told(package, tmp_path):
    file = tmp_path / "cut.tgz"
    for content in (b"nonsense", pack(package).read_bytes()[:90], b""):
        file.write_bytes(content)
        with pytest.raises(DatasetError, match=r"cut\.tgz") as told:
            engine.place_engine(file, tmp_path / "public")
        assert "\n" not in str(told.value)
