"""What the pictures of papers and editions say."""

from babel.dates import format_date

from yibao import catalogues, markup
from yibao.edition_summaries import describe_counts, name_edition
from yibao.records import Edition, Entry
from yibao.settings import Site
from yibao.site.pictures import Picture

_MOST_NAMES = 4


def tell_paper(entry: Entry, site: Site) -> Picture:
    """Tell of a translated paper: both titles, who wrote it, where it is filed."""
    names = [author.name for author in entry.paper.authors] if entry.paper else []
    authors = ", ".join(names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
    title, english = markup.render_plain(entry.title), markup.render_plain(entry.title_en)
    return Picture(
        site.title,
        f"arXiv:{entry.arxiv_id}",
        title,
        (english,) if title != english else (),
        " · ".join(part for part in (", ".join(entry.categories[:2]), authors) if part),
    )


def tell_edition(edition: Edition, site: Site, language: str) -> Picture:
    """Tell of an edition: its day or week, what leads it, and how much is in it."""
    texts, locale = catalogues.load_texts(language), catalogues.find_locale(language)
    day = format_date(edition.starts_on, format="full", locale=locale)
    replaced = len(edition.replaced)
    return Picture(
        site.title,
        edition.key,
        name_edition(edition.key, texts) if edition.is_weekly else day,
        tuple(markup.render_plain(entry.title) for entry in edition.leads),
        describe_counts(texts, len(edition.translated), edition.untranslated, replaced),
    )
