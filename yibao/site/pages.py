"""Every page of the archive, by its path. Pure: same contents, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.resources import files
from typing import Any

from yibao import categories
from yibao.build_graph import Digests, Document, ItemRef, Items, Lists, define_document, wrap_content
from yibao.edition_summaries import EditionCounts
from yibao.records import Batch, Edition, Entry, Paper
from yibao.settings import Site
from yibao.site import calendar, citations, sitemaps
from yibao.site.filters import label_variants, make_environment, make_slug
from yibao.site.parts import Part, split_edition
from yibao.site.texts import FOLDER, list_monthly_texts

_STATES = {"complete": "完整", "partial": "不完整", "none announced": "当日没有公布", "unknown": "未知"}
_FILES = ("style.css", "search.js", "compose.js", "icon.svg")
#: Papers on the page of a category or translator.
LISTED = 20
#: Papers have sitemaps of their own, and an edition's first page leads to its others.
_IN_SITEMAP = re.compile(r"(?!papers/|editions/[^/]+/\d+/)(?:.*/)?index\.html")
#: Begins the list of a translator's papers; the name follows as it is written.
_TRANSLATOR = "translator/"
_Page = Callable[..., Document]
_Tree = dict[str, Document]


@dataclass(frozen=True)
class Contents:
    """What is to be shown anew, and what every publication tells of the whole."""

    #: Translated papers to be shown anew.
    papers: Sequence[Entry]
    #: Editions to be shown anew.
    editions: Sequence[Edition]
    #: The newest edition, of a day where there is one.
    front: Edition | None
    #: Every edition.
    calendar: Sequence[EditionCounts]
    lists: Lists
    digests: Digests
    #: What the ledger says of arXiv's lists.
    batches: Sequence[Batch] = ()


def name_page_lists(entry: Entry, codes: Iterable[str]) -> list[str]:
    """Name the lists of pages in which a paper stands; none before it is translated and published."""
    if entry.translation is None or entry.stamp is None:
        return []
    month = f"{entry.stamp.published_at:%Y-%m}"
    names = dict.fromkeys(
        translation.translator for translation in (entry.translation, *entry.others) if translation.translator
    )
    return [
        f"{FOLDER}{month}",
        f"{sitemaps.MONTH}{month}",
        *(f"categories/{code}/" for code in codes if code in entry.categories),
        *(f"{_TRANSLATOR}{name}" for name in names),
    ]


def find_folder(name: str) -> str:
    """Find what begins every path of what a list is shown as."""
    return f"translators/{make_slug(name.removeprefix(_TRANSLATOR))}/" if name.startswith(_TRANSLATOR) else name


def list_pages(contents: Contents, feeds: Sequence[tuple[str, str, str]], site: Site) -> _Tree:
    """List the pages about the whole site, and those of all that is rendered again.

    `feeds` as (name, title, description). Translated papers have a page each, and their citations; others are read at
    arXiv.
    """
    settings = site.model_dump(mode="json")
    shared = {"site": site, "variants": label_variants(site)}

    def page(name: str, path: str, /, *inputs: Any, needs: Sequence[ItemRef] = (), **values: Any) -> Document:
        """Define a page; `inputs` and `needs` stand for its values where these are large and their digests known."""
        root = "../" * path.count("/") or "./"

        def render(items: Items) -> bytes:
            entries = {"entries": [items[ref.item] for ref in needs]} if needs else {}
            context = {"root": root, "path": path, **shared, **values, **entries}
            return make_environment().get_template(name).render(context).encode()

        return define_document(render, name, path, settings, inputs or values, needs=needs)

    codes = [name for name, _, _ in feeds if name in categories.load_taxonomy()]
    counts = contents.lists.counts
    translators = {name.removeprefix(_TRANSLATOR): counts[name] for name in counts if name.startswith(_TRANSLATOR)}
    tree = {
        "feeds/index.html": page("feeds.html", "feeds/", feeds=feeds),
        "feeds/compose/index.html": page(
            "compose.html", "feeds/compose/", feeds=feeds, codes=codes, translators=sorted(translators)
        ),
        "search/index.html": page("search.html", "search/"),
        "status/index.html": page(
            "status.html", "status/", batches=_choose_newest_batches(contents.batches), states=_STATES
        ),
        "about/index.html": page("about.html", "about/"),
        "robots.txt": wrap_content(f"User-agent: *\nAllow: /\nSitemap: {site.base_url}/sitemap.xml\n".encode()),
        **{name: wrap_content((files("yibao.site") / name).read_bytes()) for name in _FILES},
        **_list_front_pages(page, contents),
        **_list_edition_pages(page, contents),
        **_list_calendar_pages(page, contents.calendar),
        **_list_paper_pages(page, contents.papers),
        **_list_category_pages(page, codes, contents.lists),
        **_list_translator_pages(page, translators, contents.lists),
        **_list_data_pages(page, contents.lists, site),
    }
    addresses = {
        *(path.removesuffix("index.html") for path in tree if _IN_SITEMAP.fullmatch(path)),
        *(f"editions/{edition.key}/" for edition in contents.calendar),
        *(f"categories/{code}/" for code in codes),
        *(f"translators/{make_slug(name)}/" for name in translators),
    }
    return {**tree, **sitemaps.list_sitemaps(site.base_url, addresses, contents.lists)}


def _list_front_pages(page: _Page, contents: Contents) -> _Tree:
    """List the pages of the newest edition, at the site's root."""
    first = split_edition(contents.front)[0] if contents.front else None
    inputs = _collect_inputs(first, contents.digests) if first else ["nothing"]
    values = {"edition": first.head if first else None, "part": first}
    return {f"{path}index.html": page("today.html", path, *inputs, **values) for path in ("", "today/")}


def _list_edition_pages(page: _Page, contents: Contents) -> _Tree:
    """List one page or several for each edition."""
    tree = {}
    for edition in contents.editions:
        for part in split_edition(edition):
            path = f"editions/{edition.key}/" + (f"{part.number}/" if part.number > 1 else "")
            inputs = _collect_inputs(part, contents.digests)
            tree[f"{path}index.html"] = page("edition.html", path, *inputs, edition=part.head, part=part)
    return tree


def _list_calendar_pages(page: _Page, editions: Iterable[EditionCounts]) -> _Tree:
    """List a page for each year, the newest first of all."""
    years = calendar.arrange_years(editions)
    listed = list(years)
    tree = {}
    for year in listed or [0]:
        path = f"editions/{year}/" if year in listed[1:] else "editions/"
        tree[f"{path}index.html"] = page("editions.html", path, year=year, years=listed, months=years.get(year, []))
    return tree


def _collect_inputs(part: Part, digests: Digests) -> list[Any]:
    sections = [(section.name, section.total, digests.digest_entries(section.entries)) for section in part.sections]
    return [part.head, part.number, sections]


def _list_paper_pages(page: _Page, translated: Iterable[Entry]) -> _Tree:
    tree = {}
    for entry in translated:
        path = f"papers/{entry.arxiv_id}/"
        tree[f"{path}index.html"] = page("paper.html", path, entry=entry)
        if entry.paper:
            for name, cite in (("cite.bib", citations.render_bibtex), ("cite.ris", citations.render_ris)):
                tree[f"{path}{name}"] = define_document(partial(_render_citation, cite, entry.paper), entry.paper)
    return tree


def _render_citation(cite: Callable[[Paper], bytes], paper: Paper, _items: Items) -> bytes:
    return cite(paper)


def _list_category_pages(page: _Page, codes: Sequence[str], lists: Lists) -> _Tree:
    counted = [(code, lists.counts.get(f"categories/{code}/", 0)) for code in codes]
    tree = {"categories/index.html": page("categories.html", "categories/", categories=counted)}
    for code, count in counted:
        path = f"categories/{code}/"
        if path in lists.members:
            newest = lists.members[path][:LISTED]
            tree[f"{path}index.html"] = page(
                "category.html", path, count, needs=newest, code=code, entries=[], count=count
            )
    return tree


def _list_translator_pages(page: _Page, translators: Mapping[str, int], lists: Lists) -> _Tree:
    counted = sorted(translators.items(), key=lambda pair: (-pair[1], pair[0]))
    tree = {"translators/index.html": page("translators.html", "translators/", translators=counted)}
    for name, count in counted:
        if newest := lists.members.get(f"{_TRANSLATOR}{name}", [])[:LISTED]:
            path = f"translators/{make_slug(name)}/"
            tree[f"{path}index.html"] = page("translator.html", path, name, count, needs=newest, name=name, count=count)
    return tree


def _list_data_pages(page: _Page, lists: Lists, site: Site) -> _Tree:
    documents, counts = list_monthly_texts(lists, site)
    return {**documents, "data/index.html": page("data.html", "data/", months=list(counts.items()))}


def _choose_newest_batches(batches: Sequence[Batch]) -> list[Batch]:
    """Choose what the ledger says of the lists of the newest two weeks, newest first."""
    newest = max((batch.announced_on for batch in batches), default=None)
    chosen = [batch for batch in batches if newest and batch.announced_on > newest - timedelta(days=14)]
    return sorted(chosen, key=lambda batch: (-batch.announced_on.toordinal(), batch.category))
