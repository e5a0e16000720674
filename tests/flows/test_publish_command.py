"""`yibao publish` makes the tree what it says, whatever somebody did to it, and harms nothing of others."""

import shutil

import pytest

from tests.conftest import MONDAY, further_values, section


@pytest.fixture
def site(installation):
    installation.write("a.md", section("2501.05727", zh="第一篇"))
    assert not installation.run("daily", MONDAY).failures
    return installation


def snapshot(folder):
    """Every file below a folder, compressed twins included."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".yibao.json"
    }


@pytest.mark.soak
def test_a_tree_that_somebody_changed_is_byte_for_byte_what_it_was_after_publishing(site):
    before = snapshot(site.public)
    page = site.public / "papers" / "2501.05727" / "index.html"
    content = bytearray(page.read_bytes())
    content[100] ^= 1
    page.write_bytes(content)
    twin = site.public / "editions" / "2025-01-13" / "index.html.gz"
    twin.write_bytes(twin.read_bytes()[:-9])
    (site.public / "feeds" / "all" / "atom.xml.zst").unlink()
    (site.public / "style.css").write_text("p { color: red }")
    (site.public / "about" / "index.html").unlink()
    assert snapshot(site.public) != before
    report = site.run("publish", MONDAY)
    assert not report.failures
    assert report.files_changed == 5
    assert snapshot(site.public) == before
    # The next day's publication shows none of it again.
    site.write("b.md", section("2501.06282", zh="第二篇"))
    site.run("daily", MONDAY)
    site.run("publish", MONDAY)
    once = snapshot(site.public)
    shutil.rmtree(site.public)
    shutil.rmtree(site.folder / "public.next")
    site.run("publish", MONDAY)
    assert snapshot(site.public) == once
    assert site.run("publish", MONDAY).files_changed == 0


@pytest.mark.soak
@pytest.mark.parametrize("content", [b'{"documents": {"index.h', *further_values(b"", b"[1, 2]", b"\x00" * 4096)])
def test_a_damaged_note_of_the_tree_ends_no_publication_and_is_told(site, content):
    (site.public / "CNAME").write_text("gazette.example")
    site.run("publish", MONDAY)
    before = snapshot(site.public)
    (site.public / ".yibao.json").write_bytes(content)
    report = site.run("daily", MONDAY)
    assert not report.failures
    assert any(".yibao.json is damaged" in one for one in report.troubles)
    assert snapshot(site.public) == before
    report = site.run("daily", MONDAY)
    assert (report.failures, report.troubles) == ((), ())


def test_a_folder_of_others_beside_the_tree_stops_publication_and_is_named(installation):
    installation.write("a.md", section("2501.05727"))
    theirs = installation.folder / "public.next" / "thesis.tex"
    theirs.parent.mkdir()
    theirs.write_text("three years")
    with pytest.raises(Exception, match=r"public\.next is not Yibao's.*Move it elsewhere"):
        installation.run("daily", MONDAY)
    assert theirs.read_text() == "three years"
    theirs.parent.rename(installation.folder / "mine")
    assert not installation.run("daily", MONDAY).failures
    assert (installation.public / "index.html").exists()


def test_a_page_of_others_at_the_place_of_ours_is_kept_and_told(installation):
    installation.public.mkdir()
    (installation.public / "index.html").write_text("it works!")
    report = installation.run("daily", MONDAY)
    kept = installation.folder / "public.aside" / "1" / "index.html"
    assert not report.failures
    assert kept.read_text() == "it works!"
    assert any(str(kept) in one for one in report.troubles)
    assert "译报" in (installation.public / "index.html").read_text(encoding="utf-8")
