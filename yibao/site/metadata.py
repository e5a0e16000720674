"""What pages tell machines: search engines, social networks, reference managers.

Sources: https://schema.org/ScholarlyArticle; https://schema.org/PublicationIssue; the `citation_…` tags are those that
Google Scholar and Zotero read (https://scholar.google.com/intl/en/scholar/inclusion.html#indexing).
"""

from typing import Any

from yibao import identifiers, markup
from yibao.records import Entry, Paper, Translation
from yibao.settings import Site
from yibao.site.parts import Head
from yibao.text import shorten_text

#: Authors of one paper who are linked, have pages, and are told to machines: thousands sign those of some experiments.
MOST_AUTHORS = 300
_CONTEXT = "https://schema.org"
#: Search engines cut longer headlines.
_HEADLINE = 110
_DOI = "https://doi.org/"


def describe_paper(entry: Entry, site: Site, url: str, picture: str = "") -> dict[str, Any]:
    """Describe a translated paper's page as JSON-LD: an article that is a translation of the one at arXiv."""
    title = markup.render_plain(entry.title)
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "ScholarlyArticle",
        "@id": url,
        "url": url,
        "mainEntityOfPage": url,
        "headline": shorten_text(title, _HEADLINE),
        "name": title,
        "alternateName": markup.render_plain(entry.title_en) if entry.title_zh else None,
        "publisher": _describe_publisher(site),
        "isAccessibleForFree": True,
        "keywords": list(entry.categories),
        "image": picture or None,
        "translationOfWork": _describe_original(entry),
    }
    if entry.paper:
        described["author"] = _list_authors(entry.paper)
    if entry.translation:
        described |= _describe_translation(entry.translation)
    if entry.stamp:
        described["datePublished"] = entry.stamp.published_at.isoformat()
        described["dateModified"] = entry.stamp.updated_at.isoformat()
    return _drop_empty(described)


def describe_edition(head: Head, name: str, site: Site, url: str, picture: str = "") -> dict[str, Any]:
    """Describe an edition as an issue of the gazette."""
    return _drop_empty(
        {
            "@context": _CONTEXT,
            "@type": "PublicationIssue",
            "@id": url,
            "url": url,
            "name": f"{site.title} {name}",
            "issueNumber": head.key,
            "datePublished": head.ends_on.isoformat(),
            "image": picture or None,
            "publisher": _describe_publisher(site),
            "isPartOf": {"@type": "Periodical", "name": site.title, "url": f"{site.base_url}/"},
        }
    )


def describe_site(site: Site, language: str, url: str) -> dict[str, Any]:
    """Describe the site and its search."""
    return {
        "@context": _CONTEXT,
        "@type": "WebSite",
        "name": site.title,
        "url": url,
        "inLanguage": language,
        "publisher": _describe_publisher(site),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{url}search/?q={{search_term_string}}"},
        },
    }


def list_citation_tags(entry: Entry) -> list[tuple[str, str]]:
    """List the `citation_…` and Dublin Core tags by which reference managers save the paper; names may repeat."""
    paper = entry.paper
    title = markup.render_plain(entry.title_en)
    authors = paper.authors[:MOST_AUTHORS] if paper else ()
    tags = [("citation_title", title), *(("citation_author", one.name) for one in authors)]
    if paper and paper.submitted_at:
        tags.append(("citation_publication_date", f"{paper.submitted_at:%Y/%m/%d}"))
    tags += [
        ("citation_publisher", "arXiv"),
        ("citation_arxiv_id", entry.arxiv_id),
        ("citation_pdf_url", identifiers.build_pdf_url(entry.arxiv_id)),
        ("citation_language", "en"),
    ]
    if paper:
        tags += [("citation_doi", paper.doi)] if paper.doi else []
        tags += [("citation_keywords", code) for code in entry.categories]
        tags.append(("citation_abstract", " ".join(markup.render_abstract_text(paper.abstract).split())))
    tags += [("DC.type", "Preprint"), ("DC.identifier", f"arXiv:{entry.arxiv_id}")]
    tags += [("DCTERMS.alternative", markup.render_plain(entry.title_zh))] if entry.title_zh else []
    if entry.translation and entry.translation.translator:
        tags.append(("DC.contributor", entry.translation.translator))
    return tags


def _describe_translation(translation: Translation) -> dict[str, Any]:
    return {
        "inLanguage": translation.language,
        "abstract": markup.render_markdown_text(translation.abstract),
        "translator": {"@type": "Person", "name": translation.translator} if translation.translator else None,
        "license": translation.license,
    }


def _describe_original(entry: Entry) -> dict[str, Any]:
    paper, url = entry.paper, identifiers.build_abs_url(entry.arxiv_id)
    title = markup.render_plain(entry.title_en)
    original: dict[str, Any] = {
        "@type": "ScholarlyArticle",
        "@id": url,
        "url": url,
        "headline": shorten_text(title, _HEADLINE),
        "name": title,
        "inLanguage": "en",
        "identifier": {"@type": "PropertyValue", "propertyID": "arXiv", "value": entry.arxiv_id},
    }
    if paper:
        original |= {
            "author": _list_authors(paper),
            "abstract": " ".join(markup.render_abstract_text(paper.abstract).split()),
            "datePublished": paper.submitted_at.date().isoformat() if paper.submitted_at else None,
            "version": f"v{paper.version}" if paper.version else None,
            "license": paper.license,
            "sameAs": f"{_DOI}{paper.doi}" if paper.doi else None,
        }
    return _drop_empty(original)


def _list_authors(paper: Paper) -> list[dict[str, str]]:
    return [{"@type": "Person", "name": author.name} for author in paper.authors[:MOST_AUTHORS]]


def _describe_publisher(site: Site) -> dict[str, str]:
    return {"@type": "Organization", "name": site.title, "url": f"{site.base_url}/"}


def _drop_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
