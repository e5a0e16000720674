"""Every page of the archive, by its path. Pure: same editions, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from importlib.resources import files
from typing import Any

from lxml import etree

from yibao import categories
from yibao.models import Batch, Edition, Entry
from yibao.rendering import Digests, Rendering, ready, rendering
from yibao.settings import Site
from yibao.site import calendar, citations
from yibao.site.filters import environment, slug, variants
from yibao.site.parts import Part, parts
from yibao.site.texts import texts

_STATES = {"complete": "完整", "partial": "不完整", "none announced": "当日没有公布", "unknown": "未知"}
_FILES = ("style.css", "search.js", "compose.js", "icon.svg")
#: Papers on the page of a category or translator.
_LISTED = 20
#: What the protocol allows in one sitemap.
_MOST_ADDRESSES = 50_000
_Page = Callable[..., Rendering]
_Tree = dict[str, Rendering]


def pages(  # noqa: PLR0913  (all that is shown)
    editions: Sequence[Edition],
    entries: Sequence[Entry],
    feeds: Sequence[tuple[str, str, str]],
    site: Site,
    batches: Sequence[Batch] = (),
    digests: Digests | None = None,
) -> _Tree:
    """The tree of pages below the site's root.

    `editions` and `entries` newest first; `feeds` as (name, title, description); `batches` are what the ledger says of
    arXiv's lists; `digests` those of entries and editions, where they are known. Translated papers have a page each,
    and their citations; others are read at arXiv.
    """
    settings = site.model_dump(mode="json")
    shared = {"site": site, "variants": variants(site)}

    known = digests or Digests(entries, editions)

    def page(name: str, path: str, /, *inputs: Any, **values: Any) -> Rendering:
        """The page; `inputs` stand for its values where these are large and their digests are known."""
        root = "../" * path.count("/") or "./"

        def render() -> bytes:
            return environment().get_template(name).render(root=root, path=path, **shared, **values).encode()

        return rendering(render, name, path, settings, inputs or values)

    translated = [entry for entry in entries if entry.translation]
    codes = [name for name, _, _ in feeds if name in categories.taxonomy()]
    translators = _translators(translated)
    tree = {
        "feeds/index.html": page("feeds.html", "feeds/", feeds=feeds),
        "feeds/compose/index.html": page(
            "compose.html", "feeds/compose/", feeds=feeds, codes=codes, translators=sorted(translators)
        ),
        "search/index.html": page("search.html", "search/"),
        "status/index.html": page("status.html", "status/", batches=_newest(batches), states=_STATES),
        "about/index.html": page("about.html", "about/"),
        "robots.txt": ready(f"User-agent: *\nAllow: /\nSitemap: {site.base_url}/sitemap.xml\n".encode()),
        **{name: ready((files("yibao.site") / name).read_bytes()) for name in _FILES},
        **_editions(page, editions, known),
        **_papers(page, translated, known),
        **_categories(page, translated, codes, known),
        **_of_translators(page, translators, known),
        **_data(page, translated, site, known),
    }
    addresses = sorted(path.removesuffix("index.html") for path in tree if path.endswith("index.html"))
    return {**tree, **sitemaps(site.base_url, addresses)}


def _editions(page: _Page, editions: Sequence[Edition], digests: Digests) -> _Tree:
    """A page or several for each edition, a calendar for each year, and the newest day at the front."""
    tree = {}
    newest = next((edition for edition in editions if not edition.is_weekly), next(iter(editions), None))
    for edition in editions:
        for part in parts(edition):
            path = f"editions/{edition.key}/" + (f"{part.number}/" if part.number > 1 else "")
            inputs = _inputs(part, digests)
            tree[f"{path}index.html"] = page("edition.html", path, *inputs, edition=part.head, part=part)
    first = parts(newest)[0] if newest else None
    for path in ("", "today/"):
        inputs = _inputs(first, digests) if first else []
        tree[f"{path}index.html"] = page("today.html", path, *inputs, edition=first.head if first else None, part=first)
    years = calendar.years(editions)
    listed = list(years)
    for year in listed or [0]:
        path = f"editions/{year}/" if year in listed[1:] else "editions/"
        tree[f"{path}index.html"] = page("editions.html", path, year=year, years=listed, months=years.get(year, []))
    return tree


def _inputs(part: Part, digests: Digests) -> list[Any]:
    sections = [(section.name, section.total, digests.listed(section.entries)) for section in part.sections]
    return [part.head, part.number, sections]


def _papers(page: _Page, translated: Iterable[Entry], digests: Digests) -> _Tree:
    tree = {}
    for entry in translated:
        path = f"papers/{entry.arxiv_id}/"
        tree[f"{path}index.html"] = page("paper.html", path, digests.of(entry), entry=entry)
        if entry.paper:
            for name, cite in (("cite.bib", citations.bibtex), ("cite.ris", citations.ris)):
                tree[f"{path}{name}"] = rendering(partial(cite, entry.paper), digests.of(entry))
    return tree


def _categories(page: _Page, translated: Sequence[Entry], codes: Sequence[str], digests: Digests) -> _Tree:
    counts = Counter(code for entry in translated for code in entry.categories)
    counted = [(code, counts[code]) for code in codes]
    tree = {"categories/index.html": page("categories.html", "categories/", categories=counted)}
    for code in codes:
        path = f"categories/{code}/"
        newest = [entry for entry in translated if code in entry.categories][:_LISTED]
        tree[f"{path}index.html"] = page(
            "category.html", path, counts[code], digests.listed(newest), code=code, entries=newest, count=counts[code]
        )
    return tree


def _translators(translated: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Who translated what, into whichever language."""
    found: dict[str, list[Entry]] = {}
    for entry in translated:
        names = dict.fromkeys(one.translator for one in (entry.translation, *entry.others) if one and one.translator)
        for name in names:
            found.setdefault(name, []).append(entry)
    return found


def _of_translators(page: _Page, translators: dict[str, list[Entry]], digests: Digests) -> _Tree:
    counted = sorted(((name, len(found)) for name, found in translators.items()), key=lambda one: (-one[1], one[0]))
    tree = {"translators/index.html": page("translators.html", "translators/", translators=counted)}
    for name, found in translators.items():
        path = f"translators/{slug(name)}/"
        tree[f"{path}index.html"] = page(
            "translator.html",
            path,
            name,
            len(found),
            digests.listed(found[:_LISTED]),
            name=name,
            count=len(found),
            entries=found[:_LISTED],
        )
    return tree


def _data(page: _Page, translated: Sequence[Entry], site: Site, digests: Digests) -> _Tree:
    documents, counts = texts(translated, site, digests)
    return {**documents, "data/index.html": page("data.html", "data/", months=list(counts.items()))}


def _newest(batches: Sequence[Batch]) -> list[Batch]:
    """What the ledger says of the lists of the newest two weeks, newest first."""
    newest = max((batch.announced_on for batch in batches), default=None)
    shown = [one for one in batches if newest and one.announced_on > newest - timedelta(days=14)]
    return sorted(shown, key=lambda one: (-one.announced_on.toordinal(), one.category))


def sitemaps(base_url: str, addresses: Sequence[str]) -> _Tree:
    """One sitemap, or an index of several. Source: https://www.sitemaps.org/protocol.html."""
    whole = [f"{base_url}/{address}" for address in addresses]
    if len(whole) <= _MOST_ADDRESSES:
        return {"sitemap.xml": rendering(partial(_sitemap, "urlset", "url", whole), whole)}
    chunks = [whole[start : start + _MOST_ADDRESSES] for start in range(0, len(whole), _MOST_ADDRESSES)]
    tree = {
        f"sitemap-{number}.xml": rendering(partial(_sitemap, "urlset", "url", chunk), chunk)
        for number, chunk in enumerate(chunks, 1)
    }
    listed = [f"{base_url}/{name}" for name in tree]
    return {**tree, "sitemap.xml": rendering(partial(_sitemap, "sitemapindex", "sitemap", listed), listed)}


def _sitemap(root_name: str, name: str, addresses: Sequence[str]) -> bytes:
    root = etree.Element(root_name, {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for address in addresses:
        etree.SubElement(etree.SubElement(root, name), "loc").text = address
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
