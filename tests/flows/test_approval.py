"""An edition that waits for a person: asked once, decided once, by a command, a page or the deadline."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from commands.approval_service import ApprovalService
from commands.main import yibao
from flows.steps import approval_letters, environment
from flows.steps.edition_approval import check_approval
from flows.steps.run_record import Run
from storage.people import approvals
from storage.people.approvals import ApprovalState
from tests.conftest import MONDAY
from tests.postbox import people_of, subscribe
from yibao.newsletter.approval_letters import format_deadline

KEY = "2025-01-13"
NOON = datetime(2025, 1, 13, 12, tzinfo=UTC)
WAITING, RELEASED, DROPPED = ApprovalState.WAITING, ApprovalState.RELEASED, ApprovalState.DROPPED


class Clock:
    """What `environment.now` says."""

    at = NOON

    def __call__(self):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(environment, "now", clock)
    return clock


def configure(installation, policy, more=""):
    text = installation.config.read_text(encoding="utf-8")
    line = f'[newsletter]\napproval = "{policy}"\napprover = "editor@example.org"\n{more}'
    installation.config.write_text(text.replace("[newsletter]", line), encoding="utf-8")


def run_of(installation):
    return Run(environment.load_settings(installation.config), "r", "newsletter", MONDAY)


def check(installation):
    return check_approval(run_of(installation), people_of(installation), KEY)


def call(installation, *arguments):
    return CliRunner().invoke(yibao, ["newsletter", *arguments, "--config", str(installation.config)])


def test_without_a_policy_nobody_is_asked(installation, clock):
    assert check(installation) == (RELEASED, "")
    assert approvals.find_approval(people_of(installation), KEY) is None


@pytest.mark.parametrize(("policy", "state"), [("release", RELEASED), ("drop", DROPPED)])
def test_it_waits_until_the_deadline_and_is_decided_as_the_settings_say(installation, clock, policy, state):
    configure(installation, policy)
    assert check(installation)[0] is WAITING
    clock.at = NOON + timedelta(hours=11, minutes=59)
    words = "it waits for a person until 2025-01-13 19:00 (UTC-0500): `yibao newsletter approve --edition 2025-01-13`"
    assert check(installation) == (WAITING, words)
    clock.at = NOON + timedelta(hours=12)
    assert check(installation) == (state, "nobody decided by the deadline")
    assert approvals.find_approval(people_of(installation), KEY).decided_by == "deadline"


def test_another_run_moves_no_deadline(installation, clock):
    configure(installation, "drop")
    check(installation)
    clock.at = NOON + timedelta(hours=6)
    check(installation)
    assert approvals.find_approval(people_of(installation), KEY).deadline_at == NOON + timedelta(hours=12)


def test_what_was_decided_first_stands(installation, clock):
    configure(installation, "release")
    check(installation)
    assert call(installation, "drop", "--edition", KEY, "--by", "Ann").exit_code == 0
    again = call(installation, "approve", "--edition", KEY, "--by", "Bob")
    assert "2025-01-13 was dropped by Ann, 2025-01-13T12:00:00+00:00. What was decided first stands." in str(
        again.exception
    )
    clock.at = NOON + timedelta(days=2)
    assert check(installation) == (DROPPED, "decided by Ann")


def test_hours_are_counted_by_the_sun_and_told_by_the_clock_on_the_wall(installation, clock):
    """In the night of 9 March 2025 New York has no hour from two to three."""
    configure(installation, "drop", "approval_hours = 12\n")
    clock.at = datetime(2025, 3, 8, 23, tzinfo=UTC)
    assert "until 2025-03-09 07:00 (UTC-0400)" in check(installation)[1]
    clock.at = datetime(2025, 3, 9, 10, 59, tzinfo=UTC)
    assert check(installation)[0] is WAITING
    clock.at = datetime(2025, 3, 9, 11, tzinfo=UTC)
    assert check(installation)[0] is DROPPED


def test_the_hour_that_comes_twice_is_told_apart():
    first, second = (datetime(2025, 11, 2, hour, 30, tzinfo=UTC) for hour in (5, 6))
    assert format_deadline(first, "America/New_York") == "2025-11-02 01:30 (UTC-0400)"
    assert format_deadline(second, "America/New_York") == "2025-11-02 01:30 (UTC-0500)"


def test_the_commands_list_what_waits_and_say_who_decided(installation, clock):
    configure(installation, "drop")
    assert call(installation, "waiting", "--json").output == "[]\n"
    check(installation)
    assert '"edition": "2025-01-13"' in call(installation, "waiting", "--json").output
    assert "released; the next run sends it" in call(installation, "approve", "--edition", KEY).output
    assert approvals.find_approval(people_of(installation), KEY).decided_by == environment.user_name()
    assert "does not wait for anybody" in str(call(installation, "approve", "--edition", "2025-01-14").exception)


@pytest.fixture
def waiting(harvested, clock):
    """An installation whose edition of Monday waits, and the link to its page."""
    configure(harvested, "drop")
    subscribe(harvested, "ann@example.org", "bob@example.org")
    check(harvested)
    approval = approvals.find_approval(people_of(harvested), KEY)
    link = approval_letters.make_approval_link(
        environment.load_settings(harvested.config), people_of(harvested).secret, approval
    )
    return harvested, link.removeprefix("https://yibao.example/approve/")


def answer(installation, method, token, **form):
    return ApprovalService(environment.load_settings(installation.config)).answer_approval(method, token, form)


def state_of(installation):
    return approvals.find_approval(people_of(installation), KEY).state


def test_the_page_shows_the_mail_and_a_get_decides_nothing(waiting):
    installation, token = waiting
    for method in ("GET", "HEAD", "GET"):
        status, html = answer(installation, method, token, decision="release")
    assert (status, state_of(installation)) == (200, WAITING)
    assert "收件人 2 位" in html
    assert 'sandbox=""' in html
    assert "srcdoc=" in html
    assert "<script" not in html


@pytest.mark.parametrize(("decision", "state"), [("release", RELEASED), ("drop", DROPPED)])
def test_a_post_decides_once(waiting, decision, state):
    installation, token = waiting
    assert answer(installation, "POST", token, decision=decision).status == 200
    assert state_of(installation) is state
    for other in ("release", "drop"):
        assert "已决定" in answer(installation, "POST", token, decision=other).html
    assert state_of(installation) is state
    assert approvals.find_approval(people_of(installation), KEY).decided_by == "editor@example.org"


def test_a_post_without_a_choice_decides_nothing(waiting):
    installation, token = waiting
    assert answer(installation, "POST", token, decision="maybe").status == 400
    assert answer(installation, "POST", token).status == 400
    assert state_of(installation) is WAITING


def test_a_link_that_is_forged_expired_or_for_another_purpose_decides_nothing(waiting, clock):
    installation, token = waiting
    people = people_of(installation)
    from yibao.newsletter.tokens import Purpose, make_token

    for wrong in (token[:-1], f"{token}x", "", make_token(people.secret, Purpose.LEAVE, KEY)):
        assert answer(installation, "POST", wrong, decision="release").status == 404
    clock.at = NOON + timedelta(hours=12 + 24, seconds=1)
    assert answer(installation, "POST", token, decision="release").status == 410
    assert state_of(installation) is WAITING


def letters_of(installation):
    return sorted(installation.outbox.glob("approve.*.eml")) if installation.outbox.exists() else []


def test_the_approver_is_asked_by_mail_once_with_the_link_and_the_text(waiting):
    import email
    from email import policy

    installation, token = waiting
    outcome = approval_letters.notify_approver(run_of(installation))
    assert outcome.mail == ("2025-01-13: the approver was asked by mail",)
    [path] = letters_of(installation)
    letter = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    text = letter.get_content()
    assert letter["To"] == "editor@example.org"
    assert f"https://yibao.example/approve/{token}\n" in text.replace("\r\n", "\n")
    assert "2025-01-13 19:00 (UTC-0500)" in str(letter["Subject"])
    assert "arxiv.org" in text
    path.unlink()
    assert approval_letters.notify_approver(run_of(installation)).mail == ()
    assert letters_of(installation) == []


def test_a_letter_that_fails_is_a_fault_and_is_tried_again(waiting):
    installation, _ = waiting
    installation.outbox.write_text("in the way", encoding="utf-8")
    [fault] = approval_letters.notify_approver(run_of(installation)).faults
    assert "The next run tries again; `yibao newsletter approve --edition 2025-01-13` decides without a letter" in fault
    installation.outbox.unlink()
    approval_letters.notify_approver(run_of(installation))
    assert len(letters_of(installation)) == 1


def test_nobody_is_asked_about_what_is_decided(waiting):
    installation, _ = waiting
    call(installation, "approve", "--edition", KEY)
    assert approval_letters.notify_approver(run_of(installation)).mail == ()
