"""What a mail says of one paper, in a subscriber's language, and how much of it in each form. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup

from yibao import identifiers, markup
from yibao.newsletter.wording import Wording
from yibao.records import Entry, Language, TranslationState
from yibao.text import join_lines, shorten_text, split_paragraphs

#: English says in so many letters what Chinese says in one sign.
_LETTERS_A_SIGN = 2.4
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\u3000-\u303f]")
#: No sign of what is left out where a whole sentence ends: the link behind it says so.
_WHOLE = re.compile(r"(?<=[。！？.])…$")
#: Inside of a phone's window, in pixels.
_PHONE = 358
#: Letters are about half as wide as they are high; lines end before a word that does not fit.
_LETTER_WIDTH, _BOLD_LETTER_WIDTH = 0.58, 0.66
_RAGGED = 1.04


class Form(NamedTuple):
    """How much is said of a paper."""

    is_lead: bool
    #: Chinese signs of the abstract; letters in proportion.
    signs: int
    #: How many are named.
    authors: int


LEAD = Form(is_lead=True, signs=1_000, authors=8)
#: Two sentences, one, the beginning of one, none.
BRIEFS = tuple(Form(is_lead=False, signs=signs, authors=2) for signs in (110, 60, 40, 0))


class Abstract(NamedTuple):
    """An abstract, or its beginning."""

    language: str
    text: str
    html: Markup
    is_cut: bool

    @property
    def is_english(self) -> bool:
        """Whether it is arXiv's."""
        return self.language == "en"


class EntryText(NamedTuple):
    """What is said of a paper. Everything is plain text, formulas in Unicode."""

    arxiv_id: str
    title: str
    title_language: str
    #: The English title below a Chinese one.
    subtitle: str
    #: The paper's own page where it has one, which only translated papers have; else arXiv's.
    url: str
    arxiv_url: str
    authors: tuple[str, ...]
    categories: str
    translator: str
    notes: tuple[str, ...]
    #: (language, source as written) in the order in which they are read.
    sources: tuple[tuple[str, str], ...]

    def join_authors(self, most: int) -> str:
        """Join the first names."""
        return ", ".join(self.authors[:most])

    def list_abstracts(self, form: Form) -> tuple[Abstract, ...]:
        """List what a form shows of the abstracts: all of them of a lead, else the beginning of the first."""
        if not form.signs:
            return ()
        return tuple(_shorten(*source, form) for source in self.sources[: None if form.is_lead else 1])

    def estimate_height(self, form: Form) -> int:
        """Estimate its height on a phone in pixels, reasons apart; sizes are those of style.css."""
        byline = f"{self.join_authors(form.authors)} {self.categories} {self.translator} ........"
        byline += f"arXiv:{self.arxiv_id}" if form.is_lead else ""
        heights = [21 * len(self.notes), 2 + 19 * _count_lines(byline, 12)]
        if form.is_lead:
            heights += [
                16 + 27 * _count_lines(self.title, 18, _BOLD_LETTER_WIDTH),
                2 + 21 * _count_lines(self.subtitle, 15),
            ]
        else:
            heights += [12 + 23 * _count_lines(self.title, 15, _BOLD_LETTER_WIDTH)]
        heights += (_estimate_abstract(abstract, form) for abstract in self.list_abstracts(form))
        return sum(heights)


def write_entry(entry: Entry, language: Language, words: Wording, base_url: str) -> EntryText:
    """Write what is said of a paper."""
    translation, paper = entry.translation, entry.paper
    title_zh = entry.title_zh if language is not Language.ENGLISH else None
    arxiv_url = identifiers.build_abs_url(entry.arxiv_id)
    return EntryText(
        arxiv_id=entry.arxiv_id,
        title=_write_line(title_zh or entry.title_en),
        title_language=translation.language if title_zh and translation else "en",
        subtitle=_write_line(entry.title_en) if title_zh else "",
        url=f"{base_url}/papers/{entry.arxiv_id}/" if translation else arxiv_url,
        arxiv_url=arxiv_url,
        authors=tuple(author.name for author in paper.authors) if paper else (),
        categories=", ".join(entry.categories),
        translator=(translation.translator if translation else None) or "",
        notes=tuple(_list_notes(entry, words)),
        sources=tuple(_list_sources(entry, language)),
    )


def _list_notes(entry: Entry, words: Wording) -> Iterator[str]:
    if entry.is_withdrawn:
        yield words.withdrawn
    if entry.is_stale:
        yield words.describe_stale(entry.source_version)
    if entry.state is TranslationState.ORPHANED:
        yield words.orphaned
    elif entry.is_waiting:
        yield words.waiting


def _list_sources(entry: Entry, language: Language) -> list[tuple[str, str]]:
    """List the abstracts that a subscriber reads; the other one where there is only that."""
    translation = entry.translation
    chinese = [(translation.language, translation.abstract)] if translation and translation.abstract else []
    english = [("en", entry.paper.abstract)] if entry.paper and entry.paper.abstract else []
    if language is Language.BOTH:
        return chinese + english
    return chinese or english if language is Language.CHINESE else english or chinese


@lru_cache(maxsize=4096)
def _shorten(language: str, source: str, form: Form) -> Abstract:
    is_english = language == "en"
    text = markup.render_abstract_text(source) if is_english else markup.render_markdown_text(source)
    limit = int(form.signs * _LETTERS_A_SIGN) if is_english else form.signs
    if len(text) > limit or not form.is_lead:
        short = _WHOLE.sub("", shorten_text(join_lines(text), limit))
        return Abstract(language, short, Markup("<p>{}</p>").format(short), is_cut=True)
    if is_english:
        paragraphs = (Markup("<p>{}</p>").format(markup.render_plain(part)) for part in split_paragraphs(source))
        return Abstract(language, text, Markup("\n").join(paragraphs), is_cut=False)
    html = Markup(markup.render_markdown_html(source, has_mathml=False))  # noqa: S704  (escaped there)
    return Abstract(language, text, html, is_cut=False)


def _write_line(title: str) -> str:
    return join_lines(markup.render_plain(title))


def _estimate_abstract(abstract: Abstract, form: Form) -> int:
    if not form.is_lead:
        return 2 + 22 * _count_lines(f"{abstract.text} ..........", 14)
    height = 23 if abstract.is_english else 25
    lines = sum(_count_lines(paragraph, 15) for paragraph in abstract.text.split("\n\n"))
    return 6 * (abstract.text.count("\n\n") + 1) + height * lines + 24 * abstract.is_cut


def _count_lines(text: str, size: int, letter_width: float = _LETTER_WIDTH) -> int:
    """Estimate the lines of a text in type of this many pixels."""
    wide = len(_WIDE.findall(text))
    width = size * (wide + letter_width * (len(text) - wide)) * _RAGGED
    return -(-int(width) // _PHONE)
