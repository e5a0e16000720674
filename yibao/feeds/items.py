"""Entries and editions as items of feeds, in each variant."""

from html import escape

from yibao import chinese_scripts, identifiers, markup
from yibao.catalogues import load_texts, mark_text
from yibao.edition_summaries import (
    EditionSummary,
    describe_counts,
    describe_gaps,
    name_edition,
)
from yibao.feeds.model import Item, Variant, make_tag_uri
from yibao.records import Entry, Translation, TranslationState
from yibao.settings import Site
from yibao.text import remove_illegal_characters, shorten_text

_SUMMARY_CHARACTERS = 300
_INTERFACES = {Variant.WRITTEN: "zh-Hans", Variant.TRADITIONAL: "zh-Hant", Variant.ENGLISH: "en"}
_WITHDRAWN = mark_text("This paper has been withdrawn.")
_WAITING = mark_text("Metadata from arXiv is still to come.")
_ORPHANED = mark_text("arXiv has no paper with this identifier.")
_CONVERTED = mark_text("Converted from Simplified Chinese by OpenCC.")
_STALE = mark_text("Translated from v%(version)s; arXiv's title or abstract has changed since.")
_STALE_SINCE_EARLIER = mark_text("Translated from an earlier text; arXiv's title or abstract has changed since.")
_MORE = mark_text("%(count)s more.")
_ROLES = {
    "translator": mark_text("Translator: %(name)s"),
    "reviewer": mark_text("Reviewer: %(name)s"),
    "corrector": mark_text("Corrector: %(name)s"),
    "license": mark_text("Licence: %(name)s"),
}


def make_item(
    subject: Entry | EditionSummary, site: Site, variant: Variant = Variant.WRITTEN, *, is_short: bool = False
) -> Item:
    """Make the item that readers of this variant are shown; a short one has the beginning of the abstract only.

    Raises:
        ValueError: it has not been published.
    """
    return (
        _make_paper_item(subject, site, variant, is_short=is_short)
        if isinstance(subject, Entry)
        else _make_edition_item(subject, site, variant)
    )


def paper_url(site: Site, entry: Entry) -> str:
    """Return where the paper is read: our page where it is translated, else arXiv's."""
    return (
        f"{site.base_url}/papers/{entry.arxiv_id}/" if entry.translation else identifiers.build_abs_url(entry.arxiv_id)
    )


def say(variant: Variant, message: str, **values: object) -> str:
    """Say a text of ours in the languages of a variant: in Chinese with the English behind it, or in English."""
    languages = dict.fromkeys((_INTERFACES[variant], "en"))
    return "".join(load_texts(language).gettext(message) % values for language in languages)


def choose_translation(entry: Entry, variant: Variant) -> tuple[Translation | None, bool]:
    """Choose the translation that this variant shows, and whether it is converted; what a person wrote comes first."""
    written = entry.translation
    if variant is Variant.ENGLISH or written is None:
        return None, False
    if variant is Variant.WRITTEN:
        return written, False
    return chinese_scripts.choose_traditional(written, entry.others)


def _make_id(subject: Entry | EditionSummary, site: Site, variant: Variant) -> str:
    """Make the permanent id, one for each variant: some readers show an id under the feed alone that they read last."""
    has_own = variant is not Variant.WRITTEN and subject.stamp is not None and subject.stamp.has_variant_ids
    return make_tag_uri(site, f"{subject.item}/{variant}" if has_own else subject.item)


def _make_paper_item(entry: Entry, site: Site, variant: Variant, *, is_short: bool) -> Item:
    if entry.stamp is None:
        raise ValueError(f"{entry.arxiv_id} has not been published")
    paper = entry.paper
    translation, is_converted = choose_translation(entry, variant)
    title = _translated_title(entry, translation)
    return Item(
        id=_make_id(entry, site, variant),
        url=paper_url(site, entry),
        title=remove_illegal_characters(markup.render_plain(title or entry.title_en)),
        summary=remove_illegal_characters(shorten_text(_summarize(entry, translation, variant), _SUMMARY_CHARACTERS)),
        html=""
        if is_short
        else remove_illegal_characters(_render_body(entry, translation, variant, is_converted=is_converted)),
        language=translation.language if translation and title else "en",
        published_at=entry.stamp.published_at,
        updated_at=entry.stamp.updated_at,
        authors=tuple(remove_illegal_characters(author.name) for author in paper.authors) if paper else (),
        categories=tuple(remove_illegal_characters(code) for code in entry.categories),
        pdf_url=identifiers.build_pdf_url(entry.arxiv_id),
        translator=remove_illegal_characters(translation.translator)
        if translation and translation.translator
        else None,
        rights=remove_illegal_characters(translation.license) if translation and translation.license else None,
        license_url=remove_illegal_characters(paper.license) if paper and paper.license else None,
    )


def _translated_title(entry: Entry, translation: Translation | None) -> str | None:
    """Return the translated title, where there is one that differs from the English."""
    return translation.title if translation and translation.title != entry.title_en else None


def _summarize(entry: Entry, translation: Translation | None, variant: Variant) -> str:
    notice = f"{say(variant, _WITHDRAWN)} " if entry.is_withdrawn else ""
    if translation and translation.abstract:
        return notice + markup.render_markdown_text(translation.abstract)
    return notice + (markup.render_abstract_text(entry.paper.abstract) if entry.paper else "")


def _render_body(entry: Entry, translation: Translation | None, variant: Variant, *, is_converted: bool) -> str:
    """Render the body of an item: English title, people and places, the translation, the English abstract."""
    paper = entry.paper
    has_title = _translated_title(entry, translation) is not None
    parts = [f'<p lang="en"><strong>{escape(markup.render_plain(entry.title_en))}</strong></p>'] if has_title else []
    parts.append(f'<p lang="en">{_render_byline(entry)}</p>')
    if paper and paper.is_withdrawn:
        reason = f' <span lang="en">{escape(markup.render_plain(paper.comment))}</span>' if paper.comment else ""
        parts.append(f"<p><strong>{say(variant, _WITHDRAWN)}</strong>{reason}</p>")
    if translation:
        parts += _render_translation(entry, translation, variant, is_converted=is_converted)
    if paper and paper.abstract:
        parts.append(f'<div lang="en">{markup.render_abstract_html(paper.abstract)}</div>')
    if paper is None:
        is_orphaned = entry.state is TranslationState.ORPHANED
        parts.append(f"<p>{say(variant, _ORPHANED if is_orphaned else _WAITING)}</p>")
    return "\n".join(parts)


def _render_translation(entry: Entry, translation: Translation, variant: Variant, *, is_converted: bool) -> list[str]:
    parts = [f"<p>{_describe_staleness(entry, variant)}</p>"] if entry.is_stale else []
    if translation.abstract:
        html = markup.render_markdown_html(translation.abstract)
        parts.append(f'<div lang="{escape(translation.language)}">{html}</div>')
        texts = load_texts(_INTERFACES[variant])
        roles = [
            texts.gettext(message) % {"name": escape(name)}
            for role, message in _ROLES.items()
            if (name := getattr(translation, role))
        ]
        parts += [f"<p>{texts.gettext('; ').join(roles)}</p>"] if roles else []
    if is_converted:
        parts.append(f"<p>{say(variant, _CONVERTED)}</p>")
    return parts


def _describe_staleness(entry: Entry, variant: Variant) -> str:
    """Say that arXiv's text has changed since the translation."""
    if entry.source_version:
        return say(variant, _STALE, version=entry.source_version)
    return say(variant, _STALE_SINCE_EARLIER)


def _render_byline(entry: Entry) -> str:
    authors = escape(", ".join(author.name for author in entry.paper.authors)) if entry.paper else ""
    link = f'<a href="{identifiers.build_abs_url(entry.arxiv_id)}">arXiv:{entry.arxiv_id}</a>'
    return " · ".join(part for part in (authors, ", ".join(entry.categories), link) if part)


def _make_edition_item(edition: EditionSummary, site: Site, variant: Variant) -> Item:
    if edition.stamp is None:
        raise ValueError(f"{edition.item} has not been published")
    key, translated, untranslated, notes = edition.listed
    url = f"{site.base_url}/editions/{key}/"
    english, texts = load_texts("en"), load_texts(_INTERFACES[variant])
    counts = describe_counts(texts, translated, untranslated)
    title = f"{site.title} {name_edition(key, texts)}{texts.gettext(': ')}"
    gaps = (
        (describe_gaps(notes, texts) if texts is not english else "") + describe_gaps(notes, english) if notes else ""
    )
    rows = "".join(_render_row(entry, site, variant) for entry in edition.entries)
    rest = translated + untranslated - len(edition.entries)
    more = f'<p><a href="{escape(url)}">{say(variant, _MORE, count=rest)}</a></p>' if rest else ""
    return Item(
        id=_make_id(edition, site, variant),
        url=url,
        title=remove_illegal_characters(f"{title}{counts}"),
        summary=counts,
        html=remove_illegal_characters(f"{f'<p>{escape(gaps)}</p>' if gaps else ''}<ol>{rows}</ol>{more}"),
        language=str(variant) or site.language,
        published_at=edition.stamp.published_at,
        updated_at=edition.stamp.updated_at,
    )


def _render_row(entry: Entry, site: Site, variant: Variant) -> str:
    translation, _ = choose_translation(entry, variant)
    title, english = _translated_title(entry, translation), escape(markup.render_plain(entry.title_en))
    heading = escape(markup.render_plain(title)) if title else english
    return (
        f'<li><a href="{escape(paper_url(site, entry))}">{heading}</a>'
        + (f'<br/><span lang="en">{english}</span>' if title else "")
        + (f"<br/>{say(variant, _WITHDRAWN)}" if entry.is_withdrawn else "")
        + "</li>"
    )
