"""The queue of mail: who is put on it, when it is worked, by whom, and what a run says of what it leaves there."""

import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from flows.steps import domain_pace, environment, newsletter_claims, newsletter_worker
from flows.steps.newsletter_delivery import send_due_editions
from flows.steps.run_record import Run
from storage.people import approvals
from storage.people.approvals import ApprovalState
from tests.conftest import MONDAY, lay_out
from tests.postbox import people_of, post_to, postbox, set_state, states_of, subscribe, unsubscribe, worker_of
from tests.standin.server import Standin
from yibao.errors import PeopleError

KEY = MONDAY.isoformat()
ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"


@pytest.fixture(scope="module")
def data_of_monday(tmp_path_factory):
    """The data of an installation that harvested and published on Monday. That is done once, and copied."""
    with Standin(today=MONDAY) as arxiv:
        made = lay_out(tmp_path_factory.mktemp("monday"), arxiv)
        for flow in ("harvest", "publish"):
            assert not made.run(flow, MONDAY).failures
    return made.folder / "data"


@pytest.fixture
def posted(installation, data_of_monday):
    shutil.copytree(data_of_monday, installation.folder / "data")
    with postbox() as box:
        post_to(installation, box.url)
        yield installation, box


def settle(installation, **newsletter):
    """Settings of [newsletter] from now on."""
    text = installation.config.read_text(encoding="utf-8")
    for name, value in newsletter.items():
        text = text.replace("retry_s = 0.0\n", "") if name == "retry_s" else text
        text += f"{name} = {value}\n"
    installation.config.write_text(text, encoding="utf-8")


def send(installation, own=KEY, run_id="1"):
    settings = environment.load_settings(installation.config)
    return send_due_editions(Run(settings, run_id, "newsletter", MONDAY), own, ())


def at_clock(monkeypatch, *moment):
    monkeypatch.setattr(environment, "precise_now", lambda: datetime(*moment, tzinfo=UTC))


def test_what_is_refused_for_the_time_being_is_offered_again_in_the_same_run(posted):
    installation, box = posted
    settle(installation, retry_s=4)
    subscribe(installation, ANN, BOB)
    replies = iter(["451 greylisted", "451 greylisted", "250 OK"])
    box.rcpt = Replies({BOB: replies})
    outcome = send(installation)
    assert (outcome.sent, outcome.faults) == (2, ())
    assert Counter(box.offered) == {ANN: 1, BOB: 3}
    assert "2 sent, 0 had it before, 0 refused for good, 0 to try again" in outcome.mail[0]


class Replies(dict):
    """Replies to RCPT that change from one try to the next."""

    def get(self, address, otherwise=None):
        return next(self[address]) if address in self else otherwise


@pytest.mark.soak
def test_what_is_refused_again_and_again_is_left_to_the_next_run_and_ends_this_one(posted):
    installation, box = posted
    settle(installation, retry_s=2)
    subscribe(installation, ANN, BOB)
    box.rcpt[BOB] = "451 greylisted"
    outcome = send(installation)
    assert outcome.faults == (f"{KEY}: the mail server did not take 1 messages (451); the next run offers them again",)
    assert 2 <= box.offered.count(BOB) <= 9
    box.rcpt.clear()
    assert send(installation, run_id="2").sent == 1


def test_mail_waits_for_the_morning_of_its_reader_and_the_run_says_until_when(posted, monkeypatch):
    installation, box = posted
    settle(installation, earliest_hour=7)
    subscribe(installation, ANN, timezone="Asia/Shanghai")
    subscribe(installation, BOB, timezone="America/Los_Angeles")
    at_clock(monkeypatch, 2025, 1, 13, 9, 40)  # 17:40 in Shanghai, 01:40 in Los Angeles.
    outcome = send(installation)
    assert [to for to, _ in box.taken] == [ANN]
    assert not outcome.faults
    assert "0 to try again, 1 wait for their readers' morning, the last until 2025-01-13 15:00 UTC" in outcome.mail[0]
    at_clock(monkeypatch, 2025, 1, 13, 14, 59)
    assert send(installation, None, "2").sent == 0
    at_clock(monkeypatch, 2025, 1, 13, 15, 20)
    assert send(installation, None, "3").sent == 1
    assert [to for to, _ in box.taken] == [ANN, BOB]


def test_an_edition_without_anything_for_a_subscriber_is_no_mail_unless_they_want_to_be_told(posted):
    installation, box = posted
    subscribe(installation, ANN, categories=("cs.CL",))
    subscribe(installation, BOB, categories=("hep-th",))
    subscribe(installation, CAT, categories=("hep-th",), wants_empty=True)
    send(installation)
    assert [to for to, _ in box.taken] == [ANN, CAT]
    assert states_of(installation, KEY) == {ANN: "sent", BOB: "empty", CAT: "sent"}


@pytest.mark.parametrize(("decision", "state"), [(ApprovalState.RELEASED, "sent"), (ApprovalState.DROPPED, "dropped")])
def test_an_edition_waits_for_a_person_where_one_is_to_decide(posted, decision, state):
    installation, box = posted
    settle(installation, approval='"release"')
    subscribe(installation, ANN, BOB)
    outcome = send(installation)
    assert outcome.mail[0].startswith(f"{KEY}: held back, it waits for a person until ")
    assert states_of(installation, KEY) == {ANN: "held", BOB: "held"}
    approvals.decide_approval(people_of(installation), KEY, decision, environment.now(), "the editor")
    outcome = send(installation, run_id="2")
    assert states_of(installation, KEY) == {ANN: state, BOB: state}
    assert len(box.taken) == (2 if decision is ApprovalState.RELEASED else 0)
    if decision is ApprovalState.DROPPED:
        assert outcome.mail == (f"{KEY}: not sent, it was dropped: decided by the editor",)


def test_who_leaves_while_mail_is_held_or_queued_gets_none(posted):
    installation, box = posted
    settle(installation, approval='"release"')
    subscribe(installation, ANN, BOB, CAT)
    send(installation)
    unsubscribe(installation, BOB)
    subscribe(installation, CAT, frequency="weekly")
    approvals.decide_approval(people_of(installation), KEY, ApprovalState.RELEASED, environment.now(), "the editor")
    outcome = send(installation, run_id="2")
    assert [to for to, _ in box.taken] == [ANN]
    assert outcome.faults == ()
    assert states_of(installation, KEY) == {ANN: "sent", CAT: "dropped"}


def test_claims_of_this_installations_dead_are_unknown_at_once_and_those_of_others_when_their_time_is_over(posted):
    installation, box = posted
    subscribe(installation, ANN, BOB, CAT)
    send(installation)
    set_state(installation, KEY, ANN, "claimed", worker_of(installation))
    set_state(installation, KEY, BOB, "claimed", "another-host/1")
    outcome = send(installation, run_id="2")
    (fault,) = outcome.faults
    assert fault.startswith(f"{KEY}: 1 messages may or may not have reached the mail server (their state is unknown)")
    assert states_of(installation, KEY) == {ANN: "unknown", BOB: "claimed", CAT: "sent"}
    set_state(installation, KEY, BOB, "claimed", "another-host/1", until="2025-01-13 00:00:00.000000")
    assert send(installation, run_id="3").mail[0].endswith("2 unknown")
    assert states_of(installation, KEY) == {ANN: "unknown", BOB: "unknown", CAT: "sent"}
    assert len(box.taken) == 3


def test_a_ledger_that_fails_stops_everything_and_what_was_offered_is_unknown_to_the_next_run(posted, monkeypatch):
    installation, box = posted
    subscribe(installation, *(f"reader{n}@example.org" for n in range(60)))

    def fail(*_):
        raise PeopleError("the disk is full")

    monkeypatch.setattr(newsletter_worker.deliveries, "record_results", fail)
    outcome = send(installation)
    assert outcome.faults == ("The mail was not sent, or not all of it: the disk is full",)
    assert 1 <= len(box.taken) <= 2  # A message for each of two connections: each begins with one.
    monkeypatch.undo()
    outcome = send(installation, run_id="2")
    unknown = 60 - outcome.sent
    assert unknown in (1, 2)
    assert outcome.mail[0].endswith(f"{unknown} unknown")
    assert max(Counter(box.taken).values()) == 1


def test_a_connection_claims_what_it_sends_in_a_twentieth_of_a_second_and_never_more_than_sixteen():
    count, counts = 1, []
    for seconds_each in (0.001,) * 6 + (0.1, 0.01, 0.01, 0.01, 2.0):
        count = newsletter_claims.choose_count(count, count * seconds_each)
        counts.append(count)
    assert counts == [2, 4, 8, 16, 16, 16, 1, 2, 4, 5, 1]


@pytest.mark.soak
def test_several_connections_send_each_message_once_and_editions_in_order(posted):
    installation, box = posted
    settle(installation, connections=4)
    readers = [f"reader{n}@example.org" for n in range(150)]
    subscribe(installation, *readers)
    assert send(installation).sent == 150
    assert Counter(to for to, _ in box.taken) == dict.fromkeys(readers, 1)


def test_a_domain_gets_no_more_messages_a_minute_than_it_is_to():
    pace = domain_pace.DomainPace({"Slow.example": 3})
    assert [pace.find_wait("a@slow.EXAMPLE") for _ in range(3)] == [0.0] * 3
    assert 0 < pace.find_wait("b@slow.example") <= 60
    assert pace.find_wait("a@fast.example") == 0.0


@pytest.mark.soak
def test_a_message_waits_for_its_domains_pace_and_goes_out_all_the_same(posted, monkeypatch):
    installation, box = posted
    settle(installation, domain_pace='{ "example.org" = 2 }')
    minute = domain_pace.RateLimitItemPerMinute
    monkeypatch.setattr(minute, "get_expiry", lambda _self: 1)  # A minute of a second.
    subscribe(installation, *(f"reader{n}@example.org" for n in range(5)))
    started = environment.precise_now()
    assert send(installation).sent == 5
    assert environment.precise_now() - started > timedelta(seconds=1)
    assert len(box.taken) == 5
