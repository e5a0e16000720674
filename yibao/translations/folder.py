"""All of a curator's files, and the rule for a paper that was translated in more than one place.

The rule: of several entries for one paper in one language, the last counts, in the order of file names and then
of lines. A later week corrects an earlier one, and the outcome does not depend on which file was changed last.
The others are reported, and stay where they are.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from yibao.records import Problem, Translation
from yibao.translations import markdown
from yibao.translations.rules import create_problem

#: What a curator's file may end in.
SUFFIXES = frozenset({".md", ".markdown", ".txt"})
_CORRECT = "Correct translations.paths in yibao.toml, or put it there."
_RIGHTS = "Correct its rights, so that the user who runs Yibao may read it."


class EntryKey(NamedTuple):
    """Which entry it is, of those of one paper and language."""

    arxiv_id: str
    language: str
    path: str
    line: int


class TranslationFile(NamedTuple):
    """A curator's file: the name to show, relative to its folder, and where it is."""

    shown: str
    path: Path


class CuratedTranslations(NamedTuple):
    """What came of reading curators' files: translations by path and line, and what was set aside."""

    translations: tuple[Translation, ...]
    problems: tuple[Problem, ...]
    #: How many files there are.
    files: int


def read_folder(paths: Iterable[Path], language: str) -> CuratedTranslations:
    """Read all translations below these folders (or in these files), one for each paper and language, by path and line.

    A folder or file that cannot be read is a Problem of its own, never an empty folder.
    """
    files, problems = find_files(paths)
    translations: list[Translation] = []
    for file in files:
        raw = read_content(file)
        if isinstance(raw, Problem):
            problems.append(raw)
            continue
        document = markdown.parse_document(raw, file.shown, language)
        translations += [entry.translation for entry in document.entries]
        problems += [problem for problem in document.problems if problem.rule not in document.silenced]
    keys = {EntryKey(entry.arxiv_id, entry.language, entry.path, entry.line): entry for entry in translations}
    counted, repeated = resolve_entries(keys)
    return CuratedTranslations(tuple(keys[key] for key in counted), (*problems, *repeated), len(files))


def find_files(paths: Iterable[Path]) -> tuple[list[TranslationFile], list[Problem]]:
    """Find the files below these folders (or these files), by name within each, and a Problem for what is not there."""
    files: list[TranslationFile] = []
    problems: list[Problem] = []
    for root in paths:
        try:
            if root.is_file():
                files.append(TranslationFile(root.as_posix(), root))
                continue
            if root.is_dir():
                below, unreadable = _list_files(root)
                files += [TranslationFile(path.relative_to(root).as_posix(), path) for path in below]
                problems += unreadable
                continue
            root.stat()
            message, remedy = "This is neither a folder nor a file.", _CORRECT
        except (FileNotFoundError, NotADirectoryError):
            message, remedy = "There is no such folder or file.", _CORRECT
        except OSError as error:
            message, remedy = f"It cannot be read: {error.strerror}.", _RIGHTS
        problems.append(create_problem("unreadable", str(root), 1, 1, message, remedy))
    return files, problems


def read_content(file: TranslationFile) -> bytes | Problem:
    """Read the file's bytes, or say why that cannot be done."""
    try:
        return file.path.read_bytes()
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        remedy = "Remove the link, or put the file where it leads." if file.path.is_symlink() else _RIGHTS
        return create_problem("unreadable", str(file.path), 1, 1, message, remedy)


def is_curated_name(path: Path) -> bool:
    """Check whether a file is named as a curator's may be: Markdown or text, not hidden, not the folder's guide."""
    return path.suffix.lower() in SUFFIXES and path.stem.upper() != "README" and not path.name.startswith(".")


def _holds_entries(path: Path) -> bool:
    return is_curated_name(path) and (path.is_symlink() or path.is_file())


def resolve_entries(keys: Iterable[EntryKey]) -> tuple[list[EntryKey], list[Problem]]:
    """Choose the entry that counts for each paper and language, by place, with a Problem for each of the others."""
    counted: dict[tuple[str, str], EntryKey] = {}
    problems = []
    for key in sorted(keys, key=_file_position):
        earlier = counted.get(key[:2])
        if earlier:
            problems.append(_report_repeated(earlier, key))
        counted[key[:2]] = key
    return sorted(counted.values(), key=_file_position), problems


def _file_position(key: EntryKey) -> tuple[str, int]:
    return (key.path, key.line)


def _list_files(root: Path) -> tuple[list[Path], list[Problem]]:
    """List files that hold entries (Markdown or text, not hidden, not the folder's guide), and unreadable folders.

    A link that leads nowhere counts as a file: what it led to is missing.
    """
    paths: list[Path] = []
    problems: list[Problem] = []

    def note(error: OSError) -> None:
        message = f"The folder cannot be read: {error.strerror}."
        problems.append(create_problem("unreadable", str(error.filename), 1, 1, message, _RIGHTS))

    for folder, folders, names in os.walk(root, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(folder, name) for name in names if _holds_entries(Path(folder, name))]
    return sorted(paths), problems


def _report_repeated(earlier: EntryKey, later: EntryKey) -> Problem:
    rule = "duplicate-in-file" if earlier.path == later.path else "duplicate-across-files"
    message = f"{earlier.arxiv_id} is translated again in {later.path}:{later.line}, which counts."
    remedy = "Keep one of the two, or correct the link of the other."
    return create_problem(rule, earlier.path, earlier.line, 1, message, remedy, earlier.arxiv_id)
