"""A real mail server on the loopback that answers as it is told, and keeps what it took in order."""

import email
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email import policy

from aiosmtpd.controller import Controller


class Postbox:
    """Takes mail: (recipient as the server was told, key of the edition), in order of arrival."""

    def __init__(self):
        self.taken = []
        self.contents = []
        self.offered = []
        #: Replies to RCPT by recipient; `all` for everybody.
        self.rcpt = {}
        self.data = "250 taken"
        self.url = ""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        self.offered.append(address)
        reply = self.rcpt.get(address, self.rcpt.get("all", "250 OK"))
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server, _session, envelope):
        if self.data.startswith("250"):
            message = email.message_from_bytes(envelope.original_content, policy=policy.default)
            key = message["Message-ID"].strip("<").rsplit(".", maxsplit=3)[0].partition(".")[0]
            self.taken.append((envelope.rcpt_tos[0], key))
            self.contents.append(envelope.original_content)
        return self.data


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def postbox(**more) -> Iterator[Postbox]:
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **more)
    controller.start()
    box.url = f"smtp://127.0.0.1:{port}"
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def deaf_server() -> Iterator[tuple[str, list]]:
    """A server that accepts connections and never says a word; and the connections that it got."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    listener.settimeout(0.05)
    import threading

    got, done = [], threading.Event()

    def accept():
        while not done.is_set():
            try:
                got.append(listener.accept()[0])
            except TimeoutError:
                time.sleep(0.01)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}", got
    finally:
        done.set()
        thread.join(5)
        for one in [listener, *got]:
            one.close()


def post_to(installation, url, more=""):
    """The installation's mail goes to this server."""
    text = installation.config.read_text(encoding="utf-8")
    installation.config.write_text(text.replace('outbox = "outbox"', f'smtp_url = "{url}"\n{more}'), encoding="utf-8")


def people_of(installation):
    from flows.steps import environment
    from flows.steps.people import open_people

    return open_people(environment.load_settings(installation.config))


def subscribe(installation, *emails, on=date(2025, 1, 10), frequency="daily", **wishes):
    """These people subscribed on a date, whatever the clock of this machine says. An address may be none."""
    from storage.people import subscribers
    from yibao.records import Frequency, Subscription

    at = datetime(on.year, on.month, on.day, 17, tzinfo=UTC)
    people = people_of(installation)
    for one in emails:
        subscribers.add_subscriber(people, one, Subscription(frequency=Frequency(frequency), **wishes), at)


def unsubscribe(installation, email, on=date(2025, 1, 12)):
    """This person left on a date."""
    from storage.people import subscribers
    from storage.people.subscribers import SubscriberState

    people = people_of(installation)
    person = subscribers.find_subscriber(people, email)
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    assert subscribers.end_subscription(people, person.subscriber_id, SubscriberState.LEFT, at)


def states_of(installation, edition):
    """How far each delivery of an edition has come, by address."""
    from storage.people import deliveries, subscribers

    people = people_of(installation)
    states = deliveries.read_states(people, edition)
    return {
        one.email: str(states[one.subscriber_id])
        for one in subscribers.read_active_subscribers(people)
        if one.subscriber_id in states
    }


def set_state(installation, edition, email, state, worker=None, until="2100-01-01 00:00:00.000000"):
    """A message got this far, and no further: a worker was killed then, where one is named."""
    from sqlalchemy import text

    people = people_of(installation)
    query = "UPDATE delivery SET state = :state, worker = :worker, claimed_until = :until WHERE edition = :edition"
    query += " AND subscriber_id = (SELECT subscriber_id FROM subscriber WHERE email = :email)"
    values = {"state": state, "worker": worker, "until": worker and until, "edition": edition, "email": email}
    with people.begin() as connection:
        assert connection.execute(text(query), values).rowcount == 1


def worker_of(installation):
    """The name of a worker of this installation that is no longer at work."""
    from flows.steps import environment
    from flows.steps.people import name_host

    return f"{name_host(environment.load_settings(installation.config))}/killed"
