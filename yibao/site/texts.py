"""The translated papers as JSON, a file for each month: open data, and what search in the browser reads."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from yibao import identifiers, markup
from yibao.build_graph import Document, ItemRef, Items, Lists, define_document
from yibao.records import Entry
from yibao.settings import Site

#: Begins the list of a month, and the path of its file.
FOLDER = "data/translations/"


def list_monthly_texts(lists: Lists, site: Site) -> tuple[dict[str, Document], dict[str, int]]:
    """List the months that are rendered again, and a manifest of all; returns also each month's count, newest first."""
    tree = {
        f"{name}.json": define_document(partial(_render_month, members), needs=members)
        for name, members in lists.members.items()
        if name.startswith(FOLDER) and members
    }
    months = sorted((name for name in lists.counts if name.startswith(FOLDER)), reverse=True)
    counts = {name.rpartition("/")[2]: lists.counts[name] for name in months}
    about = (site.title, site.base_url, counts)
    return {**tree, "data/manifest.json": define_document(partial(_render_manifest, *about), *about)}, counts


def _render_manifest(title: str, base_url: str, counts: Mapping[str, int], _items: Items) -> bytes:
    manifest = {
        "title": title,
        "url": f"{base_url}/data/",
        "translations": [
            {"month": month, "path": f"translations/{month}.json", "entries": count} for month, count in counts.items()
        ],
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _render_month(members: Sequence[ItemRef], items: Items) -> bytes:
    entries = [entry for entry in (items[ref.item] for ref in members) if isinstance(entry, Entry)]
    newest = sorted(entries, key=lambda entry: identifiers.sort_key(entry.arxiv_id), reverse=True)
    lines = b",\n".join(orjson.dumps(_make_record(entry)) for entry in newest)
    return b"[\n" + lines + b"\n]\n"


def _make_record(entry: Entry) -> dict[str, Any]:
    """Make the record of one paper; texts are plain Unicode, formulas included."""
    paper, translation = entry.paper, entry.translation
    return {
        "arxiv_id": entry.arxiv_id,
        "title": markup.render_plain(entry.title),
        "title_en": markup.render_plain(entry.title_en),
        "abstract": markup.render_markdown_text(translation.abstract) if translation else "",
        "abstract_en": markup.render_abstract_text(paper.abstract) if paper else "",
        "authors": [author.name for author in paper.authors] if paper else [],
        "categories": list(entry.categories),
        "language": translation.language if translation else "en",
        "translator": translation.translator if translation else None,
        "license": translation.license if translation else None,
        "published": entry.stamp.published_at.date().isoformat() if entry.stamp else None,
        "state": str(entry.state),
        "is_withdrawn": entry.is_withdrawn,
    }
