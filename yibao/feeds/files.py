"""Every feed in its three formats, its archive and the list of all, by path below the site's root."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from yibao.feeds import atom, jsonfeed, opml, rss
from yibao.feeds.channels import Channel, archive
from yibao.feeds.model import Feed, Variant
from yibao.rendering import Digests, Rendering, ready, rendering
from yibao.settings import Site

#: By file name.
FORMATS: dict[str, Callable[[Feed], bytes]] = {
    "rss.xml": rss.render,
    "atom.xml": atom.render,
    "feed.json": jsonfeed.render,
}
LIST = "feeds.opml"


def files(channels: Sequence[Channel], site: Site, digests: Digests) -> dict[str, Rendering]:
    """All of them; nothing is made before it is known to have changed."""
    listed = [channel.about for channel in channels if channel.variant is Variant.WRITTEN]
    tree = {LIST: ready(opml.render(listed, site.title))}
    for channel in channels:
        folder = channel.about.base_url.removeprefix(f"{site.base_url}/")
        said = [site.model_dump(mode="json"), channel.variant]
        newest = [digests.of(one) for one in channel.newest]
        for name, write in FORMATS.items():
            tree[f"{folder}{name}"] = rendering(partial(_live, write, channel), said, channel.about, newest)
        # Documents of the archive do not lead to the newest of them: that would change all of them each month.
        about = replace(channel.about, previous=None)
        parts = archive(channel)
        names = [None, *(name for name, _, _ in parts), None]
        for number, (name, members, make) in enumerate(parts):
            within = (names[number], names[number + 2], [digests.of(one) for one in members])
            tree[f"{folder}archive/{name}"] = rendering(partial(_document, make), said, about, *within)
    return tree


def _live(write: Callable[[Feed], bytes], channel: Channel) -> bytes:
    return write(channel.live)


def _document(make: Callable[[], Feed]) -> bytes:
    return atom.render(make())
