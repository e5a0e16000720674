"""Documents to be published, each with a digest of all that goes into it, so that only what changed is rendered."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import orjson

from yibao.edition_summaries import EditionSummary, summarize_edition
from yibao.records import Edition, Entry

#: Entries and editions that documents are rendered from, by permanent name.
Items = Mapping[str, Entry | EditionSummary]


class ItemRef(NamedTuple):
    """A list's reference to an entry or an edition."""

    #: Its permanent name.
    item: str
    #: Of all that lists show of it.
    digest: str


class Window(NamedTuple):
    """How much of a list its live feed holds, and its pages."""

    #: The newest, whatever their day.
    least: int
    #: From the newest day back, so many are recent: those of them that are whole within ...
    days: int
    #: ... so many items, for a reader who fetches weekly; the two newest up to as many, for one who fetches daily.
    most: int


class WindowRef(NamedTuple):
    """A live feed's reference to one of the newest of its list."""

    item: str
    digest: str
    #: Of the run that put it into the list.
    day: date
    #: How many of the list came that day.
    of_day: int
    #: Whether the live feed must hold it: readers may not have fetched it yet.
    is_due: bool
    #: Whether it is among the newest, whatever their day.
    is_newest: bool
    #: Whether it is of the last days, each of which has pages of its own.
    is_recent: bool


class Document(NamedTuple):
    """A document that is rendered only where it changed. Equal digests mean equal bytes."""

    digest: str
    #: Returns the document's bytes; its argument must hold at least what `needs` names.
    render: Callable[[Items], bytes]
    #: Permanent names of the items that it is rendered from, in order.
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lists:
    """Members of the lists that are rendered again, and the size of every list, by the lists' names."""

    #: Lists of a month: all members, oldest first. Others: the newest members, newest first.
    members: Mapping[str, list[ItemRef]]
    counts: Mapping[str, int]
    #: What live feeds are made from, newest first, by the lists' names.
    windows: Mapping[str, list[WindowRef]] = field(default_factory=dict)


def define_document(
    render: Callable[[Items], bytes], *inputs: Any, needs: Iterable[ItemRef | WindowRef] = ()
) -> Document:
    """Define a document by a digest of its inputs, of the items that it needs and of the program itself.

    Inputs are records, and what JSON knows.
    """
    refs = list(needs)
    return Document(digest_inputs(digest_program().hex(), inputs, refs), render, tuple(ref.item for ref in refs))


class Digests:
    """Digests of entries: those that are known, and those that are computed for entries that stand in no list."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """`known` by permanent name."""
        self._known = known

    def refer_to(self, items: Iterable[str]) -> list[ItemRef]:
        """Refer to those of these items, by permanent name, whose digests are known."""
        return [ItemRef(item, self._known[item]) for item in items if item in self._known]

    def digest_entries(self, entries: Iterable[Entry]) -> list[tuple[str, date | None, str | None]]:
        """Digest the entries of an edition, each with how it was announced that day, which lists do not show."""
        return [
            (self._known.get(entry.item) or digest_inputs(entry), entry.announced_on, entry.type) for entry in entries
        ]


def digest_item(item: Entry | Edition) -> str:
    """Digest all that lists show of an entry or an edition."""
    return digest_inputs(item if isinstance(item, Entry) else summarize_edition(item))


def digest_inputs(*inputs: Any) -> str:
    """Digest records, and what JSON knows, as hexadecimal text."""
    return hashlib.blake2b(orjson.dumps(inputs, default=_plain), digest_size=16).hexdigest()


def wrap_content(content: bytes) -> Document:
    """Wrap bytes that are rendered already as a document."""
    return Document(hashlib.blake2b(content, digest_size=16).hexdigest(), lambda _items: content)


def _plain(value: Any) -> Any:
    """Convert what JSON does not know: named tuples to their values, all else to text."""
    return tuple(value) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=1)
def digest_program() -> bytes:
    """Digest this package: code, templates, styles and word lists."""
    digest = hashlib.blake2b(digest_size=32)
    for path, file in sorted(_list_files(files("yibao"), "")):
        digest.update(path.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _list_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    collected = []
    for child in folder.iterdir():
        if child.is_dir() and child.name != "__pycache__":
            collected += _list_files(child, f"{path}{child.name}/")
        elif child.is_file():
            collected.append((path + child.name, child))
    return collected
