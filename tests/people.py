"""What is promised of people on every database: the same tests run on SQLite, and as drills on PostgreSQL.

A module of tests makes a subclass with a fixture `database`: a file, or the address of an empty PostgreSQL database.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest

from storage.people import approvals, deliveries, personal_data, subscriber_overview, subscribers, suppressions
from storage.people.approvals import ApprovalState
from storage.people.database import open_people
from storage.people.deliveries import DeliveryState, Result
from storage.people.subscriber_import import import_subscribers
from storage.people.subscribers import SubscriberState
from storage.people.suppressions import SuppressionReason
from yibao.errors import SuppressedError
from yibao.records import Frequency, Language, Subscription

AT = datetime(2025, 1, 13, 17, tzinfo=UTC)
LATER = AT + timedelta(days=3)
SECRET = b"a secret for tests, long enough!!"
MONDAY = "2025-01-13"
WEEKLY = Subscription(frequency=Frequency.WEEKLY)
EVERYTHING = Subscription(
    Frequency.WEEKLY,
    Language.BOTH,
    ("cs.CL", "math.NA"),
    ("大模型", "graph theory"),
    ("Kaiming He",),
    "Europe/Paris",
    True,
)


@pytest.fixture
def people(database):
    opened = open_people(database, SECRET)
    yield opened
    opened.dispose()


def queue(people, *subscriber_ids, edition=MONDAY, **more):
    deliveries.open_deliveries(people, edition, {one: f"<{one}@yibao>" for one in subscriber_ids}, AT, **more)


def claim(people, worker="host/1", count=10, at=AT):
    return deliveries.claim_deliveries(people, MONDAY, worker, count, at, at + timedelta(minutes=5))


class OpeningPromises:
    def test_an_empty_database_can_be_opened_by_many_at_once(self, database):
        start = Barrier(8)

        def open_at_once(_number):
            start.wait(30)
            return subscribers.read_active_subscribers(open_people(database, SECRET))

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(open_at_once, range(8))) == [[]] * 8


class SubscriberPromises:
    def test_subscribing_twice_is_subscribing_once_and_leaving_is_leaving(self, people):
        assert subscribers.add_subscriber(people, "A@example.org", Subscription(), AT)
        assert not subscribers.add_subscriber(people, "a@example.org", WEEKLY, AT)
        (person,) = subscribers.read_active_subscribers(people, "weekly")
        assert person.email == "A@example.org"
        leave = (people, person.subscriber_id, SubscriberState.LEFT, AT)
        assert subscribers.end_subscription(*leave)
        assert not subscribers.end_subscription(*leave)
        assert subscribers.read_active_subscribers(people) == []
        assert subscribers.find_subscriber(people, "a@EXAMPLE.org").state is SubscriberState.LEFT

    def test_all_that_somebody_asks_for_comes_back_as_it_was(self, people):
        subscribers.add_subscriber(people, "a@example.org", EVERYTHING, AT)
        person = subscribers.find_subscriber(people, "a@example.org")
        assert person.subscription == EVERYTHING
        assert subscribers.find_subscriber_by_token(people, person.token_id) == person
        subscribers.change_subscription(people, person.subscriber_id, Subscription(), AT)
        assert subscribers.find_subscriber(people, "a@example.org").subscription == Subscription()

    def test_editions_come_from_the_date_of_subscribing_returning_or_changing_the_frequency(self, people):
        def since():
            return str(subscribers.find_subscriber(people, "a@example.org").subscribed_on)

        subscribers.add_subscriber(people, "a@example.org", Subscription(), AT)
        subscribers.add_subscriber(people, "a@example.org", Subscription(keywords=("x",)), LATER)
        assert since() == MONDAY
        subscribers.add_subscriber(people, "a@example.org", WEEKLY, LATER)
        assert since() == "2025-01-16"
        person = subscribers.find_subscriber(people, "a@example.org")
        subscribers.end_subscription(people, person.subscriber_id, SubscriberState.LEFT, LATER)
        subscribers.add_subscriber(people, "a@example.org", WEEKLY, LATER + timedelta(days=1))
        assert since() == "2025-01-17"
        subscribers.change_subscription(people, person.subscriber_id, Subscription(), LATER + timedelta(days=4))
        assert since() == "2025-01-20"

    def test_one_address_that_is_added_by_many_at_once_is_one_person(self, people):
        def add(number):
            return subscribers.add_subscriber(people, "A@example.org" if number % 2 else "a@example.org", WEEKLY, AT)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(add, range(16))) == 1
        assert len(subscribers.read_active_subscribers(people)) == 1


class SuppressionPromises:
    def test_nobody_is_added_whose_address_is_suppressed_however_it_is_spelt(self, people):
        for reason in SuppressionReason:
            suppressions.suppress(people, f"{reason}@example.org", reason, AT)
            with pytest.raises(SuppressedError, match="unblock ADDRESS"):
                subscribers.add_subscriber(people, f"{reason}@EXAMPLE.org".capitalize(), WEEKLY, AT)
        assert subscribers.read_active_subscribers(people) == []
        assert subscribers.add_subscriber(people, "free@example.org", WEEKLY, AT)

    @pytest.mark.parametrize("reason", SuppressionReason)
    def test_ones_own_confirmed_wish_lifts_a_bounce_and_an_erasure_and_no_complaint_or_block(self, people, reason):
        suppressions.suppress(people, "a@example.org", reason, AT)
        if reason in ("bounced", "erased"):
            assert subscribers.add_subscriber(people, "a@example.org", WEEKLY, AT, kind="confirmed")
            assert not suppressions.is_suppressed(people, "a@example.org")
        else:
            with pytest.raises(SuppressedError):
                subscribers.add_subscriber(people, "a@example.org", WEEKLY, AT, kind="confirmed")
            assert suppressions.lift(people, "A@example.org") == reason
            assert subscribers.add_subscriber(people, "a@example.org", WEEKLY, AT)
        assert suppressions.lift(people, "a@example.org") is None

    def test_one_address_that_many_suppress_at_once_is_suppressed_for_the_strongest_reason(self, people):
        reasons = list(SuppressionReason) * 4
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda reason: suppressions.suppress(people, "a@example.org", reason, AT), reasons))
        assert suppressions.find_reason(people, "a@example.org") == "blocked"

    def test_a_stronger_reason_takes_the_place_of_a_weaker_one_and_not_the_other_way_round(self, people):
        for reason, expected in [
            ("bounced", "bounced"),
            ("erased", "bounced"),
            ("complained", "complained"),
            ("bounced", "complained"),
            ("blocked", "blocked"),
            ("complained", "blocked"),
        ]:
            suppressions.suppress(people, "a@example.org", SuppressionReason(reason), AT)
            assert suppressions.find_reason(people, "a@example.org") == expected


class DeliveryPromises:
    def test_a_delivery_is_put_on_record_once_and_keeps_how_far_it_came(self, people):
        queue(people, 1)
        (one,) = claim(people)
        queue(people, 1, 2)
        assert deliveries.read_states(people, MONDAY) == {1: DeliveryState.CLAIMED, 2: DeliveryState.QUEUED}
        deliveries.record_results(people, "host/1", [Result(one.delivery_id, DeliveryState.SENT, "250 ok")], AT)
        queue(people, 1, 2)
        assert deliveries.count_deliveries(people, MONDAY) == {DeliveryState.SENT: 1, DeliveryState.QUEUED: 1}

    def test_claims_are_in_the_order_of_subscription_and_nobody_else_gets_them(self, people):
        queue(people, 3, 1, 2)
        first, second = claim(people, "host/1", 2), claim(people, "host/2", 2)
        assert [one.subscriber_id for one in (*first, *second)] == [1, 2, 3]
        assert [(one.tries, one.message_id) for one in second] == [(1, "<3@yibao>")]
        assert claim(people, "host/3") == []

    def test_held_and_postponed_ones_are_not_claimed_before_their_time_in_whatever_zone(self, people):
        nine_in_paris = datetime(2025, 1, 13, 19, tzinfo=ZoneInfo("Europe/Paris"))
        queue(people, 1, state=DeliveryState.HELD, words="its day is not complete")
        queue(people, 2, not_before={2: nine_in_paris})
        assert claim(people) == []
        assert [one.subscriber_id for one in claim(people, at=AT + timedelta(hours=1))] == [2]
        assert deliveries.release_held_deliveries(people, MONDAY, AT) == 1
        assert [one.subscriber_id for one in claim(people)] == [1]

    def test_a_claim_can_be_given_back_or_queued_again_for_later(self, people):
        queue(people, 1, 2)
        first, second = claim(people)
        deliveries.give_back_claims(people, "host/1", [first.delivery_id], AT)
        later = AT + timedelta(hours=1)
        again = Result(second.delivery_id, DeliveryState.QUEUED, "451 later", later)
        deliveries.record_results(people, "host/1", [again], AT)
        assert [(one.subscriber_id, one.tries) for one in claim(people)] == [(1, 1)]
        assert [(one.subscriber_id, one.tries) for one in claim(people, at=later)] == [(2, 2)]

    def test_what_a_dead_worker_had_claimed_is_unknown_and_its_late_answer_counts(self, people):
        queue(people, 1, 2, 3)
        first, *_ = claim(people, "host/1", 1)
        claim(people, "host/2", 1)
        claim(people, "elsewhere/1", 1)
        assert deliveries.end_dead_claims(people, AT) == {}
        assert deliveries.end_dead_claims(people, AT, host="host", living="host/2") == {MONDAY: 1}
        deliveries.record_results(people, "host/1", [Result(first.delivery_id, DeliveryState.SENT, "250")], AT)
        assert deliveries.end_dead_claims(people, AT + timedelta(minutes=6)) == {MONDAY: 2}
        assert deliveries.count_deliveries(people, MONDAY) == {DeliveryState.SENT: 1, DeliveryState.UNKNOWN: 2}

    def test_an_answer_for_somebody_elses_claim_changes_nothing(self, people):
        queue(people, 1)
        (one,) = claim(people, "host/1")
        deliveries.record_results(people, "host/2", [Result(one.delivery_id, DeliveryState.REFUSED, "550")], AT)
        deliveries.give_back_claims(people, "host/2", [one.delivery_id], AT)
        assert deliveries.read_states(people, MONDAY) == {1: DeliveryState.CLAIMED}

    def test_what_is_open_can_be_given_up_dropped_or_withdrawn_and_what_went_out_stays(self, people):
        queue(people, 1, 2)
        (one,) = claim(people, count=1)
        deliveries.record_results(people, "host/1", [Result(one.delivery_id, DeliveryState.SENT, "250")], AT)
        assert deliveries.find_open_editions(people) == {MONDAY}
        assert deliveries.give_up_deliveries(people, MONDAY, AT) == 1
        queue(people, 3)
        assert deliveries.drop_deliveries(people, MONDAY, AT) == 1
        queue(people, 4)
        deliveries.withdraw_deliveries(people, MONDAY)
        assert {n: str(state) for n, state in deliveries.read_states(people, MONDAY).items()} == {
            1: "sent",
            2: "given up",
            3: "dropped",
        }
        assert deliveries.find_open_editions(people) == set()
        assert deliveries.count_by_edition(people) == {MONDAY: 1}
        assert deliveries.find_known_editions(people, [MONDAY, "2025-01-14"]) == {MONDAY}
        assert deliveries.find_first_edition(people) == MONDAY

    def test_a_person_settles_or_reopens_what_is_unknown_or_refused(self, people):
        queue(people, 1, 2, 3)
        ends = (DeliveryState.REFUSED, DeliveryState.UNKNOWN, DeliveryState.UNKNOWN)
        results = [Result(one.delivery_id, end, "") for one, end in zip(claim(people), ends, strict=True)]
        deliveries.record_results(people, "host/1", results, AT)
        assert deliveries.settle_unknown_deliveries(people, MONDAY, DeliveryState.SENT, [1, 2], AT) == 1
        again = (DeliveryState.REFUSED, DeliveryState.UNKNOWN)
        assert deliveries.reopen_deliveries(people, MONDAY, again, [1, 2], AT) == {1}
        assert deliveries.reopen_deliveries(people, MONDAY, again, None, AT) == {3}
        assert [one.subscriber_id for one in claim(people)] == [1, 3]

    def test_what_did_not_arrive_for_certain_is_listed_with_address_and_words(self, people):
        subscribers.add_subscriber(people, "a@example.org", WEEKLY, AT)
        queue(people, 1)
        (one,) = claim(people)
        deliveries.record_results(people, "host/1", [Result(one.delivery_id, DeliveryState.REFUSED, "550 no")], AT)
        queue(people, 1, edition="2025-W03", state=DeliveryState.EMPTY)
        assert deliveries.list_undelivered(people) == [("a@example.org", MONDAY, "refused", "550 no")]


class ApprovalPromises:
    def test_an_edition_waits_until_it_is_decided_and_what_is_decided_stands(self, people):
        deadline = AT + timedelta(hours=12)
        assert approvals.ask_approval(people, MONDAY, AT, deadline)
        assert not approvals.ask_approval(people, MONDAY, LATER, LATER)
        assert [one.deadline_at for one in approvals.read_waiting_approvals(people)] == [deadline]
        assert approvals.decide_approval(people, MONDAY, ApprovalState.RELEASED, LATER, "ann")
        assert not approvals.decide_approval(people, MONDAY, ApprovalState.DROPPED, LATER, "bob")
        decided = (MONDAY, "released", AT, deadline, LATER, "ann", None)
        assert approvals.find_approval(people, MONDAY) == decided
        assert approvals.read_waiting_approvals(people) == []
        assert approvals.find_approval(people, "2025-01-14") is None


class ImportPromises:
    def test_many_are_imported_at_once_and_who_was_known_stays_as_they_are(self, people):
        for name in ("known", "left", "stopped"):
            subscribers.add_subscriber(people, f"{name}@example.org", EVERYTHING, AT)
            if name != "known":
                person = subscribers.find_subscriber(people, f"{name}@example.org")
                subscribers.end_subscription(people, person.subscriber_id, SubscriberState(name), AT)
        suppressions.suppress(people, "blocked@example.org", SuppressionReason.BLOCKED, AT)
        names = ("new", "Known", "left", "stopped", "BLOCKED", "other")
        wishes = {f"{name}@example.org": WEEKLY for name in names}
        for first in ("added", "known"):
            outcomes = import_subscribers(people, wishes, LATER, {"consent": "on paper"})
            expected = (first, "known", "left", "stopped", "blocked", first)
            assert {email: str(outcome) for email, outcome in outcomes.items()} == dict(
                zip(wishes, expected, strict=True)
            )
        assert [one.email for one in subscribers.read_active_subscribers(people)] == [
            "known@example.org",
            "new@example.org",
            "other@example.org",
        ]
        assert subscribers.find_subscriber(people, "known@example.org").subscription == EVERYTHING
        (consent,) = personal_data.export_person(people, "new@example.org")["consent"]
        assert (consent["kind"], consent["details"]["consent"]) == ("imported", "on paper")

    def test_nothing_is_imported_from_an_empty_list(self, people):
        assert import_subscribers(people, {}, AT, {}) == {}


class PersonalDataPromises:
    def test_what_is_known_of_a_person_is_handed_out_and_erased_and_others_stay(self, people):
        for email in ("a@example.org", "b@example.org"):
            subscribers.add_subscriber(people, email, EVERYTHING, AT)
        queue(people, 1, 2)
        known = personal_data.export_person(people, "A@example.org")
        counts = {table: len(rows) for table, rows in known.items() if isinstance(rows, list)}
        assert counts == {"subscriber": 1, "subscription": 1, "consent": 1, "delivery": 1} | dict.fromkeys(
            ("bounce", "letter", "request"), 0
        )
        assert personal_data.erase_person(people, "A@example.org", LATER)
        known = personal_data.export_person(people, "a@example.org")
        assert not any(rows for rows in known.values() if isinstance(rows, list))
        assert known["suppression"] == "erased"
        assert deliveries.read_states(people, MONDAY) == {2: "queued"}
        assert [one.email for one in subscribers.read_active_subscribers(people)] == ["b@example.org"]

    def test_everybody_is_looked_at_with_their_state_and_what_they_ask_for(self, people):
        for email in ("b@example.org", "a@example.org"):
            subscribers.add_subscriber(people, email, EVERYTHING, AT)
        subscribers.end_subscription(people, 1, SubscriberState.LEFT, LATER)
        left = ("b@example.org", "left", LATER, EVERYTHING, 0)
        assert list(subscriber_overview.iterate_overview(people)) == [
            left,
            ("a@example.org", "active", AT, EVERYTHING, 0),
        ]
        assert list(subscriber_overview.iterate_overview(people, SubscriberState.LEFT)) == [left]


class PeoplePromises(
    OpeningPromises,
    SubscriberPromises,
    SuppressionPromises,
    DeliveryPromises,
    ApprovalPromises,
    ImportPromises,
    PersonalDataPromises,
):
    """All of them."""
