"""Pages that a server makes when somebody asks: those of papers without translation, and of their authors.

They come from the same templates as published pages, and say what the library says now.
"""

from flows.steps import entry_reading, found_papers
from flows.steps.paper_surroundings import read_surroundings
from storage.library import connection, publications
from yibao.build_graph import Items
from yibao.records import PAPER, Entry, Paper
from yibao.settings import Settings
from yibao.site import made_pages
from yibao.site.paper_lists import AUTHOR

#: Papers of one author on a page that is made: more than anybody has written.
_MOST_PAPERS = 1000


def make_paper_page(settings: Settings, folder: str, arxiv_id: str) -> bytes | None:
    """Make the page of a paper that we know, translated or not; None where we do not. `folder` as of a language.

    Raises:
        LibraryBusyError: a process writes the library.
    """
    found = found_papers.read_found_papers(settings, [arxiv_id], found_papers.PATIENCE_S)
    if not found:
        return None
    with connection.read_library(settings.paths.library, found_papers.PATIENCE_S) as library:
        around = read_surroundings(library, [arxiv_id])[arxiv_id]
        linked = entry_reading.read_items(library, settings, [f"{PAPER}{one}" for one in around.arxiv_ids])
    return made_pages.render_paper_page(
        settings.site,
        folder,
        found[0],
        around,
        linked,
        settings.arxiv.categories,
        has_signup=settings.newsletter.has_signup,
    )


def make_author_page(settings: Settings, folder: str, name: str) -> bytes | str | None:
    """Make the page of an author's papers; or say at which address it is published; None where there is no paper.

    Raises:
        LibraryBusyError: a process writes the library.
    """
    with connection.read_library(settings.paths.library, found_papers.PATIENCE_S) as library:
        if publications.find_translated_lists(library, AUTHOR, names=[f"{AUTHOR}{name}"]):
            return made_pages.find_author_page(folder, name)
        refs = publications.read_members(library, [f"{AUTHOR}{name}"]).get(f"{AUTHOR}{name}", [])[-_MOST_PAPERS:]
        items: Items = entry_reading.read_items(library, settings, [ref.item for ref in refs])
    if not items:
        return None
    return made_pages.render_author_page(
        settings.site, folder, name, refs, items, has_signup=settings.newsletter.has_signup
    )


def read_paper(settings: Settings, arxiv_id: str) -> Paper | None:
    """Read what arXiv says of a paper; None where we do not know it.

    Raises:
        LibraryBusyError: a process writes the library.
    """
    found: list[Entry] = found_papers.read_found_papers(settings, [arxiv_id], found_papers.PATIENCE_S)
    return found[0].paper if found else None
