"""All of a curator's files, and the rule for a paper that was translated in more than one place.

The rule: of several entries for one paper in one language, the last counts, in the order of file names and then
of lines. A later week corrects an earlier one, and the outcome does not depend on which file was changed last.
The others are reported, and stay where they are.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from yibao.models import Curated, Problem, Severity, Translation
from yibao.translations import markdown

#: What a curator's file may end in.
SUFFIXES = frozenset({".md", ".markdown", ".txt"})


def read(paths: Iterable[Path], language: str) -> Curated:
    """Every translation below these folders (or in these files), one for each paper and language, by path and line.

    A folder or file that cannot be read is a Problem of its own, never an empty folder.
    """
    parts: list[Curated] = []
    for root in paths:
        parts.extend(_read_root(root, language))
    kept, repeated = resolve(translation for part in parts for translation in part.translations)
    problems = [problem for part in parts for problem in part.problems]
    return Curated(tuple(kept), (*problems, *repeated), sum(part.files for part in parts))


def resolve(translations: Iterable[Translation]) -> tuple[list[Translation], list[Problem]]:
    """The entry that counts for each paper and language, and a Problem for each of the others."""
    counted: dict[tuple[str, str], Translation] = {}
    problems = []
    for translation in sorted(translations, key=_place):
        key = (translation.arxiv_id, translation.language)
        earlier = counted.get(key)
        if earlier:
            problems.append(_repeated(earlier, translation))
        counted[key] = translation
    return sorted(counted.values(), key=_place), problems


def _place(translation: Translation) -> tuple[str, int]:
    return (translation.path, translation.line)


def _read_root(root: Path, language: str) -> Iterator[Curated]:
    if not root.exists():
        message = "There is no such folder or file."
        yield Curated((), (_unreadable(root, message, "Correct translations.paths in yibao.toml."),))
        return
    for file in [root] if root.is_file() else _files(root):
        shown = file.name if root.is_file() else file.relative_to(root).as_posix()
        try:
            yield markdown.read(file.read_bytes(), shown, language)
        except OSError as error:
            yield Curated((), (_unreadable(file, f"The file cannot be read: {error.strerror}.", "Check its rights."),))


def _files(root: Path) -> list[Path]:
    """Files that hold entries: Markdown or text, not hidden, and not the folder's own guide."""
    found = (path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(
        path
        for path in found
        if path.stem.upper() != "README" and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )


def _repeated(earlier: Translation, later: Translation) -> Problem:
    rule = "duplicate-in-file" if earlier.path == later.path else "duplicate-across-files"
    message = f"{earlier.arxiv_id} is translated again in {later.path}:{later.line}, which counts."
    remedy = "Keep one of the two, or correct the link of the other."
    return Problem(earlier.path, earlier.line, 1, rule, Severity.WARNING, message, remedy, earlier.arxiv_id)


def _unreadable(path: Path, message: str, remedy: str) -> Problem:
    return Problem(str(path), 1, 1, "unreadable", Severity.ERROR, message, remedy)
