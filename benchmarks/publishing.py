"""Publishing a large day onto a large archive, and feeds against bare lxml and two peers.

    python -m benchmarks.publishing [--peers PEERS_PYTHON] [--papers 60000] [--year] [--small]

The archive has 60,000 translated papers, a hundred a week, whose pages and those of their authors are some 150,000.
Then days come, each with 2,000 papers and 60 translations, onto it and onto an archive a tenth as large. What is timed,
in seconds of the processors, is the whole step of a run: the library read, editions composed, documents made and
written. Feeds: 1,000 entries; bare lxml makes the same elements with the same texts from values that are ready.

`--year` publishes a year of cs.* instead: 150,000 papers in 250 days, of which 3,000 are translated.
"""

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

from lxml import etree

from benchmarks import bulk_data, options
from flows.steps import publication
from flows.steps.run_record import Run
from storage.library import announcements, connection, papers, translations
from yibao import categories, dates
from yibao.feeds import atom, jsonfeed, rss
from yibao.feeds.model import Feed, Item
from yibao.records import AnnounceType, Author, ListEntry, Paper, Translation, Version
from yibao.settings import Arxiv, Paths, Settings

_DAY = date(2026, 11, 16)


class Size(NamedTuple):
    """How much comes a day, and how many days."""

    new: int
    translated: int
    days: int


_FULL, _SMALL = Size(2000, 60, 5), Size(40, 4, 2)
_YEAR, _SMALL_YEAR = Size(600, 12, 250), Size(30, 3, 4)
_CODES = [code for code in categories.load_taxonomy() if code.startswith("cs.")]
_TEXT = (
    "我们提出一种新的方法，在多个基准上优于此前的模型，准确率为 $O(n^2)$ 与 93.1\\%。实验表明其有效。代码已公开。" * 4
)
PEER = """
import json, sys, time
from datetime import datetime, timezone
name, path = sys.argv[1:]
items = json.load(open(path))
at = datetime(2026, 1, 1, tzinfo=timezone.utc)
def feedgen():
    from feedgen.feed import FeedGenerator
    feed = FeedGenerator()
    feed.id("tag:e.org,2026:feed"); feed.title("Feed"); feed.updated(at)
    feed.link(href="https://e.org/", rel="alternate")
    for one in items:
        entry = feed.add_entry(order="append")
        entry.id(one["id"]); entry.title(one["title"]); entry.published(at); entry.updated(at)
        entry.link(href=one["url"], rel="alternate")
        entry.summary(one["summary"]); entry.content(one["html"], type="html")
        for author in one["authors"]: entry.author(name=author)
        for term in one["categories"]: entry.category(term=term)
    return feed.atom_str()
def django():
    from django.utils.feedgenerator import Atom1Feed
    feed = Atom1Feed(title="Feed", link="https://e.org/", description="d")
    for one in items:
        feed.add_item(title=one["title"], link=one["url"], description=one["summary"], content=one["html"],
            unique_id=one["id"], pubdate=at, updateddate=at, author_name=", ".join(one["authors"]),
            categories=one["categories"])
    return feed.writeString("utf-8")
if name == "django":
    from django.conf import settings; settings.configure(USE_TZ=True)
work = {"feedgen": feedgen, "django": django}[name]
times = []
for _ in range(5):
    before = time.process_time(); work(); times.append(time.process_time() - before)
print(sorted(times)[2])
"""


def paper(  # noqa: PLR0913  (what it is made of)
    chance: Random,
    arxiv_id: str,
    text: str,
    names: list[str],
    at: datetime,
    codes: tuple[str, ...] = ("cs.CL", "cs.CV"),
) -> Paper:
    values = bulk_data.record(chance, "2601.00001", text, names)
    return Paper(
        arxiv_id,
        1,
        " ".join(values["title"].split()),
        values["abstract"].strip(),
        tuple(Author(f"{first} {last}") for last, first, _ in values["authors_parsed"]),
        codes,
        codes[0],
        "arXivRaw",
        submitted_at=at,
        updated_at=at,
        versions=(Version(1, at),),
        fingerprint=f"{chance.getrandbits(128):032x}",
    )


def translation(one: Paper, week: str, number: int) -> Translation:
    return Translation(one.arxiv_id, "zh-Hans", f"标题{number}", _TEXT, one.title, f"{week}.md", number, week=week)


def fill(run: Run, pages: int) -> list[Translation]:
    """A library with that many translated papers, a hundred a week; returns the translations."""
    chance = Random(17)
    text, names = bulk_data.vocabulary(chance)
    curated = []
    for start in range(0, pages, 100):
        monday = date(2022, 1, 3) + timedelta(weeks=start // 100)
        at = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
        new_papers = [
            paper(chance, f"{monday:%y%m}.{10_000 + start + n:05d}", text, names, at)
            for n in range(min(100, pages - start))
        ]
        curated += [translation(one, dates.format_week(monday), n) for n, one in enumerate(new_papers, start)]
        with connection.write_library(run.settings.paths.library) as library:
            papers.store_papers(library, new_papers, monday)
            lines = [ListEntry(one.arxiv_id, 1, AnnounceType.NEW, ("rss",)) for one in new_papers]
            announcements.replace_entries(library, "cs.CL", monday, lines)
    with connection.write_library(run.settings.paths.library) as library:
        translations.store_translations(library, curated, _DAY - timedelta(days=7), dates.format_week(_DAY))
    return curated


def day(run: Run, curated: list[Translation], size: Size) -> None:
    """New papers, and translations of some of them, which are curated from now on."""
    chance = Random(run.on.toordinal())
    text, names = bulk_data.vocabulary(chance)
    at = datetime(2026, 11, 19, tzinfo=UTC)
    first = 10_000 + size.new * run.on.day
    new_papers = [paper(chance, f"2611.{first + number:05d}", text, names, at) for number in range(size.new)]
    curated += [translation(one, dates.format_week(run.on), n) for n, one in enumerate(new_papers[: size.translated])]
    with connection.write_library(run.settings.paths.library) as library:
        papers.store_papers(library, new_papers, run.on)
        lines = [ListEntry(one.arxiv_id, 1, AnnounceType.NEW, ("rss",)) for one in new_papers]
        announcements.replace_entries(library, "cs.CL", run.on, lines)
        translations.store_translations(library, curated, run.on, dates.format_week(run.on))


def year(size: Size) -> None:
    """Publish a year of cs.*: what it takes at first, how large it is, and what a day more takes."""
    with tempfile.TemporaryDirectory() as scratch:
        run = begin(Path(scratch), _CODES)
        curated: list[Translation] = []
        for number in range(size.days):
            on = date(2025, 1, 6) + timedelta(weeks=number // 5, days=number % 5)
            fill_day(replace(run, on=on), curated, size, number)
        tell(f"a year of {size.days * size.new} papers", *time_publication(run))
        tell_size(run.settings.paths.public)
        today = replace(run, run_id="1", on=_DAY + timedelta(days=1))
        fill_day(today, curated, size, size.days)
        tell(f"{size.new} papers, {size.translated} translations more", *time_publication(today))


def fill_day(run: Run, curated: list[Translation], size: Size, number: int) -> None:
    """Announce a day's papers in the categories of computer science, some of them translated at once."""
    chance = Random(number)
    text, names = bulk_data.vocabulary(chance)
    at = datetime(run.on.year, run.on.month, run.on.day, tzinfo=UTC)
    first = 10_000 + size.new * number
    new_papers = [
        paper(
            chance,
            f"{run.on:%y%m}.{first + n:06d}",
            text,
            names,
            at,
            tuple(chance.sample(_CODES, chance.choice([1, 2, 3]))),
        )
        for n in range(size.new)
    ]
    curated += [translation(one, dates.format_week(run.on), n) for n, one in enumerate(new_papers[: size.translated])]
    with connection.write_library(run.settings.paths.library) as library:
        papers.store_papers(library, new_papers, run.on)
        for code in _CODES:
            lines = [
                ListEntry(one.arxiv_id, 1, AnnounceType.NEW, ("rss",)) for one in new_papers if code in one.categories
            ]
            announcements.replace_entries(library, code, run.on, lines)
        if number >= size.days - 1:
            translations.store_translations(library, curated, run.on, dates.format_week(run.on))


def begin(where: Path, codes: Sequence[str]) -> Run:
    settings = Settings(paths=Paths(data=where / "data", public=where / "public"), arxiv=Arxiv(categories=tuple(codes)))
    settings.paths.data.mkdir(parents=True)
    return Run(settings, "0", "publish", _DAY)


def tell_size(public: Path) -> None:
    """Print how many files a tree has, how many of them are pages, and how large it is."""
    files = [path for path in public.rglob("*") if path.is_file()]
    by_room = Counter(path.relative_to(public).parts[0] for path in files if path.suffix == ".html")
    disk = sum(path.stat().st_blocks for path in files) * 512
    size = sum(path.stat().st_size for path in files)
    print(f"    {len(files)} files, {size / 2**20:.0f} MiB, {disk / 2**20:.0f} MiB on disk; {by_room.total()} pages:")
    print("    " + ", ".join(f"{room} {count}" for room, count in by_room.most_common(5)), flush=True)


def time_publication(run: Run, *, is_whole: bool = False) -> tuple[float, int, int]:
    """Seconds of the processors that a publication takes, which neighbours disturb less than the clock's."""
    before = time.process_time()
    outcome = (publication.publish_everything if is_whole else publication.publish_changes)(run)
    return time.process_time() - before, outcome.files_changed, outcome.files_unchanged


def archive(pages: int, size: Size) -> list[float]:
    """Seconds that each of several days takes, the first apart: after a first publication every folder is new to it."""
    with tempfile.TemporaryDirectory() as scratch:
        run = begin(Path(scratch), ("cs.CL", "cs.CV"))
        curated = fill(run, pages)
        tell(f"an archive of {pages} papers, first", *time_publication(run))
        tell_size(run.settings.paths.public)
        seconds = []
        for number in range(size.days):
            today = replace(run, run_id=str(number + 1), on=_DAY + timedelta(days=number))
            day(today, curated, size)
            measured = time_publication(today)
            tell(f"{size.new} papers, {size.translated} translations more", *measured)
            seconds.append(measured[0])
        tell("nothing changed", *time_publication(today))
        tell("everything looked at", *time_publication(today, is_whole=True))
        return seconds[1:]


def tell(name: str, seconds: float, changed: int, unchanged: int) -> None:
    print(f"  {name:36} {seconds:6.1f} s  {changed:6} files written, {unchanged:6} not touched", flush=True)


def bare(items: list[Item]) -> bytes:
    """The same elements, made with lxml and nothing else."""
    root = etree.Element("feed")
    for item in items:
        entry = etree.SubElement(root, "entry")
        texts = {
            "id": item.id,
            "title": item.title,
            "published": "2026-01-01T00:00:00Z",
            "updated": "2026-01-01T00:00:00Z",
        }
        for name, said in texts.items():
            etree.SubElement(entry, name).text = said
        for author in item.authors:
            etree.SubElement(etree.SubElement(entry, "author"), "name").text = author
        for term in item.categories:
            etree.SubElement(entry, "category", {"term": term, "scheme": "s", "label": "l"})
        etree.SubElement(entry, "link", {"href": item.url, "rel": "alternate", "type": "text/html"})
        etree.SubElement(entry, "link", {"href": item.url, "rel": "related", "type": "application/pdf"})
        etree.SubElement(entry, "summary").text = item.summary
        etree.SubElement(entry, "content", {"type": "html"}).text = item.html
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def formats(peers: str | None, count: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    html = "<p>English &amp; 中文 <i>x</i><sup>2</sup></p>\n" * 25
    items = [
        Item(
            f"tag:e.org,2026:arxiv/2601.{number:05d}",
            f"https://e.org/papers/2601.{number:05d}/",
            f"标题 {number}",
            "摘要" * 100,
            html,
            "zh-Hans",
            at,
            at,
            tuple(f"Author {n}" for n in range(5)),
            ("cs.CL", "cs.AI"),
            "https://arxiv.org/pdf/2601.00001",
        )
        for number in range(count)
    ]
    feed = Feed(
        "all", "Feed", "d", "zh-Hans", "tag:e.org,2026:feed", "https://e.org/", "https://e.org/feeds/all/", tuple(items)
    )
    works = {
        "bare lxml": lambda: bare(items),
        "Atom": lambda: atom.render_feed(feed),
        "RSS": lambda: rss.render_feed(feed),
        "JSON Feed": lambda: jsonfeed.render_feed(feed),
    }
    rounds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(7):
        for name, work in works.items():
            before = time.process_time()
            work()
            rounds[name].append(time.process_time() - before)
    times = {name: median(durations) for name, durations in rounds.items()}
    for name, seconds in (times | of_peers(peers, items)).items():
        print(f"  {name:12} {seconds * 1000:7.1f} ms  {times['bare lxml'] / seconds:5.2f} of bare lxml's speed")


def of_peers(python: str | None, items: list[Item]) -> dict[str, float]:
    """Seconds that each peer takes for the same entries."""
    names = ("id", "url", "title", "summary", "html", "authors", "categories")
    times = {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([{name: getattr(one, name) for name in names} for one in items], file)
        file.flush()
        for name in ("feedgen", "django"):
            if options.is_installed(python, name):
                done = subprocess.run([python, "-c", PEER, name, file.name], capture_output=True, text=True, check=True)
                times[name] = float(done.stdout)
    return times


def main() -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--peers", help="a Python that has feedgen and Django; see peers.txt")
    parser.add_argument("--papers", type=int, default=60_000)
    parser.add_argument("--year", action="store_true", help="publish a year of cs.* instead")
    parser.add_argument("--days", type=int, default=250, help="as many days of it")
    chosen = parser.parse_args()
    if chosen.year:
        print("publishing a year of cs.*")
        year(_SMALL_YEAR if chosen.small else _YEAR._replace(days=chosen.days))
        return
    size, pages, entries = (_SMALL, 60, 20) if chosen.small else (_FULL, chosen.papers, 1000)
    print(f"{entries} entries as a feed, processor time")
    formats(chosen.peers, entries)
    print("publishing")
    small, large = archive(pages // 10, size), archive(pages, size)
    ratio = median(more / less for less, more in zip(small, large, strict=True))
    print(f"  the same day costs {ratio:.2f} times as much on ten times the archive")


if __name__ == "__main__":
    main()
