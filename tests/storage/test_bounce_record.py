"""Reports on record: each once, and whom they stop."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from storage.people import bounces, deliveries, subscribers, suppressions
from storage.people.bounces import Addressee, Bounce
from storage.people.database import open_people
from storage.people.deliveries import DeliveryState
from storage.people.schema import BOUNCE, CONSENT, SUBSCRIBER
from storage.people.subscribers import SubscriberState
from storage.people.suppressions import SuppressionReason
from tests.people import AT, SECRET
from yibao.records import Subscription

EDITION = "2025-01-13"
LATER = AT + timedelta(hours=1)


@pytest.fixture
def people(tmp_path):
    """Ann and Bob, and a message to each that went out."""
    people = open_people(tmp_path / "people.sqlite", SECRET)
    for name in ("ann", "bob"):
        subscribers.add_subscriber(people, f"{name}@example.net", Subscription(), AT)
    ids = {1: "<ann.1@example.org>", 2: "<bob.1@example.org>"}
    deliveries.open_deliveries(people, EDITION, ids, LATER, DeliveryState.SENT)
    return people


def state_of(people, email="ann@example.net"):
    return subscribers.find_subscriber(people, email).state


def report(people, kind, report_hash="a", delivery_id=1):
    bounce = Bounce(report_hash, kind, "5.1.1", bounces.find_addressee(people, delivery_id), "no such user")
    return bounces.record_bounce(people, bounce, LATER)


@pytest.mark.parametrize(
    ("kind", "reason"), [("hard", SuppressionReason.BOUNCED), ("complaint", SuppressionReason.COMPLAINED)]
)
def test_a_dead_address_or_a_complaint_stops_one_person_and_says_why(people, kind, reason):
    assert report(people, kind)
    assert (state_of(people), state_of(people, "bob@example.net")) == (SubscriberState.STOPPED, SubscriberState.ACTIVE)
    assert suppressions.find_reason(people, "Ann@example.net") == reason
    assert suppressions.find_reason(people, "bob@example.net") is None
    with people.connect() as connection:
        consent = connection.execute(select(CONSENT.c.details).where(CONSENT.c.kind == "stopped")).scalars().all()
    assert consent == [{"reason": str(reason), "status": "5.1.1", "words": "no such user"}]


@pytest.mark.parametrize("kind", ["soft", "other"])
def test_other_reports_stop_nobody(people, kind):
    assert not report(people, kind)
    assert state_of(people) is SubscriberState.ACTIVE
    assert suppressions.find_reason(people, "ann@example.net") is None


def test_a_report_that_is_read_twice_counts_once(people):
    report(people, "complaint")
    suppressions.lift(people, "ann@example.net")
    subscribers.add_subscriber(people, "ann@example.net", Subscription(), LATER + timedelta(days=1))
    assert not report(people, "complaint")
    assert state_of(people) is SubscriberState.ACTIVE
    assert bounces.is_known_report(people, "a")


def test_a_late_report_of_a_dead_address_does_not_stop_who_came_back(people):
    subscribers.add_subscriber(people, "ann@example.net", Subscription(), LATER + timedelta(days=1))
    assert not report(people, "hard")
    assert state_of(people) is SubscriberState.ACTIVE
    assert suppressions.find_reason(people, "ann@example.net") is None
    assert report(people, "complaint", "b")


def test_a_report_about_somebody_whose_data_were_erased_is_kept_and_stops_nobody(people):
    with people.begin() as connection:
        connection.execute(delete(SUBSCRIBER).where(SUBSCRIBER.c.subscriber_id == 1))
    assert not report(people, "hard")
    assert bounces.find_addressee(people, 1) == Addressee(1, 1, None)
    with people.connect() as connection:
        assert connection.scalar(select(BOUNCE.c.delivery_id)) == 1


def test_a_report_about_no_message_of_ours_is_kept_without_a_person(people):
    assert bounces.find_addressee(people, 77) is None
    bounce = Bounce("c", "hard", "", None, "")
    assert not bounces.record_bounce(people, bounce, LATER)
    assert bounces.is_known_report(people, "c")


def test_soft_ones_are_counted_by_message_for_each_person(people):
    for number, report_hash in enumerate("abc"):
        report(people, "soft", report_hash, 1 if number < 2 else 2)
    bounces.record_bounce(people, Bounce("d", "soft", "", None, ""), LATER)
    assert bounces.count_soft_bounces(people) == {1: 1, 2: 1}


@pytest.mark.parametrize(
    ("message_id", "email", "found"),
    [
        ("<ann.1@example.org>", "Ann@Example.net", 1),
        ("<ann.1@example.org>", "bob@example.net", None),
        ("<of.another@example.org>", "ann@example.net", None),
    ],
)
def test_without_a_mark_a_message_id_and_an_address_of_one_person_are_asked_for(people, message_id, email, found):
    addressee = bounces.find_addressee_by_message(people, [message_id, "<x@y>"], ["x@y", email])
    assert (addressee and addressee.subscriber_id) == found
