"""Kept responses of arXiv."""

from datetime import UTC, date, datetime

from storage.responses import Responses

AT = datetime(2025, 1, 13, tzinfo=UTC)


def test_a_response_comes_back_byte_for_byte_and_is_kept_once(tmp_path):
    kept = Responses(tmp_path)
    for _ in range(2):
        answer = kept.keep_response("https://e.org", date(2025, 1, 13), 200, b"\x00body" * 100, "text/xml", AT)
    assert kept.read_body(answer.sha256) == b"\x00body" * 100
    assert len(list(tmp_path.rglob("*.zst"))) == 1
    assert list(kept.read_journal()) == [answer, answer]


def test_a_journal_line_that_a_kill_cut_off_spoils_no_other(tmp_path):
    kept = Responses(tmp_path)
    kept.keep_response("https://e.org/1", date(2025, 1, 13), 200, b"1", "", AT)
    with (tmp_path / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"url": "https://e.org/2", "on"')
    kept.keep_response("https://e.org/3", date(2025, 1, 13), 200, b"3", "", AT)
    assert [answer.url for answer in kept.read_journal()] == ["https://e.org/1", "https://e.org/3"]
