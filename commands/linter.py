"""The linter as a service: checks curators' files, each once for what it says and what arXiv says of its papers."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import platformdirs

from flows.steps import environment
from storage import linter_cache
from storage.library import connection, source_texts
from yibao import glossary
from yibao.errors import LibraryBusyError
from yibao.glossary import Term
from yibao.records import Problem, Severity, SourceText
from yibao.translations import check, folder, identity, markdown, silences
from yibao.translations.check import CheckResult
from yibao.translations.decoding import decode_content
from yibao.translations.folder import EntryKey, TranslationFile
from yibao.translations.markdown import Document
from yibao.translations.silences import Silence

#: So long a check waits for a run that writes the library.
_PATIENCE_S = 10.0


class CheckedFiles(NamedTuple):
    """What came of checking files."""

    #: By path, line and column.
    problems: list[Problem]
    files: list[TranslationFile]
    entries: int
    #: Entries that were not compared, because their English text was not at hand.
    unknown: int


class English(NamedTuple):
    """What arXiv says of papers."""

    #: By identifier.
    texts: Mapping[str, SourceText] = MappingProxyType({})
    #: Identifiers by title, without signs and case.
    owners: Mapping[str, str] = MappingProxyType({})


class _Pending(NamedTuple):
    """A file, and what is known of it before it is checked."""

    file: TranslationFile
    raw: bytes
    key: bytes
    ids: list[str]


def find_cache_path() -> Path:
    """Find where results are kept between checks."""
    return platformdirs.user_cache_path("yibao") / "checked.sqlite3"


def check_files(
    paths: Sequence[Path], language: str, terms: Sequence[Term], library: Path | None, cache: Path | None = None
) -> CheckedFiles:
    """Find everything that is wrong below these folders and in these files.

    `library`: where arXiv's text is; None, or a library that is not there or busy, leaves those rules out.

    Raises:
        LibraryError: the library is damaged.
    """
    curated_files, problems = folder.find_files(paths)
    results: list[CheckResult] = []
    with linter_cache.open_cache(cache or find_cache_path(), environment.SystemClock().now()) as kept:
        pending = []
        for file in curated_files:
            raw = folder.read_content(file)
            if isinstance(raw, Problem):
                problems.append(raw)
            else:
                pending.append(_identify_papers(kept, file, raw, language))
        digests = _read_digests(library, pending)
        library = library if digests else None
        fresh = []
        for one in pending:
            key = _digest_parts(one.key, repr(terms), *(f"{arxiv_id}{digests.get(arxiv_id)}" for arxiv_id in one.ids))
            value = kept.get(key)
            if value is None:
                fresh.append((key, one))
            else:
                results.append(_from_json(value))
        for key, result in _check_fresh(fresh, language, terms, library):
            kept.put(key, _to_json(result))
            results.append(result)
    silenced = {(entry.path, rule) for result in results for entry in result.entries for rule in result.silenced}
    _, repeated = folder.resolve_entries(key for result in results for key in result.entries)
    problems += [one for one in repeated if (one.path, one.rule) not in silenced]
    problems += [one for result in results for one in result.problems]
    entries = sum(len(result.entries) for result in results)
    return CheckedFiles(
        sorted(problems, key=check.problem_position), curated_files, entries, sum(result.unknown for result in results)
    )


def collect_silences(paths: Sequence[Path], language: str) -> list[Silence]:
    """Collect what these files silence, in their order; a file that cannot be read silences nothing."""
    found: list[Silence] = []
    for file in folder.find_files(paths)[0]:
        raw = folder.read_content(file)
        if isinstance(raw, bytes):
            document = markdown.parse_document(raw, _shorten_path(file.path), language)
            found += silences.list_silences(document)
    return found


def name_as_typed(checked: CheckedFiles) -> CheckedFiles:
    """Name files as whoever typed the command would, from where it was typed."""
    names = {file.shown: _shorten_path(file.path) for file in checked.files}
    return checked._replace(problems=[replace(one, path=names.get(one.path, one.path)) for one in checked.problems])


def _shorten_path(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


class Lines:
    """The lines of files, read when they are first asked for."""

    def __init__(self, files_: Iterable[TranslationFile]) -> None:
        self._paths = {_shorten_path(file.path): file.path for file in files_}
        self._lines: dict[str, list[str]] = {}

    def __call__(self, path: str) -> Sequence[str]:
        """Return the lines of the file that problems name so; none where it cannot be read."""
        if path not in self._lines:
            raw = folder.read_content(TranslationFile(path, self._paths[path])) if path in self._paths else b""
            self._lines[path] = decode_content(raw, path).text.split("\n") if isinstance(raw, bytes) else []
        return self._lines[path]


def has_failed(problems: Iterable[Problem], *, strict: bool) -> bool:
    """Tell whether a check is to fail: on an error, and if strict on a warning."""
    grave = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return any(problem.severity in grave for problem in problems)


def _identify_papers(kept: linter_cache.Cache, file: TranslationFile, raw: bytes, language: str) -> _Pending:
    """Find of which papers a file speaks."""
    key = _digest_parts(raw, file.shown, language, _digest_rules())
    ids = kept.get(key)
    if not isinstance(ids, list):
        document = markdown.parse_document(raw, file.shown, language)
        ids = sorted({entry.translation.arxiv_id for entry in document.entries})
        kept.put(key, ids)
    return _Pending(file, raw, key, ids)


def _read_digests(library: Path | None, pending: Sequence[_Pending]) -> dict[str, str]:
    ids = {arxiv_id for one in pending for arxiv_id in one.ids}
    if library is None or not library.exists():
        return {}
    try:
        with connection.read_library(library, _PATIENCE_S) as opened:
            return source_texts.digest_texts(opened, ids)
    except LibraryBusyError:
        return {}


def _check_fresh(
    fresh: Sequence[tuple[bytes, _Pending]], language: str, terms: Sequence[Term], library: Path | None
) -> Iterable[tuple[bytes, CheckResult]]:
    if not fresh:
        return
    documents = [(key, markdown.parse_document(one.raw, one.file.shown, language)) for key, one in fresh]
    english = English()
    if library is not None and library.exists():
        english = read_english(library, [document for _, document in documents])
    for key, document in documents:
        yield key, check.check_document(document, terms, english.texts, english.owners)


def read_english(library: Path, documents: Iterable[Document], patience_s: float | None = None) -> English:
    """Read what arXiv says of the papers of these files, and who bears the titles that are not their own.

    Raises:
        LibraryBusyError: a run writes the library, and has not ended within so many seconds (two minutes by default).
        LibraryError: there is no library, or it is damaged.
    """
    entries = [entry.translation for document in documents for entry in document.entries]
    with connection.read_library(library, patience_s) as opened:
        texts = source_texts.read_texts(opened, {entry.arxiv_id for entry in entries})
        others = {
            entry.title_en
            for entry in entries
            if entry.arxiv_id in texts
            and identity.normalize_title(entry.title_en) != identity.normalize_title(texts[entry.arxiv_id].title)
        }
        owners = {
            identity.normalize_title(title): owner
            for title, owner in source_texts.find_title_owners(opened, others).items()
        }
    return English(texts, owners)


def load_terms(paths: Iterable[Path]) -> tuple[Term, ...]:
    """Load our glossary, with the one that lies in one of these folders.

    Raises:
        YibaoError: it is no glossary; the message names its line.
    """
    own = (root / glossary.FILE_NAME for root in paths)
    # `os.path`, unlike Path, takes what may not be looked at for absent; that is told where the folder is read.
    return glossary.load_terms(next((path for path in own if os.path.exists(path)), None))  # noqa: PTH110


@lru_cache(maxsize=1)
def _digest_rules() -> bytes:
    """Digest the rules themselves: what another version found is found anew."""
    parts = sorted((one.name, one.read_bytes()) for one in files("yibao.translations").iterdir() if one.is_file())
    return _digest_parts(*(part for pair in parts for part in pair))


def _digest_parts(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


def _to_json(result: CheckResult) -> dict[str, Any]:
    return {**result._asdict(), "problems": [asdict(problem) for problem in result.problems]}


def _from_json(value: Any) -> CheckResult:
    return CheckResult(
        tuple(EntryKey(*entry) for entry in value["entries"]),
        tuple(Problem(**{**one, "severity": Severity(one["severity"])}) for one in value["problems"]),
        value["unknown"],
        tuple(value["silenced"]),
    )
