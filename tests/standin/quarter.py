"""Ninety-two announcement days, made up: weekends, holidays, both changes of clocks, and all that papers do in them.

Seeded: the same quarter each time. What the stand-in shows of it, day by day, is the truth that a harvest must reach.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from tests.standin.papers import Line, Silent, StandinPaper, Version
from yibao import dates

#: Of these the middle two share papers, and the last has often none.
CATEGORIES = ("cs.CL", "math.NA", "hep-th", "q-bio.NC")
FIRST = date(2025, 10, 30)
#: No list bears these dates: after Thanksgiving, Christmas, New Year and Martin Luther King Day, and one that no
#: calendar knows. On the day after 29 December, a holiday by the calendar, there is one all the same.
SILENT_DAYS = {date(2025, 11, 28), date(2025, 12, 26), date(2026, 1, 2), date(2026, 1, 20), date(2026, 2, 11)}
#: Two more than ninety, so that the quarter ends on a Friday, after the second change of clocks.
_DAYS = 92
_MOST = {"cs.CL": 5, "math.NA": 3, "hep-th": 3, "q-bio.NC": 1}
_WORDS = "map bound field graph norm flow lattice proof kernel gauge token parser bias noise limit spin".split()  # noqa: SIM905
_NAMES = ["Ada Lee", 'J\\"org M\\"uller', "Wei Zhang", "Mar{\\'\\i}a Pe\\~na", "O. Smith (ETH)", "{\\L}ukasz Kowal"]


def announcement_days() -> list[date]:
    """The dates that lists bear."""
    days: list[date] = []
    day = FIRST
    while len(days) < _DAYS:
        if dates.is_announcement_day(day) and day not in SILENT_DAYS:
            days.append(day)
        day += timedelta(days=1)
    return days


@dataclass
class _Draft:
    """A paper while the quarter goes by."""

    paper: StandinPaper
    versions: list[Version] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    silent: list[Silent] = field(default_factory=list)

    def done(self) -> StandinPaper:
        return replace(
            self.paper, versions=tuple(self.versions), announced=tuple(self.lines), silent=tuple(self.silent)
        )


def quarter(seed: int = 4) -> list[StandinPaper]:
    """Every paper of the quarter, with what it will have become."""
    chance = Random(seed)
    drafts = [_of_old(chance, number) for number in range(12)]
    numbers: dict[str, int] = {}
    for day in announcement_days():
        for draft in drafts:
            _live(chance, draft, day)
        for category in CATEGORIES:
            for _ in range(chance.randint(0, _MOST[category])):
                month = day.strftime("%y%m")
                numbers[month] = numbers.get(month, 0) + 1
                drafts.append(_new(chance, f"{month}.{numbers[month]:05d}", category, day))
    return [draft.done() for draft in drafts]


def _of_old(chance: Random, number: int) -> _Draft:
    """A paper from before the quarter, in its fifth version: what comes next is announced by nobody."""
    draft = _Draft(_paper(chance, f"hep-th/0501{number:03d}", ("hep-th",)))
    for version in range(1, 6):
        on = date(2005, 1, 3) + timedelta(days=400 * version)
        draft.versions.append(Version(version, _midday(on), _text(chance, 30), None, on))
    return draft


def _new(chance: Random, arxiv_id: str, category: str, day: date) -> _Draft:
    others = [code for code in (*CATEGORIES, "cs.LG", "stat.ML") if code != category]
    crossed = chance.sample(others, chance.choice((0, 0, 1, 2)))
    draft = _Draft(_paper(chance, arxiv_id, (category, *crossed)))
    held = timedelta(days=chance.randint(15, 40) if chance.random() < 0.05 else 0)
    draft.versions.append(Version(1, _submitted(chance, day) - held, _text(chance, 60), _comment(chance)))
    draft.lines.append(Line(day, category, "new", 1))
    draft.lines += [Line(day, code, "cross", 1) for code in crossed]
    return draft


def _live(chance: Random, draft: _Draft, day: date) -> None:
    """What happens to a paper on a day: mostly nothing."""
    fate = chance.random()
    if fate < 0.02:
        _revise(chance, draft, day)
    elif fate < 0.022 and len(draft.versions) < 5:
        _revise(chance, draft, day, withdrawn=True)
    elif fate < 0.027:
        known = draft.silent[-1] if draft.silent else None
        doi = None if known and chance.random() < 0.2 else f"10.1000/{draft.paper.id}.{day:%m%d}"
        draft.silent.append(Silent(day, doi, f"J. Made Up {day.day}" if doi else None))


def _revise(chance: Random, draft: _Draft, day: date, *, withdrawn: bool = False) -> None:
    number = len(draft.versions) + 1
    is_announced = number <= 5
    comment = "This paper has been withdrawn by the author due to an error" if withdrawn else _comment(chance)
    text = draft.versions[-1].abstract if withdrawn else _text(chance, 60)
    public_on = None if is_announced else day
    # Withdrawals of early years lack the flag; the comment alone tells.
    kind = "I" if withdrawn and chance.random() < 0.7 else None
    draft.versions.append(Version(number, _submitted(chance, day), text, comment, public_on, kind))
    if is_announced:
        primary, *crossed = draft.paper.categories
        draft.lines.append(Line(day, primary, "replace", number))
        draft.lines += [Line(day, code, "replace-cross", number) for code in crossed]


def _paper(chance: Random, arxiv_id: str, categories: tuple[str, ...]) -> StandinPaper:
    title = f'On $\\alpha_{{{chance.randint(1, 99)}}}$ and the Schr\\"odinger {chance.choice(_WORDS)} of {arxiv_id}'
    return StandinPaper(arxiv_id, title, tuple(chance.sample(_NAMES, chance.randint(1, 4))), categories, (), ())


def _submitted(chance: Random, day: date) -> datetime:
    start, end = submission_window(day)
    return start + timedelta(seconds=chance.randint(1, int((end - start).total_seconds())))


def _midday(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _comment(chance: Random) -> str | None:
    return chance.choice((None, f"{chance.randint(3, 90)} pages", "v2: fixed a sign & p<0.05"))


def _text(chance: Random, words: int) -> str:
    text = " ".join(chance.choices(_WORDS, k=words)).capitalize()
    return (
        f'{text}. We follow Erd\\H{{o}}s, and $\\beta<1$ holds in 10.3\\% of cases.\n  A second paragraph by G\\"odel.'
    )


def submission_window(announced_on: date) -> tuple[datetime, datetime]:
    """When papers are submitted that a list of this date announces, unless moderators hold them: two UTC instants.

    From 14:00 to 14:00 in New York of the two announcement days before; holidays make it longer.
    """
    ends_on = _day_before(announced_on)
    closing = time(14)
    start, end = (
        datetime.combine(day, closing, dates.EASTERN).astimezone(UTC) for day in (_day_before(ends_on), ends_on)
    )
    return start, end


def _day_before(day: date) -> date:
    earlier = day - timedelta(days=1)
    while not dates.is_announcement_day(earlier):
        earlier -= timedelta(days=1)
    return earlier
