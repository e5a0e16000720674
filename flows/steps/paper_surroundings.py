"""What leads on from papers: announcements, editions, neighbours, related papers."""

from collections.abc import Collection

from storage.library import announcements, editions, related_papers
from storage.library.connection import Connection
from yibao.records import AnnouncedPaper, Surroundings


def read_surroundings(library: Connection, arxiv_ids: Collection[str]) -> dict[str, Surroundings]:
    """Read what leads on from each of these papers, by identifier."""
    if not arxiv_ids:
        return {}
    announced: dict[str, tuple[AnnouncedPaper, ...]] = {}
    for one in announcements.read_announced_papers(library, arxiv_ids):
        announced[one.arxiv_id] = (*announced.get(one.arxiv_id, ()), one)
    keys = editions.find_editions_by_paper(library, arxiv_ids)
    neighbours = editions.read_neighbours(library, {arxiv_id: held[0] for arxiv_id, held in keys.items()})
    related = related_papers.read_related_papers(library, arxiv_ids)
    return {
        arxiv_id: Surroundings(
            announced.get(arxiv_id, ()), keys.get(arxiv_id, ()), neighbours.get(arxiv_id), related.get(arxiv_id, ())
        )
        for arxiv_id in arxiv_ids
    }
