"""Lists of papers: of a category by month, of an author, of a translator, each on one page or several. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from yibao import categories
from yibao.build_graph import Document, ItemRef, Lists
from yibao.records import Entry
from yibao.site.filters import list_linked_authors, make_slug

#: Papers on a page; the newest page of a list has up to twice as many.
PAGE_PAPERS = 100
#: Papers on the page of a category, of those with a translation and of all; older ones are on pages by month.
NEWEST = 20
#: Begin the lists of a translator's and of an author's papers; the name follows as it is written.
TRANSLATOR, AUTHOR = "translator/", "author/"
#: Two lists share the page of a category, which shows the newest of each.
_NEWEST_OF = re.compile(r"categories/(?P<code>[^/]+)/(?:translated/)?")
_CATEGORY = re.compile(r"categories/(?P<code>[^/]+)/")
_MONTH = re.compile(r"categories/(?P<code>[^/]+)/(?P<translated>translated/)?(?P<month>\d{4}-\d{2})/")
_Page = Callable[..., Document]
_Tree = dict[str, Document]


class ListPage(NamedTuple):
    """Where a page of a list stands among all of them."""

    #: Of the list's newest page, below the site's root.
    path: str
    #: None for the newest page; others are numbered from the oldest, and change no more for what comes later.
    number: int | None
    #: How many there are beside the newest; of an older page, its own number, or the next if there is one.
    older: int
    #: Papers of the whole list; None on an older page.
    papers: int | None = None
    #: How many of them are translated, where its page says so.
    translated: int | None = None


def name_lists(entry: Entry) -> list[str]:
    """Name the lists of papers in which an entry stands; none before it is published."""
    if entry.stamp is None:
        return []
    month = f"{entry.stamp.published_at:%Y-%m}"
    folders = [f"categories/{code}/" for code in entry.categories]
    folders += [f"{folder}translated/" for folder in folders if entry.translation]
    names = [f"{folder}{place}" for folder in folders for place in ("", f"{month}/")]
    names += [f"{AUTHOR}{name}" for name in list_linked_authors(entry)]
    if entry.translation:
        translators = [one.translator for one in (entry.translation, *entry.others) if one.translator]
        names += [f"{TRANSLATOR}{name}" for name in dict.fromkeys(translators)]
    return names


def find_page_mates(names: Iterable[str]) -> set[str]:
    """Find the lists that share a page with one of these: it shows the newest of both."""
    codes = {match["code"] for match in map(_NEWEST_OF.fullmatch, names) if match}
    return {f"categories/{code}/{place}" for code in codes for place in ("", "translated/")}


def is_category_page(name: str) -> bool:
    """Tell whether a list is that of all papers of a category, or of a month of it: its name is its address."""
    return _CATEGORY.fullmatch(name) is not None or _MONTH.fullmatch(name) is not None


def is_paged(name: str) -> bool:
    """Tell whether a list is shown whole, on as many pages as it needs."""
    return name.startswith((TRANSLATOR, AUTHOR)) or _MONTH.fullmatch(name) is not None


def find_folder(name: str) -> str:
    """Find what begins every path of what a list is shown as."""
    if match := _NEWEST_OF.fullmatch(name):
        return f"categories/{match['code']}/index.html"
    for start, folder in ((TRANSLATOR, "translators"), (AUTHOR, "authors")):
        if name.startswith(start):
            return f"{folder}/{make_slug(name.removeprefix(start))}/"
    return name


def list_category_pages(page: _Page, configured: Sequence[str], lists: Lists) -> _Tree:
    """List the pages of every category that has papers or is configured, which also have feeds, and of their months."""
    codes = _list_codes(configured, lists.counts)
    counted = [(code, lists.counts.get(f"categories/{code}/", 0), code in configured) for code in codes]
    tree = {"categories/index.html": page("categories.html", "categories/", categories=counted)}
    months = _list_months(lists.counts)
    for code, count, has_feed in counted:
        path = f"categories/{code}/"
        if path in lists.members or f"{path}translated/" in lists.members:
            newest, translated = (lists.members.get(name, [])[:NEWEST] for name in (path, f"{path}translated/"))
            values = {"code": code, "count": count, "months": months.get(code, []), "has_feed": has_feed, "entries": []}
            values["translated_count"] = lists.counts.get(f"{path}translated/", 0)
            needs = [*translated, *newest]
            tree[f"{path}index.html"] = page("category.html", path, needs=needs, split=len(translated), **values)
    for name in lists.members:
        if match := _MONTH.fullmatch(name):
            values = {"code": match["code"], "month": match["month"], "is_translated": bool(match["translated"])}
            size = lists.counts.get(f"categories/{match['code']}/translated/{match['month']}/", 0)
            tree |= _list_parts(page, "category_month.html", name, lists.members[name], size, **values)
    return tree


def list_translator_pages(page: _Page, translators: Mapping[str, int], lists: Lists) -> _Tree:
    """List the pages of translators, whose papers `translators` counts by name."""
    counted = sorted(translators.items(), key=lambda pair: (-pair[1], pair[0]))
    tree = {"translators/index.html": page("translators.html", "translators/", translators=counted)}
    return tree | _list_people_pages(page, "translator.html", TRANSLATOR, lists)


def list_author_pages(page: _Page, authors: Sequence[tuple[str, int]], lists: Lists) -> _Tree:
    """List the pages of authors who have a translated paper; `authors`: those with most, and how many."""
    tree = {"authors/index.html": page("authors.html", "authors/", authors=list(authors))}
    return tree | _list_people_pages(page, "author.html", AUTHOR, lists)


def _list_people_pages(page: _Page, template: str, start: str, lists: Lists) -> _Tree:
    tree: _Tree = {}
    for name, members in lists.members.items():
        if name.startswith(start):
            tree |= _list_parts(page, template, find_folder(name), members, name=name.removeprefix(start))
    return tree


def _list_parts(
    page: _Page, template: str, path: str, members: Sequence[ItemRef], translated: int | None = None, **values: object
) -> _Tree:
    """List the pages of a list, whose members are given oldest first; none where it is empty.

    `translated`: how many of them are translated, where its page says so.
    """
    older = max(len(members) // PAGE_PAPERS - 1, 0)
    tree: _Tree = {}
    for number in (None, *range(1, older + 1)) if members else ():
        place = path if number is None else f"{path}{number}/"
        start = older * PAGE_PAPERS if number is None else (number - 1) * PAGE_PAPERS
        needs = members[start:] if number is None else members[start : start + PAGE_PAPERS]
        # An older page says nothing of how many there are by now: it changes no more.
        listed = (
            ListPage(path, None, older, len(members), translated)
            if number is None
            else ListPage(path, number, min(older, number + 1))
        )
        tree[f"{place}index.html"] = page(template, place, needs=needs[::-1], listed=listed, **values)
    return tree


def define_newest_page(page: _Page, template: str, path: str, members: Sequence[ItemRef], **values: object) -> Document:
    """Define a page that shows a whole list, whose members are given oldest first."""
    return page(template, path, needs=members[::-1], listed=ListPage(path, None, 0, len(members)), **values)


def _list_codes(configured: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    found = {match["code"] for match in map(_CATEGORY.fullmatch, counts) if match} - {*configured}
    order = {code: place for place, code in enumerate(categories.load_taxonomy())}
    return [*configured, *sorted(found, key=lambda code: (order.get(code, len(order)), code))]


def _list_months(counts: Mapping[str, int]) -> dict[str, list[tuple[str, int, int]]]:
    """List each category's months, newest first, each with how many papers it has and how many are translated."""
    months: dict[str, list[tuple[str, int, int]]] = {}
    for name in sorted(counts, reverse=True):
        match = _MONTH.fullmatch(name)
        if match and not match["translated"]:
            translated = counts.get(f"categories/{match['code']}/translated/{match['month']}/", 0)
            months.setdefault(match["code"], []).append((match["month"], counts[name], translated))
    return months
