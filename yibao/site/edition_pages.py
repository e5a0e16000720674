"""The pages of editions: the newest at the site's root, each in its own folder, all in calendars."""

from collections.abc import Iterable
from typing import Any

import orjson

from yibao.build_graph import Digests, wrap_content
from yibao.edition_summaries import EditionCounts, Neighbours, find_neighbours
from yibao.records import Edition
from yibao.site import calendar, parts
from yibao.site.contents import Contents, PageDefiner, Tree
from yibao.site.parts import Part, compose_front, split_edition

#: Editions that the front page leads to.
_RECENT = 8


def list_front_pages(page: PageDefiner, contents: Contents) -> Tree:
    """List the pages of the newest edition, at the site's root."""
    front = compose_front(contents.front) if contents.front else None
    recent = [one for one in contents.calendar if front and one.key != front.head.key][:_RECENT]
    lines = [line[:3] for line in front.lines] if front else []
    inputs = [front.head, contents.digests.digest_entries(front.entries), lines, recent] if front else ["nothing"]
    values = {"edition": front.head if front else None, "front": front, "recent": recent}
    of = f"editions/{contents.front.key}/" if contents.front else ""
    return {f"{path}index.html": page("today.html", path, *inputs, of=of, **values) for path in ("", "today/")}


def list_edition_pages(page: PageDefiner, contents: Contents) -> Tree:
    """List one page or several for each edition."""
    tree = {}
    neighbours = find_neighbours(one.key for one in contents.calendar)
    for edition in contents.editions:
        for part in split_edition(edition):
            path = f"editions/{edition.key}/" + (f"{part.number}/" if part.number > 1 else "")
            # The first page leads to them: the others stay as they are when the next edition comes.
            beside = neighbours.get(edition.key) if part.number == 1 else None
            inputs = _collect_inputs(part, beside, contents.digests)
            tree[f"{path}index.html"] = page(
                "edition.html",
                path,
                *inputs,
                of=f"editions/{edition.key}/",
                edition=part.head,
                part=part,
                beside=beside,
            )
    return tree


def list_calendar_pages(page: PageDefiner, editions: Iterable[EditionCounts]) -> Tree:
    """List a page for each year, the newest first of all."""
    years = calendar.arrange_years(editions)
    listed = list(years)
    tree = {}
    for year in listed or [0]:
        path = f"editions/{year}/" if year in listed[1:] else "editions/"
        tree[f"{path}index.html"] = page("editions.html", path, year=year, years=listed, months=years.get(year, []))
    return tree


def list_page_numbers(editions: Iterable[Edition]) -> Tree:
    """List for each edition of several pages a file that tells on which of them each of its papers stands.

    A paper may move: its translation takes it to another page, and a list that came late moves all that follows. Links
    to where it stood still lead to it: `reading.js` looks here.
    """
    tree = {}
    for edition in editions:
        pages = parts.locate_entries(edition)
        if max(pages.values(), default=1) > 1:
            tree[f"editions/{edition.key}/pages.json"] = wrap_content(orjson.dumps(pages))
    return tree


def _collect_inputs(part: Part, beside: Neighbours | None, digests: Digests) -> list[Any]:
    sections = [(section.name, section.total, digests.digest_entries(section.entries)) for section in part.sections]
    titles = [(entry.arxiv_id, entry.title, page) for entry, page in part.titles]
    return [part.head, part.number, titles, beside, sections]
