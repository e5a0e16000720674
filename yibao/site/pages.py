"""Every page of the archive, by its path. Pure: same editions, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree
from markupsafe import Markup

from yibao import categories, differences, identifiers, typesetting
from yibao.models import Batch, Edition, Entry
from yibao.rendering import Rendering, ready, rendering
from yibao.settings import Site
from yibao.site import citations
from yibao.text import shorten

_STATES = {"complete": "完整", "partial": "不完整", "none announced": "当日没有公布", "unknown": "未知"}
#: Papers on a category's page.
_LISTED = 60
#: What the protocol allows in one sitemap.
_MOST_ADDRESSES = 50_000
_SUMMARY_CHARACTERS = 160
_WEEKDAYS = "一二三四五六日"


def pages(
    editions: Sequence[Edition],
    entries: Sequence[Entry],
    feeds: Sequence[tuple[str, str, str]],
    site: Site,
    batches: Sequence[Batch] = (),
) -> dict[str, Rendering]:
    """The tree of pages below the site's root.

    `editions` and `entries` newest first; `feeds` as (name, title, description); `batches` are what the ledger says of
    arXiv's lists. Translated papers have a page each, and their citations; others are read at arXiv.
    """
    templates = _templates(site)
    settings = site.model_dump(mode="json")

    def page(name: str, path: str, **values: Any) -> Rendering:
        root = "../" * path.count("/") or "./"

        def render() -> bytes:
            return templates.get_template(name).render(root=root, path=path, **values).encode()

        return rendering(render, name, path, settings, values)

    daily = [edition for edition in editions if not edition.is_weekly]
    newest = next(iter(daily or editions), None)
    tree = {
        "index.html": page("today.html", "", edition=newest),
        "today/index.html": page("today.html", "today/", edition=newest),
        "editions/index.html": page("editions.html", "editions/", editions=[_listed(edition) for edition in editions]),
        "feeds/index.html": page("feeds.html", "feeds/", feeds=feeds),
        "status/index.html": page("status.html", "status/", batches=_newest(batches), states=_STATES),
        "about/index.html": page("about.html", "about/"),
        "style.css": ready((files("yibao.site") / "style.css").read_bytes()),
    }
    for edition in editions:
        path = f"editions/{edition.key}/"
        tree[f"{path}index.html"] = page("edition.html", path, edition=edition)
    translated = [entry for entry in entries if entry.translation]
    for entry in translated:
        path = f"papers/{entry.arxiv_id}/"
        tree[f"{path}index.html"] = page("paper.html", path, entry=entry)
        if entry.paper:
            tree[f"{path}cite.bib"] = rendering(partial(citations.bibtex, entry.paper), entry.paper)
            tree[f"{path}cite.ris"] = rendering(partial(citations.ris, entry.paper), entry.paper)
    counts = Counter(code for entry in translated for code in entry.categories)
    named = [name for name, _, _ in feeds if name in categories.taxonomy()]
    for code in named:
        path = f"categories/{code}/"
        newest_of_it = [entry for entry in translated if code in entry.categories][:_LISTED]
        tree[f"{path}index.html"] = page("category.html", path, code=code, entries=newest_of_it)
    tree["categories/index.html"] = page(
        "categories.html", "categories/", categories=[(code, counts[code]) for code in named]
    )
    addresses = sorted(path.removesuffix("index.html") for path in tree if path.endswith("index.html"))
    tree["sitemap.xml"] = rendering(partial(_sitemap, site.base_url, addresses), site.base_url, addresses)
    tree["robots.txt"] = ready(f"User-agent: *\nAllow: /\nSitemap: {site.base_url}/sitemap.xml\n".encode())
    return tree


def _newest(batches: Sequence[Batch]) -> list[Batch]:
    """What the ledger says of the lists of the newest two weeks, newest first."""
    newest = max((batch.announced_on for batch in batches), default=None)
    shown = [one for one in batches if newest and one.announced_on > newest - timedelta(days=14)]
    return sorted(shown, key=lambda one: (-one.announced_on.toordinal(), one.category))


def _sitemap(base_url: str, paths: Sequence[str]) -> bytes:
    """Source: https://www.sitemaps.org/protocol.html."""
    root = etree.Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for path in paths[:_MOST_ADDRESSES]:
        etree.SubElement(etree.SubElement(root, "url"), "loc").text = f"{base_url}/{path}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _listed(edition: Edition) -> dict[str, Any]:
    """What the list of editions says of one."""
    return {
        "key": edition.key,
        "is_weekly": edition.is_weekly,
        "starts_on": edition.starts_on,
        "translated": len(edition.translated),
        "untranslated": edition.untranslated,
        "is_incomplete": bool(edition.notes),
    }


def _templates(site: Site) -> Environment:
    environment = Environment(
        loader=PackageLoader("yibao.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(site=site, abs_url=identifiers.abs_url, pdf_url=identifiers.pdf_url)
    environment.filters.update(
        plain=typesetting.plain,
        summary=lambda source: shorten(typesetting.text_of_markdown(source).replace("\n", " "), _SUMMARY_CHARACTERS),
        markdown=lambda source: Markup(typesetting.html_of_markdown(source)),  # noqa: S704  (escaped by the typesetter)
        abstract=lambda source: Markup(typesetting.html_of_abstract(source)),  # noqa: S704  (likewise)
        difference=lambda pair: Markup(differences.as_html(*pair)),  # noqa: S704  (likewise)
        category=categories.name_of,
        chinese_date=chinese_date,
        names=lambda paper: ", ".join(author.name for author in paper.authors),
    )
    return environment


def chinese_date(day: date) -> str:
    """A date as Chinese readers write it: 2025年1月17日 星期五."""
    return f"{day.year}年{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"
