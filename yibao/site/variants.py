"""Pages in several languages of the interface: the site's own at its root, each other in a folder of its own.

In Traditional Chinese translations are converted, except those that somebody wrote in it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from yibao import catalogues, chinese_scripts
from yibao.records import Entry
from yibao.settings import Site


class PageVariant(NamedTuple):
    """All pages in one language of the interface."""

    language: str
    #: Below the site's root, ends in a slash; empty for the site's own language.
    folder: str
    #: Whether translations are converted to Traditional Chinese.
    is_converted: bool

    def convert(self, value: Any) -> Any:
        """Convert the entries in a value that a page shows: in lists, tuples, mappings and named tuples."""
        return _convert_entries(value) if self.is_converted else value


class Alternate(NamedTuple):
    """The same page in one language."""

    language: str
    #: What readers of this language call it.
    name: str
    #: Below the site's root.
    path: str


def list_variants(site: Site) -> list[PageVariant]:
    """List the variants of a site's pages, that in its own language first."""
    own = catalogues.choose_interface(site.language)
    is_simplified = chinese_scripts.is_simplified(site.language)
    return [
        PageVariant(
            language,
            "" if language == own else f"{language}/",
            is_simplified and language == chinese_scripts.LANGUAGE,
        )
        for language in dict.fromkeys([own, *site.variants])
    ]


def list_alternates(site: Site, path: str) -> list[Alternate]:
    """List where a page is in each language, the site's own first; none where there is one language only."""
    variants = list_variants(site)
    if len(variants) == 1:
        return []
    return [Alternate(one.language, catalogues.LANGUAGES[one.language], f"{one.folder}{path}") for one in variants]


def list_folders(site: Site) -> list[str]:
    """List the folders in which the variants are; the first is the root, empty."""
    return [variant.folder for variant in list_variants(site)]


def _convert_entries(value: Any) -> Any:
    if isinstance(value, Entry):
        return _convert_entry(value)
    if isinstance(value, Mapping):
        return {name: _convert_entries(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_convert_entries(one) for one in value]
    if isinstance(value, tuple):
        converted = [_convert_entries(one) for one in value]
        # A named tuple takes its fields one by one.
        return type(value)(*converted) if hasattr(value, "_fields") else tuple(converted)
    return value


@lru_cache(maxsize=4096)
def _convert_entry(entry: Entry) -> Entry:
    """Put what readers of Traditional Chinese are shown in the place of the translation."""
    chosen, _ = chinese_scripts.choose_traditional(entry.translation, entry.others)
    others = tuple(one for one in entry.others if one is not chosen)
    errata = tuple(
        replace(
            erratum,
            title_before=_convert_title(erratum.title_before),
            title_after=_convert_title(erratum.title_after),
            abstract_before=chinese_scripts.convert_text(erratum.abstract_before),
            abstract_after=chinese_scripts.convert_text(erratum.abstract_after),
        )
        for erratum in entry.errata
    )
    return replace(entry, translation=chosen, others=others, errata=errata)


def _convert_title(title: str | None) -> str | None:
    return chinese_scripts.convert_text(title) if title else title
