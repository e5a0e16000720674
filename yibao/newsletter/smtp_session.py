"""One connection to a mail server: commands in one packet where it offers that, replies within a bounded time.

smtplib connects, negotiates TLS and logs in. What it lacks is here: a reply is waited for as a whole, not anew for each
byte, and is of bounded length; commands go out together (RFC 2920); and the text of a message in one piece.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote

#: The server is about to close the connection, whatever it was asked. Source: RFC 5321, 4.2.2.
LEAVING = 421
_LONGEST_REPLY = 65_536
_CHUNK = 8192
_PIPELINING = "pipelining"


class Reply(NamedTuple):
    """What a server answered to one command; -1 where it begins with no number."""

    code: int
    words: str


class Session:
    """An open connection, greeted and logged in."""

    def __init__(self, url: SplitResult, timeout_s: float, clock: Callable[[], float]) -> None:
        """Connect as `url` says: smtp, smtps or smtp+starttls.

        Every reply is waited for so long; `clock` counts seconds from anywhere.

        Raises:
            OSError, smtplib.SMTPException: it did not succeed; the connection is closed.
            UnicodeError: user or password are not ASCII, and the server takes no other.
        """
        # smtplib checks no certificate unless it is told to.
        context = ssl.create_default_context()
        host, port = url.hostname or "localhost", url.port or 0
        if url.scheme == "smtps":
            self._smtp: _TimedSmtp = _TimedSmtps(host, port, timeout_s, clock, context=context)
        else:
            self._smtp = _TimedSmtp(host, port, timeout_s, clock)
        try:
            if url.scheme == "smtp+starttls":
                self._smtp.starttls(context=context)
            self._smtp.ehlo_or_helo_if_needed()
            if url.username:
                self._smtp.login(unquote(url.username), unquote(url.password or ""))
        except BaseException:
            self.close()
            raise

    def offers(self, extension: str) -> bool:
        """Tell whether the server offers an extension, such as SMTPUTF8."""
        return self._smtp.has_extn(extension)

    def is_stale(self) -> bool:
        """Tell whether the server closed the connection, or said something that it was not asked."""
        return self._smtp.is_stale()

    def ask(self, commands: Sequence[str]) -> list[Reply]:
        """Send commands, and read the reply to each: in one packet where the server offers that, else one by one.

        The last must be one that needs an answer before anything else is sent, such as DATA. One by one, what follows
        a refused command is not sent; and nothing is read after the server said that it leaves.
        """
        packets = [commands] if self.offers(_PIPELINING) else [[command] for command in commands]
        replies: list[Reply] = []
        for packet in packets:
            self._smtp.send("".join(f"{command}\r\n" for command in packet).encode())
            for _ in packet:
                replies.append(self._read_reply())
                if replies[-1].code == LEAVING:
                    return replies
            if not 200 <= replies[-1].code < 400:  # noqa: PLR2004  (RFC 5321, 4.2.1: what is no refusal)
                return replies
        return replies

    def send_text(self, text: bytes) -> Reply:
        """Send a message as `prepare_text` made it, and read what becomes of it."""
        self._smtp.send(text)
        return self._read_reply()

    def quit(self) -> None:
        """Take leave, and close the connection."""
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        """Close the connection as it is: a message whose end was not sent is none (RFC 5321, 4.1.1.4)."""
        self._smtp.close()

    def _read_reply(self) -> Reply:
        code, words = self._smtp.getreply()
        return Reply(code, words.decode(errors="replace"))


def prepare_text(content: bytes) -> bytes:
    """Return a message as it goes over the wire: lines end by CRLF, their first dots are doubled, the end is marked.

    Lines that end otherwise are mended: servers do not agree on what they mean. Source: RFC 5321, 2.3.8 and 4.5.2.
    """
    ends = content.count(b"\r\n")
    # What we compose is in order, and to count is quicker than to split.
    if not (content.count(b"\r") == content.count(b"\n") == ends and (content.endswith(b"\r\n") or not content)):
        content = b"".join(line + b"\r\n" for line in content.splitlines())
    first = b"." if content.startswith(b".") else b""
    return first + content.replace(b"\r\n.", b"\r\n..") + b".\r\n"


class _TimedSmtp(smtplib.SMTP):
    """Waits for each reply so long as a whole; smtplib alone waits so long for every byte."""

    def __init__(self, host: str, port: int, timeout_s: float, clock: Callable[[], float], **more: Any) -> None:
        self._clock = clock
        self._reader: _Reader | None = None
        super().__init__(host, port, timeout=timeout_s, **more)

    def getreply(self) -> tuple[int, bytes]:
        """Read the reply to one command."""
        assert self.sock is not None  # noqa: S101  (a reply comes after a command)
        if self._reader is None or not self._reader.reads(self.sock):
            # After STARTTLS whatever came before it is forgotten: anybody on the way may have put it there.
            self._reader = _Reader(self.sock)
        self.file: Any = self._reader
        self._reader.begin_reply(self._clock, self.timeout)
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)

    def is_stale(self) -> bool:
        """Tell whether there is something to read, or the end of the connection."""
        if self.sock is None or (self._reader and self._reader.has_more):
            return True
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        finally:
            self.sock.settimeout(self.timeout)
        return True


class _TimedSmtps(_TimedSmtp, smtplib.SMTP_SSL):
    """The same over TLS from the first byte on."""


class _Reader:
    """Reads a server's lines, each reply within a time and a length."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    @property
    def has_more(self) -> bool:
        """Whether more came than was read."""
        return bool(self._buffer)

    def reads(self, sock: socket.socket) -> bool:
        """Tell whether this is the connection that it reads."""
        return self._sock is sock

    def begin_reply(self, clock: Callable[[], float], timeout_s: float) -> None:
        """Set the time and the length of the next reply."""
        self._clock, self._until, self._left = clock, clock() + timeout_s, _LONGEST_REPLY

    def readline(self, limit: int) -> bytes:
        """Read a line; empty where the connection ended, even within one: half a reply is none."""
        while b"\n" not in self._buffer and len(self._buffer) < limit:
            rest_s = self._until - self._clock()
            if rest_s <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(rest_s)
            chunk = self._sock.recv(_CHUNK)
            if not chunk:
                return b""
            self._buffer += chunk
        line, end, self._buffer = self._buffer.partition(b"\n")
        self._left -= len(line)
        if self._left < 0:
            raise OSError("a reply without an end")
        return line + end

    def close(self) -> None:
        """Do nothing: the connection is closed by its owner."""
