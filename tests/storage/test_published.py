"""The published tree: built beside the one that is shown, and put in its place in one step."""

import errno
import gzip

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from storage import folder_swap, site_tree, tree_files, tree_state
from yibao.build_graph import ItemRef, define_document, wrap_content

PAGE = b"<p>" + b"text " * 200


def tree(files):
    return {path: wrap_content(content) for path, content in files.items()}


@pytest.fixture
def write(tmp_path):
    def written(rendered, *more, **named):
        return site_tree.publish_tree(
            tree_state.read_tree(tmp_path / "public"), tmp_path / "untold.json", rendered, *more, **named
        ).counts

    return written


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "public"


@pytest.fixture(params=["exchanged", "file by file"])
def either(request, monkeypatch):
    """Disks that can exchange two folders, and disks that cannot."""
    if request.param == "file by file":

        def cannot(_one, _other):
            raise OSError(errno.EXDEV, "two disks")

        monkeypatch.setattr(folder_swap, "swap_folders", cannot)


def shown(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".yibao.json" and path.suffix not in (".gz", ".zst")
    }


def test_a_file_whose_bytes_are_the_same_is_not_touched(write, folder, either):
    assert write(tree({"a/b/x.html": b"1", "y.html": b"2"})) == (2, 0, 0)
    before = (folder / "a/b/x.html").stat()
    for value in (b"3", b"4", b"5"):
        assert write(tree({"a/b/x.html": b"1", "y.html": value})) == (1, 1, 0)
        after = (folder / "a/b/x.html").stat()
        assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_document_whose_inputs_changed_and_whose_bytes_did_not_is_not_written(write, folder):
    write({"x.html": define_document(lambda _items: b"same", 1), "y.html": wrap_content(b"1")})
    before = (folder / "x.html").stat()
    assert write({"x.html": define_document(lambda _items: b"same", 2), "y.html": wrap_content(b"2")}) == (1, 1, 0)
    assert (folder / "x.html").stat().st_mtime_ns == before.st_mtime_ns


def test_a_document_is_rendered_from_the_items_that_it_needs(write, folder):
    document = define_document(lambda items: items["arxiv/1"], needs=[ItemRef("arxiv/1", "a")])
    write({"x.html": document}, items={"arxiv/1": b"of the first", "arxiv/2": b"of another"})
    assert shown(folder) == {"x.html": b"of the first"}
    assert document.needs == ("arxiv/1",)
    other = define_document(document.render, needs=[ItemRef("arxiv/1", "b")])
    assert write({"x.html": other}, items={"arxiv/1": b"of the first, as it is now"}) == (1, 0, 0)


def test_what_is_no_longer_published_goes_and_what_others_put_there_stays(write, folder, either):
    write(tree({"a/b/x.html": PAGE, "y.html": b"2"}))
    (folder / "CNAME").write_text("yibao.example")
    assert write(tree({"y.html": b"2"})) == (0, 1, 1)
    assert shown(folder) == {"CNAME": b"yibao.example", "y.html": b"2"}
    assert not (folder / "a").exists()
    (folder / "CNAME").unlink()
    write(tree({"y.html": b"3"}))
    write(tree({"y.html": b"4"}))
    assert shown(folder) == {"y.html": b"4"}


def test_what_others_put_anywhere_stays_until_they_take_it_away(write, folder, either):
    def show(value):
        write(tree({"papers/1/index.html": b"1", "papers/2/index.html": value}))
        return shown(folder).keys() - {"papers/1/index.html", "papers/2/index.html"}

    assert show(b"0") == set()
    for path in ("papers/1/note.txt", "papers/extra/deep/1.txt", ".well-known/acme/x"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("theirs")
    theirs = {"papers/1/note.txt", "papers/extra/deep/1.txt", ".well-known/acme/x"}
    assert [show(b"1"), show(b"2"), show(b"2"), show(b"3")] == [theirs] * 4
    (folder / ".well-known/acme/y").write_text("theirs")
    (folder / "papers/extra/deep/2.txt").write_text("theirs")
    theirs |= {".well-known/acme/y", "papers/extra/deep/2.txt"}
    assert [show(b"4"), show(b"5"), show(b"6")] == [theirs] * 3
    (folder / "papers/1/note.txt").unlink()
    theirs.remove("papers/1/note.txt")
    assert [show(b"7"), show(b"8"), show(b"9")] == [theirs] * 3
    (folder / "papers/extra/deep/1.txt").write_text("changed")
    assert show(b"10") == theirs
    assert (folder / "papers/extra/deep/1.txt").read_text() == "changed"


def test_what_others_put_there_while_we_publish_comes_along(write, folder, monkeypatch):
    def late(one, other):
        (folder / ".well-known").mkdir(exist_ok=True)
        (folder / ".well-known" / "token").write_text("theirs")
        (folder / "new.html").write_text("theirs, under a name of ours")
        swap(one, other)

    write(tree({"x.html": b"0"}))
    swap = folder_swap.swap_folders
    monkeypatch.setattr(folder_swap, "swap_folders", late)
    write(tree({"x.html": b"1", "new.html": b"ours"}))
    monkeypatch.setattr(folder_swap, "swap_folders", swap)
    for value in (b"1", b"2", b"3"):
        files = {"x.html": value, "new.html": b"ours"}
        write(tree(files))
        assert shown(folder) == {**files, ".well-known/token": b"theirs"}


def test_what_is_not_told_of_stays_and_what_is_told_whole_goes(write, folder, either):
    write(tree({"a/1.html": b"1", "a/2.html": b"1", "b/1.html": b"1", "b-2.xml": b"1"}), signature="one")
    assert tree_state.read_tree(folder).signature == "one"
    assert write(tree({"a/1.html": b"2"}), whole_below=["a/", "b-"], signature="two") == (1, 1, 2)
    assert shown(folder) == {"a/1.html": b"2", "b/1.html": b"1"}
    assert tree_state.read_tree(folder).signature == "two"
    (folder / "b/1.html").unlink()
    assert tree_state.read_tree(folder).signature is None


def test_a_document_is_made_only_when_what_goes_into_it_changed_or_it_is_gone(write, folder):
    rendered = []

    def document(value):
        return {"x.html": define_document(lambda _items: rendered.append(value) or str(value).encode(), value)}

    for value in (1, 1, 2, 2):
        write(document(value))
    assert rendered == [1, 2]
    (folder / "x.html").unlink()
    write(document(2))
    assert (folder / "x.html").read_bytes() == b"2"


def test_the_tree_that_is_not_shown_catches_up_by_links_and_makes_nothing_twice(write):
    rendered = []

    def document(name, value):
        return define_document(lambda _items: rendered.append((name, value)) or PAGE + str(value).encode(), value)

    for value in range(5):
        write({f"{name}.html": document(name, value if name == "x" else 0) for name in "xyz"})
    assert sorted(rendered) == [("x", value) for value in range(5)] + [("y", 0), ("z", 0)]


def test_text_has_compressed_twins_of_the_same_bytes_and_they_go_with_it(write, folder):
    write(tree({"x.html": PAGE, "small.html": b"1", "x.duckdb": PAGE}))
    assert gzip.decompress((folder / "x.html.gz").read_bytes()) == PAGE
    assert zstandard.decompress((folder / "x.html.zst").read_bytes()) == PAGE
    assert sorted(path.name for path in folder.glob("*.*z*")) == ["x.html.gz", "x.html.zst"]
    for content in (b"short", PAGE + b"2", PAGE + b"3"):
        write(tree({"x.html": content}))
        assert (folder / "x.html.gz").exists() == (len(content) > 500)
        assert not (folder / "x.html.gz").exists() or gzip.decompress((folder / "x.html.gz").read_bytes()) == content
    write(tree({"y.html": b"1"}))
    assert shown(folder) == {"y.html": b"1"}
    assert not list(folder.glob("x*"))


def test_a_kill_while_writing_shows_nothing_of_it_and_leaves_nothing_taken_for_done(write, folder):
    write(tree({"a.html": b"1", "b.html": b"1"}))

    def killed(_items):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write({"a.html": wrap_content(b"2"), "b.html": define_document(killed, 1)})
    assert shown(folder) == {"a.html": b"1", "b.html": b"1"}
    write(tree({"a.html": b"2", "b.html": b"2"}))
    assert shown(folder) == {"a.html": b"2", "b.html": b"2"}


def test_what_a_killed_publication_wrote_is_not_taken_for_what_stood_there_before(write, folder):
    def killed(_items):
        raise KeyboardInterrupt

    write(tree({"a.html": b"1", "b.html": b"1"}))
    with pytest.raises(KeyboardInterrupt):
        write({"a.html": wrap_content(b"2"), "b.html": define_document(killed, 1)})
    # Back to what it was: the spare tree must not show the bytes of the publication that nobody saw.
    write(tree({"a.html": b"1", "b.html": b"3"}))
    assert shown(folder) == {"a.html": b"1", "b.html": b"3"}


def test_a_kill_between_two_files_leaves_none_taken_for_done_where_folders_cannot_be_exchanged(
    write, folder, monkeypatch
):
    def cannot(_one, _other):
        raise OSError(errno.EXDEV, "two disks")

    def killed(root, path, content):
        if root == folder and path == "b.html":
            raise KeyboardInterrupt
        replace(root, path, content)

    monkeypatch.setattr(folder_swap, "swap_folders", cannot)
    write(tree({"a.html": b"1", "b.html": b"1"}))
    replace = tree_files.write_file
    monkeypatch.setattr(tree_files, "write_file", killed)
    with pytest.raises(KeyboardInterrupt):
        write(tree({"a.html": b"2", "b.html": b"2"}))
    monkeypatch.setattr(tree_files, "write_file", replace)
    assert shown(folder) == {"a.html": b"2", "b.html": b"1"}
    # Back to what it was: the file that was replaced must be so again.
    write(tree({"a.html": b"1", "b.html": b"1"}))
    assert shown(folder) == {"a.html": b"1", "b.html": b"1"}


def test_who_is_killed_before_telling_tells_the_next_time(write):
    def killed(_paths):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tree({"a.xml": b"1"}), killed)
    notified = []
    write(tree({"a.xml": b"1"}), notified.extend)
    write(tree({"a.xml": b"1"}), notified.extend)
    assert notified == ["a.xml"]


def test_readers_go_from_one_whole_tree_to_the_next_in_one_step(write, folder, monkeypatch):
    write(tree({f"{name}.html": b"0" for name in range(20)}))
    moments = []

    def watched(one, other):
        moments.append(set(shown(folder).values()))
        swap(one, other)
        moments.append(set(shown(folder).values()))

    swap = folder_swap.swap_folders
    monkeypatch.setattr(folder_swap, "swap_folders", watched)
    for number in (1, 2):
        write(tree({f"{name}.html": str(number).encode() for name in range(20)}))
    assert moments == [{b"0"}, {b"1"}, {b"1"}, {b"2"}]


def test_two_folders_change_places_or_nothing_happens_and_that_is_said(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    folder_swap.swap_folders(tmp_path / "one", tmp_path / "other")
    assert (tmp_path / "one" / "other").exists()
    assert (tmp_path / "other" / "one").exists()
    with pytest.raises(OSError, match="one"):
        folder_swap.swap_folders(tmp_path / "one", tmp_path / "nowhere")
    assert (tmp_path / "one" / "other").exists()


@given(st.lists(st.dictionaries(st.sampled_from(["a.html", "b/c.html", "b/d.xml", "e.json"]), st.binary(max_size=3))))
def test_whatever_is_published_in_turn_the_folder_is_the_last_of_it(tmp_path_factory, turns):
    where = tmp_path_factory.mktemp("published")
    for files in turns:
        site_tree.publish_tree(
            tree_state.read_tree(where / "public"),
            where / "untold.json",
            tree({path: body * 300 for path, body in files.items()}),
        )
        assert shown(where / "public") == {path: body * 300 for path, body in files.items()}
