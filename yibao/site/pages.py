"""Every page of the archive, by its path. Pure: same editions, same bytes.

Links are relative, so that the tree works under any address, from a bucket or from a folder.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from yibao import categories, differences, identifiers, typesetting
from yibao.models import Edition, Entry
from yibao.rendering import Rendering, ready, rendering
from yibao.settings import Site

_WEEKDAYS = "一二三四五六日"


def pages(
    editions: Sequence[Edition], entries: Iterable[Entry], feeds: Sequence[tuple[str, str, str]], site: Site
) -> dict[str, Rendering]:
    """The tree of pages below the site's root.

    `editions` newest first; `feeds` as (name, title, description). Translated papers have a page each; others
    are read at arXiv.
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
        "style.css": ready((files("yibao.site") / "style.css").read_bytes()),
    }
    for edition in editions:
        path = f"editions/{edition.key}/"
        tree[f"{path}index.html"] = page("edition.html", path, edition=edition)
    for entry in entries:
        if entry.translation:
            path = f"papers/{entry.arxiv_id}/"
            tree[f"{path}index.html"] = page("paper.html", path, entry=entry)
    return tree


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
