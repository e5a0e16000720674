"""Pieces of mail as encoded text and HTML, each rendered once for all mails that hold it."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property, lru_cache, partial
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

import css_inline
from jinja2 import Environment

from yibao import templating
from yibao.newsletter.encoding import Fragment, encode_fragment
from yibao.newsletter.entry_texts import BRIEFS, LEAD, EntryText, Form, write_entry
from yibao.newsletter.wording import Chinese, English, Wording
from yibao.records import Edition, Language
from yibao.settings import Site
from yibao.text import remove_illegal_characters

#: Parts a template into pieces between which something personal goes.
_SPLIT = re.compile(r"<!--split-->\n?")
_MOST_PIECES = 8192


class Heading(NamedTuple):
    """A section as its heading and the contents name it."""

    name: str
    heading: str
    #: What a category is called.
    subheading: str
    total: int


class Piece(NamedTuple):
    """A piece of both parts."""

    text: Fragment
    html: Fragment


class Renderer:
    """Renders one edition's pieces for the readers of one language."""

    def __init__(self, edition: Edition, site: Site, language: Language) -> None:
        self.words: Wording = English() if language is Language.ENGLISH else Chinese()
        self.site = site
        self._edition, self._language = edition, language
        self._entries = edition.entries
        self._values = {
            "words": self.words,
            "site": site,
            "edition": edition,
            "edition_url": f"{site.base_url}/editions/{edition.key}/",
        }
        self.find_text = cache(self._write_entry)
        self._heights = {form: _Heights(self.find_text, form) for form in (LEAD, *BRIEFS)}
        self.render_entry = lru_cache(_MOST_PIECES)(self._render_entry)
        #: For pieces that many mails have in common; values are hashable.
        self.render_shared = lru_cache(_MOST_PIECES)(self._render_piece)
        self.render_reasons = lru_cache(_MOST_PIECES)(partial(self.render_personal, "reasons"))
        self._render_blank = cache(self._render_blank_piece)

    def measure(self, places: Sequence[int], form: Form) -> int:
        """Estimate the height of papers on a phone in pixels, reasons apart."""
        return sum(map(self._heights[form].__getitem__, places))

    def render_personal(self, template: str, **values: str) -> Piece:
        """Render a piece for one person: its template is rendered once, and filled in as often as is needed."""
        text, html = self._render_blank(template, tuple(name for name, value in values.items() if value))
        for name, value in values.items():
            text = text.replace(_mark(name), value)
            html = html.replace(_mark(name), escape(value))
        return Piece(encode_fragment(text), encode_fragment(html))

    @cached_property
    def frame(self) -> tuple[Fragment, Fragment]:
        """What goes around the pieces of an HTML part."""
        page = remove_illegal_characters(_load_templates().get_template("frame.html").render(self._values))
        opening, end = _SPLIT.split(_inline_page(page))
        return encode_fragment(opening), encode_fragment(end)

    def _render_entry(self, place: int, form: Form) -> tuple[Piece, Piece]:
        """Render a paper: what goes before the reasons why it is in this mail, and what goes behind."""
        text = self.find_text(place)
        before, behind = self._render_pieces("entry", text=text, form=form, abstracts=text.list_abstracts(form))
        return before, behind

    def _render_piece(self, template: str, **values: Any) -> Piece:
        (piece,) = self._render_pieces(template, **values)
        return piece

    def _render_pieces(self, template: str, **values: Any) -> Iterator[Piece]:
        text, html = self._render_texts(template, **values)
        for text_piece, html_piece in zip(_SPLIT.split(text), _SPLIT.split(html), strict=True):
            yield Piece(encode_fragment(text_piece), encode_fragment(html_piece))

    def _render_blank_piece(self, template: str, names: tuple[str, ...]) -> tuple[str, str]:
        """Render a template with marks in place of the values of these names; the others are empty."""
        return self._render_texts(template, **{name: _mark(name) for name in names})

    def _render_texts(self, template: str, **values: Any) -> tuple[str, str]:
        text, html = (_load_templates().get_template(f"{template}.{kind}") for kind in ("txt", "html"))
        return (
            remove_illegal_characters(text.render(self._values, **values)),
            _inline(remove_illegal_characters(html.render(self._values, **values))),
        )

    def _write_entry(self, place: int) -> EntryText:
        return write_entry(self._entries[place], self._language, self.words, self.site.base_url)


class _Heights(dict[int, int]):
    """The heights of papers in one form, each estimated when it is first asked for."""

    def __init__(self, find_text: Callable[[int], EntryText], form: Form) -> None:
        super().__init__()
        self._find_text, self._form = find_text, form

    def __missing__(self, place: int) -> int:
        height = self[place] = self._find_text(place).estimate_height(self._form)
        return height


def _mark(name: str) -> str:
    """Make what stands for a value in a blank; signs of the private area are in no text of ours."""
    return f"\ue000{name}\ue001"


@cache
def _load_templates() -> Environment:
    return templating.create_environment("yibao.newsletter")


@cache
def _load_style() -> str:
    return (files("yibao.newsletter") / "templates" / "style.css").read_text(encoding="utf-8")


def _inline(html: str) -> str:
    return css_inline.CSSInliner().inline_fragment(html, _load_style())


def _inline_page(html: str) -> str:
    """Put the style onto a page's elements; what is for dark screens stays in its head."""
    return css_inline.CSSInliner(extra_css=_load_style(), keep_at_rules=True).inline(html)
