"""One bad recipient, and a bad server: what it costs the others, what is told, and how it is mended."""

import json
import time

import pytest

from tests.conftest import MONDAY
from tests.flows.test_commands import invoke
from tests.postbox import deaf_server, post_to, postbox, set_state, states_of, subscribe
from tests.preloaded import run_command

NAMES = ("ann@example.org", "bob@example.org", "cat@example.org")


@pytest.fixture
def posted(installation):
    with postbox(enable_SMTPUTF8=False) as box:
        post_to(installation, box.url)
        yield installation, box


def test_addresses_that_are_none_cost_nobody_elses_mail_and_are_never_named_to_a_server(posted):
    installation, box = posted
    bad = ("a@b@c", "a@b..c", 'a"@b.c', "ünï@exämple.org", "x y@z")
    # As an older Yibao took them in, which looked at an address less closely.
    subscribe(installation, *bad[:2], NAMES[0], *bad[2:], NAMES[1], "ann@exämple.org", NAMES[2])
    report = installation.run("daily", MONDAY)
    wanted = [*NAMES[:2], "ann@xn--exmple-cua.org", NAMES[2]]
    assert sorted(box.offered) == sorted(wanted)
    assert sorted(to for to, _ in box.taken) == sorted(wanted)
    assert report.sent == 4
    states = states_of(installation, "2025-01-13")
    assert {one: states[one] for one in bad} == dict.fromkeys(bad, "refused")
    (told,) = report.faults
    assert "5 of 9 messages were refused for good" in told
    assert not any(part in str(report.as_json()) for part in ("a@b", "ünï@", "b.c"))
    listed = json.loads(invoke(installation, "subscribers", "list", "--undelivered", "--json").output)
    words = {row["email"]: row["words"] for row in listed}
    assert "not a valid e-mail address" in words["a@b@c"]
    assert "SMTPUTF8" in words["ünï@exämple.org"]


@pytest.mark.soak
def test_a_message_that_cannot_be_made_costs_that_one_alone(posted, monkeypatch):
    installation, box = posted
    from flows.steps import newsletter_worker

    real = newsletter_worker.compose_message

    def fail_for_bob(issue, recipient, at):
        if recipient.email == NAMES[1]:
            raise RuntimeError(recipient.email)
        return real(issue, recipient, at)

    monkeypatch.setattr(newsletter_worker, "compose_message", fail_for_bob)
    subscribe(installation, *NAMES)
    report = installation.run("daily", MONDAY)
    assert [to for to, _ in box.taken] == [NAMES[0], NAMES[2]]
    assert list(report.faults) == ["2025-01-13: 1 messages could not be made (RuntimeError); the next run tries again"]
    monkeypatch.undo()
    assert installation.run("daily", MONDAY).sent == 1


@pytest.mark.soak
@pytest.mark.parametrize("reply", ["550 5.7.1 we do not want you, {0}", "554 spam from {0}", "999 {0} what"])
def test_a_server_that_refuses_everybody_fails_the_run_with_its_words_and_can_be_asked_again(posted, reply):
    installation, box = posted
    subscribe(installation, *NAMES)
    for name in NAMES:
        box.rcpt[name] = reply.format(f"<{name}>")
    report = installation.run("daily", MONDAY)
    assert report.has_failed
    told = " ".join(report.faults) + report.mail[0]
    assert reply.format("<(address)>") in told
    assert "@example.org" not in told
    box.rcpt.clear()
    if reply.startswith("999"):  # No answer for good: the next run offers them again.
        assert installation.run("daily", MONDAY).sent == 3
        return
    assert "yibao newsletter resend --edition 2025-01-13 --refused" in told
    assert installation.run("daily", MONDAY).sent == 0
    installation.run("newsletter", MONDAY, edition="2025-01-13", resend=["refused"])
    assert sorted(to for to, _ in box.taken) == sorted(NAMES)
    assert set(states_of(installation, "2025-01-13").values()) == {"sent"}
    assert installation.run("newsletter", MONDAY, edition="2025-01-13", resend=["refused", "unknown"]).sent == 0


@pytest.mark.soak
@pytest.mark.timeout(200)
def test_a_hanging_server_is_left_alone_after_three_tries_and_the_next_run_goes_on(installation):
    with deaf_server() as (url, connections), postbox() as box:
        post_to(installation, url, "timeout_s = 0.5")
        subscribe(installation, *(f"reader{n}@example.org" for n in range(40)))
        started = time.monotonic()
        report = installation.run("daily", MONDAY)
        assert time.monotonic() - started < 120
        assert len(connections) == 3
        assert any(
            "37 messages were not offered, because the mail server failed 3 times" in one for one in report.faults
        )
        assert "no answer within 0.5 seconds" in report.mail[0]
        text = installation.config.read_text(encoding="utf-8")
        installation.config.write_text(text.replace(url, box.url), encoding="utf-8")
        report = installation.run("newsletter", MONDAY)
        assert (report.sent, report.failures, len(box.taken)) == (40, (), 40)


@pytest.mark.soak
def test_resend_offers_an_edition_to_those_whom_a_person_names_and_to_nobody_who_has_it(posted):
    installation, box = posted
    subscribe(installation, *NAMES)
    box.rcpt[NAMES[1]] = "550 no such person"
    installation.run("daily", MONDAY)
    set_state(installation, "2025-01-13", NAMES[2], "unknown")
    box.rcpt.clear()
    box.taken.clear()
    for arguments, taken in [
        (("--to", NAMES[0]), []),
        (("--refused", "--to", NAMES[2]), []),
        (("--to", "BOB@example.org"), [NAMES[1]]),
        (("--doubtful",), [NAMES[2]]),
    ]:
        done = run_command("newsletter", "resend", "--edition", "2025-01-13", *arguments, cwd=installation.folder)
        assert (done[0], [to for to, _ in box.taken]) == (0, taken), (arguments, done)
        box.taken.clear()


def test_no_address_of_a_person_is_in_the_report(posted):
    installation, box = posted
    subscribe(installation, *NAMES)
    box.rcpt.update({NAMES[0]: f"550 <{NAMES[0]}> is gone", NAMES[1]: "451 ask bob@example.org himself"})
    installation.run("daily", MONDAY)
    told = str(installation.ask("SELECT report FROM operations.run"))
    assert "550 <(address)> is gone" in told
    assert not any(part in told for part in (*NAMES, "bob"))
