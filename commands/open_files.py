"""Curators' files as an editor has them open: what is wrong, what would mend it, what stands behind a place."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from commands import completions, linter
from commands.completions import Proposal
from storage.library import connection, coverage, source_texts
from yibao.errors import LibraryBusyError
from yibao.records import Problem, SourceText
from yibao.settings import Settings
from yibao.translations import check, counterparts, fixes, folder, markdown, rules
from yibao.translations.markdown import Document, Place
from yibao.translations.rules import RULES

#: So long a look into the library waits for a run that writes it; what was read before serves meanwhile.
_PATIENCE_S = 0.5
_MOST_PAPERS = 50


class OpenFile(NamedTuple):
    """A file as it is in the editor."""

    path: Path
    document: Document
    #: As typed, without the signs that end them.
    lines: list[str]


class QuickFix(NamedTuple):
    """Text to put between two columns of a line, all from 1; the end of a line that is not there yet is 1."""

    title: str
    line: int
    start: int
    end: int
    text: str
    #: Whether it does what is asked, and needs no word of the curator's.
    is_preferred: bool


class Desk:
    """Where files lie open: the settings of their installation, and what the library was seen to say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._english = linter.English()
        #: Papers that the library was asked about.
        self._asked: set[str] = set()

    def ask_anew(self) -> None:
        """Ask the library anew, where it is needed next: a run may have changed it."""
        self._asked.clear()

    def open_file(self, path: Path, text: str) -> OpenFile:
        """Open a file with the text that the editor has."""
        root = next((root for root in self._list_roots() if path.is_relative_to(root)), path.parent)
        shown = path.relative_to(root).as_posix()
        document = markdown.parse_document(text.encode("utf-8", "replace"), shown, self._settings.site.language)
        return OpenFile(path, document, text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    def is_curated(self, path: Path) -> bool:
        """Check whether a file is one of translations; where there is no folder of them, any that may be one is."""
        roots = [root for root in self._list_roots() if root.is_dir()]
        return folder.is_curated_name(path) and (not roots or any(path.is_relative_to(root) for root in roots))

    def check_file(self, opened: OpenFile) -> list[Problem]:
        """Find what is wrong in a file, by place, as far as that does not depend on other files.

        Raises:
            YibaoError: the library is damaged, or the glossary is none.
        """
        self._read_library(opened.document)
        terms = linter.load_terms(self._list_roots())
        result = check.check_document(opened.document, terms, self._english.texts, self._english.owners)
        _, repeated = folder.resolve_entries(result.entries)
        silenced = set(result.silenced)
        return [*result.problems, *(one for one in repeated if one.rule not in silenced)]

    def find_repeated(self, opened: OpenFile) -> list[Problem]:
        """Find which papers of a file are translated again in a later one, as the files are on disk."""
        curated = folder.read_folder(
            [root for root in self._list_roots() if root.is_dir()], self._settings.site.language
        )
        place, rule = opened.document.path, "duplicate-across-files"
        if rule in opened.document.silenced:
            return []
        return [one for one in curated.problems if (one.path, one.rule) == (place, rule)]

    def list_fixes(self, opened: OpenFile, problem: Problem) -> Iterator[QuickFix]:
        """List what would mend a problem: the repair, the word to write, else a silence with room for a reason."""
        line = opened.lines[problem.line - 1] if problem.line <= len(opened.lines) else ""
        replacement = rules.find_replacement(problem)
        if RULES[problem.rule].is_fixable:
            mended = fixes.mend_line(opened.document, problem.rule, problem.line)
            if mended != line:
                yield QuickFix(problem.remedy, problem.line, 1, len(line) + 1, mended, is_preferred=True)
        elif replacement:
            start = problem.column
            yield QuickFix(problem.remedy, problem.line, start, start + problem.length, replacement, is_preferred=True)
        entry = counterparts.find_entry(opened.document, problem.line)
        if entry and problem.rule not in ("silence", "unused-silence", "stub"):
            after = (entry.abstract_at[-1] if entry.abstract_at else entry.url_at).line
            end = len(opened.lines[after - 1]) + 1
            comment = f"\n\n<!-- yibao: ignore {problem.rule}:  -->"
            yield QuickFix(f"Silence {problem.rule} here, with a reason.", after, end, end, comment, is_preferred=False)

    def mend_file(self, opened: OpenFile) -> str:
        """Mend all that is safe, as `check --fix` does."""
        raw = "\n".join(opened.lines).encode("utf-8", "replace")
        return fixes.fix_content(raw, opened.document.path, self._settings.site.language).decode()

    def describe_place(self, opened: OpenFile, at: Place) -> str | None:
        """Describe what a place renders, in Markdown: the English sentence with its number, or the title."""
        entry = counterparts.find_entry(opened.document, at.line)
        english = self._find_english(opened, entry.translation.arxiv_id) if entry else None
        if entry is None or english is None:
            return None
        found = counterparts.find_counterpart(entry, at, english)
        if found is None:
            version = f"v{english.version}" if english.version else ""
            return f"**{english.title}**\n\narXiv:{entry.translation.arxiv_id}{version}"
        if not found.sentences:
            return "Nothing of the English seems to stand for this sentence."
        return "\n\n".join(f"**{number} of {found.total}** {text}" for number, text in found.sentences)

    def propose(self, opened: OpenFile, at: Place) -> list[Proposal]:
        """Propose what to write at a place: papers in a link, rules in a comment, else renderings of terms."""
        before = opened.lines[at.line - 1][: at.column - 1] if at.line <= len(opened.lines) else ""
        typed = completions.find_typed_identifier(before)
        if typed is not None:
            return completions.propose_papers(before, self._find_papers(opened, at.line, typed))
        directives = completions.propose_directives(before)
        entry = counterparts.find_entry(opened.document, at.line)
        if directives or entry is None or before.startswith("#"):
            return directives
        english = self._find_english(opened, entry.translation.arxiv_id)
        return completions.propose_terms(before, linter.load_terms(self._list_roots()), english)

    def _list_roots(self) -> list[Path]:
        return [path.absolute() for path in self._settings.translations.paths]

    def _find_english(self, opened: OpenFile, arxiv_id: str) -> SourceText | None:
        self._read_library(opened.document)
        return self._english.texts.get(arxiv_id)

    def _read_library(self, document: Document) -> None:
        """Read what arXiv says of the file's papers; a library that is busy or not there changes nothing."""
        library = self._settings.paths.library
        ids = {entry.translation.arxiv_id for entry in document.entries}
        if ids <= self._asked or not library.exists():
            return
        try:
            english = linter.read_english(library, [document], _PATIENCE_S)
        except LibraryBusyError:
            return
        self._asked |= ids
        self._english = linter.English(
            {**self._english.texts, **english.texts}, {**self._english.owners, **english.owners}
        )

    def _find_papers(self, opened: OpenFile, line: int, typed: str) -> list[tuple[str, str]]:
        """Find papers whose identifiers begin so: the one of the heading above, then what awaits a translation."""
        library = self._settings.paths.library
        if not library.exists():
            return []
        headings = [text for text in opened.lines[:line] if text.startswith("#")]
        try:
            with connection.read_library(library, _PATIENCE_S) as reader:
                owners = source_texts.find_title_owners(reader, [headings[-1].lstrip("# ")] if headings else [])
                wanted = coverage.suggest_papers(reader, _MOST_PAPERS)
                newest = source_texts.list_titles(reader, typed, _MOST_PAPERS)
        except LibraryBusyError:
            return []
        papers = [(arxiv_id, title) for title, arxiv_id in owners.items()]
        papers += [(one.arxiv_id, one.title) for one in wanted]
        return [*dict.fromkeys(one for one in (*papers, *newest) if one[0].startswith(typed))]
