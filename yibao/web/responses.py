"""What is answered beside files of the tree."""

from collections.abc import Callable
from typing import NamedTuple


class Reply(NamedTuple):
    """A document made for the question."""

    content: bytes
    media_type: str


class Redirect(NamedTuple):
    """The address, below the root, at which the answer is."""

    address: str


class Refusal(NamedTuple):
    """Why there is no answer, for the person who asked."""

    status: int
    message: str


class Problem(NamedTuple):
    """Why there is no answer, for the program that asked, as problem+json.

    Source: https://www.rfc-editor.org/rfc/rfc9457.
    """

    status: int
    detail: str
    #: Seconds after which it is worth to ask again; None where that is not said.
    retry_after_s: int | None = None


class Page(NamedTuple):
    """A page made for one person, which nobody keeps."""

    content: bytes
    status: int = 200
    #: Seconds after which it is worth to ask again; None where that is not said.
    retry_after_s: int | None = None
    #: Whether search engines may list it; never where its address names a person.
    is_listed: bool = False
    #: Its Content-Security-Policy; empty for that of all such pages.
    policy: str = ""
    #: Called when the answer is on its way.
    then: Callable[[], None] | None = None
