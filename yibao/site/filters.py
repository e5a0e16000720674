"""How templates say things: texts typeset, dates and names as readers of Chinese write them."""

import hashlib
import re
from datetime import date
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from yibao import categories, chinese_scripts, differences, identifiers, markup, templating
from yibao.edition_summaries import describe_counts, describe_gaps, describe_gaps_in_english, name_edition
from yibao.records import Paper
from yibao.settings import Site
from yibao.text import shorten_text

_SUMMARY_CHARACTERS = 160
_WEEKDAYS = "一二三四五六日"
_HEADINGS = {"translated": "译文", "replaced": "更新版本"}
_ANNOUNCE_TYPES = {"cross": "交叉列出", "replace": "更新", "replace-cross": "更新（交叉列出）"}


@lru_cache(maxsize=1)
def make_environment() -> Environment:
    """Make the site's templates, which escape all that is put into them."""
    environment = templating.create_environment("yibao.site")
    environment.globals.update(abs_url=identifiers.build_abs_url, pdf_url=identifiers.build_pdf_url)
    environment.filters.update(
        plain=markup.render_plain,
        summary=lambda source: shorten_text(
            markup.render_markdown_text(source).replace("\n", " "), _SUMMARY_CHARACTERS
        ),
        markdown=lambda source: Markup(markup.render_markdown_html(source)),  # noqa: S704  (escaped by the typesetter)
        abstract=lambda source: Markup(markup.render_abstract_html(source)),  # noqa: S704  (likewise)
        difference=lambda pair: Markup(differences.render_changes_html(*pair)),  # noqa: S704  (likewise)
        category=categories.find_category,
        chinese_date=format_chinese_date,
        heading=lambda name: _HEADINGS.get(name) or f"{name} {categories.find_category(name).name_zh}",
        edition_name=name_edition,
        counts=lambda head: describe_counts(head.translated, head.untranslated, head.replaced),
        gaps=describe_gaps,
        gaps_in_english=describe_gaps_in_english,
        announce_type=lambda name: _ANNOUNCE_TYPES.get(name, name),
        names=join_names,
        slug=make_slug,
    )
    environment.tests["category_code"] = lambda name: name not in _HEADINGS
    return environment


def label_variants(site: Site) -> list[tuple[str, str]]:
    """Label the variants of feeds: folder, and what a reader calls them."""
    if chinese_scripts.is_simplified(site.language):
        return [("", "简体与英文"), (chinese_scripts.LANGUAGE, "繁體"), ("en", "English")]
    return [("", "译文与英文"), ("en", "English")]


def format_chinese_date(day: date) -> str:
    """Format a date as Chinese readers write it: 2025年1月17日 星期五."""
    return f"{day.year}年{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"


def join_names(paper: Paper, most: int) -> str:
    """Join the names of the first of the paper's authors."""
    return ", ".join(author.name for author in paper.authors[:most])


def make_slug(name: str) -> str:
    """Make a person's name part of an address: letters and figures; names that only differ elsewhere stay apart."""
    plain = re.sub(r"[\W_]+", "-", name).strip("-").lower()
    if plain == name:
        return plain
    return f"{plain}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}".lstrip("-")
