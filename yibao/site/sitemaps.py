"""Sitemaps: one of all pages that are not papers, one or more for the papers of each month, and an index.

Source: https://www.sitemaps.org/protocol.html.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from lxml import etree

from yibao.build_graph import Document, Items, Lists, define_document
from yibao.records import PAPER

#: Begins the list of a month, and the names of its files.
MONTH = "sitemap-"
#: What the protocol allows in one sitemap.
MOST_ADDRESSES = 50_000


def list_sitemaps(
    base_url: str, pages: Iterable[str], lists: Lists, folders: Sequence[str] = ("",)
) -> dict[str, Document]:
    """List the sitemaps of pages and of the months that are rendered again, and the index of all.

    `pages` are all but papers, as they stand in each of the folders.
    """
    places = [f"{base_url}/{folder}{path}" for folder in folders for path in sorted(pages)]
    tree = {"sitemap-pages.xml": _define_sitemap("urlset", "url", places)}
    for name, members in lists.members.items():
        if name.startswith(MONTH):
            papers = [f"papers/{ref.item.removeprefix(PAPER)}/" for ref in members]
            addresses = [f"{base_url}/{folder}{paper}" for paper in papers for folder in folders]
            for file, start in zip(
                _name_files(name, len(addresses)), range(0, len(addresses), MOST_ADDRESSES), strict=True
            ):
                tree[file] = _define_sitemap("urlset", "url", addresses[start : start + MOST_ADDRESSES])
    months = [
        file
        for name in lists.counts
        if name.startswith(MONTH)
        for file in _name_files(name, lists.counts[name] * len(folders))
    ]
    listed = [f"{base_url}/{name}" for name in ("sitemap-pages.xml", *sorted(months, reverse=True))]
    return {**tree, "sitemap.xml": _define_sitemap("sitemapindex", "sitemap", listed)}


def _name_files(name: str, count: int) -> list[str]:
    numbers = range(1, -(-count // MOST_ADDRESSES) + 1)
    return [f"{name}.xml" if number == 1 else f"{name}-{number}.xml" for number in numbers]


def _define_sitemap(root_name: str, name: str, addresses: Sequence[str]) -> Document:
    return define_document(partial(_render_sitemap, root_name, name, addresses), root_name, addresses)


def _render_sitemap(root_name: str, name: str, addresses: Sequence[str], _items: Items) -> bytes:
    root = etree.Element(root_name, {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for address in addresses:
        etree.SubElement(etree.SubElement(root, name), "loc").text = address
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
