"""A site with everything in it that has ever broken a feed or a page."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flows.steps import publication
from flows.steps.publication_plan import Plan, Scope, order_reading, plan_items
from storage import search, site_tree, tree_state
from storage.library import connection, papers, pending, publications, translations
from storage.library.connection import Connection
from yibao.build_graph import Document, Items
from yibao.records import (
    PAPER,
    AnnounceType,
    Author,
    Batch,
    BatchState,
    Edition,
    Entry,
    Erratum,
    Paper,
    SourceText,
    Timestamps,
    Translation,
    TranslationState,
)
from yibao.search import matching
from yibao.settings import Arxiv, FeedChoice, Feeds, Paths, Settings, Site

DAY = date(2025, 1, 17)
AT = datetime(2025, 1, 17, 5, tzinfo=UTC)
AWKWARD = "Is p<0.05 & x<y>z <b>test</b>"
_ENGLISH = (
    "We study models of $O(n^2)$ parts, where $\\frac{a}{b} < \\sqrt{x}$, and reach 93.1\\% of $5 and $10. "
    "Code is at https://example.org/code?a=1&b=2."
)
_CHINESE = (
    "我们研究有 $O(n^2)$ 个部分的模型，其中 $\\frac{a}{b} < \\sqrt{x}$，达到 93.1%。代码见 https://example.org/code。"
)


def paper(number: int, title: str = "A study of models", **more: object) -> Paper:
    values = {
        "abstract": _ENGLISH,
        "authors": (Author("Zhengyang Tang"), Author("B. Two, Jr.")),
        "categories": ("cs.CL", "cs.AI"),
        "primary_category": "cs.CL",
        "source": "arXivRaw",
        "submitted_at": AT,
        "version": 1,
    }
    return Paper(f"2501.{number:05d}", title=title, **{**values, **more})


def entry(number: int, *, zh: str | None = "模型的研究", abstract: str = _CHINESE, **more: object) -> Entry:
    described = paper(number, **more)
    translation = Translation(
        described.arxiv_id, "zh-Hans", zh, abstract, described.title, "2025/0113-0117.md", number, translator="王小明"
    )
    at = AT + timedelta(seconds=number)
    return Entry(described.arxiv_id, described, translation, DAY, AnnounceType.NEW, DAY, Timestamps(at, at))


def untranslated(number: int, **more: object) -> Entry:
    return replace(entry(number, **more), translation=None, translated_on=None)


def other_language(number: int) -> Translation:
    """A translation into another language, by somebody who translated nothing else."""
    written = entry(number).translation
    return replace(written, language="ja", title="短い論文", abstract="短い。", translator="山田 太郎")


def entries() -> list[Entry]:
    """One of each kind."""
    stale = replace(
        entry(7, title="Stale"),
        state=TranslationState.STALE,
        source_version=1,
        source=SourceText("Stale", "An earlier text."),
        errata=(Erratum(DAY, "王小明", "旧题", "模型的研究", "旧摘要。", _CHINESE),),
    )
    return [
        entry(1, title=AWKWARD, zh=f"{AWKWARD} 译文", abstract="<script>alert(1)</script>摘要 & <b>粗</b>。"),
        entry(2, title="Three thousand authors", authors=tuple(Author(f"Author {n}") for n in range(3000))),
        entry(3, title="\u202bעברית ו-English\u202c side by side", zh="从右到左的标题"),
        replace(entry(4, title="Short", abstract="短。"), others=(other_language(4),)),
        entry(5, title="Long", abstract="很长的摘要。" * 830),
        entry(6, title="Withdrawn", is_withdrawn=True, comment="Withdrawn: an error in Lemma 2 & more"),
        stale,
        replace(entry(8, title="Waiting"), paper=None),
        entry(9, title="Unbalanced $x^{2", zh="不平衡的 $x^{2", abstract="公式 $\\frac{a}{ 没有结束，$5 和 $10 是钱。"),
        entry(10, title="No Chinese title", zh=None),
        entry(11, title="Agents that search", zh="会检索的智能体", abstract="智能体自己去检索，再作答。"),
        *(untranslated(100 + n, title=f"Untranslated {n}: {AWKWARD}") for n in range(30)),
    ]


def editions(entries: list[Entry], more_lines: int = 600) -> list[Edition]:
    """A day, its week, and a day of which nobody knows what it holds."""
    translated = tuple(one for one in entries if one.translation)
    lines = tuple(untranslated(1000 + n, title=f"A long list of papers, number {n}") for n in range(more_lines))
    listed = (("cs.CL", tuple(one for one in entries if not one.translation) + lines),)
    day = Edition(
        DAY.isoformat(), DAY, DAY, translated, listed, (entry(900, title="Replaced"),), (), Timestamps(AT, AT)
    )
    monday = date(2025, 1, 13)
    week = Edition("2025-W03", monday, monday + timedelta(days=6), translated, listed, (), (), Timestamps(AT, AT))
    doubtful = Edition("2024-12-30", date(2024, 12, 30), date(2024, 12, 30), (), (), (), ("cs.CL: no answer",), None)
    return [day, week, doubtful]


class Published:
    """The site in a folder, with its settings, as a run would leave it."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.settings = Settings(
            site=Site.model_validate({"base_url": base_url, "variants": ("zh-Hant", "en"), "pictures": False}),
            paths=Paths(data=folder / "data", public=folder / "public"),
            arxiv=Arxiv(categories=("cs.CL", "cs.CV")),
            feeds=Feeds(own=(FeedChoice(name="agents", title="智能体", keywords=("智能体",)),)),
        )
        self.settings.paths.data.mkdir(parents=True)

    @property
    def public(self) -> Path:
        return self.settings.paths.public

    def show(self, entries: list[Entry]) -> None:
        """The site holds these entries, and editions of them; what it held is looked at as far as it changed."""
        issued = editions(entries)
        batches = [Batch("cs.CL", DAY, BatchState.COMPLETE, len(entries), len(entries), ("rss",), "", DAY)]
        with connection.write_library(self.settings.paths.library) as library:
            shown = publications.read_shown_items(library)
            papers.store_papers(library, [one.paper for one in entries if one.paper], DAY)
            written = [
                text for one in entries for text in ([one.translation] if one.translation else []) + [*one.others]
            ]
            translations.store_translations(library, written, DAY, "2025-W03")
            changes = given(library, self.settings, entries, issued, batches, is_whole=not shown)
        tree = publication.list_documents(changes, self.settings)
        where = tree_state.read_tree(self.public)
        untold = self.settings.paths.data / "untold.json"
        site_tree.publish_tree(where, untold, tree, items=changes.items, whole_below=changes.places)
        index = self.settings.paths.search
        gone = [name.removeprefix(PAPER) for name in changes.gone]
        texts = map(matching.describe_entry, changes.entries)
        search.update_index(index, texts, gone, is_whole=pending.EVERYTHING in changes.places)


def given(
    library: Connection,
    settings: Settings,
    entries: Sequence[Entry],
    issued: Sequence[Edition],
    batches: Sequence[Batch] = (),
    *,
    is_whole: bool = True,
    on: date = DAY,
) -> Plan:
    """What a publication is to do when the library says this of its papers and editions, in the run of this date."""
    before = publications.read_shown_items(library)
    members = [one for one in (*sorted(entries, key=order_reading), *issued) if one.stamp]
    items = [publications.Item(one.item, "", one.stamp.published_at) for one in members]
    publications.stamp_items(library, items, AT)
    papers = {one.arxiv_id for one in entries} | {name.removeprefix(PAPER) for name in before if name.startswith(PAPER)}
    keys = None if is_whole else {one.key for one in issued}
    changes = plan_items(library, settings, on, Scope(papers, keys), entries, issued, batches)
    pending.clear_pending(library, "")
    return changes


def without_pictures(settings: Settings) -> Settings:
    """The same settings, for what is not about pictures."""
    return settings.model_copy(update={"site": settings.site.model_copy(update={"pictures": False})})


class Drawn(Mapping[str, bytes]):
    """A tree of which each file is rendered when a test looks at it."""

    def __init__(self, documents: Mapping[str, Document], items: Items) -> None:
        self._documents = documents
        self._items = items
        self._rendered: dict[str, bytes] = {}

    def __getitem__(self, path: str) -> bytes:
        if path not in self._rendered:
            self._rendered[path] = self._documents[path].render(self._items)
        return self._rendered[path]

    def __contains__(self, path: object) -> bool:
        return path in self._documents

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


def drawn(
    entries: Sequence[Entry],
    issued: Sequence[Edition],
    settings: Settings,
    batches: Sequence[Batch] = (),
    *,
    has_pictures: bool = False,
) -> Mapping[str, bytes]:
    """The whole tree that shows these entries and editions; with pictures where they are asked for: they take time."""
    settings = without_pictures(settings) if not has_pictures else settings
    with tempfile.TemporaryDirectory() as folder, connection.open_library(Path(folder) / "library") as library:
        changes = given(library, settings, entries, issued, batches)
    return Drawn(publication.list_documents(changes, settings), changes.items)
