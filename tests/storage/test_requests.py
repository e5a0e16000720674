"""Requests to be subscribed and the letters for them, in the database."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.people import letters, requests
from storage.people.database import open_people
from storage.people.letters import LetterKind
from storage.people.requests import Confirmation
from storage.people.schema import REQUEST, SUBSCRIBER
from storage.people.subscribers import SubscriberState, end_subscription, find_subscriber
from yibao.records import Frequency, Language, Subscription

AT = datetime(2025, 1, 17, 12, tzinfo=UTC)
ASKED = Subscription(
    Frequency.WEEKLY, Language.BOTH, ("cs.CL",), ("智能体",), ("Kaiming He",), "Europe/Berlin", wants_empty=True
)


@pytest.fixture
def people(tmp_path):
    opened = open_people(tmp_path / "people.sqlite", b"s" * 32)
    yield opened
    opened.dispose()


def test_a_request_is_read_back_as_it_was_asked(people):
    request_id = requests.ask_subscription(people, "读者@例子.中国", ASKED, AT, "2001:db8::1")
    found = requests.find_request(people, request_id)
    assert found == (request_id, "读者@例子.中国", ASKED, AT, AT + timedelta(days=3), "2001:db8::1", None)
    assert [(one.kind, one.email, one.request_id) for one in letters.read_queued_letters(people)] == [
        (LetterKind.CONFIRM, "读者@例子.中国", request_id)
    ]


def test_two_requests_of_one_address_are_told_apart(people):
    first = requests.ask_subscription(people, "r@example.org", ASKED, AT)
    second = requests.ask_subscription(people, "R@example.org", Subscription(), AT)
    assert requests.confirm_request(people, second, AT) is Confirmation.DONE
    assert requests.confirm_request(people, first, AT) is Confirmation.DONE
    with people.connect() as connection:
        assert len(connection.execute(SUBSCRIBER.select()).all()) == 1
    assert find_subscriber(people, "r@example.org").subscription == ASKED


def test_a_request_is_confirmed_once_within_its_time_and_not_after_its_owner_left(people):
    ids = [requests.ask_subscription(people, "r@example.org", ASKED, AT) for _ in range(3)]
    assert requests.confirm_request(people, ids[0], AT + timedelta(hours=1)) is Confirmation.DONE
    assert requests.confirm_request(people, ids[0], AT + timedelta(hours=2)) is Confirmation.USED
    end_subscription(
        people, find_subscriber(people, "r@example.org").subscriber_id, SubscriberState.LEFT, AT + timedelta(hours=3)
    )
    assert requests.confirm_request(people, ids[0], AT + timedelta(hours=4)) is Confirmation.USED
    assert requests.confirm_request(people, ids[1], AT + timedelta(hours=4)) is Confirmation.GONE
    assert requests.confirm_request(people, ids[2], AT + timedelta(days=4)) is Confirmation.GONE
    assert requests.confirm_request(people, "none", AT) is Confirmation.GONE
    later = requests.ask_subscription(people, "r@example.org", ASKED, AT + timedelta(hours=5))
    assert requests.confirm_request(people, later, AT + timedelta(hours=6)) is Confirmation.DONE


def test_what_has_expired_is_deleted(people):
    requests.ask_subscription(people, "r@example.org", ASKED, AT)
    for moment, left in ((AT + timedelta(days=3), 1), (AT + timedelta(days=3, seconds=1), 0)):
        requests.purge_requests(people, moment)
        letters.purge_letters(people, moment)
        with people.connect() as connection:
            assert len(connection.execute(REQUEST.select()).all()) == left
        assert len(letters.read_queued_letters(people)) == left


def test_a_letter_is_taken_by_one_and_can_be_put_back(people):
    letters.ask_links(people, "r@example.org", AT)
    letter = letters.read_queued_letters(people)[0]
    assert [letters.take_letter(people, letter.letter_id, AT) for _ in range(2)] == [True, False]
    assert letters.has_had_enough(people, "R@example.org", AT + timedelta(minutes=9))
    assert not letters.has_had_enough(people, "r@example.org", AT + timedelta(minutes=10))
    letters.return_letter(people, letter.letter_id, "451 later")
    assert not letters.has_had_enough(people, "r@example.org", AT)
    assert letters.read_queued_letters(people) == [letter]
    letters.delete_letter(people, letter.letter_id)
    assert letters.read_queued_letters(people) == []
