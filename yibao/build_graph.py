"""Documents to be published, each with a digest of all that goes into it: what did not change is not made again."""

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


class ItemRef(NamedTuple):
    """What stands for an entry or an edition in a list, until it is needed itself."""

    #: Its permanent name.
    item: str
    #: Of all that is shown of it.
    digest: str


class Document(NamedTuple):
    """A document that is made when it is needed. Equal digests mean equal bytes."""

    digest: str
    render: Callable[[], bytes]
    #: Permanent names of what must be at hand when it is made.
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lists:
    """Everything that stands in lists, by the lists' names: those to be shown anew, and how much is in every one."""

    #: Lists of a month: all of it, oldest first. Others: the newest, newest first.
    members: Mapping[str, list[ItemRef]]
    counts: Mapping[str, int]
    #: What the members stand for, by permanent name; filled before anything is made.
    at_hand: dict[str, Entry | EditionSummary] = field(default_factory=dict)


def define_document(render: Callable[[], bytes], *inputs: Any, needs: Iterable[ItemRef] = ()) -> Document:
    """Define a document under a digest of its inputs, of what it needs and of the program itself.

    Inputs are records, and what JSON knows.
    """
    items = list(needs)
    return Document(digest_inputs(digest_program().hex(), inputs, items), render, tuple(item.item for item in items))


class Digests:
    """Digests of entries, where they are known; an entry that stands in no list is digested when it is met."""

    def __init__(self, known: Mapping[str, str]) -> None:
        """Keep the digests that are known, by permanent name."""
        self._known = known

    def listed(self, entries: Iterable[Entry]) -> list[tuple[str, date | None, str | None]]:
        """List what stands for entries in an edition, where they differ only in how they were announced that day."""
        return [
            (self._known.get(entry.item) or digest_inputs(entry), entry.announced_on, entry.type) for entry in entries
        ]


def digest_item(shown_item: Entry | Edition) -> str:
    """Digest all that lists show of an entry or an edition."""
    return digest_inputs(shown_item if isinstance(shown_item, Entry) else summarize_edition(shown_item))


def digest_inputs(*inputs: Any) -> str:
    """Digest records, and what JSON knows; equal inputs give equal digests."""
    return hashlib.blake2b(orjson.dumps(inputs, default=_convert_unknown), digest_size=16).hexdigest()


def wrap_content(content: bytes) -> Document:
    """Wrap bytes that are there already as a document."""
    return Document(hashlib.blake2b(content, digest_size=16).hexdigest(), lambda: content)


def _convert_unknown(value: Any) -> Any:
    """Convert what JSON does not know: named tuples to their values, all else to text."""
    return tuple(value) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=1)
def digest_program() -> bytes:
    """Digest this package: code, templates, styles and word lists."""
    digest = hashlib.blake2b(digest_size=32)
    for path, file in sorted(_list_package_files(files("yibao"), "")):
        digest.update(path.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _list_package_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    package_files = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            package_files += _list_package_files(entry, f"{path}{entry.name}/")
        elif entry.is_file():
            package_files.append((path + entry.name, entry))
    return package_files
