"""The papers that a search finds, read from the library: the index knows their identifiers alone."""

from collections.abc import Sequence

from flows.steps import entry_reading
from storage.library import connection, papers, publications
from yibao.records import PAPER, Entry
from yibao.settings import Settings

#: So long a server's answer waits for a process that writes the library.
PATIENCE_S = 5.0


def read_found_papers(settings: Settings, arxiv_ids: Sequence[str], patience_s: float | None = None) -> list[Entry]:
    """Read the papers with these identifiers, in this order, as readers meet them or would.

    Raises:
        LibraryBusyError: a process writes the library, and has not ended after `patience_s`, or two minutes.
    """
    if not arxiv_ids:
        return []
    with connection.read_library(settings.paths.library, patience_s) as library:
        items = entry_reading.read_items(library, settings, [f"{PAPER}{one}" for one in arxiv_ids])
        others = papers.read_papers(library, [one for one in arxiv_ids if f"{PAPER}{one}" not in items])
        stamps = publications.read_stamps(library, [f"{PAPER}{one}" for one in others])
    found = {name.removeprefix(PAPER): item for name, item in items.items() if isinstance(item, Entry)}
    for arxiv_id, paper in others.items():
        found[arxiv_id] = Entry(arxiv_id, paper, None, stamp=stamps.get(f"{PAPER}{arxiv_id}"))
    return [found[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in found]
