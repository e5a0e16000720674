"""What is answered beside files of the tree."""

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
