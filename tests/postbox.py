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
            found = email.message_from_bytes(envelope.original_content, policy=policy.default)
            key = found["Message-ID"].strip("<").rsplit(".", maxsplit=3)[0].partition(".")[0]
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
    from storage.people.schema import open_people

    return open_people(environment.load_settings(installation.config).paths.people)


def subscribe(installation, *emails, on=date(2025, 1, 10), frequency="daily"):
    """These people subscribed on a date, whatever the clock of this machine says."""
    from storage.people import subscribers

    at = datetime(on.year, on.month, on.day, 17, tzinfo=UTC)
    for one in emails:
        subscribers.add_subscriber(people_of(installation), one, frequency, at)


def states_of(installation, edition):
    """How far each delivery of an edition has come, by address."""
    from storage.people import deliveries, subscribers

    states = deliveries.read_states(people_of(installation), edition)
    return {
        one.email: str(states[one.subscriber_id])
        for one in subscribers.read_active_subscribers(people_of(installation))
        if one.subscriber_id in states
    }
