"""Where messages go: a mail server, or a folder of `.eml` files.

A sender says when the server may have the message (`committing`), because from then on nobody may offer it again
without asking a person; before that, any failure is harmless.
"""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from yibao.errors import DeliveryError
from yibao.newsletter.compose import serialize_message

_TIMEOUT_S = 60.0
_AGREED = (250, 251)
_LEAVING = 421
# What servers may say (RFC 5321, 4.2.1); anything else is no answer that means something.
_PASSING, _FOR_GOOD = range(200, 500), range(500, 600)


class Sender(Protocol):
    """Hands over messages. Use as a context manager."""

    def __enter__(self) -> Self:
        """Get ready to send; what is wrong with the server is told by the first message."""

    def __exit__(self, *_: object) -> None:
        """Close the connection."""

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """Hand over a message; returns what the server said. Calls `committing` right before the server can have it.

        Raises:
            DeliveryError: the server refused; it does not have the message, which may be offered again.
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

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """Write the message into the folder, whole. Replacing a file is safe to repeat, so nothing is committed."""
        del committing
        target = self._folder / f"{mail['Message-ID'].strip('<>')}.eml"
        partial = target.with_suffix(".part")
        content = serialize_message(mail)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(target)
        except OSError as error:
            reason = f"{self._folder}: nothing can be written there: {error.strerror}"
            raise DeliveryError(reason, is_server=True) from error
        return f"kept as {target.name}"


class Smtp:
    """Speaks to a mail server over one connection: `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port]`."""

    def __init__(self, url: str, timeout_s: float = _TIMEOUT_S) -> None:
        """Return every command is given up after `timeout_s` seconds without an answer."""
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """Offer the message; the connection is opened first where there is none, and again after a failure."""
        content = serialize_message(mail)
        server = self._offer(parseaddr(mail["From"])[1], mail["To"].addresses[0].addr_spec)
        committing()
        try:
            answer = server.data(content)
        except smtplib.SMTPDataError as error:
            # It did not want the text; had it wanted it, there would be an answer.
            raise self._refused((error.smtp_code, _bytes(error.smtp_error)), is_personal=True) from error
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise OSError(self._told(f"the answer was lost: {_words(error, self._timeout_s)}")) from error
        return self._taken(answer)

    def _offer(self, sender: str, recipient: str) -> smtplib.SMTP:
        """Name both addresses to the server, which agreed; asks once more where it had closed an old connection."""
        is_old = self._server is not None
        try:
            return self._begin(sender, recipient)
        except DeliveryError as error:
            if not (is_old and error.is_server and self._server is None):
                raise
        return self._begin(sender, recipient)

    def _begin(self, sender: str, recipient: str) -> smtplib.SMTP:
        try:
            server = self._server = self._server or self._connect()
            options = self._options(server, recipient)
            answer = server.mail(sender, options)
            if answer[0] not in _AGREED:
                raise self._refused(answer)
            answer = server.rcpt(recipient)
            if answer[0] not in _AGREED:
                raise self._refused(answer, is_personal=True)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            raise DeliveryError(self._told(_words(error, self._timeout_s)), code, is_server=True) from error
        return server

    def _options(self, server: smtplib.SMTP, recipient: str) -> list[str]:
        """Choose what the server is asked for beside the ordinary, for this recipient.

        Raises:
            DeliveryError: the address cannot be named to this server.
        """
        if smtplib.quoteaddr(recipient) != f"<{recipient}>":
            raise DeliveryError("this address cannot be told to a mail server", is_final=True)
        if recipient.isascii():
            return []
        if not server.has_extn("smtputf8"):
            words = (
                "the server does not offer SMTPUTF8, without which it takes no address that is not ASCII before the @"
            )
            raise DeliveryError(self._told(words), is_final=True)
        return ["SMTPUTF8", "BODY=8BITMIME"]

    def _connect(self) -> smtplib.SMTP:
        # smtplib checks no certificate unless it is told to.
        context = ssl.create_default_context()
        host, port = self._url.hostname or "localhost", self._url.port or 0
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=self._timeout_s)
        try:
            if self._url.scheme == "smtp+starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _drop(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

    def _taken(self, answer: tuple[int, bytes]) -> str:
        """Return what the server said when it took the message."""
        code, words = answer
        if code in _PASSING and code < 300:  # noqa: PLR2004  (RFC 5321: 2xx is agreement)
            return f"{code} {words.decode(errors='replace')}"
        if code in _PASSING or code in _FOR_GOOD:
            raise self._refused(answer, is_personal=True)
        self._drop()
        raise OSError(
            self._told(f"the answer is none that a mail server gives: {code} {words.decode(errors='replace')}")
        )

    def _refused(self, answer: tuple[int, bytes], *, is_personal: bool = False) -> DeliveryError:
        """Make the error of a refusal; final where it concerns this person or message. The connection stays open."""
        code, words = answer
        is_known = code in _PASSING or code in _FOR_GOOD
        is_server = not is_personal or code == _LEAVING
        if is_server or not is_known:
            self._drop()
        elif self._server:
            with suppress(OSError, smtplib.SMTPException):
                self._server.rset()
        reason = self._told(f"{code} {words.decode(errors='replace')}")
        return DeliveryError(reason, code, is_final=is_personal and code in _FOR_GOOD, is_server=is_server)

    def _told(self, words: str) -> str:
        return f"{self._url.hostname}: {words}"


def _words(error: Exception, timeout_s: float) -> str:
    """Say what went wrong, for a person."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_bytes(error.smtp_error).decode(errors='replace')}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{error} Compare newsletter.smtp_url with what the server offers"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"no answer within {timeout_s:g} seconds"
    if isinstance(error, UnicodeError):
        return "user or password of newsletter.smtp_url are not ASCII, and the server takes no other"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
