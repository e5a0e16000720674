"""Every feed in its three formats, its archive and the list of all, by path below the site's root."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from yibao.build_graph import Document, ItemRef, Lists, define_document, wrap_content
from yibao.feeds import atom, jsonfeed, opml, rss
from yibao.feeds.channels import ARCHIVE_ITEMS, Channel, Subject, Workshop, archives, make_channel
from yibao.feeds.model import Feed, Variant, variants
from yibao.settings import Site

#: By file name.
FORMATS: dict[str, Callable[[Feed], bytes]] = {
    "rss.xml": rss.render,
    "atom.xml": atom.render,
    "feed.json": jsonfeed.render,
}
LIST = "feeds.opml"


def list_feed_documents(subjects: Sequence[Subject], lists: Lists, site: Site) -> dict[str, Document]:
    """The list of feeds, and each feed and document whose list is to be shown anew; nothing is made yet."""
    workshop = Workshop(site, lists.at_hand)
    listed = [make_channel(one, Variant.WRITTEN, workshop, ()) for one in subjects]
    tree = {LIST: wrap_content(opml.render([one.about for one in listed], site.title))}
    known = archives(lists.counts)
    for subject, written in zip(subjects, listed, strict=True):
        documents = known.get(subject.name, {})
        if subject.live in lists.members:
            names = [name for parts in documents.values() for name in parts]
            for variant in variants(site):
                tree |= _live(make_channel(subject, variant, workshop, lists.members[subject.live], names))
        for name, document in _archive(written, subject, documents, lists):
            tree[f"feeds/{subject.name}/archive/{name}"] = document
    return tree


def _live(made: Channel) -> dict[str, Document]:
    site = made.workshop.site
    folder = made.about.base_url.removeprefix(f"{site.base_url}/")
    said = (site.model_dump(mode="json"), made.variant, made.about)
    return {
        f"{folder}{name}": define_document(partial(_render_channel, write, made), said, needs=made.newest)
        for name, write in FORMATS.items()
    }


def _archive(
    written: Channel, subject: Subject, documents: dict[str, list[str]], lists: Lists
) -> Iterator[tuple[str, Document]]:
    # Documents of the archive do not lead to the newest of them: that would change all of them each month.
    said = (written.workshop.site.model_dump(mode="json"), written.about)
    names = [None, *(name for parts in documents.values() for name in parts), None]
    for month, parts in documents.items():
        members = lists.members.get(subject.archive(month), [])
        for number, start in enumerate(range(0, len(members), ARCHIVE_ITEMS)):
            place = names.index(parts[number])
            about = replace(written.about, archive=parts[number], previous=names[place - 1], following=names[place + 1])
            these = members[start : start + ARCHIVE_ITEMS]
            yield parts[number], define_document(partial(_document, written, about, these), said, about, needs=these)


def _render_channel(write: Callable[[Feed], bytes], made: Channel) -> bytes:
    return write(made.live)


def _document(written: Channel, about: Feed, members: Sequence[ItemRef]) -> bytes:
    items = tuple(written.workshop.item(one.item, written.variant) for one in reversed(members))
    return atom.render(replace(about, items=items))
