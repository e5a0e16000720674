"""Every feed in its three formats, its archive and the list of all, by path below the site's root."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest

from yibao.build_graph import Document, ItemRef, Items, Lists, WindowRef, define_document, wrap_content
from yibao.feeds import atom, jsonfeed, opml, rss, windows
from yibao.feeds.channels import ARCHIVE_ITEMS, ItemMaker, Subject, describe_feed, list_archives
from yibao.feeds.model import Feed, Item, Variant, list_variants
from yibao.settings import Site

#: By file name.
FORMATS: dict[str, Callable[[Feed], bytes]] = {
    "rss.xml": rss.render_feed,
    "atom.xml": atom.render_feed,
    "feed.json": jsonfeed.render_feed,
}
LIST = "feeds.opml"
#: Pages are there in these forms; RSS leads to those in Atom.
_PAGED = ("atom.xml", "feed.json")


def list_feed_documents(subjects: Sequence[Subject], lists: Lists, site: Site) -> dict[str, Document]:
    """List the feeds' index, and every feed and archive document whose list is rendered again, by path."""
    maker = ItemMaker(site)
    described = [describe_feed(subject, Variant.WRITTEN, site) for subject in subjects]
    tree = {LIST: wrap_content(opml.render_list(described, site.title))}
    archives = list_archives(lists.counts)
    for subject, about in zip(subjects, described, strict=True):
        documents = archives.get(subject.name, {})
        if subject.live in lists.windows:
            names = [name for parts in documents.values() for name in parts]
            window, total = lists.windows[subject.live], lists.counts.get(subject.live, 0)
            for variant in list_variants(site):
                feed = describe_feed(subject, variant, site, names)
                tree |= _list_live_files(feed, variant, window, total, maker, site)
                tree |= _list_pages(feed, variant, window, maker, site)
        for name, document in _list_archive(about, subject, documents, lists, maker, site):
            tree[f"feeds/{subject.name}/archive/{name}"] = document
    return tree


def _list_live_files(  # noqa: PLR0913  (a feed, its members, and what they are rendered with)
    about: Feed, variant: Variant, window: Sequence[WindowRef], total: int, maker: ItemMaker, site: Site
) -> dict[str, Document]:
    live = windows.choose_live(window)
    first_page = next(iter(windows.list_page_names(window)), None)
    about = replace(about, next_page=first_page)
    folder = about.base_url.removeprefix(f"{site.base_url}/")
    inputs = (site.model_dump(mode="json"), variant, about, total)
    return {
        f"{folder}{name}": define_document(
            partial(_render_live, write, about, variant, live, total, maker, site), inputs, needs=live
        )
        for name, write in FORMATS.items()
    }


def _list_pages(
    about: Feed, variant: Variant, window: Sequence[WindowRef], maker: ItemMaker, site: Site
) -> dict[str, Document]:
    pages = windows.list_page_names(window)
    # Pages lead from one to the next only: an archive that grows would change all of them.
    about = replace(about, previous=None)
    tree = {}
    for (name, refs), following in zip_longest(pages.items(), list(pages)[1:]):
        page = replace(about, page=name, next_page=following)
        inputs = (site.model_dump(mode="json"), variant, page)
        for form in _PAGED:
            render = partial(_render_page, FORMATS[form], page, variant, refs, maker)
            tree[page.page_url(name, form).removeprefix(f"{site.base_url}/")] = define_document(
                render, inputs, needs=refs
            )
    return tree


def _list_archive(  # noqa: PLR0913  (a feed, its parts, and what they are rendered with)
    about: Feed, subject: Subject, documents: dict[str, list[str]], lists: Lists, maker: ItemMaker, site: Site
) -> Iterator[tuple[str, Document]]:
    # Documents of the archive do not lead to the newest of them: that would change all of them each month.
    inputs = (site.model_dump(mode="json"), about)
    names = [None, *(name for parts in documents.values() for name in parts), None]
    for month, parts in documents.items():
        members = lists.members.get(subject.archive(month), [])
        for number, start in enumerate(range(0, len(members), ARCHIVE_ITEMS)):
            place = names.index(parts[number])
            part = replace(about, archive=parts[number], previous=names[place - 1], following=names[place + 1])
            refs = members[start : start + ARCHIVE_ITEMS]
            render = partial(_render_archive, part, refs, maker)
            yield parts[number], define_document(render, inputs, part, needs=refs)


def _render_live(  # noqa: PLR0913  (a feed, its members, and what they are rendered with)
    write: Callable[[Feed], bytes],
    about: Feed,
    variant: Variant,
    live: Sequence[WindowRef],
    total: int,
    maker: ItemMaker,
    site: Site,
    items: Items,
) -> bytes:
    def make(ref: WindowRef) -> Item:
        return maker.make_item(items[ref.item], variant, is_short=ref.of_day > windows.MOST_WHOLE)

    return write(windows.fill_live_feed(about, live, total, f"{site.base_url}/editions/", make))


def _render_page(  # noqa: PLR0913  (likewise)
    write: Callable[[Feed], bytes],
    about: Feed,
    variant: Variant,
    members: Sequence[ItemRef],
    maker: ItemMaker,
    items: Items,
) -> bytes:
    return write(replace(about, items=tuple(maker.make_item(items[ref.item], variant) for ref in members)))


def _render_archive(about: Feed, members: Sequence[ItemRef], maker: ItemMaker, items: Items) -> bytes:
    entries = tuple(maker.make_item(items[ref.item], Variant.WRITTEN) for ref in reversed(members))
    return atom.render_feed(replace(about, items=entries))
