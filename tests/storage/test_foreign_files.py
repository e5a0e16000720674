"""What is not ours: files of others in and beside the published tree are never deleted or overwritten."""

import errno
import os

import pytest

from storage import folder_swap, site_tree, tree_state
from yibao.build_graph import wrap_content
from yibao.errors import YibaoError

PAGE = b"<p>" + b"text " * 200


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "site" / "public"


@pytest.fixture
def write(folder):
    """Publishes these files, and returns what a person is told of it."""

    def written(files):
        shown = tree_state.read_tree(folder)
        documents = {path: wrap_content(content) for path, content in files.items()}
        return list(site_tree.publish_tree(shown, folder.parent / "untold.json", documents).notes)

    return written


@pytest.fixture(params=["exchanged", "file by file"], autouse=True)
def either(request, monkeypatch):
    """Disks that can exchange two folders, and disks that cannot."""
    if request.param == "file by file":

        def cannot(_one, _other):
            raise OSError(errno.EXDEV, "two disks")

        monkeypatch.setattr(folder_swap, "swap_folders", cannot)
    return request.param


def files_of(folder):
    """Every file below a folder by its path, but compressed forms and what we note of the tree."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".yibao.json" and path.suffix not in (".gz", ".zst")
    }


def test_a_folder_of_others_under_the_name_of_the_spare_tree_stops_publication_and_is_not_touched(write, folder):
    theirs = folder.with_name("public.next")
    theirs.mkdir(parents=True)
    (theirs / "thesis.tex").write_text("three years")
    with pytest.raises(YibaoError, match=r"public\.next is not Yibao's.*Move it elsewhere"):
        write({"index.html": b"1"})
    assert files_of(folder.parent) == {"public.next/thesis.tex": b"three years"}
    (theirs / "thesis.tex").unlink()
    write({"index.html": b"1"})
    assert files_of(folder) == {"index.html": b"1"}


@pytest.mark.parametrize("kind", ["file", "link to nowhere", "link to a folder of others"])
def test_whatever_else_has_the_name_of_the_spare_tree_stops_publication_too(write, folder, kind):
    folder.parent.mkdir()
    theirs = folder.with_name("public.next")
    if kind == "file":
        theirs.write_text("theirs")
    elif kind == "link to nowhere":
        theirs.symlink_to(folder.parent / "nowhere")
    else:
        (folder.parent / "elsewhere").mkdir()
        (folder.parent / "elsewhere" / "x").write_text("theirs")
        theirs.symlink_to(folder.parent / "elsewhere")
    with pytest.raises(YibaoError, match="Move it elsewhere"):
        write({"index.html": b"1"})
    assert os.path.lexists(theirs)
    assert not (folder / "index.html").exists()


def test_a_file_under_the_name_of_the_tree_is_told_and_stays(write, folder):
    folder.parent.mkdir()
    folder.write_text("theirs")
    with pytest.raises(YibaoError, match="public is a file"):
        write({"index.html": b"1"})
    assert folder.read_text() == "theirs"


def test_a_site_that_was_there_before_the_first_publication_stays_and_what_is_in_the_way_is_kept_beside(write, folder):
    site = {
        "index.html": b"theirs",
        "about.html": b"theirs",
        "papers": b"a file where we need a folder",
        "robots.txt/readme": b"a folder where we need a file",
        "x.html.gz": b"a compressed form of theirs",
    }
    for path, content in site.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    ours = {"index.html": b"ours", "papers/1/index.html": b"ours", "robots.txt": b"ours", "x.html": b"ours"}
    messages = write(ours)
    aside = folder.with_name("public.aside") / "1"
    for _ in range(3):
        assert files_of(folder) == {**ours, "about.html": b"theirs"}
        assert {path: (aside / path).read_bytes() for path in site if path != "about.html"} == {
            path: content for path, content in site.items() if path != "about.html"
        }
        ours["index.html"] += b"!"
        assert write(ours) == []
    assert len(messages) == 4
    assert f"index.html is kept as {aside / 'index.html'}" in " ".join(messages)


def test_a_site_that_was_there_with_the_same_bytes_is_nobodys_loss(write, folder):
    folder.mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    assert write({"index.html": PAGE}) == []
    assert not folder.with_name("public.aside").exists()
    assert files_of(folder) == {"index.html": PAGE}


def test_each_file_that_is_in_the_way_is_kept_under_a_name_of_its_own(write, folder):
    for number in (1, 2):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.html").write_text("in the way")
        (folder / "x.html").unlink(missing_ok=True)
        write({f"{one}.html": b"ours" for one in range(1, number + 1)})
        (folder / "x.html").write_text(f"theirs {number}")
        write({**{f"{one}.html": b"ours" for one in range(1, number + 1)}, "x.html": b"ours"})
        write({f"{one}.html": b"ours" for one in range(1, number + 1)})
    kept = files_of(folder.with_name("public.aside"))
    assert sorted(kept.values()) == [b"in the way", b"in the way", b"theirs 1", b"theirs 2"]


def test_a_file_that_somebody_put_into_the_spare_tree_is_kept_and_told(write, folder, either):
    write({"index.html": b"1"})
    write({"index.html": b"2"})
    (folder.with_name("public.next") / "letter.txt").write_text("theirs")
    messages = " ".join(write({"index.html": b"3"}))
    assert "letter.txt is kept as" in messages
    assert (folder.with_name("public.aside") / "1" / "letter.txt").read_text() == "theirs"
    assert files_of(folder) == {"index.html": b"3"}


def test_a_link_that_leads_to_the_tree_stays_a_link_and_its_target_is_what_is_published(write, folder):
    target = folder.parent.parent / "disk" / "www"
    target.mkdir(parents=True)
    folder.parent.mkdir()
    folder.symlink_to(target)
    for value in (b"1", b"2", b"3"):
        write({"index.html": value})
        assert folder.is_symlink()
        assert (target / "index.html").read_bytes() == value


def test_a_kill_at_the_first_publication_right_after_the_exchange_costs_no_file_of_others(
    write, folder, either, monkeypatch
):
    def killed(one, other):
        swap(one, other)
        raise KeyboardInterrupt

    if either == "file by file":
        pytest.skip("there is no exchange")
    swap = folder_swap.swap_folders
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("theirs")
    (folder / "CNAME").write_text("theirs")
    monkeypatch.setattr(folder_swap, "swap_folders", killed)
    with pytest.raises(KeyboardInterrupt):
        write({"index.html": b"ours"})
    monkeypatch.setattr(folder_swap, "swap_folders", swap)
    write({"index.html": b"ours 2"})
    assert files_of(folder) == {"index.html": b"ours 2", "CNAME": b"theirs"}
    assert (folder.with_name("public.aside") / "1" / "index.html").read_text() == "theirs"


DAMAGE = {
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda _content: b"",
    "not JSON": lambda _content: b"<html>",
    "a list": lambda _content: b"[]",
    "another shape": lambda _content: b'{"documents": ["index.html"]}',
    "others of another shape": lambda content: content.replace(b'"others":[', b'"others":[1,').replace(b"1,]", b"1]"),
    "unknown keys": lambda content: content.replace(b'"signature"', b'"sygnature"'),
    "leads out": lambda content: content.replace(b'"index.html"', b'"../../secret.txt"'),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("which", ["public", "public.next"])
def test_a_damaged_note_of_the_tree_costs_work_and_nothing_else_and_is_told(write, folder, damage, which):
    (folder.parent.parent / "secret.txt").write_text("not ours")
    write({"index.html": PAGE, "gone.html": b"1", "papers/1/index.html": b"1"})
    (folder / "CNAME").write_text("theirs")
    write({"index.html": PAGE + b"2", "gone.html": b"1", "papers/1/index.html": b"1"})
    note = folder.with_name(which) / ".yibao.json"
    note.write_bytes(DAMAGE[damage](note.read_bytes()))
    messages = write({"index.html": PAGE + b"3", "papers/1/index.html": b"1"})
    assert any(".yibao.json is damaged" in one and which in one for one in messages)
    shown = files_of(folder)
    # Who wrote a page that is published no more, nobody knows: it stays where that is all that is known.
    shown.pop("gone.html", None)
    assert shown == {"index.html": PAGE + b"3", "papers/1/index.html": b"1", "CNAME": b"theirs"}
    assert (folder.parent.parent / "secret.txt").exists()
    assert not folder.with_name("public.aside").exists()
    assert write({"index.html": PAGE + b"4", "papers/1/index.html": b"1"}) == []


def test_a_damaged_list_of_what_the_hub_is_to_be_told_ends_nothing(write, folder):
    write({"index.html": b"1"})
    (folder.parent / "untold.json").write_bytes(b'["index')
    assert write({"index.html": b"2"}) == []
    assert files_of(folder) == {"index.html": b"2"}
