"""A fortnight of feeds, fetched daily and weekly by other people's readers: nothing is missing, nothing comes twice."""

import re
import shutil
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest

from flows.steps import publication
from flows.steps.run_record import Run
from storage.library import announcements, connection, papers, translations
from tests.judges.conftest import program, serving_folder
from tests.judges.test_feed_readers import newsboat, reader
from yibao import dates
from yibao.records import AnnounceType, Author, ListEntry, Paper, Translation, Version
from yibao.settings import Arxiv, Paths, Settings, Site

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1500)]
MONDAY = date(2025, 3, 3)
#: As arXiv announces in computer science; the one large day is the second Tuesday, after a day that was missed.
USUAL, LARGE = 424, 1500
#: Of the papers in turn; `reader` takes a minute for thousands of items.
CATEGORIES = ("cs.CL", "cs.CV") * 9 + ("cs.IR",)
TRANSLATED = 30


class Gazette:
    """A library that grows by a day at a time, published into a folder."""

    def __init__(self, folder, base_url):
        self.settings = Settings(
            site=Site.model_validate({"base_url": base_url}),
            paths=Paths(data=folder / "data", public=folder / "public"),
            arxiv=Arxiv(categories=("cs.CL", "cs.CV", "cs.IR")),
        )
        self.settings.paths.data.mkdir(parents=True)
        #: Papers in the order of their numbers, by day.
        self.days, self.curated = {}, []

    def publish_day(self, on, count):
        """Announce so many papers, translate some of yesterday's, publish."""
        first = sum(map(len, self.days.values())) + 1
        ids = [f"2503.{number:05d}" for number in range(first, first + count)]
        late = list(self.days.values())[-1][:TRANSLATED] if self.days else []
        self.curated += [
            Translation(one, "zh-Hans", f"译文 {one}", "摘要。" * 100, f"Title {one}", "a.md", 1) for one in late
        ]
        with connection.write_library(self.settings.paths.library) as library:
            papers.store_papers(library, [_describe_paper(one) for one in ids], on)
            for category in sorted({*CATEGORIES}):
                listed = [
                    ListEntry(one, 1, AnnounceType.NEW, ("rss",)) for one in ids if choose_category(one) == category
                ]
                announcements.replace_entries(library, category, on, listed)
            translations.store_translations(library, self.curated, on, dates.format_week(on))
        self.days[on] = ids
        publication.publish_changes(Run(self.settings, f"{on}", "daily", on))


def choose_category(arxiv_id):
    return CATEGORIES[int(arxiv_id[5:]) % len(CATEGORIES)]


def _describe_paper(arxiv_id):
    at = datetime(2025, 3, 1, tzinfo=UTC)
    category = choose_category(arxiv_id)
    authors = tuple(Author(f"Author {name}") for name in range(4))
    versions, mark = (Version(1, at),), arxiv_id.replace(".", "").rjust(32, "0")
    abstract = f"Abstract of {arxiv_id}. " + "We study models of language and vision at length. " * 22
    return Paper(
        arxiv_id, 1, f"Title {arxiv_id}", abstract, authors, (category,), category, "arXivRaw",
        versions=versions, updated_at=at, fingerprint=mark,
    )  # fmt: skip


def _find_identifiers(rows):
    return sorted(re.search(r"arxiv/(\d{4}\.\d{5})", id_)[1] for id_, *_ in rows if "arxiv/" in id_)


@pytest.fixture
def gazette(tmp_path):
    with ExitStack() as stack:
        public = tmp_path / "public"
        public.mkdir()
        yield Gazette(tmp_path, stack.enter_context(serving_folder(public)))


@pytest.mark.soak
def test_nobody_who_fetches_daily_or_weekly_misses_a_paper_of_a_fortnight(gazette, tmp_path, monkeypatch):
    program("newsboat")
    daily = [(newsboat, "all/atom.xml"), (reader, "cs.IR/rss.xml"), (newsboat, "cs.CV/en/rss.xml")]
    weekly = [(newsboat, "all/en/atom.xml"), (reader, "cs.IR/zh-Hant/atom.xml")]
    _publish_only({f"feeds/{place}" for _, place in (*daily, *weekly)}, monkeypatch)
    folders = {visit: tmp_path / f"{number}" for number, visit in enumerate([*daily, *weekly])}
    for folder in folders.values():
        folder.mkdir()
    seen = {}
    missed = MONDAY + timedelta(days=7)
    for day in [MONDAY + timedelta(days=number) for number in range(12)]:
        if day.weekday() < 5 and day != missed:
            gazette.publish_day(day, LARGE if day == missed + timedelta(days=1) else USUAL)
        due = [*(daily if day in gazette.days else []), *(weekly if day.weekday() == 4 else [])]
        for visit, place in due:
            seen[visit, place] = visit(folders[visit, place], f"{gazette.settings.site.base_url}/feeds/{place}")
            new = sum(bool(is_news) for _, _, is_news in seen[visit, place])
            since = day - timedelta(days=0 if (visit, place) in daily else 6)
            came = _choose(place, [one for on, ids in gazette.days.items() if on >= since for one in ids])
            assert new == len(came), (day, visit, place)
    everything = [one for ids in gazette.days.values() for one in ids]
    assert len(everything) == 8 * USUAL + LARGE
    for (_, place), rows in seen.items():
        assert _find_identifiers(rows) == _choose(place, everything), place


def _publish_only(paths, monkeypatch):
    """Publish what the readers fetch alone: all else takes ten times as long."""
    list_feeds = publication.list_feed_documents
    monkeypatch.setattr(publication, "list_pages", lambda *_given, **_named: {})
    monkeypatch.setattr(publication, "_update_index", lambda *_given: None)
    monkeypatch.setattr(
        publication,
        "list_feed_documents",
        lambda *given: {path: document for path, document in list_feeds(*given).items() if path in paths},
    )


def _choose(place, ids):
    category = place.partition("/")[0]
    return [one for one in ids if category in ("all", choose_category(one))]


def test_no_reader_gets_again_what_it_had_when_variants_got_ids_of_their_own(gazette, tmp_path):
    program("newsboat")
    gazette.publish_day(MONDAY, 40)
    # As a library was that had been published before.
    with connection.write_library(gazette.settings.paths.library) as library:
        library.execute("UPDATE operations.published_item SET has_variant_ids = false, listed_on = NULL")
    shutil.rmtree(gazette.settings.paths.public / "feeds")
    publication.publish_everything(Run(gazette.settings, "old", "publish", MONDAY))
    base = f"{gazette.settings.site.base_url}/feeds"
    places = [f"all/{variant}{file}" for variant in ("", "en/", "zh-Hant/") for file in ("atom.xml", "rss.xml")]
    for visit in (newsboat, reader):
        for place in places:
            folder = tmp_path / visit.__name__ / place.replace("/", "-")
            folder.mkdir(parents=True)
            assert len(visit(folder, f"{base}/{place}")) == 40
    gazette.publish_day(MONDAY + timedelta(days=1), 40)
    for visit in (newsboat, reader):
        for place in places:
            rows = visit(tmp_path / visit.__name__ / place.replace("/", "-"), f"{base}/{place}")
            assert len(rows) == 80
            assert sum(bool(is_news) for _, _, is_news in rows) == 40, (visit, place)
    # What comes from now on is another item in each variant: side by side, newsboat has them all.
    folder = tmp_path / "side"
    folder.mkdir()
    rows = newsboat(folder, "\n".join(f"{base}/{place}" for place in places if place.endswith("atom.xml")))
    assert len(rows) == 40 + 3 * 40
