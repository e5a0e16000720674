"""Everything that a person can act on.

    YibaoError
    ├── SettingsError           yibao.toml or the environment: correct it and run again
    ├── UpstreamError           arXiv's side; `is_repeatable` says whether asking again may help
    │   ├── UnreachableError    no answer at all
    │   │   └── GivenUpError    not asked any more in this run
    │   ├── RefusedError        an answer that says no (4xx, 5xx); carries Retry-After
    │   └── GarbledError        an answer that is not what was asked for
    ├── LibraryError            the library cannot be opened, or is newer than this program
    │   └── LibraryBusyError    another process has it; wait until that ends
    └── DeliveryError           a mail server said no before it took the message

Programming errors pass through untouched. All of these survive pickling: they may cross a process.
"""

#: The longest, in seconds, that a run waits for a server that asks for patience. Then it reports and ends.
PATIENCE_S = 600.0


class YibaoError(Exception):
    """A failure that its reader can do something about."""


class SettingsError(YibaoError):
    """The settings say something that cannot be meant."""


class QuestionError(YibaoError):
    """A reader asks for something that cannot be answered. The message is for the reader."""


class LibraryError(YibaoError):
    """The library cannot be used as it is."""


class LibraryBusyError(LibraryError):
    """Another process has the library open."""


class DeliveryError(YibaoError):
    """The mail server does not have the message. Its words may name a person: they are for the ledger only."""

    def __init__(self, message: str, code: int | None = None, *, is_final: bool = False) -> None:
        super().__init__(message)
        #: The server's reply code; None where it gave none.
        self.code = code
        #: Whether the server will never take it (a 5xx reply to the address or the text): it is not tried again.
        self.is_final = is_final

    def __reduce__(self) -> tuple[object, ...]:
        return (_delivery_error, (str(self), self.code, self.is_final))


def _delivery_error(message: str, code: int | None, is_final: bool) -> DeliveryError:  # noqa: FBT001
    return DeliveryError(message, code, is_final=is_final)


class UpstreamError(YibaoError):
    """ArXiv did not give what was asked for."""

    is_repeatable = True

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}"


class UnreachableError(UpstreamError):
    """Nobody answered: no route, refused connection, or silence beyond the time limit."""


class GivenUpError(UnreachableError):
    """The host did not answer earlier in this run, after every retry; it was not asked again."""

    is_repeatable = False


class RefusedError(UpstreamError):
    """The server answered with an error status."""

    def __init__(self, url: str, reason: str, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, status, retry_after_s)
        self.status = status
        #: Seconds that the server asked us to wait; None when it did not say.
        self.retry_after_s = retry_after_s

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
