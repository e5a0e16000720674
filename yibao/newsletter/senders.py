"""Where messages go: a mail server, or a folder of `.eml` files.

A sender says when the server may have the message (`committing`), because from then on nobody may offer it again
without asking a person; before that, any failure is harmless.
"""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from yibao.errors import DeliveryError
from yibao.newsletter.compose import POLICY

_TIMEOUT_S = 60.0
_AGREED = (250, 251)
_FOR_GOOD = 500


class Sender(Protocol):
    """Hands over messages. Use as a context manager."""

    def __enter__(self) -> Self:
        """Ready to send."""

    def __exit__(self, *_: object) -> None:
        """The connection is closed."""

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """What the server said when it took the message; `committing` was called right before it could.

        Raises:
            DeliveryError: the server refused; it does not have the message, which may be offered again.
            OSError: the answer was lost; the server may have the message.
        """


class Outbox:
    """Keeps each message as a file named by its Message-ID: keeping it again changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        return

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """The message is in the folder, whole. Replacing a file is safe to repeat, so nothing is committed."""
        del committing
        target = self._folder / f"{mail['Message-ID'].strip('<>')}.eml"
        partial = target.with_suffix(".part")
        partial.write_bytes(mail.as_bytes(policy=POLICY))
        partial.replace(target)
        return f"kept as {target.name}"


class Smtp:
    """Speaks to a mail server over one connection: `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port]`."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.close()

    def send(self, mail: EmailMessage, committing: Callable[[], None]) -> str:
        """Offers the message; the connection is opened first where there is none, and again after a failure."""
        try:
            server = self._server = self._server or self._connect()
            self._expect(server.mail(parseaddr(mail["From"])[1]))
            self._expect(server.rcpt(mail["To"]), is_personal=True)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise DeliveryError(f"{self._url.hostname}: {error}", getattr(error, "smtp_code", None)) from error
        committing()
        try:
            answer = server.data(mail.as_bytes(policy=POLICY))
        except smtplib.SMTPDataError as error:
            answer = (error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b"")
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise OSError(f"{self._url.hostname}: the answer was lost: {error}") from error
        self._expect(answer, is_personal=True)
        return f"{answer[0]} {answer[1].decode(errors='replace')}"

    def _connect(self) -> smtplib.SMTP:
        # smtplib checks no certificate unless it is told to.
        context = ssl.create_default_context()
        host, port = self._url.hostname or "localhost", self._url.port or 0
        if self._url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
        if self._url.scheme == "smtp+starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server

    def _drop(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

    def _expect(self, answer: tuple[int, bytes], *, is_personal: bool = False) -> None:
        """Raises DeliveryError unless the server agreed; final where it is about this person or message for good."""
        code, words = answer
        if code not in _AGREED:
            self._drop()
            told = f"{self._url.hostname}: {code} {words.decode(errors='replace')}"
            raise DeliveryError(told, code, is_final=is_personal and code >= _FOR_GOOD)
