"""What became of an edition's messages, counted and said."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from yibao.newsletter.tally import Attempt, AttemptCounter, Result, count_attempts, describe_tally

SHARE = 0.1


def describe(*attempts, sent_before=0, refused_before=0):
    return describe_tally(count_attempts("2025-01-13", sent_before, refused_before, attempts), SHARE)


def test_a_quiet_send_is_one_line_and_no_fault():
    outcome = describe(Attempt(Result.SENT), Attempt(Result.SENT), sent_before=3)
    assert outcome.mail == ("2025-01-13: 2 sent, 3 had it before, 0 refused for good, 0 to try again",)
    assert (outcome.sent, outcome.faults) == (2, ())


def test_what_the_server_said_is_quoted_most_frequent_first():
    words = [Attempt(Result.LATER, "451", "greylisted")] * 2 + [Attempt(Result.LATER, "", "no reply")]
    outcome = describe(*words)
    assert outcome.mail[0].endswith("the server said: greylisted (2 times); no reply")
    assert outcome.faults == (
        "2025-01-13: the mail server did not take 3 messages (451, no reply); the next run offers them again",
    )


def test_each_kind_of_failure_says_what_happens_next():
    outcome = describe(
        Attempt(Result.LEFT), Attempt(Result.BROKEN, "RuntimeError"), Attempt(Result.LOST), Attempt(Result.SENT)
    )
    assert any("1 messages were not offered" in fault for fault in outcome.faults)
    assert any("could not be made (RuntimeError)" in fault for fault in outcome.faults)
    assert any("resend --edition 2025-01-13 --doubtful" in fault for fault in outcome.faults)


def test_what_waits_and_what_is_unknown_is_named():
    counter = AttemptCounter()
    counter.add(Attempt(Result.SENT))
    tally = counter.make_tally("2025-01-13", 0, 0, 7, datetime(2025, 1, 13, 15, tzinfo=UTC), unknown=4)
    (line,) = describe_tally(tally, SHARE).mail
    assert line.endswith(
        "0 to try again, 4 unknown, 7 wait for their readers' morning, the last until 2025-01-13 15:00 UTC"
    )


def test_answers_that_differ_in_every_message_take_no_memory_without_end():
    counter = AttemptCounter()
    for number in range(5000):
        counter.add(Attempt(Result.LATER, "451", f"try again, id {number}"))
    assert len(counter._words) == 1000
    assert counter.results[Result.LATER] == 5000


def test_one_dead_address_is_no_alarm_and_many_are():
    assert describe(*[Attempt(Result.SENT)] * 99, Attempt(Result.REFUSED, "", "no such user")).faults == ()
    (fault,) = describe(*[Attempt(Result.SENT)] * 40, *[Attempt(Result.REFUSED, "", "spam")] * 10).faults
    assert "10 of 50 messages were refused for good: spam (10 times)" in fault


@given(st.lists(st.sampled_from(Result)))
def test_every_attempt_is_counted_once(results):
    tally = count_attempts("2025-01-13", 0, 0, [Attempt(one) for one in results])
    assert sum(tally.results.values()) == len(results)
    assert describe_tally(tally, SHARE).sent == results.count(Result.SENT)
