"""One damaged kept response costs itself: the library is rebuilt from the others, and what is lost is told."""

import shutil

import pytest

from flows.steps import environment
from tests.conftest import MONDAY, further_values


@pytest.fixture
def lost(installation):
    """An installation that ran a day and lost its library."""
    installation.run("daily", MONDAY)
    installation.papers_before = installation.ask("SELECT count(*) FROM paper")[0][0]
    environment.load_settings(installation.config).paths.library.unlink()
    return installation


def bodies(installation):
    return sorted((installation.folder / "data" / "responses").rglob("*.zst"))


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def overwrite(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)


def exchange(path):
    other = next(one for one in path.parent.parent.rglob("*.zst") if one != path)
    shutil.copyfile(other, path)


def turn_into_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage", [cut, *further_values(overwrite, exchange, turn_into_a_folder, lambda path: path.unlink())]
)
def test_each_damaged_response_is_named_and_counted_and_the_others_are_read(lost, damage):
    largest = max(bodies(lost), key=lambda path: path.stat().st_size)
    damage(largest)
    report = lost.run("harvest", MONDAY, kept=True)
    (problem,) = [one for one in report.problems if one.rule == "damaged-response"]
    assert problem.path == str(largest)
    assert problem.message.startswith("The response to http://127.0.0.1")
    assert any("1 kept responses could not be read; the others were" in fault for fault in report.faults)
    assert lost.ask("SELECT count(*) > 0 FROM paper") == [(True,)]
    assert (str(largest),) in lost.ask("SELECT path FROM problem WHERE scope = 'kept'")


@pytest.mark.soak
def test_whichever_response_is_damaged_the_rebuilding_ends_with_a_report(lost):
    library = environment.load_settings(lost.config).paths.library
    for path in bodies(lost)[::4]:
        content = path.read_bytes()
        cut(path)
        report = lost.run("harvest", MONDAY, kept=True)
        assert report.has_failed
        assert str(path) in [problem.path for problem in report.problems]
        path.write_bytes(content)
        library.unlink()


@pytest.mark.soak
def test_a_list_whose_response_is_damaged_is_not_taken_for_complete(lost):
    for path in bodies(lost):
        cut(path)
    lost.run("harvest", MONDAY, kept=True)
    assert "complete" not in [row[0] for row in lost.ask("SELECT state FROM batch")]


def test_damaged_lines_of_the_journal_are_told_with_their_numbers_and_the_others_are_read(lost):
    journal = lost.folder / "data" / "responses" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    damaged = [lines[0], b"\x00\xff\x00\n", *lines[1:3], b'["no", "answer"]\n', b'{"url": "https://e.org", "on"\n']
    escaping = lines[1].replace(lines[1].partition(b'"sha256": "')[2][:64], b"../../people.sqlite")
    journal.write_bytes(b"".join([*damaged, *lines[3:], escaping]))
    report = lost.run("harvest", MONDAY, kept=True)
    reported = [(one.path, one.line, str(one.severity)) for one in report.problems if one.rule == "damaged-response"]
    last = len(lines) + 4
    assert reported == [
        (str(journal), 2, "error"),
        (str(journal), 5, "error"),
        (str(journal), 6, "warning"),
        (str(journal), last, "error"),
    ]
    assert any("3 kept responses could not be read" in fault for fault in report.faults)
    assert lost.ask("SELECT count(*) FROM paper") == [(lost.papers_before,)]


@pytest.mark.soak
def test_a_line_that_a_kill_cut_off_is_told_and_fails_no_rebuilding(lost):
    journal = lost.folder / "data" / "responses" / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"url": "https://e.org/", "on')
    report = lost.run("harvest", MONDAY, kept=True)
    assert not report.has_failed
    assert [one.rule for one in report.problems if "kill" in one.message] == ["damaged-response"]


def test_without_kept_responses_there_is_nothing_to_rebuild_from_and_that_is_told(lost):
    shutil.rmtree(lost.folder / "data" / "responses")
    report = lost.run("harvest", MONDAY, kept=True)
    assert ["there are no kept responses to read" in fault for fault in report.faults] == [True]


def test_a_response_that_comes_again_mends_its_damaged_file(tmp_path):
    from datetime import UTC, datetime

    from storage.responses import Responses

    kept = Responses(tmp_path)
    answer = kept.keep_response("https://e.org", MONDAY, 200, b"body" * 100, "", datetime(2025, 1, 13, tzinfo=UTC))
    cut(kept.find_path(answer.sha256))
    kept.keep_response("https://e.org", MONDAY, 200, b"body" * 100, "", datetime(2025, 1, 13, tzinfo=UTC))
    assert kept.read_body(answer.sha256) == b"body" * 100
