"""Letters that people asked for: to whom they go, how often, and what a server's answer makes of them."""

import email
import threading
from datetime import timedelta
from email import policy

import pytest

from commands.letter_post import LetterPost
from flows.steps import environment, letter_delivery
from flows.steps.letter_delivery import LetterCount
from storage.people import letters, suppressions
from storage.people.schema import LETTER, REQUEST
from storage.people.subscribers import SubscriberState
from storage.people.suppressions import SuppressionReason
from tests.mail_pages import FORM, START, MailSite, links_of, title_of
from tests.postbox import postbox
from yibao.errors import DeliveryError


@pytest.fixture
def site(tmp_path):
    made = MailSite(tmp_path)
    yield made
    made.people.dispose()


class Server:
    """Answers each message as it is told."""

    def __init__(self, *answers):
        self.answers, self.taken = list(answers), []

    def send(self, message):
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if isinstance(answer, Exception):
            raise answer
        self.taken.append(message.recipient)
        return answer


def suppress(site, reason):
    suppressions.suppress(site.people, "reader@example.org", SuppressionReason(reason), site.at)


def test_letters_go_out_through_a_real_mail_server(tmp_path):
    with postbox() as box:
        site = MailSite(tmp_path, smtp_url=box.url, outbox=None)
        site.sign_up()
        assert site.send_letters() == LetterCount(sent=1)
        assert site.send_letters() == LetterCount()
        letter = email.message_from_bytes(box.contents[0], policy=policy.default)
        assert title_of(site.post(links_of(letter, "confirm")[0])) == "订阅已生效"
        assert site.rows(LETTER)[0]["answer"].startswith("250")


def test_an_address_gets_a_letter_in_ten_minutes_and_five_a_day_however_it_is_spelt(site):
    server, names = Server(), ("reader@example.org", "READER@example.org", "Reader@Example.org")
    after = {0: 1, 5: 1, 9: 1, 10: 2, 20: 3, 30: 4, 40: 5, 60: 5, 600: 5, 24 * 60 - 1: 5}
    for minute, count in after.items():
        site.at = START + timedelta(minutes=minute)
        site.sign_up(email=names[minute % 3], client=f"198.51.{minute % 200}.1")
        site.send_letters(server)
        assert len(server.taken) == count, minute
    site.sign_up(email="other@example.org")
    site.wait(minutes=1)
    site.sign_up(client="203.0.113.1")
    site.send_letters(server)
    assert server.taken[5:] == ["other@example.org", "reader@example.org"]


@pytest.mark.parametrize("reason", ["complained", "blocked"])
def test_who_complained_or_was_blocked_gets_no_letter_and_an_old_one_is_worth_nothing(site, reason):
    site.sign_up()
    link = site.link()
    suppress(site, reason)
    site.wait(hours=1)
    site.sign_up()
    assert site.send_letters() == LetterCount()
    assert len(site.letters()) == 1
    assert title_of(site.post(link)) == "链接已过期"
    assert (site.find(), suppressions.find_reason(site.people, "reader@example.org")) == (None, reason)


@pytest.mark.parametrize("reason", ["bounced", "erased"])
def test_who_bounced_or_was_erased_comes_back_by_confirming(site, reason):
    suppress(site, reason)
    site.sign_up()
    link = site.link()
    assert suppressions.find_reason(site.people, "reader@example.org") == reason
    site.post(link)
    assert suppressions.find_reason(site.people, "reader@example.org") is None
    assert site.find().state is SubscriberState.ACTIVE


def test_a_server_that_is_away_is_tried_again_and_ends_the_attempt(site):
    away = DeliveryError("mail.example: connection refused", is_server=True)
    for name in ("one", "two"):
        site.sign_up(email=f"{name}@example.org")
    server = Server(away)
    assert site.send_letters(server) == LetterCount(0, 2, "mail.example: connection refused")
    assert site.send_letters(server) == LetterCount(2)
    assert server.taken == ["one@example.org", "two@example.org"]


def test_a_letter_that_a_server_refuses_for_now_waits_and_the_next_one_goes_out(site):
    later = DeliveryError("mail.example: 451 greylisted one@example.org", 451)
    for name in ("one", "two"):
        site.sign_up(email=f"{name}@example.org")
    server = Server(later)
    count = site.send_letters(server)
    assert (count.sent, count.waiting, count.words) == (1, 1, "mail.example: 451 greylisted (address)")
    site.wait(minutes=5)
    assert site.send_letters(server) == LetterCount(1)


def test_a_letter_that_is_refused_for_good_or_whose_answer_was_lost_is_not_sent_again(site):
    for name in ("one", "two"):
        site.sign_up(email=f"{name}@example.org")
    server = Server(DeliveryError("mail.example: 550 no such person", 550, is_final=True), OSError("line dropped"))
    count = site.send_letters(server)
    assert (count.sent, count.waiting) == (0, 0)
    site.wait(hours=1)
    assert site.send_letters(server) == LetterCount()
    assert [row["answer"] for row in site.rows(LETTER)] == ["mail.example: 550 no such person", "unknown: line dropped"]


def test_two_processes_send_each_letter_once(site):
    for number in range(20):
        site.sign_up(email=f"r{number}@example.org", client=f"198.51.{number}.1")
    server = Server()
    threads = [threading.Thread(target=site.send_letters, args=(server,)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(server.taken) == sorted(f"r{number}@example.org" for number in range(20))


def test_after_three_days_nothing_is_left_of_a_letter_that_could_not_be_sent(site):
    site.sign_up()
    away = DeliveryError("away", is_server=True)
    site.send_letters(Server(away))
    site.wait(days=3, seconds=1)
    server = Server()
    assert site.send_letters(server) == LetterCount()
    assert (server.taken, site.rows(LETTER), site.rows(REQUEST)) == ([], [], [])


def test_letters_are_signed_where_a_signer_is_given(site):
    class Signer:
        def sign_message(self, content):
            return b"X-Signed: yes\r\n" + content

    class Keeper(Server):
        def send(self, message):
            self.taken.append(message.content)
            return "250"

    site.sign_up()
    server = Keeper()
    site.send_letters(server, signer=Signer())
    assert server.taken[0].startswith(b"X-Signed: yes")


def test_the_post_of_yibao_serve_sends_when_it_is_woken_and_says_a_failure_once(tmp_path, capsys, monkeypatch):
    site = MailSite(tmp_path)
    site.at = environment.now()
    sent = threading.Event()
    post = LetterPost(site.settings, site.open_people)
    outcome = [
        LetterCount(0, 1, "mail.example: away"),
        LetterCount(0, 1, "mail.example: away"),
        RuntimeError("r@x.org"),
    ]
    real = letter_delivery.send_letters

    def send(*arguments):
        try:
            if not outcome:
                return real(*arguments)
            if isinstance(outcome[0], Exception):
                raise outcome.pop(0)
            return outcome.pop(0)
        finally:
            sent.set()

    monkeypatch.setattr(letter_delivery, "send_letters", send)
    site.post("/subscribe/", FORM)
    post.start()
    for _ in range(4):
        sent.clear()
        post.wake()
        assert sent.wait(10)
    post.stop(10)
    assert len(site.letters()) == 1
    assert letters.read_queued_letters(site.people) == []
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "letters: 1 waiting, tried again in 3 minutes: mail.example: away",
        "letters: RuntimeError; report it as a fault of the program",
    ]
