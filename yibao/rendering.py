"""A document to be published, and a digest of all that goes into it: what did not change need not be made again."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import orjson

from yibao.models import Edition, Entry


class Rendering(NamedTuple):
    """A document that is made when it is needed. Equal digests mean equal bytes."""

    digest: str
    render: Callable[[], bytes]


def rendering(render: Callable[[], bytes], *inputs: Any) -> Rendering:
    """The document, under a digest of its inputs and of the program itself. Inputs are records, and what JSON knows."""
    return Rendering(digest(program().hex(), inputs), render)


class Digests:
    """Digests of entries and editions by their permanent names; each is computed once for all that shows it."""

    def __init__(self, entries: Iterable[Entry], editions: Iterable[Edition]) -> None:
        self._known = {one.item: digest(one) for one in entries}
        self._known |= {one.item: self._of_edition(one) for one in editions}

    def of(self, one: Entry | Edition) -> str:
        """The digest of an entry as feeds show it, or of an edition."""
        return self._known.get(one.item) or digest(one)

    def listed(self, entries: Iterable[Entry]) -> list[tuple[str, date | None, str | None]]:
        """What stands for entries within an edition, where they differ only in how they were announced that day."""
        return [(self.of(entry), entry.announced_on, entry.type) for entry in entries]

    def _of_edition(self, edition: Edition) -> str:
        head = replace(edition, translated=(), by_category=(), replaced=())
        lists = [(code, self.listed(entries)) for code, entries in edition.by_category]
        return digest(head, self.listed(edition.translated), lists, self.listed(edition.replaced))


def digest(*inputs: Any) -> str:
    """A digest of records, and of what JSON knows."""
    return hashlib.blake2b(orjson.dumps(inputs, default=_plain), digest_size=16).hexdigest()


def ready(content: bytes) -> Rendering:
    """A document that is there already."""
    return Rendering(hashlib.blake2b(content, digest_size=16).hexdigest(), lambda: content)


def _plain(value: Any) -> Any:
    """What JSON does not know: named tuples by their values."""
    return tuple(value) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=1)
def program() -> bytes:
    """A digest of this package: code, templates, styles and word lists."""
    digest = hashlib.blake2b(digest_size=32)
    for path, file in sorted(_files(files("yibao"), "")):
        digest.update(path.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    found = []
    for one in folder.iterdir():
        if one.is_dir() and one.name != "__pycache__":
            found += _files(one, f"{path}{one.name}/")
        elif one.is_file():
            found.append((path + one.name, one))
    return found
