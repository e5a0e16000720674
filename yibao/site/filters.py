"""How templates say things, in a language of the interface: texts typeset, dates, names, counts."""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from functools import cache, partial
from gettext import NullTranslations
from typing import Any, Literal

from babel.dates import format_date, format_skeleton, get_day_names
from jinja2 import Environment
from markupsafe import Markup

from yibao import catalogues, categories, chinese_scripts, differences, identifiers, markup, templating
from yibao.catalogues import mark_text
from yibao.edition_summaries import describe_counts, describe_gaps, name_edition
from yibao.records import Entry, Paper
from yibao.resource_links import find_resource_links
from yibao.settings import Site
from yibao.site import metadata
from yibao.text import shorten_text

_SUMMARY_CHARACTERS = 160
#: A folder's name has at most 255 bytes, and a character up to four.
_SLUG_CHARACTERS = 60
_DIGITS = "〇一二三四五六七八九"
_HEADINGS = {"translated": mark_text("Translated"), "replaced": mark_text("Replaced")}
_ANNOUNCE_TYPES = {
    "cross": mark_text("cross-listed"),
    "replace": mark_text("replaced"),
    "replace-cross": mark_text("replaced (cross-listed)"),
}


@cache
def make_environment(language: str) -> Environment:
    """Make the site's templates in a language of the interface; they escape all that is put into them."""
    texts = catalogues.load_texts(language)
    environment = templating.create_environment("yibao.site", texts)
    environment.globals.update(
        language=language,
        abs_url=identifiers.build_abs_url,
        pdf_url=identifiers.build_pdf_url,
        html_url=identifiers.build_html_url,
        linked_authors=list_linked_authors,
        both=partial(say_twice, texts),
        month_name=partial(name_month, language),
        describe_paper=metadata.describe_paper,
        describe_edition=metadata.describe_edition,
        describe_site=metadata.describe_site,
        weekdays=partial(list_weekdays, language),
        # Pages say otherwise: where they lead to the form for mail, are in a folder of their language, …
        has_signup=False,
        folder="",
        picture="",
        feed_folder="",
        is_converted=False,
        alternates=(),
    )
    environment.filters.update(
        plain=markup.render_plain,
        summary=lambda source: shorten_text(
            markup.render_markdown_text(source).replace("\n", " "), _SUMMARY_CHARACTERS
        ),
        markdown=lambda source: Markup(markup.render_markdown_html(source)),  # noqa: S704  (escaped by the typesetter)
        abstract=lambda source: Markup(markup.render_abstract_html(source)),  # noqa: S704  (likewise)
        line=lambda source: Markup(markup.render_html(source)),  # noqa: S704  (likewise)
        difference=lambda pair: Markup(differences.render_changes_html(*pair)),  # noqa: S704  (likewise)
        category=categories.find_category,
        category_name=partial(categories.name_category, language=language),
        citation_tags=metadata.list_citation_tags,
        names=join_names,
        by_identifier=lambda entries: {entry.arxiv_id: entry for entry in entries},
        links=lambda paper: find_resource_links((paper.comment, paper.abstract)),
        dateline=partial(format_dateline, language),
        slug=make_slug,
        **_make_text_filters(texts, language),
    )
    environment.tests["category_code"] = lambda name: name not in _HEADINGS
    return environment


def _make_text_filters(texts: NullTranslations, language: str) -> dict[str, Callable[..., str]]:
    """Make the filters that say something, by name."""

    def name_heading(name: str) -> str:
        message = _HEADINGS.get(name)
        if message:
            return texts.gettext(message)
        return f"{name} {categories.name_category(name, language)}"

    def name_announce_type(name: str) -> str:
        return texts.gettext(_ANNOUNCE_TYPES.get(name, name))

    return {
        "heading": name_heading,
        "long_date": partial(format_date, format="full", locale=catalogues.find_locale(language)),
        "edition_name": partial(name_edition, texts=texts),
        "counts": lambda head: describe_counts(texts, head.translated, head.untranslated, getattr(head, "replaced", 0)),
        "gaps": partial(describe_gaps, texts=texts),
        "announce_type": name_announce_type,
    }


def say_twice(texts: NullTranslations, message: str, between: str = " ", /, **values: Any) -> Markup:
    """Say a text in a language of the interface and in English behind it, once where these are the same.

    For pages that a person reaches from a mail, in whatever language that is.
    """
    said = Markup(texts.gettext(message))  # noqa: S704  (our own text)
    english = Markup(message)  # noqa: S704  (likewise)
    if said != english:
        said += Markup('{}<span lang="en">{}</span>').format(Markup(between), english)  # noqa: S704  (likewise)
    return said % values if values else said


def label_variants(site: Site, language: str) -> list[tuple[str, str]]:
    """Label the variants of feeds for readers of a language: folder, and what they are called."""
    texts = catalogues.load_texts(language)
    if chinese_scripts.is_simplified(site.language):
        written = texts.gettext("Simplified Chinese with English")
        return [("", written), (chinese_scripts.LANGUAGE, catalogues.LANGUAGES["zh-Hant"]), ("en", "English")]
    return [("", texts.gettext("Translations with English")), ("en", "English")]


def name_month(language: str, year: int, month: int) -> str:
    """Name a month of a year: 2025年1月, January 2025."""
    return format_skeleton("yMMMM", date(year, month, 1), locale=catalogues.find_locale(language))


def format_dateline(language: str, day: date) -> tuple[str, str, str]:
    """Format a date as a gazette's dateline: 二〇二五年, 一月十七日, 星期五; or 2025, January 17, Friday."""
    locale = catalogues.find_locale(language)
    weekday = format_date(day, "EEEE", locale=locale)
    if not language.startswith("zh"):
        return format_date(day, "y", locale=locale), format_date(day, "MMMM d", locale=locale), weekday
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年", f"{_write_number(day.month)}月{_write_number(day.day)}日", weekday


def _write_number(number: int) -> str:
    """Write a number below one hundred as dates do: 七, 十, 十七, 二十, 三十一."""
    tens, ones = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}{'十' if tens else ''}{_DIGITS[ones] if ones else ''}"


def list_weekdays(language: str) -> list[str]:
    """List short names of the days of a week, Monday first."""
    # Chinese without the 周 that is in every name.
    width: Literal["narrow", "abbreviated"] = "narrow" if language.startswith("zh") else "abbreviated"
    names = get_day_names(width, "stand-alone", catalogues.find_locale(language))
    return [names[day] for day in range(7)]


def list_linked_authors(entry: Entry) -> list[str]:
    """List the names of a paper's authors who are linked, each once."""
    authors = entry.paper.authors[: metadata.MOST_AUTHORS] if entry.paper else ()
    return list(dict.fromkeys(author.name for author in authors))


def join_names(paper: Paper, most: int) -> str:
    """Join the names of the first of the paper's authors."""
    return ", ".join(author.name for author in paper.authors[:most])


def make_slug(name: str) -> str:
    """Make a person's name part of an address: letters and figures; names that only differ elsewhere stay apart."""
    plain = re.sub(r"[\W_]+", "-", name).strip("-").lower()[:_SLUG_CHARACTERS]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}".lstrip("-")
