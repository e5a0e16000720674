"""Every page of the archive, as bytes by its path. Pure: same editions, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from yibao import categories, differences, identifiers, typesetting
from yibao.models import Edition, Entry
from yibao.settings import Site

_WEEKDAYS = "一二三四五六日"


def pages(
    editions: Sequence[Edition], entries: Iterable[Entry], feeds: Sequence[tuple[str, str, str]], site: Site
) -> dict[str, bytes]:
    """The tree of pages below the site's root.

    `editions` newest first; `feeds` as (name, title, description). Translated papers have a page each; others
    are read at arXiv.
    """
    templates = _templates(site)
    daily = [edition for edition in editions if not edition.is_weekly]
    newest = next(iter(daily or editions), None)
    tree = {
        "index.html": _page(templates, "today.html", 0, "", edition=newest),
        "today/index.html": _page(templates, "today.html", 1, "today/", edition=newest),
        "editions/index.html": _page(templates, "editions.html", 1, "editions/", editions=editions),
        "feeds/index.html": _page(templates, "feeds.html", 1, "feeds/", feeds=feeds),
        "style.css": (files("yibao.site") / "style.css").read_bytes(),
    }
    for edition in editions:
        path = f"editions/{edition.key}/"
        tree[f"{path}index.html"] = _page(templates, "edition.html", 2, path, edition=edition)
    for entry in entries:
        if entry.translation:
            path = f"papers/{entry.arxiv_id}/"
            depth = path.count("/")
            tree[f"{path}index.html"] = _page(templates, "paper.html", depth, path, entry=entry)
    return tree


def _page(templates: Environment, name: str, depth: int, path: str, **values: object) -> bytes:
    root = "../" * depth or "./"
    return templates.get_template(name).render(root=root, path=path, **values).encode()


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
        translated=lambda source: Markup(typesetting.html_of_markdown(source)),  # noqa: S704  (escaped by the typesetter)
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
