"""How much of which papers a mail shows, so that it stays within a few screens of a phone. Pure.

The first papers are shown in full. The others are shortened as far as is needed for all to be in the mail. Where not
even titles and authors have room, what a reader's keywords and authors ask for and what is translated comes first, and
the rest of the room goes to the categories, evenly; what is left out is in the web edition.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from yibao.newsletter.entry_texts import BRIEFS, LEAD, Form

#: A phone's screen in pixels, and how many of them a mail may take; some are kept back, as heights are estimates.
_SCREEN, _DAY_SCREENS, _WEEK_SCREENS, _KEPT = 844, 4, 8, 0.04
#: Head and foot, a section's heading, and the line that says what is on the web only.
_FRAME, _HEADING, _MORE = 300, 48, 32
#: Fewest pixels of a paper.
_LEAST = 56
#: From the most generous to the tersest: leads, and the place in `BRIEFS` of the other papers' form.
_STEPS = ((3, 0), (3, 1), (2, 1), (3, 2), (2, 2), (1, 1), (1, 2), (3, 3), (2, 3), (1, 3))
#: Papers shown of each section, where not all have room.
_MOST = (60, 50, 40, 35, 30, 27, 24, 21, 18, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#: Groups that are shown before the categories have a share of the room.
_FIRST = ("named", "translated")
#: Where papers are left to the web: the most of the room that leads may take, and leads with all of `_FIRST`.
_LEADS_SHARE, _FIRST_SHARE = 0.35, 0.8


class Group(NamedTuple):
    """Papers under one heading, by their places in the edition."""

    name: str
    places: tuple[int, ...]


class Section(NamedTuple):
    """What is shown of a group, all of it in the same form."""

    name: str
    places: tuple[int, ...]
    form: Form
    #: How many papers it has, those on the web included.
    total: int


class Layout(NamedTuple):
    """What is shown: leads, then sections; those of which nothing is shown included."""

    leads: tuple[int, ...]
    sections: tuple[Section, ...]


#: Tells the height of papers in a form, in pixels.
Measure = Callable[[Sequence[int], Form], int]


def list_layouts(groups: Sequence[Group], measure: Measure, *, is_weekly: bool) -> Iterator[Layout]:
    """List the layouts that fit, the most generous first; the last one shows leads alone, and fits or not.

    Args:
        groups: papers in the order of the mail.
        measure: tells the height of the papers at these places in a form, in pixels.
        is_weekly: whether the edition spans a week, whose mail may be longer.
    """
    budget = int((_WEEK_SCREENS if is_weekly else _DAY_SCREENS) * _SCREEN * (1 - _KEPT)) - _FRAME
    candidates = _list_partial(groups, measure, budget)
    if sum(len(group.places) for group in groups) * _LEAST <= budget:
        yield from (
            layout
            for leads, form in _STEPS
            if _estimate_height(layout := _lay_out(groups, leads, BRIEFS[form]), measure) <= budget
        )
    yield from (layout for layout in candidates if _estimate_height(layout, measure) <= budget)
    yield _show_of_each(_lay_out(groups, 1, BRIEFS[-1]), 0, 0)


def _list_partial(groups: Sequence[Group], measure: Measure, budget: int) -> Iterator[Layout]:
    """List layouts that leave papers to the web: of categories first, and only then of what comes before them."""
    most_leads = _count_leads(groups, measure, budget)
    for leads, form in _STEPS:
        layout = _lay_out(groups, min(leads, most_leads), BRIEFS[form])
        if _estimate_height(_show_of_each(layout, None, 0), measure) <= _FIRST_SHARE * budget:
            yield from (_show_of_each(layout, None, most) for most in _MOST)
            yield from (_show_of_each(layout, None, 1, largest) for largest in range(len(layout.sections), 0, -1))
    terse = _lay_out(groups, most_leads, BRIEFS[-1])
    yield from (_show_of_each(terse, most, 0) for most in _MOST)


def _lay_out(groups: Sequence[Group], leads: int, form: Form) -> Layout:
    """Lay out all papers: so many leads, and the others in this form."""
    chosen: list[int] = []
    sections = []
    for group in groups:
        taken = group.places[: leads - len(chosen)]
        chosen += taken
        rest = group.places[len(taken) :]
        if rest:
            sections.append(Section(group.name, rest, form, len(rest)))
    return Layout(tuple(chosen), tuple(sections))


def _show_of_each(layout: Layout, first: int | None, most: int, largest: int | None = None) -> Layout:
    """Leave papers of a layout to the web.

    Args:
        layout: with all papers.
        first: how many are shown of what comes before the categories; None: all.
        most: how many of each category, as title and authors.
        largest: of how many categories, those with most papers; None: of all.
    """
    others = sorted((one for one in layout.sections if one.name not in _FIRST), key=lambda one: -one.total)
    shown = {one.name for one in others[:largest]}
    return layout._replace(
        sections=tuple(
            one._replace(places=one.places[:first])
            if one.name in _FIRST
            else one._replace(places=one.places[: most if one.name in shown else 0], form=BRIEFS[-1])
            for one in layout.sections
        )
    )


def _estimate_height(layout: Layout, measure: Measure) -> int:
    height = measure(layout.leads, LEAD) + _HEADING
    for section in layout.sections:
        if section.places:
            height += _HEADING + _MORE * (len(section.places) < section.total)
            height += measure(section.places, section.form)
    return height + _MORE * any(not section.places for section in layout.sections)


def _count_leads(groups: Sequence[Group], measure: Measure, budget: int) -> int:
    """Count how many leads leave room for others."""
    first = [place for group in groups for place in group.places[:3]][:3]
    return max((count for count in (1, 2, 3) if measure(first[:count], LEAD) <= _LEADS_SHARE * budget), default=1)
