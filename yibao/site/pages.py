"""Every page of the archive, by its path. Pure: same contents, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple

from yibao import catalogues, categories
from yibao.build_graph import Document, ItemRef, Items, define_document, digest_inputs, wrap_content
from yibao.catalogues import mark_text
from yibao.records import PAPER, Batch, Entry, Paper, Surroundings
from yibao.settings import Site
from yibao.site import (
    browser_files,
    citations,
    edition_pages,
    paper_lists,
    picture_texts,
    pictures,
    search_index,
    sitemaps,
)
from yibao.site.contents import Contents, PageDefiner, Tree
from yibao.site.filters import label_variants, make_environment, make_slug
from yibao.site.paper_lists import TRANSLATOR
from yibao.site.pictures import Font, Picture
from yibao.site.texts import FOLDER, list_monthly_texts
from yibao.site.variants import PageVariant, list_alternates, list_folders, list_variants

_STATES = {
    "complete": mark_text("complete"),
    "partial": mark_text("incomplete"),
    "none announced": mark_text("none announced"),
    "unknown": mark_text("unknown"),
}
_SCRIPTS = ("reading.js", "saved.js", "search.js", "search_index.js", "search_language.js", "compose.js")
_DATA_SCRIPTS = ("data.js", "parquet.js", "sql.js", "sql_worker.js")
_FILES = ("style.css", *_SCRIPTS, *_DATA_SCRIPTS, "icon.svg")
#: In the folder of what it shows.
_PICTURE = "picture.png"
#: Papers have sitemaps of their own, the first page of an edition or a list leads to its others, papers to authors.
_IN_SITEMAP = re.compile(r"(?!papers/|editions/[^/]+/\d+/|(?:categories|translators|authors)/.+/)(?:.*/)?index\.html")


def name_page_lists(entry: Entry) -> list[str]:
    """Name the lists of pages in which a paper stands; none before it is published."""
    names = paper_lists.name_lists(entry)
    if entry.stamp is None:
        return names
    month = f"{entry.stamp.published_at:%Y-%m}"
    names.append(f"{search_index.FOLDER}{month}")
    if entry.translation:
        names += [f"{FOLDER}{month}", f"{sitemaps.MONTH}{month}"]
    return names


class FeedLabel(NamedTuple):
    """What a page says of a feed."""

    name: str
    title: str
    description: str


def list_pages(
    contents: Contents,
    feeds: Mapping[str, Sequence[FeedLabel]],
    site: Site,
    *,
    has_signup: bool = False,
    font: Font | None = None,
) -> Tree:
    """List the pages about the whole site, and those of all that is rendered again, in each of the site's languages.

    `feeds` by language; `has_signup`: whether pages lead to the form for mail; `font`: what pictures are drawn with,
    None where there are none. Translated papers have a page each, and
    their citations; others are read at arXiv.
    """
    texts, months = list_monthly_texts(contents.lists, site)
    tree = {
        "robots.txt": wrap_content(f"User-agent: *\nAllow: /\nSitemap: {site.base_url}/sitemap.xml\n".encode()),
        **{name: wrap_content((files("yibao.site") / name).read_bytes()) for name in _FILES},
        **_list_citations(contents.papers),
        **browser_files.list_browser_files(site, has_signup=has_signup),
        **(_list_pictures(contents, site, font) if font else {}),
        **edition_pages.list_page_numbers(contents.editions),
        **texts,
        **search_index.list_search_documents(contents.lists),
    }
    for variant in list_variants(site):
        page = make_page_definer(site, variant, has_signup=has_signup, has_pictures=font is not None)
        pages = _list_variant(page, contents, feeds.get(variant.language, ()), months)
        tree |= {f"{variant.folder}{path}": document for path, document in pages.items()}
        if not variant.folder:
            addresses = _list_addresses(pages, contents)
            tree |= sitemaps.list_sitemaps(site.base_url, addresses, contents.lists, list_folders(site))
    return tree


def make_page_definer(site: Site, variant: PageVariant, *, has_signup: bool, has_pictures: bool = False) -> PageDefiner:
    """Make what defines a page in one language: a document of a template, a path and values."""
    settings = [site.model_dump(mode="json"), has_signup, has_pictures, variant]
    environment = make_environment(variant.language)
    variants = label_variants(site, variant.language)
    shared = {
        "site": site,
        "variants": variants,
        "has_signup": has_signup,
        "folder": variant.folder,
        # Of the feeds in the page's own language.
        "feed_folder": variant.folder if variant.language in dict(variants) else "",
        "is_converted": variant.is_converted,
    }

    def page(
        name: str, path: str, /, *inputs: Any, needs: Sequence[ItemRef] = (), of: str = "", **values: Any
    ) -> Document:
        """Define a page; `inputs` and `needs` stand for its values where these are large and their digests known.

        `of` is the folder of what it shows, where that has a picture.

        `path` is below the variant's folder. Templates find their way by `root`, which leads there, and by `top`, which
        leads to the site's root, where the files are that all variants share.
        """

        def render(items: Items) -> bytes:
            entries = {"entries": [items[ref.item] for ref in needs]} if needs else {}
            context = {
                **shared,
                "path": path,
                "root": find_root(path),
                "top": find_root(f"{variant.folder}{path}"),
                "alternates": list_alternates(site, path),
                "picture": f"{of}{_PICTURE}" if of and has_pictures else "",
            }
            return environment.get_template(name).render(context, **variant.convert({**values, **entries})).encode()

        return define_document(render, name, path, settings, of, inputs or values, needs=needs)

    return page


def find_root(path: str) -> str:
    """Find what leads from a page to the root of its paths."""
    return "../" * path.count("/") or "./"


def _list_pictures(contents: Contents, site: Site, font: Font) -> Tree:
    """List a picture for each edition and translated paper that is rendered again, in the site's own language."""
    language = catalogues.choose_interface(site.language)
    told = {f"papers/{entry.arxiv_id}/": picture_texts.tell_paper(entry, site) for entry in contents.papers}
    for edition in contents.editions:
        told[f"editions/{edition.key}/"] = picture_texts.tell_edition(edition, site, language)
    drawing = pictures.digest_drawing(font)
    return {
        f"{folder}{_PICTURE}": Document(digest_inputs(drawing, picture), partial(_render_picture, picture, font))
        for folder, picture in told.items()
    }


def _render_picture(picture: Picture, font: Font, _items: Items) -> bytes:
    return pictures.draw_picture(picture, font)


def _list_variant(page: PageDefiner, contents: Contents, feeds: Sequence[FeedLabel], months: Mapping[str, int]) -> Tree:
    """List the pages in one language, by their paths below its folder."""
    codes = _list_codes(feeds)
    translators = _count_translators(contents)
    compose = {"feeds": feeds, "codes": codes, "translators": sorted(translators)}
    batches = _choose_newest_batches(contents.batches)
    return {
        "feeds/index.html": page("feeds.html", "feeds/", feeds=feeds),
        "feeds/compose/index.html": page("compose.html", "feeds/compose/", **compose),
        "search/index.html": page("search.html", "search/", codes=codes),
        "status/index.html": page("status.html", "status/", batches=batches, states=_STATES),
        "about/index.html": page("about.html", "about/", has_credits=bool(translators)),
        "data/index.html": page(
            "data.html", "data/", months=list(months.items()), tables=contents.tables, questions=contents.questions
        ),
        "saved/index.html": page("saved.html", "saved/"),
        **edition_pages.list_front_pages(page, contents),
        **edition_pages.list_edition_pages(page, contents),
        **edition_pages.list_calendar_pages(page, contents.calendar),
        **_list_paper_pages(page, contents, codes),
        **paper_lists.list_category_pages(page, codes, contents.lists),
        **paper_lists.list_translator_pages(page, translators, contents.lists),
        **paper_lists.list_author_pages(page, contents.authors, contents.lists),
    }


def _list_addresses(pages: Iterable[str], contents: Contents) -> set[str]:
    """List the addresses of all pages but papers, whether they are rendered again or not."""
    return {
        *(path.removesuffix("index.html") for path in pages if _IN_SITEMAP.fullmatch(path)),
        *(f"editions/{edition.key}/" for edition in contents.calendar),
        *(name for name in contents.lists.counts if paper_lists.is_category_page(name)),
        *(f"translators/{make_slug(name)}/" for name in _count_translators(contents)),
    }


def _list_codes(feeds: Sequence[FeedLabel]) -> list[str]:
    return [feed.name for feed in feeds if feed.name in categories.load_taxonomy()]


def _count_translators(contents: Contents) -> dict[str, int]:
    counts = contents.lists.counts
    return {name.removeprefix(TRANSLATOR): counts[name] for name in counts if name.startswith(TRANSLATOR)}


def _list_citations(translated: Iterable[Entry]) -> Tree:
    return {
        f"papers/{entry.arxiv_id}/{name}": define_document(partial(_render_citation, cite, entry.paper), entry.paper)
        for entry in translated
        if entry.paper
        for name, cite in (("cite.bib", citations.render_bibtex), ("cite.ris", citations.render_ris))
    }


def _list_paper_pages(page: PageDefiner, contents: Contents, codes: Sequence[str]) -> Tree:
    tree = {}
    for entry in contents.papers:
        around = contents.surroundings.get(entry.arxiv_id, Surroundings())
        linked = contents.digests.refer_to(f"{PAPER}{arxiv_id}" for arxiv_id in around.arxiv_ids)
        tree[f"papers/{entry.arxiv_id}/index.html"] = define_paper_page(page, entry, around, linked, codes)
    return tree


def define_paper_page(
    page: PageDefiner, entry: Entry, around: Surroundings, linked: Sequence[ItemRef], codes: Sequence[str]
) -> Document:
    """Define the page of a paper, translated or not.

    `linked` are the papers that it leads to, as far as readers are shown them; `codes` the categories that have feeds.
    """
    feeds = [code for code in codes if code in entry.categories]
    path = f"papers/{entry.arxiv_id}/"
    return page("paper.html", path, needs=linked, of=path, entry=entry, around=around, feeds=feeds, entries=[])


def _render_citation(cite: Callable[[Paper], bytes], paper: Paper, _items: Items) -> bytes:
    return cite(paper)


def _choose_newest_batches(batches: Sequence[Batch]) -> list[Batch]:
    """Choose what the ledger says of the lists of the newest two weeks, newest first."""
    newest = max((batch.announced_on for batch in batches), default=None)
    chosen = [batch for batch in batches if newest and batch.announced_on > newest - timedelta(days=14)]
    return sorted(chosen, key=lambda batch: (-batch.announced_on.toordinal(), batch.category))
