"""Where messages go: a mail server, or a folder of `.eml` files.

What a sender raises says whether the server may have the message: after a `DeliveryError` it does not, and the message
may be offered again; after an `OSError` nobody can tell, so that only a person may decide to offer it again.
"""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from yibao.errors import DeliveryError
from yibao.newsletter.messages import Message
from yibao.newsletter.smtp_session import LEAVING, Reply, Session, prepare_text

#: In how many waits of `timeout_s` a message is over at the latest: to connect, the greeting, EHLO, STARTTLS and its
#: handshake, EHLO, three of a login, MAIL, RCPT, DATA, the text out, its reply, RSET; and once more up to DATA, where
#: the server had closed the connection.
MOST_WAITS = 30
_AGREED = (250, 251)
_GO_AHEAD = 354
_DONE = range(200, 300)
# What servers may refuse with (RFC 5321, 4.2.1); any other answer means nothing.
_PASSING, _FOR_GOOD = range(400, 500), range(500, 600)


class Sender(Protocol):
    """Hands over messages. Use as a context manager."""

    def __enter__(self) -> Self:
        """Get ready to send; what is wrong with the server is told by the first message."""

    def __exit__(self, *_: object) -> None:
        """Close the connection."""

    def send(self, message: Message) -> str:
        """Hand over a message; returns what the server said.

        Raises:
            DeliveryError: the server does not have the message, which may be offered again.
            OSError: the answer was lost; the server may have the message.
        """


class Outbox:
    """Keeps each message as a file named by its Message-ID: keeping it again changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def send(self, message: Message) -> str:
        """Write the message into the folder, whole."""
        target = self._folder / f"{message.message_id.strip('<>')}.eml"
        partial = target.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(message.content)
            partial.replace(target)
        except OSError as error:
            reason = f"{self._folder}: nothing can be written there: {error.strerror}"
            raise DeliveryError(reason, is_server=True) from error
        return f"kept as {target.name}"


class Smtp:
    """Speaks to a mail server over one connection: `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port]`."""

    def __init__(self, url: str, timeout_s: float, clock: Callable[[], float]) -> None:
        """Give up each command after `timeout_s` seconds without its answer; `clock` counts seconds from anywhere."""
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._clock = clock
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._session.quit()
        self._session = None

    def send(self, message: Message) -> str:
        """Offer the message; the connection is opened first where there is none, and again after a failure."""
        text = prepare_text(message.content)
        session = self._offer(message)
        try:
            reply = session.send_text(text)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise OSError(self._quote(f"the answer was lost: {self._explain(error)}")) from error
        if reply.code in _DONE:
            return f"{reply.code} {reply.words}"
        if reply.code in _PASSING or reply.code in _FOR_GOOD:
            raise self._refuse(reply, is_personal=True)
        self._drop()
        raise OSError(self._quote(_name_nonsense(reply)))

    def try_connection(self) -> str:
        """Connect, log in and take leave, without a message; returns the server's name.

        Raises:
            DeliveryError: the server cannot be used.
        """
        with self:
            try:
                self._session = Session(self._url, self._timeout_s, self._clock)
            except (OSError, smtplib.SMTPException, UnicodeError) as error:
                raise DeliveryError(self._quote(self._explain(error)), is_server=True) from None
        return self._url.hostname or "localhost"

    def _offer(self, message: Message) -> Session:
        """Bring the server to wait for the text; calls it again where it had closed an old connection."""
        if self._session and self._session.is_stale():
            self._drop()
        is_old = self._session is not None
        try:
            return self._begin(message)
        except DeliveryError as error:
            if not (is_old and error.is_server and self._session is None):
                raise
        return self._begin(message)

    def _begin(self, message: Message) -> Session:
        try:
            session = self._session = self._session or Session(self._url, self._timeout_s, self._clock)
            commands = self._make_commands(session, message)
            self._check_replies(session.ask(commands))
            _check_silence(session)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            # Not `from error`: what smtplib raises may hold what the server said of user and password.
            raise DeliveryError(self._quote(self._explain(error)), code, is_server=True) from None
        return session

    def _make_commands(self, session: Session, message: Message) -> list[str]:
        """Make the commands that precede the text.

        Raises:
            DeliveryError: the server cannot be told this address, or does not take such a text.
        """
        if not _is_quotable(message.recipient):
            raise DeliveryError("this address cannot be told to a mail server", is_final=True)
        options = f" SIZE={len(message.content)}" if session.offers("size") else ""
        if not message.recipient.isascii():
            self._require(session, "SMTPUTF8", "takes no address that is not ASCII before the @", is_final=True)
            options += " SMTPUTF8"
        if not message.content.isascii():
            self._require(session, "8BITMIME", "takes no text but ASCII", is_final=False)
            options += " BODY=8BITMIME"
        return [f"MAIL FROM:<{message.return_path}>{options}", f"RCPT TO:<{message.recipient}>", "DATA"]

    def _require(self, session: Session, extension: str, what: str, *, is_final: bool) -> None:
        if not session.offers(extension):
            words = f"the server does not offer {extension}, without which it {what}"
            raise DeliveryError(self._quote(words), is_final=is_final, is_server=not is_final)

    def _check_replies(self, replies: list[Reply]) -> None:
        """Return where the server agreed to both addresses, and waits for the text.

        A server that waits for a text although it refused an address gets none, not even an empty one, which it might
        deliver: the connection is closed (RFC 2920, 3.1; RFC 5321, 4.1.1.4).

        Raises:
            DeliveryError: it refused.
            OSError: its answers are in no order.
        """
        last = replies[-1]
        if last.code == LEAVING:
            raise self._refuse(last)
        if replies[0].code not in _AGREED:
            raise self._refuse(replies[0])
        if replies[1].code not in _AGREED:
            if last.code == _GO_AHEAD:
                self._drop()
            raise self._refuse(replies[1], is_personal=True)
        if last.code in _PASSING or last.code in _FOR_GOOD:
            raise self._refuse(last, is_personal=True)
        if last.code != _GO_AHEAD:
            raise OSError(_name_nonsense(last))

    def _drop(self) -> None:
        if self._session:
            self._session.close()
        self._session = None

    def _refuse(self, reply: Reply, *, is_personal: bool = False) -> DeliveryError:
        """Make the error of a refusal. The connection stays open where it concerns this person or message."""
        is_known = reply.code in _PASSING or reply.code in _FOR_GOOD
        is_server = not is_personal or reply.code == LEAVING
        if is_server or not is_known:
            self._drop()
        elif self._session:
            self._reset(self._session)
        reason = self._quote(f"{reply.code} {reply.words}" if reply.code >= 0 else _name_nonsense(reply))
        return DeliveryError(reason, reply.code, is_final=is_personal and reply.code in _FOR_GOOD, is_server=is_server)

    def _reset(self, session: Session) -> None:
        """End what was begun, so that the next message begins anew."""
        with suppress(OSError, smtplib.SMTPException):
            if session.ask(["RSET"])[-1].code in _DONE:
                return
        self._drop()

    def _quote(self, words: str) -> str:
        return f"{self._url.hostname}: {words}"

    def _explain(self, error: Exception) -> str:
        """Say what went wrong, for a person."""
        if isinstance(error, smtplib.SMTPResponseException):
            return _explain_reply(error)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return f"{error} Compare newsletter.smtp_url with what the server offers"
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not valid: {error.verify_message}. Name the server in newsletter.smtp_url as its "
                "certificate does, or have this machine trust who signed it"
            )
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return f"no answer within {self._timeout_s:g} seconds"
        if isinstance(error, UnicodeError):
            return "user or password of newsletter.smtp_url are not ASCII, and the server takes no other"
        return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _explain_reply(error: smtplib.SMTPResponseException) -> str:
    """Say what the server answered. What it says of user and password may repeat them, and is left out."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{error.smtp_code}, it refused user and password. Correct them in newsletter.smtp_url"
    words = error.smtp_error
    reply = Reply(error.smtp_code, words.decode(errors="replace") if isinstance(words, bytes) else words)
    return f"{reply.code} {reply.words}" if reply.code >= 0 else _name_nonsense(reply)


def _name_nonsense(reply: Reply) -> str:
    return f"the answer is none that a mail server gives: {reply.code if reply.code >= 0 else '…'} {reply.words}"


def _check_silence(session: Session) -> None:
    """Return where nothing is said that was not asked: else nobody could tell which answer is whose.

    Raises:
        OSError: something is, or the connection is closed.
    """
    if session.is_stale():
        raise OSError("it answered more than it was asked, or closed the connection")


def _is_quotable(address: str) -> bool:
    """Tell whether an address may stand in a command as it is."""
    return smtplib.quoteaddr(address) == f"<{address}>" and address.isprintable() and not set(address) & set(' <>"')
