"""The manifest of a published tree: a file in the tree itself, so that it changes places with what it describes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

NAME = ".yibao.json"
#: In a manifest: bytes that we are about to write, or wrote before a kill.
UNKNOWN = ""


class Manifest(NamedTuple):
    """What we published in a tree, and what others put there."""

    #: What we published there, by path with the digest of its inputs.
    documents: Mapping[str, str]
    #: Files that we never wrote: a name for the domain, a proof of ownership.
    others: Sequence[str] = ()
    signature: str | None = None
    #: When we last looked for what others did there: the disk's clock, in nanoseconds.
    looked_at: int = 0
    #: Digests of the bytes of each document and of its compressed forms, by path.
    contents: Mapping[str, str] = {}

    @classmethod
    def load(cls, root: Path) -> "Manifest":
        """Read the manifest of a tree; an empty one where there is none.

        Raises:
            ValueError: it is damaged: cut short, not JSON, or of another shape.
        """
        try:
            values = orjson.loads((root / NAME).read_bytes())
        except FileNotFoundError:
            return cls({})
        if not isinstance(values, dict):
            raise ValueError("it is not a JSON object")  # noqa: TRY004  (the file's fault, not the program's)
        # Earlier versions wrote the documents alone.
        return cls(**_check_shape(values if "documents" in values else {"documents": values}))

    def store(self, root: Path) -> None:
        """Write the manifest into a tree, whole or not at all."""
        store_json(root / NAME, self._asdict())

    def mark_unknown(self, paths: Iterable[str]) -> "Manifest":
        """Return the same manifest, where nobody knows the bytes of these documents."""
        return self._replace(documents={**self.documents, **dict.fromkeys(paths, UNKNOWN)}, signature=None)


def store_json(path: Path, value: object) -> None:
    """Write a value as JSON, whole or not at all."""
    partial = path.with_suffix(".part")
    partial.write_bytes(orjson.dumps(value))
    partial.replace(path)


def _check_shape(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a manifest; raises ValueError where one has another shape."""
    shapes = {"documents": dict, "others": list, "signature": str | None, "looked_at": int, "contents": dict}
    for name, value in values.items():
        if name not in shapes or not isinstance(value, shapes[name]):
            raise ValueError(f"{name!r} has another shape")
    texts = [*values["documents"].values(), *values.get("contents", {}).values()]
    paths = [*values["documents"], *values.get("others", ())]
    if not all(isinstance(text, str) for text in (*texts, *paths)):
        raise ValueError("there is a path or digest that is no text")
    # What is removed by these names must be in the tree.
    if any(path.startswith("/") or (".." in path and ".." in path.split("/")) for path in paths):
        raise ValueError("there is a path that leads out of the tree")
    return values
