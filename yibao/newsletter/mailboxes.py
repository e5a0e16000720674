"""Where reports of failed mail arrive: a Maildir's folder, or a folder on an IMAP server.

A message is read without being marked, and marked when what it says is on record: one that is read twice counts once.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from yibao.errors import MailboxError

_SEEN, _FLAGGED = "S", "F"
_PORT = 993
#: A line of an answer; with what was fetched beside it; or nothing.
_Data = bytes | tuple[bytes, bytes] | None


class Mail(NamedTuple):
    """A message in a mailbox."""

    #: By which the mailbox knows it.
    name: str
    #: The beginning, as much as was asked for.
    content: bytes


class Mailbox(Protocol):
    """Messages that nobody has seen yet."""

    def read_new(self, count: int, limit: int) -> Iterator[Mail]:
        """Read up to `count` unseen messages, oldest first, of each at most `limit` bytes.

        Raises:
            MailboxError: it cannot be read.
        """

    def mark_seen(self, name: str, *, is_flagged: bool = False) -> None:
        """Mark a message as seen, and flag it where a person should look at it.

        Raises:
            MailboxError: it cannot be marked.
        """


def open_mailbox(address: str, timeout_s: float) -> Mailbox:
    """Open the mailbox at `imaps://user:password@host/FOLDER`, or a Maildir's folder."""
    return ImapMailbox(address, timeout_s) if "://" in address else Maildir(Path(address))


class Maildir:
    """A folder with `new` and `cur`, one file a message. Source: https://cr.yp.to/proto/maildir.html."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_new(self, count: int, limit: int) -> Iterator[Mail]:
        """Read unseen messages; also those that a mail program has looked at the list of, and not opened."""
        try:
            paths = [*(self._folder / "new").iterdir()]
            seen = (self._folder / "cur").iterdir() if (self._folder / "cur").is_dir() else ()
            paths += [path for path in seen if _SEEN not in path.name.partition(":2,")[2]]
        except OSError as error:
            raise self._explain(error) from error
        for path in sorted((path for path in paths if not path.name.startswith(".")), key=lambda one: one.name)[:count]:
            try:
                with path.open("rb") as file:
                    content = file.read(limit)
            except FileNotFoundError:
                continue  # Another program took it away.
            except OSError as error:
                raise self._explain(error) from error
            yield Mail(str(path.relative_to(self._folder)), content)

    def mark_seen(self, name: str, *, is_flagged: bool = False) -> None:
        """Move a message to `cur`, with its flags."""
        source = self._folder / name
        base, _, flags = source.name.partition(":2,")
        wanted = "".join(sorted({*flags, _SEEN, *([_FLAGGED] if is_flagged else [])}))
        try:
            (self._folder / "cur").mkdir(exist_ok=True)
            source.rename(self._folder / "cur" / f"{base}:2,{wanted}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._explain(error) from error

    def _explain(self, error: OSError) -> MailboxError:
        return MailboxError(
            f"{self._folder}: {error.strerror}. newsletter.bounces names a Maildir, a folder that has new and "
            "cur; let the user who runs Yibao read and write it"
        )


class ImapMailbox:
    """A folder on an IMAP server, over TLS. Source: RFC 9051."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._server: imaplib.IMAP4 | None = None

    def read_new(self, count: int, limit: int) -> Iterator[Mail]:
        """Read unseen messages, and leave them unseen."""
        try:
            server = self._connect()
            for number in self._search(server)[:count]:
                yield Mail(number, self._fetch(server, number, limit))
        except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
            raise self._explain(error) from error
        finally:
            self._close()

    def mark_seen(self, name: str, *, is_flagged: bool = False) -> None:
        """Set the message's flags, over the connection that reads."""
        flags = r"(\Seen \Flagged)" if is_flagged else r"(\Seen)"
        try:
            assert self._server is not None  # noqa: S101  (a name comes from `read_new`, which holds the connection)
            _require(*self._server.uid("STORE", name, "+FLAGS.SILENT", flags))
        except (OSError, imaplib.IMAP4.error) as error:
            raise self._explain(error) from error

    def _connect(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        host, port = self._url.hostname or "localhost", self._url.port or _PORT
        self._server = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=self._timeout_s)
        self._log_in(self._server)
        folder = unquote(self._url.path.strip("/")) or "INBOX"
        quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
        _require(*self._server.select(f'"{quoted}"'))
        return self._server

    def _log_in(self, server: imaplib.IMAP4) -> None:
        """Log in; letters beyond ASCII pass only by SASL. Source: RFC 4616."""
        user, password = unquote(self._url.username or ""), unquote(self._url.password or "")
        if (user + password).isascii():
            server.login(user, password)
        else:
            server.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())

    @staticmethod
    def _search(server: imaplib.IMAP4) -> list[str]:
        data = _require(*server.uid("SEARCH", "UNSEEN"))
        return data[0].decode("ascii").split() if isinstance(data[0], bytes) else []

    @staticmethod
    def _fetch(server: imaplib.IMAP4, number: str, limit: int) -> bytes:
        data = _require(*server.uid("FETCH", number, f"(BODY.PEEK[]<0.{limit}>)"))
        return next((bytes(one[1]) for one in data if isinstance(one, tuple)), b"")

    def _close(self) -> None:
        if self._server is not None:
            try:
                self._server.logout()
            except (OSError, imaplib.IMAP4.error):
                with suppress(OSError):
                    self._server.shutdown()
        self._server = None

    def _explain(self, error: Exception) -> MailboxError:
        words = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        # A server may repeat what it was told.
        words = re.sub(re.escape(unquote(self._url.password or "\0")), "(password)", words)
        return MailboxError(
            f"{self._url.hostname}: {words}. Compare newsletter.bounces with what the mail server wants: "
            "imaps://user:password@host/FOLDER"
        )


def _require(answer: str, data: Sequence[_Data]) -> Sequence[_Data]:
    """Return what the server answered.

    Raises:
        imaplib.IMAP4.error: it said no.
    """
    if answer != "OK":
        raise imaplib.IMAP4.error(" ".join(one.decode(errors="replace") for one in data if isinstance(one, bytes)))
    return data
