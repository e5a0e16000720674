"""Pages of papers and authors, rendered one by one for a server. Pure."""

from collections.abc import Sequence

from yibao.build_graph import ItemRef, Items
from yibao.records import PAPER, Entry, Surroundings
from yibao.settings import Site
from yibao.site.filters import make_slug
from yibao.site.pages import define_paper_page, make_page_definer
from yibao.site.paper_lists import AUTHOR, define_newest_page, find_folder
from yibao.site.variants import PageVariant, list_variants


def render_paper_page(  # noqa: PLR0913  (what it shows, and where)
    site: Site,
    folder: str,
    entry: Entry,
    around: Surroundings,
    linked: Items,
    codes: Sequence[str],
    *,
    has_signup: bool,
) -> bytes:
    """Render the page of a paper in the language of a folder; `linked` has the papers that it leads to."""
    refs = [ItemRef(item, "") for one in around.arxiv_ids if (item := f"{PAPER}{one}") in linked]
    page = make_page_definer(site, _find_variant(site, folder), has_signup=has_signup)
    return define_paper_page(page, entry, around, refs, codes).render(linked)


def render_author_page(  # noqa: PLR0913  (likewise)
    site: Site, folder: str, name: str, refs: Sequence[ItemRef], items: Items, *, has_signup: bool
) -> bytes:
    """Render the page of an author's papers, `refs`, oldest first, in the language of a folder."""
    page = make_page_definer(site, _find_variant(site, folder), has_signup=has_signup)
    known = [ref for ref in refs if ref.item in items]
    return define_newest_page(page, "author.html", find_folder(f"{AUTHOR}{name}"), known, name=name).render(items)


def find_author_page(folder: str, name: str) -> str:
    """Find the address of an author's published page, below the site's root."""
    return f"/{folder}authors/{make_slug(name)}/"


def _find_variant(site: Site, folder: str) -> PageVariant:
    return next(variant for variant in list_variants(site) if variant.folder == folder)
