"""Everything that a person can act on.

    YibaoError
    ├── SettingsError           yibao.toml or the environment: correct it and run again
    ├── UpstreamError           arXiv's side; `is_repeatable` says whether asking again may help
    │   ├── UnreachableError    no answer at all
    │   │   └── GivenUpError    not asked any more in this run
    │   ├── RefusedError        an answer that says no (4xx, 5xx); carries Retry-After
    │   └── GarbledError        an answer that is not what was asked for
    ├── DateError               a date that no run can be for: give another one
    ├── ClockError              this machine's clock is wrong: correct it and run again
    ├── LibraryError            the library cannot be opened, or is newer than this program
    │   └── LibraryBusyError    another process has it; wait until that ends
    ├── BackupError             a folder is no backup, or not one that can be used here
    ├── DatasetError            a release cannot be read or made: put it back, or make another
    ├── NotFoundError           a reader asks for something by a name that nothing has
    │   └── GoneError           … that nothing has any more: begin anew
    ├── PeopleError             the database of subscribers cannot be read or written
    ├── SuppressedError         an address that gets no mail, whoever asks for it
    ├── SubscriberListError     a CSV of subscribers cannot be read at all: mend the file
    ├── MailboxError            the mailbox with reports of failed mail cannot be read
    └── DeliveryError           a mail server said no before it took the message

Programming errors pass through untouched. All of these survive pickling: they may cross a process.
"""

#: The longest, in seconds, that a run waits for a server that asks for patience. Then it reports and ends.
PATIENCE_S = 600.0


class YibaoError(Exception):
    """A failure that its reader can do something about."""


class SettingsError(YibaoError):
    """The settings say something that cannot be meant."""


class DateError(YibaoError):
    """No run can be for this date."""


class ClockError(YibaoError):
    """This machine's clock is not arXiv's: whatever a run stores would bear a wrong date. It ends the run."""


class QueryError(YibaoError):
    """A reader asks for something that cannot be answered. The message is for the reader."""


class LibraryError(YibaoError):
    """The library cannot be used as it is."""


class LibraryBusyError(LibraryError):
    """Another process has the library open."""


class BackupError(YibaoError):
    """A backup cannot be made or put back as asked."""


class DatasetError(YibaoError):
    """A release of the dataset, or their list, cannot be used as it is."""


class NotFoundError(YibaoError):
    """What a reader asks for by its name is not there. The message is for the reader."""


class GoneError(NotFoundError):
    """It was there, and is no longer kept."""


class PeopleError(YibaoError):
    """The database of subscribers and deliveries cannot be used as it is. The message names its file and no person."""


class SuppressedError(YibaoError):
    """An address gets no mail. The message says why, is for the operator, and names no person."""


class SubscriberListError(YibaoError):
    """A list of subscribers cannot be read as a whole: its encoding, or its header."""


class MailboxError(YibaoError):
    """The mailbox with reports of failed mail cannot be read or marked. The message names no person."""


class DeliveryError(YibaoError):
    """The mail server does not have the message. Its words may name a person: a report hides the address first."""

    def __init__(
        self, message: str, code: int | None = None, *, is_final: bool = False, is_server: bool = False
    ) -> None:
        super().__init__(message)
        #: The server's reply code; None where it gave none.
        self.code = code
        #: Whether the server will never take it (a 5xx reply to the address or the text): it is not tried again.
        self.is_final = is_final
        #: Whether it is about the server or the connection, so that the next message will most likely fail as well.
        self.is_server = is_server

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore_delivery_error, (str(self), self.code, self.is_final, self.is_server))


def _restore_delivery_error(message: str, code: int | None, is_final: bool, is_server: bool) -> DeliveryError:  # noqa: FBT001
    return DeliveryError(message, code, is_final=is_final, is_server=is_server)


class LinkError(YibaoError):
    """A signed link is not valid, or not any more."""

    def __init__(self, message: str, *, is_expired: bool = False) -> None:
        super().__init__(message)
        self.is_expired = is_expired


class UpstreamError(YibaoError):
    """ArXiv did not give what was asked for."""

    is_repeatable = True
    #: What the operator of this host can do; not for the ledger, which is published.
    advice = ""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}{f'. {self.advice}' if self.advice else ''}"


class UnreachableError(UpstreamError):
    """Nobody answered: no route, refused connection, or silence beyond the time limit."""


class GivenUpError(UnreachableError):
    """The host did not answer earlier in this run, after every retry, or shut us out; it was not asked again."""

    is_repeatable = False


class RefusedError(UpstreamError):
    """The server answered with an error status."""

    def __init__(
        self, url: str, reason: str, status: int, retry_after_s: float | None = None, advice: str = ""
    ) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, status, retry_after_s, advice)
        self.status = status
        self.advice = advice
        #: Seconds that the server asked us to wait; None when it did not say.
        self.retry_after_s = retry_after_s

    @property
    def is_of_whole_host(self) -> bool:
        """Whether the host shuts us out, or wants more patience than a run has; else it refuses one page."""
        return self.status == 403 or (self.status in (429, 503) and not self.is_repeatable)  # noqa: PLR2004

    @property
    def is_repeatable(self) -> bool:  # type: ignore[override]
        """Whether another try in this run may help. Never for 403: arXiv treats hammering after it as an attack.

        Source: https://info.arxiv.org/help/robots.html
        """
        if (self.retry_after_s or 0.0) > PATIENCE_S:
            return False
        return self.status == 429 or self.status >= 500  # noqa: PLR2004


class GarbledError(UpstreamError):
    """The body is cut off, is not XML, or is valid but not the document that was asked for."""
