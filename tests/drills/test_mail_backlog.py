"""Mail of days that were not complete, or that a server refused for the time being: sent once, in order, later."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from tests.conftest import MONDAY, section
from tests.flows.test_days import mails
from tests.postbox import post_to, postbox, set_state, states_of, subscribe, unsubscribe, worker_of
from tests.standin.server import Fault

DAYS = [MONDAY + timedelta(days=n) for n in range(5)]


@pytest.fixture
def posted(installation):
    with postbox() as box:
        post_to(installation, box.url)
        yield installation, box


def run(installation, arxiv, day, flow="daily", **more):
    arxiv.today = day
    return installation.run(flow, day, **more)


def keys(days):
    return [day.isoformat() for day in days]


def test_after_three_days_without_arxiv_every_days_mail_is_sent_once_and_in_order(posted, arxiv):
    installation, box = posted
    subscribe(installation, "ann@example.org", "bob@example.org")
    run(installation, arxiv, DAYS[0])
    arxiv.fail("/", Fault.SILENCE, times=9999)
    for number, day in enumerate(DAYS[1:4], 1):
        report = run(installation, arxiv, day)
        held = [line for line in report.mail if "held back, the day is not complete" in line]
        assert [line.partition(":")[0] for line in held] == keys(DAYS[1 : number + 1])
        assert "cs.CL (arXiv could not be reached" in held[-1]
        assert report.sent == 0
    arxiv.heal()
    report = run(installation, arxiv, DAYS[4])
    assert not report.failures
    for name in ("ann@example.org", "bob@example.org"):
        assert [key for to, key in box.taken if to == name] == keys(DAYS)
    assert [key for _, key in box.taken] == sorted(key for _, key in box.taken)
    assert run(installation, arxiv, DAYS[4]).sent == 0


def test_days_on_which_nothing_ran_are_sent_whichever_run_completes_them(posted, arxiv):
    installation, box = posted
    subscribe(installation, "ann@example.org")
    run(installation, arxiv, DAYS[0])
    assert run(installation, arxiv, DAYS[3], "harvest", since=DAYS[1]).sent == 0
    subscribe(installation, "new@example.org", on=DAYS[3])
    run(installation, arxiv, DAYS[3])
    assert [key for to, key in box.taken if to == "ann@example.org"] == keys(DAYS[:4])
    # Nobody gets an edition that is older than their subscription.
    assert [key for to, key in box.taken if to == "new@example.org"] == keys(DAYS[3:4])


def test_a_new_installation_with_a_backlog_mails_its_first_day_only(posted, arxiv):
    installation, box = posted
    subscribe(installation, "ann@example.org", on=date(2024, 1, 1))
    run(installation, arxiv, DAYS[3], "harvest", since=DAYS[0])
    run(installation, arxiv, DAYS[3])
    assert [key for _, key in box.taken] == keys(DAYS[3:4])


def test_a_passing_refusal_is_offered_again_although_the_day_has_moved_on(posted, arxiv):
    installation, box = posted
    subscribe(installation, "ann@example.org", "bob@example.org")
    box.rcpt["bob@example.org"] = "451 4.3.0 busy with bob@example.org"
    report = run(installation, arxiv, DAYS[0])
    assert "the server said: 127.0.0.1: 451 4.3.0 busy with (address)" in report.mail[0]
    assert report.faults
    box.rcpt.clear()
    assert not run(installation, arxiv, DAYS[1]).failures
    assert [key for to, key in box.taken if to == "bob@example.org"] == keys(DAYS[:2])
    assert len(box.taken) == 4


def test_who_changes_the_frequency_or_comes_back_gets_no_earlier_edition(posted, arxiv):
    installation, box = posted
    subscribe(installation, "ann@example.org")
    subscribe(installation, "bob@example.org", frequency="weekly")
    subscribe(installation, "cat@example.org")
    unsubscribe(installation, "cat@example.org")
    run(installation, arxiv, DAYS[0])
    run(installation, arxiv, DAYS[1])
    subscribe(installation, "bob@example.org", "cat@example.org", on=DAYS[2])
    run(installation, arxiv, DAYS[2])
    for name in ("bob@example.org", "cat@example.org"):
        assert [key for to, key in box.taken if to == name] == keys(DAYS[2:3])


def test_a_day_that_stays_incomplete_is_given_up_with_the_reason_and_can_still_be_sent(posted, arxiv):
    installation, box = posted
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(text + "max_age_days = 2\n", encoding="utf-8")
    subscribe(installation, "ann@example.org")
    # One category cannot be had; the others can.
    arxiv.fail("/rss/cs.CV", Fault.HTML, times=99)
    arxiv.fail("/catchup/cs.CV/2025-01-13", Fault.HTML, times=999)
    arxiv.fail("/catchup/cs.CV?", Fault.HTML, times=999)
    assert run(installation, arxiv, DAYS[0]).sent == 0
    assert states_of(installation, "2025-01-13") == {"ann@example.org": "held"}
    report = run(installation, arxiv, DAYS[3])
    (told,) = [fault for fault in report.faults if "given up" in fault]
    assert told.startswith("2025-01-13: given up, it could not be sent to 1 subscribers within 2 days")
    assert "cs.CV (" in told
    assert not any("given up" in fault for fault in run(installation, arxiv, DAYS[3]).faults)
    # A person may send it all the same.
    assert installation.run("newsletter", DAYS[3], edition="2025-01-13").sent == 1
    assert ("ann@example.org", "2025-01-13") in box.taken


def test_a_week_waits_for_its_lists_and_is_sent_by_the_daily_run_that_completes_them(posted, arxiv):
    installation, box = posted
    subscribe(installation, "week@example.org", frequency="weekly")
    installation.write("2025/0113-0117.md", section("2501.05727"))
    run(installation, arxiv, DAYS[0])
    saturday, monday = DAYS[0] + timedelta(days=5), DAYS[0] + timedelta(days=7)
    report = run(installation, arxiv, saturday, "weekly")
    assert "2025-W03: held back, the week is not complete: cs.CL of 2025-01-14 (nobody" in report.mail[0]
    assert box.taken == []
    run(installation, arxiv, monday)
    assert box.taken == [("week@example.org", "2025-W03")]
    assert run(installation, arxiv, saturday + timedelta(days=7), "weekly").mail[0].startswith("2025-W04")
    assert box.taken.count(("week@example.org", "2025-W03")) == 1


def test_a_run_that_was_killed_while_a_server_took_a_message_is_told_once_by_the_next_of_any_day(posted, arxiv):
    installation, _ = posted
    subscribe(installation, "ann@example.org")
    run(installation, arxiv, DAYS[0])
    set_state(installation, "2025-01-13", "ann@example.org", "claimed", worker_of(installation))
    report = run(installation, arxiv, DAYS[1])
    assert ["2025-01-13: 1 messages may or may not" in fault for fault in report.faults] == [True]
    assert not run(installation, arxiv, DAYS[2]).faults


def test_after_a_restore_one_command_sees_to_it_that_nothing_is_sent_twice(posted, arxiv, monkeypatch):
    installation, box = posted
    people = installation.folder / "data" / "people.sqlite"
    subscribe(installation, "ann@example.org")
    run(installation, arxiv, DAYS[0])
    backup = installation.folder / "backup.sqlite"
    with closing(sqlite3.connect(people)) as live:
        live.execute("VACUUM INTO ?", [str(backup)])
    run(installation, arxiv, DAYS[1])
    for file in people.parent.glob("people.sqlite*"):
        file.unlink()
    backup.rename(people)
    monkeypatch.setenv("YIBAO_NEWSLETTER__MAX_AGE_DAYS", "0")
    report = run(installation, arxiv, DAYS[2], "newsletter")
    assert "2025-01-14: never sent, and older than 0 days by now" in report.mail[0]
    monkeypatch.delenv("YIBAO_NEWSLETTER__MAX_AGE_DAYS")
    run(installation, arxiv, DAYS[2])
    assert [key for _, key in box.taken] == keys(DAYS[:3])


def test_an_outbox_that_cannot_be_written_fails_the_run_and_is_made_up_for(installation, arxiv):
    subscribe(installation, "ann@example.org")
    installation.outbox.write_text("no folder")
    report = run(installation, arxiv, DAYS[0])
    assert "nothing can be written there" in report.mail[0]
    assert report.faults
    installation.outbox.unlink()
    run(installation, arxiv, DAYS[1])
    assert len(mails(installation)) == 2
