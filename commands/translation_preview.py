"""A curator's entries as readers would meet them, before they do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from flows.steps import environment
from flows.steps.run_record import HARVEST
from storage.library import connection, leases, papers
from yibao import dates
from yibao.arxiv import api
from yibao.arxiv.client import Client
from yibao.build_graph import Digests, Lists, wrap_content
from yibao.errors import LibraryError, YibaoError
from yibao.feeds import atom
from yibao.feeds.channels import describe_feed, list_subjects
from yibao.feeds.items import make_item
from yibao.feeds.model import Variant
from yibao.newsletter import compose
from yibao.records import Edition, Entry, SourceText, Timestamps, Translation
from yibao.settings import Settings
from yibao.site.contents import Contents
from yibao.site.pages import list_pages
from yibao.translations import markdown


def write_preview(file: Path, settings: Settings, on: date, where: Path) -> list[Path]:
    """Write a file's entries as pages, feed and mail into a folder; returns what to look at."""
    document = markdown.parse_document(file.read_bytes(), file.as_posix(), settings.site.language)
    edition, entries = _compose_edition([entry.translation for entry in document.entries], settings, on)
    shown = Contents(entries, [edition], edition, [], Lists({}, {}), Digests({}))
    tree = list_pages(shown, {}, settings.site)
    text, html = compose.compose_preview(edition, settings.site)
    (translated,) = (one for one in list_subjects([]) if one.name == "translated")
    about = describe_feed(translated, Variant.WRITTEN, settings.site)
    feed = replace(about, items=tuple(make_item(entry, settings.site) for entry in entries))
    tree["feed.atom.xml"] = wrap_content(atom.render_feed(feed))
    tree["mail.html"], tree["mail.txt"] = wrap_content(html.encode()), wrap_content(text.encode())
    wanted = [f"papers/{entry.arxiv_id}/index.html" for entry in entries]
    for name in ("style.css", *wanted, f"editions/{edition.key}/index.html", "feed.atom.xml", "mail.html", "mail.txt"):
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tree[name].render({}))
    return [where / name for name in (*wanted, "feed.atom.xml", "mail.html", "mail.txt")]


def ask_arxiv(settings: Settings, ids: list[str]) -> dict[str, SourceText]:
    """Ask arXiv about these papers, at its pace; returns their texts by identifier.

    Raises:
        UpstreamError: arXiv could not be reached, or answered nonsense.
        YibaoError: another host harvests; ask again when it has ended.
    """
    url = api.build_query_url(settings.arxiv.api_url, ids)
    with _hold_lease(settings.paths.library), Client(settings.arxiv, environment.SystemClock()) as client:
        described = api.parse_response(client.get(url).body, url).papers
    return {paper.arxiv_id: SourceText(paper.title, paper.abstract, paper.version) for paper in described}


@contextmanager
def _hold_lease(library_path: Path) -> Iterator[None]:
    """Hold the lease to ask arXiv; a run of this host that holds it keeps it. Without a library there is no lease."""
    if not library_path.exists():
        yield
        return
    with connection.write_library(library_path) as library:
        before = leases.find_holder(library, HARVEST, environment.now())
        other = leases.take_lease(library, HARVEST, environment.host_name(), environment.now())
    if other:
        raise YibaoError(f"{other} harvests, and arXiv allows one machine at a time. Try again when its run has ended.")
    try:
        yield
    finally:
        if before is None:
            with connection.write_library(library_path) as library:
                leases.return_lease(library, HARVEST, environment.host_name())


def _compose_edition(translations: list[Translation], settings: Settings, on: date) -> tuple[Edition, list[Entry]]:
    known = {}
    try:
        with connection.read_library(settings.paths.library) as library:
            known = papers.read_papers(library, {one.arxiv_id for one in translations})
    except LibraryError:
        pass  # None, or a run is at it: the entries are shown as waiting for arXiv.
    stamp = Timestamps(dates.find_eastern_midnight(on), dates.find_eastern_midnight(on))
    entries = [Entry(one.arxiv_id, known.get(one.arxiv_id), one, translated_on=on, stamp=stamp) for one in translations]
    return Edition(on.isoformat(), on, on, tuple(entries), (), (), (), stamp), entries
