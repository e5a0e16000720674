"""Reports of failed mail from a Maildir and from a pipe, down to who gets no more mail."""

import pytest
from click.testing import CliRunner

from commands.main import yibao
from flows.steps import bounce_sync, environment
from flows.steps.run_record import Run
from storage.people import bounces, deliveries, subscribers
from storage.people.deliveries import DeliveryState
from storage.people.subscribers import SubscriberState
from tests.conftest import MONDAY
from tests.people import AT
from tests.postbox import people_of, subscribe
from tests.reports import complaint, delivery_report, failure, plain
from yibao.errors import PeopleError
from yibao.newsletter.return_paths import make_return_path

ANN, BOB, CAT = "ann@example.net", "bob@example.net", "cat@example.net"


@pytest.fixture
def mailbox(installation):
    """An installation with a Maildir, three subscribers, and a message to each that went out."""
    for name in ("new", "cur", "tmp"):
        (installation.folder / "reports" / name).mkdir(parents=True)
    text = installation.config.read_text(encoding="utf-8").replace('outbox = "outbox"', 'bounces = "reports"')
    installation.config.write_text(text, encoding="utf-8")
    subscribe(installation, ANN, BOB, CAT)
    people = people_of(installation)
    ids = {number: f"<2025-01-13.{number}@example.org>" for number in (1, 2, 3)}
    deliveries.open_deliveries(people, "2025-01-13", ids, AT, DeliveryState.SENT)
    return installation


def mark_of(installation, number):
    return make_return_path("bounces@example.org", number, people_of(installation).secret)


def arrive(installation, name, content):
    (installation.folder / "reports" / "new" / name).write_bytes(content)


def sync(installation):
    return bounce_sync.sync_bounces(Run(environment.load_settings(installation.config), "r", "newsletter", MONDAY))


def stopped(installation):
    people = people_of(installation)
    emails = (ANN, BOB, CAT)
    return {one for one in emails if subscribers.find_subscriber(people, one).state is SubscriberState.STOPPED}


def files_of(installation, name):
    return sorted(path.name for path in (installation.folder / "reports" / name).iterdir())


def test_reports_are_obeyed_counted_and_marked_as_seen(mailbox):
    arrive(mailbox, "1", delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    arrive(mailbox, "2", delivery_report(failure(BOB, "5.2.2", said="552 full"), to=mark_of(mailbox, 2)))
    arrive(mailbox, "3", complaint(quoted=f"Return-Path: <{mark_of(mailbox, 3)}>"))
    arrive(mailbox, "4", plain("Out of office", "away", sender=BOB))
    outcome = sync(mailbox)
    assert outcome.mail == ("reports of failed mail: 1 hard, 1 soft, 1 complaint, 1 other; 2 subscribers stopped",)
    assert not outcome.faults
    assert stopped(mailbox) == {ANN, CAT}
    assert bounces.count_soft_bounces(people_of(mailbox)) == {2: 1}
    assert (files_of(mailbox, "new"), files_of(mailbox, "cur")) == ([], ["1:2,S", "2:2,S", "3:2,S", "4:2,S"])
    assert not sync(mailbox).mail


def test_a_mail_program_may_leave_by_mail_where_our_list_unsubscribe_says(mailbox):
    message_id = "<2025-01-13.2@example.org>"
    arrive(mailbox, "1", plain("unsubscribe", "", sender=ANN, Delivered_To=mark_of(mailbox, 1)))
    # A person answers our mail; somebody else names a message that is not theirs; a program is absent.
    arrive(mailbox, "2", plain("退订", "谢谢", sender=f"Bob <{BOB}>", In_Reply_To=message_id))
    arrive(
        mailbox, "3", plain("Unsubscribe", "", sender="stranger@example.net", In_Reply_To="<2025-01-13.3@example.org>")
    )
    arrive(mailbox, "4", plain("Unsubscribe", "", sender=CAT, Delivered_To="bounces+aaaaaaaaaaaa3@example.org"))
    arrive(mailbox, "5", plain("Automatic reply: unsubscribe", "", sender=CAT, Delivered_To=mark_of(mailbox, 3)))
    outcome = sync(mailbox)
    assert outcome.mail == ("reports of failed mail: 4 leaving, 1 other; 0 subscribers stopped",)
    people = people_of(mailbox)
    states = {one: subscribers.find_subscriber(people, one).state for one in (ANN, BOB, CAT)}
    assert states == {ANN: SubscriberState.LEFT, BOB: SubscriberState.LEFT, CAT: SubscriberState.ACTIVE}
    # Whoever left may come back as they wish: nothing is suppressed.
    subscribe(mailbox, ANN)
    assert subscribers.find_subscriber(people, ANN).state is SubscriberState.ACTIVE


def test_a_run_that_was_killed_before_it_marked_a_report_counts_it_once(mailbox):
    content = delivery_report(failure(BOB, "4.2.2"), to=mark_of(mailbox, 2))
    arrive(mailbox, "1", content)
    sync(mailbox)
    arrive(mailbox, "2", content)
    assert not sync(mailbox).mail
    assert files_of(mailbox, "new") == []


def test_what_a_mail_program_has_listed_and_nobody_opened_is_read(mailbox):
    report = delivery_report(failure(ANN), to=mark_of(mailbox, 1))
    (mailbox.folder / "reports" / "cur" / "1:2,").write_bytes(report)
    (mailbox.folder / "reports" / "cur" / "2:2,S").write_bytes(report + b"opened")
    assert "1 hard" in sync(mailbox).mail[0]
    assert files_of(mailbox, "cur") == ["1:2,S", "2:2,S"]


def test_nobody_is_stopped_by_a_forged_mark_or_by_an_address_alone(mailbox):
    mark = mark_of(mailbox, 1)
    arrive(mailbox, "1", delivery_report(failure(ANN), to=mark.replace("+", "+b" if mark[8] == "a" else "+a", 1)))
    arrive(mailbox, "2", delivery_report(failure(BOB), quoted="Message-ID: <unknown@example.org>"))
    arrive(mailbox, "3", delivery_report(failure(CAT), quoted="Message-ID: <2025-01-13.1@example.org>"))
    assert sync(mailbox).mail == ("reports of failed mail: 3 hard; 0 subscribers stopped",)
    assert not stopped(mailbox)


def test_without_a_mark_our_message_id_and_its_readers_address_stop_them(mailbox):
    arrive(mailbox, "1", delivery_report(failure(BOB), quoted="Message-ID: <2025-01-13.2@example.org>"))
    sync(mailbox)
    assert stopped(mailbox) == {BOB}


def test_one_of_several_recipients_is_stopped_by_what_is_said_of_them(mailbox):
    other = failure("somebody@else.example")
    arrive(mailbox, "1", delivery_report(other, failure(ANN, "4.2.2", said="452 full"), to=mark_of(mailbox, 1)))
    sync(mailbox)
    assert not stopped(mailbox)


def test_a_report_that_cannot_be_read_is_flagged_and_costs_no_other(mailbox, monkeypatch):
    def read(content, secret, real=bounce_sync.read_report):
        if b"poison" in content:
            raise ZeroDivisionError
        return real(content, secret)

    monkeypatch.setattr(bounce_sync, "read_report", read)
    arrive(mailbox, "1", b"poison")
    arrive(mailbox, "2", delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    outcome = sync(mailbox)
    assert "1 could not be read, and are flagged in the mailbox" in outcome.mail[0]
    assert stopped(mailbox) == {ANN}
    assert files_of(mailbox, "cur") == ["1:2,FS", "2:2,S"]


def test_no_address_is_kept_with_a_servers_words(mailbox):
    said = f"550 5.1.1 <{ANN}>: ann is not known here"
    arrive(mailbox, "1", delivery_report(failure(ANN, said=said), to=mark_of(mailbox, 1)))
    sync(mailbox)
    people = people_of(mailbox)
    with people.connect() as connection:
        words = connection.exec_driver_sql("SELECT words FROM bounce").scalar()
    assert words == "550 5.1.1 <(address)>: (address) is not known here"


def test_a_mailbox_that_is_not_there_is_a_fault_with_its_remedy(mailbox):
    (mailbox.folder / "reports").rename(mailbox.folder / "moved")
    [fault] = sync(mailbox).faults
    assert "newsletter.bounces names a Maildir" in fault
    assert "The next run reads them" in fault


def test_many_refusals_of_us_fail_the_run_and_say_what_to_compare(mailbox):
    for number in range(5):
        refusal = failure(BOB, "5.7.26", said=f"550 5.7.26 mail from example.org is not authenticated {number // 4}")
        arrive(mailbox, str(number), delivery_report(refusal, text=str(number), to=mark_of(mailbox, 2)))
    outcome = sync(mailbox)
    assert "5 reports say that mail servers refuse us" in outcome.faults[0]
    assert "Compare SPF, DKIM and DMARC" in outcome.faults[0]
    assert not stopped(mailbox)


def test_without_a_mailbox_nothing_is_said(installation):
    outcome = sync(installation)
    assert (outcome.mail, outcome.faults) == ((), ())


def test_the_newsletters_flow_reads_the_mailbox(mailbox):
    mailbox.run("harvest", MONDAY)
    arrive(mailbox, "1", delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    report = mailbox.run("newsletter", MONDAY)
    assert "reports of failed mail: 1 hard; 1 subscribers stopped" in report.mail


def bounce(installation, *files, content=b""):
    arguments = ["newsletter", "bounce", *map(str, files), "--config", str(installation.config)]
    return CliRunner().invoke(yibao, arguments, input=content)


def test_a_mail_server_may_pipe_a_report_in(mailbox):
    done = bounce(mailbox, content=delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    assert (done.exit_code, done.output) == (0, "")
    assert stopped(mailbox) == {ANN}
    assert bounce(mailbox, "-", content=b"nonsense").exit_code == 0


def test_the_mail_server_tries_again_while_the_database_is_busy(mailbox, monkeypatch):
    def refuse(_settings):
        raise PeopleError("people.sqlite: the subscribers cannot be used: database is locked.")

    monkeypatch.setattr("commands.bounce_pipe.open_people", refuse)
    done = bounce(mailbox, content=delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    assert (done.exit_code, "database is locked" in done.output) == (75, True)
    assert not stopped(mailbox)


def test_files_are_told_one_by_one(mailbox):
    path = mailbox.folder / "report.eml"
    path.write_bytes(delivery_report(failure(ANN), to=mark_of(mailbox, 1)))
    assert bounce(mailbox, path).output == f"{path}: hard, the subscriber is stopped\n"
    assert bounce(mailbox, path).output == f"{path}: is on record already\n"
    done = bounce(mailbox, mailbox.folder / "none.eml")
    assert "it cannot be read" in str(done.exception)
