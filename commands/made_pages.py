"""Pages that `yibao serve` makes when somebody asks, kept while the library does not change."""

import re
from functools import lru_cache

from flows.steps import made_pages
from yibao import identifiers
from yibao.settings import Settings
from yibao.site import citations, variants
from yibao.web.files import find_media_type
from yibao.web.responses import Redirect, Reply

#: Pages in memory.
_MOST_KEPT = 512
_PATH = re.compile(
    r"/(?P<folder>[\w-]+/)?(?:papers/(?P<arxiv_id>.+?)(?P<slash>/?)(?P<file>cite\.bib|cite\.ris)?|authors/)"
)
_CITATIONS = {"cite.bib": citations.render_bibtex, "cite.ris": citations.render_ris}


class MadePages:
    """Pages of every paper that the library knows, and of every author of a paper that readers are shown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._make = lru_cache(maxsize=_MOST_KEPT)(self._make_page)

    def answer(self, path: str, name: str = "") -> Reply | Redirect | None:
        """Answer a request for a page of a paper, or for the papers of an author of this name; None for others.

        Raises:
            LibraryError: a process writes the library, or it is damaged.
        """
        match = _PATH.fullmatch(path)
        folder = (match["folder"] or "") if match else ""
        library = self._settings.paths.library
        if match is None or folder not in variants.list_folders(self._settings.site) or not library.exists():
            return None
        changed_at = library.stat().st_mtime_ns
        if match["arxiv_id"] is None:
            return self._make(changed_at, folder, "", name) if name else None
        identifier = identifiers.parse_identifier(match["arxiv_id"])
        if identifier is None or identifier.arxiv_id != match["arxiv_id"]:
            return None
        if not match["slash"]:
            return Redirect(f"{path}/")
        return self._make(changed_at, folder, identifier.arxiv_id, match["file"] or "")

    def _make_page(self, _changed_at: int, folder: str, arxiv_id: str, name: str) -> Reply | Redirect | None:
        """Make the page of a paper, its citation of this name, or the page of the author of this name."""
        if not arxiv_id:
            made = made_pages.make_author_page(self._settings, folder, name)
            return Redirect(made) if isinstance(made, str) else _reply(made, "index.html")
        if name:
            paper = made_pages.read_paper(self._settings, arxiv_id)
            return _reply(_CITATIONS[name](paper) if paper else None, name)
        return _reply(made_pages.make_paper_page(self._settings, folder, arxiv_id), "index.html")


def _reply(content: bytes | None, name: str) -> Reply | None:
    return None if content is None else Reply(content, find_media_type(name))
