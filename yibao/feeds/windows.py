"""How far back a live feed reaches, and what it says of that.

Readers follow no link to older items, so what they may not have seen is in the live feed: all of the two newest days
for those who fetch daily, and of eight days for those who fetch weekly, where that is not too much. Every day of the
last eight has pages of its own besides, of whole items. Why: docs/decisions/0026-feeds.md.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from gettext import NullTranslations
from itertools import groupby, takewhile

from yibao.build_graph import ItemRef, Window, WindowRef
from yibao.catalogues import choose_interface, load_texts
from yibao.feeds.model import MOST_ITEMS, Feed, Item
from yibao.settings import Site

#: The lists of live feeds that are not like the others.
EDITIONS, TRANSLATED = "feeds/editions/live", "feeds/translated/live"
OF_PAPERS = Window(MOST_ITEMS, 8, 4000)
#: An item may have a thousand lines.
OF_EDITIONS = Window(15, 8, 60)
#: Of a day with more papers than this, a live feed has the beginnings of abstracts only, save of translated papers.
MOST_WHOLE = 150
#: The newest of what a question finds: they are looked for whenever somebody asks.
MOST_FOUND = 200
#: Items in one page.
PAGE_ITEMS = 500
#: What is older than it must be is in a live feed while that is no larger.
_MOST_BYTES = 300_000


def find_pages(live: str) -> str:
    """Find what begins every path of the pages of a live feed's list."""
    return f"{live.removesuffix('live')}pages/"


def list_page_names(window: Sequence[WindowRef]) -> dict[str, list[ItemRef]]:
    """List the pages of a feed, in parts of 500 items, the newest day first; by name, with their members."""
    recent = sorted((ref for ref in window if ref.is_recent), key=lambda ref: ref.day, reverse=True)
    pages: dict[str, list[ItemRef]] = {}
    for day, of_day in groupby(recent, key=lambda ref: ref.day):
        refs = [ItemRef(ref.item, ref.digest) for ref in of_day]
        for number, start in enumerate(range(0, len(refs), PAGE_ITEMS), 1):
            pages[f"{day}" if number == 1 else f"{day}-{number}"] = refs[start : start + PAGE_ITEMS]
    return pages


def choose_live(window: Sequence[WindowRef]) -> list[WindowRef]:
    """Choose what the live feed may hold, in order: what is only of the last days is on their pages."""
    return [ref for ref in window if ref.is_due or ref.is_newest]


def fill_live_feed(
    about: Feed, live: Sequence[WindowRef], total: int, rest_url: str, make: Callable[[WindowRef], Item]
) -> Feed:
    """Give a feed the items that readers may not have seen, then older ones up to 300 KB, and say how much it holds.

    `total` is how many items the whole list has; people find all of them from `rest_url`.
    """
    items: list[Item] = []
    held: list[WindowRef] = []
    size = 0
    for ref in live:
        if ref.is_due or size < _MOST_BYTES:
            item = make(ref)
            size += item.size
            # Lazily: items beyond the size of a feed are made once at most.
            if ref.is_due or size <= _MOST_BYTES or not items:
                items.append(item)
                held.append(ref)
    if len(held) == total:
        return replace(about, items=tuple(items))
    texts = load_texts(choose_interface(about.language))
    reach, is_whole = _describe_reach(held, texts)
    if not is_whole:
        items.insert(0, _make_notice(about, held, items, reach, rest_url))
    others = texts.gettext("Older ones: %(url)s") if is_whole else texts.gettext("The others: %(url)s")
    space = "" if about.language.startswith("zh") else " "
    description = space.join((about.description, reach, others % {"url": rest_url}))
    return replace(about, items=tuple(items), description=description)


def fill_found_feed(about: Feed, items: Sequence[Item], site: Site) -> Feed:
    """Give the feed of a question what was found, and say where there is more than it can hold."""
    if len(items) < MOST_FOUND:
        return replace(about, items=tuple(items))
    texts = load_texts(choose_interface(about.language))
    newest = texts.gettext("Holds the %(count)d newest papers that it finds; all: %(url)s")
    reach = newest % {"count": len(items), "url": f"{site.base_url}/search/{about.query}"}
    space = "" if about.language.startswith("zh") else " "
    return replace(about, items=tuple(items), description=space.join((about.description, reach)))


def _describe_reach(held: Sequence[WindowRef], texts: NullTranslations) -> tuple[str, bool]:
    """Say how far back a live feed is whole; and whether its newest day is."""
    here = Counter(ref.day for ref in held)
    of_day = {ref.day: ref.of_day for ref in held}
    whole = list(takewhile(lambda day: here[day] == of_day[day], sorted(here, reverse=True)))
    if not whole:
        newest = max(here)
        part = texts.gettext("Holds %(here)d of the %(count)d items of %(day)s.")
        return part % {"here": here[newest], "count": of_day[newest], "day": newest}, False
    count = sum(here[day] for day in whole)
    since = texts.ngettext("Holds the one item since %(day)s.", "Holds all %(count)d items since %(day)s.", count)
    return since % {"count": count, "day": whole[-1]}, True


def _make_notice(about: Feed, held: Sequence[WindowRef], items: Sequence[Item], reach: str, rest_url: str) -> Item:
    """Make the first item of a feed that cannot hold its newest day whole."""
    at = max(item.published_at for item in items)
    day = max(ref.day for ref in held)
    return Item(f"{about.id}/rest/{day}", rest_url, reach, reach, "", about.language, at, at)
