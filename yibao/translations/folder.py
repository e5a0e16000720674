"""All of a curator's files, and the rule for a paper that was translated in more than one place.

The rule: of several entries for one paper in one language, the last counts, in the order of file names and then
of lines. A later week corrects an earlier one, and the outcome does not depend on which file was changed last.
The others are reported, and stay where they are.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from yibao.models import Problem, Translation
from yibao.translations import markdown
from yibao.translations.rules import problem

#: What a curator's file may end in.
SUFFIXES = frozenset({".md", ".markdown", ".txt"})


class Key(NamedTuple):
    """Which entry it is, of those of one paper and language."""

    arxiv_id: str
    language: str
    path: str
    line: int


class File(NamedTuple):
    """A curator's file: the name to show, relative to its folder, and where it is."""

    shown: str
    path: Path


class Curated(NamedTuple):
    """What came of reading curators' files: translations by path and line, and what was set aside."""

    translations: tuple[Translation, ...]
    problems: tuple[Problem, ...]
    #: How many files there are.
    files: int


def read(paths: Iterable[Path], language: str) -> Curated:
    """Every translation below these folders (or in these files), one for each paper and language, by path and line.

    A folder or file that cannot be read is a Problem of its own, never an empty folder.
    """
    found, problems = files(paths)
    translations: list[Translation] = []
    for file in found:
        raw = content(file)
        if isinstance(raw, Problem):
            problems.append(raw)
            continue
        document = markdown.read(raw, file.shown, language)
        translations += [entry.translation for entry in document.entries]
        problems += [one for one in document.problems if one.rule not in document.silenced]
    keys = {Key(one.arxiv_id, one.language, one.path, one.line): one for one in translations}
    kept, repeated = resolve(keys)
    return Curated(tuple(keys[key] for key in kept), (*problems, *repeated), len(found))


def files(paths: Iterable[Path]) -> tuple[list[File], list[Problem]]:
    """The files below these folders (or these files), by name within each, and a Problem for what is not there."""
    found, problems = [], []
    for root in paths:
        if root.is_file():
            found.append(File(root.as_posix(), root))
        elif root.exists():
            found += [File(path.relative_to(root).as_posix(), path) for path in _below(root)]
        else:
            message, remedy = "There is no such folder or file.", "Correct translations.paths in yibao.toml."
            problems.append(problem("unreadable", str(root), 1, 1, message, remedy))
    return found, problems


def content(file: File) -> bytes | Problem:
    """The file's bytes, or why it cannot be read."""
    try:
        return file.path.read_bytes()
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        return problem("unreadable", str(file.path), 1, 1, message, "Check its rights.")


def resolve(keys: Iterable[Key]) -> tuple[list[Key], list[Problem]]:
    """The entry that counts for each paper and language, by place, and a Problem for each of the others."""
    counted: dict[tuple[str, str], Key] = {}
    problems = []
    for key in sorted(keys, key=_place):
        earlier = counted.get(key[:2])
        if earlier:
            problems.append(_repeated(earlier, key))
        counted[key[:2]] = key
    return sorted(counted.values(), key=_place), problems


def _place(key: Key) -> tuple[str, int]:
    return (key.path, key.line)


def _below(root: Path) -> Iterator[Path]:
    """Files that hold entries: Markdown or text, not hidden, and not the folder's own guide."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return iter(
        sorted(
            path
            for path in found
            if path.stem.upper() != "README" and not any(part.startswith(".") for part in path.relative_to(root).parts)
        )
    )


def _repeated(earlier: Key, later: Key) -> Problem:
    rule = "duplicate-in-file" if earlier.path == later.path else "duplicate-across-files"
    message = f"{earlier.arxiv_id} is translated again in {later.path}:{later.line}, which counts."
    remedy = "Keep one of the two, or correct the link of the other."
    return problem(rule, earlier.path, earlier.line, 1, message, remedy, earlier.arxiv_id)
