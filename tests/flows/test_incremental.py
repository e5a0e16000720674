"""A publication that builds on the one before holds what one from nothing holds."""

import shutil
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from flows.steps import publication, publication_plan
from flows.steps.run_record import Run
from storage import folder_swap, search, site_tree, tree_files
from storage.library import announcements, connection, editions, ledger, papers, pending, problems, translations
from tests.conftest import further_values, tree_of
from tests.judges.site import AT, Published, entries, entry, other_language
from yibao import dates, edition_summaries
from yibao.build_graph import Window
from yibao.feeds import channels, files, windows
from yibao.records import (
    AnnounceType,
    Author,
    Batch,
    BatchState,
    ListEntry,
    Paper,
    Problem,
    Severity,
    Timestamps,
    Translation,
    TranslationState,
    Version,
)
from yibao.search.language import parse_text
from yibao.settings import Arxiv, FeedChoice, Feeds, Newsletter, Paths, Settings, Site
from yibao.site import paper_lists, parts

BASE = "https://yibao.example"
CATEGORIES = ("cs.CL", "cs.CV", "math.NA")
FIRST = date(2025, 1, 27)


def corrected(one, **more):
    translation = replace(one.translation, **more)
    return replace(one, translation=translation, stamp=Timestamps(one.stamp.published_at, AT + timedelta(days=3)))


def changes():
    """States of one library, each a small change of the one before."""
    first = entries()
    second = [corrected(first[0], title="改正后的标题", translator="李丽"), *first[1:]]
    third = [*second[:3], replace(second[3], others=()), *second[4:], entry(30, title="New", zh="新的")]
    withdrawn = replace(third[4], paper=replace(third[4].paper, is_withdrawn=True, comment="Gone"))
    fourth = [*third[:4], withdrawn, *third[5:]]
    stale = replace(fourth[10], state=TranslationState.STALE, others=(other_language(11),))
    cross = replace(fourth[20], type=AnnounceType.CROSS)
    fifth = [*fourth[:10], stale, *fourth[11:20], cross, *fourth[21:]]
    sixth = [one for one in fifth if one.arxiv_id != fifth[1].arxiv_id]
    return [first, second, third, fourth, fifth, sixth]


def differences(one, other):
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


@pytest.mark.soak
def test_after_every_change_the_tree_is_what_a_publication_from_nothing_makes(tmp_path):
    site = Published(tmp_path / "kept", BASE)
    for number, state in enumerate(changes()):
        site.show(state)
        fresh = Published(tmp_path / str(number), BASE)
        fresh.show(state)
        assert differences(tree_of(site.public), tree_of(fresh.public)) == []


class Life:
    """A library to which things happen, a few each day, in all the ways in which it is written."""

    def __init__(self, folder, seed):
        self.chance = Random(seed)
        own = (FeedChoice(name="odd", keywords=("/odd/",)), FeedChoice(name="wang", translators=("王",)))
        self.settings = Settings(
            paths=Paths(data=folder / "data", public=folder / "public"),
            arxiv=Arxiv(categories=CATEGORIES),
            feeds=Feeds(own=own),
            site=Site.model_validate({"variants": ("zh-Hant", "en"), "pictures": False}),
        )
        self.settings.paths.data.mkdir(parents=True)
        self.on = FIRST
        self.papers, self.curated, self.lines, self.unknown = {}, {}, {}, []

    def day(self):
        """Some of all that may happen happens, on the next day; returns what did."""
        self.on += timedelta(days=self.chance.choice([1, 1, 2, 5]))
        deeds = self.chance.sample(
            [
                self.announce,
                self.version,
                self.translate,
                self.revise,
                self.credit,
                self.doubt,
                self.unlist,
                self.forget,
            ],
            self.chance.randint(1, 3),
        )
        with connection.write_library(self.settings.paths.library) as library:
            for deed in deeds:
                deed(library)
        return [deed.__name__ for deed in deeds]

    def publish(self):
        publication.publish_changes(Run(self.settings, str(uuid.uuid4()), "daily", self.on))

    def paper(self, number, version=1, **more):
        at = datetime(2025, 1, 1, tzinfo=UTC)
        versions = tuple(Version(one, at) for one in range(1, version + 1))
        categories = self.chance.sample(CATEGORIES, self.chance.randint(1, 2))
        return Paper(
            f"2501.{number:05d}",
            version,
            f"{self.chance.choice(['An odd', 'Some'])} title {number}, version {version} $x^2$",
            f"Abstract of {number}.",
            (Author(f"Author {number % 3}"),),
            tuple(categories),
            categories[0],
            "arXivRaw",
            versions=versions,
            updated_at=at,
            fingerprint=f"{self.chance.getrandbits(128):032x}",
            **more,
        )

    def known(self):
        return self.chance.choice(sorted(self.papers)) if self.papers else None

    def announce(self, library):
        start = len(self.papers)
        new_papers = [self.paper(number) for number in range(start, start + self.chance.randint(1, 4))]
        self.papers |= {one.arxiv_id: one for one in new_papers}
        described = [one for one in new_papers if self.chance.random() < 0.8]
        papers.store_papers(library, described, self.on)
        for category in self.chance.sample(CATEGORIES, 2):
            listed = {one.arxiv_id: self.chance.choice([AnnounceType.NEW, AnnounceType.CROSS]) for one in new_papers}
            if old := self.known():
                listed.setdefault(old, AnnounceType.REPLACE)
            self.list(library, category, self.on, listed)

    def list(self, library, category, on, listed):
        self.lines[category, on] = listed
        announcements.replace_entries(
            library, category, on, [ListEntry(one, 1, kind, ("rss",)) for one, kind in listed.items()]
        )

    def unlist(self, library):
        """A paper is taken out of some list, or of all."""
        listed_papers = sorted(((place, one) for place, listed in self.lines.items() for one in listed), key=str)
        if listed_papers:
            at, gone = self.chance.choice(listed_papers)
            places = [at] if self.chance.random() < 0.5 else sorted(self.lines)
            for place in places:
                kept = {one: kind for one, kind in self.lines[place].items() if one != gone}
                if kept != self.lines[place]:
                    self.list(library, *place, kept)

    def version(self, library):
        if old := self.known():
            number = int(old.partition(".")[2])
            version = (self.papers[old].version or 1) + 1
            gone = {"is_withdrawn": True, "comment": "Wrong"} if self.chance.random() < 0.3 else {}
            self.papers[old] = self.paper(number, version, **gone)
            papers.store_papers(library, [self.papers[old]], self.on)

    def translate(self, library):
        for arxiv_id in {self.known(), f"2412.{self.chance.randint(1, 99):05d}"} - {None}:
            language = self.chance.choice(["zh-Hans", "zh-Hans", "zh-Hans", "ja"])
            week = self.chance.choice([None, dates.format_week(self.on), "2024-W50"])
            name = self.chance.choice(["王", "a/b", "A B", None])
            title = self.chance.choice(["标题", "奇odd", None])
            self.curated[arxiv_id, language] = Translation(
                arxiv_id, language, title, "摘要。", "Title", "a.md", len(self.curated), week=week, translator=name
            )
        self.store(library)

    def store(self, library):
        translations.store_translations(library, self.curated.values(), self.on, dates.format_week(self.on))

    def revise(self, library):
        self.change(library, abstract=f"摘要，改于 {self.on}。", corrector="李")

    def credit(self, library):
        self.change(
            library,
            translator=self.chance.choice(["王", "新人"]),
            line=self.chance.randint(1, 99),
            is_lead=self.chance.random() < 0.5,
        )

    def change(self, library, **more):
        if self.curated:
            key = self.chance.choice(sorted(self.curated))
            self.curated[key] = replace(self.curated[key], **more)
            self.store(library)

    def doubt(self, library):
        state = self.chance.choice(list(BatchState))
        on = self.on - timedelta(days=self.chance.randint(0, 9))
        ledger.store_batch(library, Batch("cs.CL", on, state, 3, 2, ("rss",), f"{state} for a reason"), self.on)

    def forget(self, library):
        at = [one for one, _ in self.curated if one.startswith("2412")][:1]
        reported = [Problem("a.md", 1, 1, "unknown-to-arxiv", Severity.WARNING, "m", "r", one) for one in at]
        problems.replace_problems(library, "unknown-to-arxiv", reported)


@pytest.fixture
def short(monkeypatch):
    """Everything that is cut at some length is cut early."""
    for module, name, most in (
        (channels, "ARCHIVE_ITEMS", 3),
        (files, "ARCHIVE_ITEMS", 3),
        (publication_plan, "MOST_ITEMS", 4),
        (paper_lists, "NEWEST", 2),
        (paper_lists, "PAGE_PAPERS", 2),
        (parts, "MOST_BYTES", 3000),
        (edition_summaries, "MOST_ENTRIES", 2),
        (edition_summaries, "MOST_OF_WEEK", 1),
        (editions, "MOST_ENTRIES", 2),
        (editions, "MOST_OF_WEEK", 1),
        (windows, "OF_PAPERS", Window(4, 8, 6)),
        (windows, "OF_EDITIONS", Window(2, 8, 3)),
        (windows, "MOST_WHOLE", 1),
        (windows, "PAGE_ITEMS", 2),
    ):
        monkeypatch.setattr(module, name, most)


QUESTIONS = ["", "odd", "translator:王", "translated:no"]


def answers(settings):
    found = [search.find_papers(settings.paths.search, parse_text(question), 60) for question in QUESTIONS]
    return [sorted(one.arxiv_ids) for one in found]


MOMENTS = [
    (tree_files, "write_file"),
    (site_tree, "_swap_trees"),
    (folder_swap, "swap_folders"),
    (search, "update_index"),
    (pending, "clear_pending"),
]


def killed(life, monkeypatch):
    """A publication ends at once, before or after some step."""
    module, name = life.chance.choice(MOMENTS)
    is_after, step = life.chance.random() < 0.5, getattr(module, name)

    def last(*args, **named):
        if is_after:
            step(*args, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, name, last)
        try:
            life.publish()
        except KeyboardInterrupt:
            return f"killed at {name}"
    return "nothing to do"


def fresh_from(life, folder, seed):
    """The library as it is now, published from nothing."""
    fresh = Life(folder, seed)
    fresh.settings = fresh.settings.model_copy(
        update={"feeds": life.settings.feeds, "newsletter": life.settings.newsletter}
    )
    shutil.copy(life.settings.paths.library, fresh.settings.paths.library)
    fresh.on = life.on
    fresh.publish()
    return fresh


@pytest.mark.soak
@pytest.mark.parametrize("seed", [0, *further_values(1, 2)])
def test_whatever_happens_to_a_library_its_tree_and_its_answers_are_those_that_start_from_nothing(
    tmp_path, seed, short, monkeypatch
):
    life = Life(tmp_path / "kept", seed)
    done = []
    for number in range(8):
        done.append(life.day())
        if life.chance.random() < 0.3:
            done.append((killed(life, monkeypatch), life.day()))
        life.publish()
        fresh = fresh_from(life, tmp_path / str(number), seed)
        assert differences(tree_of(life.settings.paths.public), tree_of(fresh.settings.paths.public)) == [], done
        assert answers(life.settings) == answers(fresh.settings), done
        with connection.read_library(life.settings.paths.library) as library:
            assert pending.read_pending(library) == set()


def scopes(monkeypatch):
    """Whether each publication from now on looks at everything."""
    scopes_seen = []

    def watched(*args, **named):
        changes = look(*args, **named)
        scopes_seen.append(pending.EVERYTHING in changes.places)
        return changes

    look = publication_plan.plan_publication
    monkeypatch.setattr(publication_plan, "plan_publication", watched)
    return scopes_seen


@pytest.mark.soak
def test_a_run_looks_at_what_changed_and_publishing_by_hand_at_everything(tmp_path, monkeypatch):
    life, scopes_seen = Life(tmp_path / "kept", 1), scopes(monkeypatch)
    for _ in range(3):
        life.day()
        life.publish()
    publication.publish_everything(Run(life.settings, str(uuid.uuid4()), "publish", life.on))
    assert scopes_seen == [True, False, False, True]


def other_settings(life):
    life.settings = life.settings.model_copy(update={"feeds": Feeds()})


def opened_signup(life):
    life.settings = life.settings.model_copy(
        update={"newsletter": Newsletter(outbox=life.settings.paths.data / "mail")}
    )


def lost_file(life):
    (life.settings.paths.public / "feeds/all/atom.xml").unlink()


def lost_tree(life):
    shutil.rmtree(life.settings.paths.public)


def lost_index(life):
    shutil.rmtree(life.settings.paths.search)


def older_library(life):
    older = life.settings.paths.data.parent / "older.duckdb"
    shutil.copy(life.settings.paths.library, older)
    life.day()
    life.publish()
    shutil.copy(older, life.settings.paths.library)


@pytest.mark.soak
@pytest.mark.parametrize(
    "change", [lost_file, *further_values(other_settings, opened_signup, lost_tree, lost_index, older_library)]
)
def test_a_run_looks_at_everything_where_what_was_published_does_not_fit(tmp_path, monkeypatch, change):
    life = Life(tmp_path / "kept", 2)
    for _ in range(4):
        life.day()
        life.publish()
    change(life)
    scopes_seen = scopes(monkeypatch)
    life.publish()
    assert scopes_seen == [True]
    fresh = fresh_from(life, tmp_path / "fresh", 2)
    assert differences(tree_of(life.settings.paths.public), tree_of(fresh.settings.paths.public)) == []
    assert answers(life.settings) == answers(fresh.settings)


def test_another_program_looks_at_everything(tmp_path, monkeypatch):
    life, scopes_seen = Life(tmp_path / "kept", 3), scopes(monkeypatch)
    life.day()
    life.publish()
    monkeypatch.setattr(publication, "digest_program", lambda: b"another")
    life.publish()
    assert scopes_seen == [True, True]
