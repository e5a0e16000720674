"""How much of which papers a mail shows: what comes first, what is left to the web, and that all is counted."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yibao.newsletter.entry_texts import BRIEFS, LEAD
from yibao.newsletter.layout import Group, list_layouts

SCREEN = 844


def make_groups(**sizes):
    groups, start = [], 0
    for name, size in sizes.items():
        groups.append(Group(name, tuple(range(start, start + size))))
        start += size
    return groups


def measure(places, form):
    """A lead takes half a screen; the others less, the less is said of them."""
    return len(places) * (420 if form is LEAD else 60 + form.signs)


def first_layout(groups, *, is_weekly=False):
    return next(list_layouts(groups, measure, is_weekly=is_weekly))


def shown(layout):
    return {section.name: len(section.places) for section in layout.sections}


def test_translations_are_shown_before_a_day_of_many_categories():
    categories = {f"cs.{number}": number for number in range(1, 41)}
    layout = first_layout(make_groups(translated=6, **categories))
    assert len(layout.leads) + shown(layout)["translated"] == 6
    assert layout.sections[0].form.signs > 0
    # The room that is left is for the categories with most papers.
    seen = {name for name, count in shown(layout).items() if count and name != "translated"}
    assert seen == {f"cs.{number}" for number in range(41 - len(seen), 41)}
    assert len(seen) >= 5


def test_categories_share_what_room_is_left_evenly():
    layout = first_layout(make_groups(translated=4, a=100, b=100, c=100))
    counts = shown(layout)
    assert counts["translated"] == 4 - len(layout.leads)
    assert counts["a"] == counts["b"] == counts["c"] >= 3


def test_what_keywords_ask_for_and_translations_share_the_room_where_they_alone_are_too_many():
    layout = first_layout(make_groups(named=90, translated=90, a=90))
    counts = shown(layout)
    assert counts["named"] == counts["translated"] >= 5
    assert counts["a"] == 0


def test_a_week_has_twice_the_room_of_a_day():
    groups = make_groups(translated=200)
    day, week = (len(first_layout(groups, is_weekly=is_weekly).sections[0].places) for is_weekly in (False, True))
    assert week > 1.8 * day


@given(
    st.dictionaries(st.sampled_from(["named", "translated", "a", "b", "c", "d"]), st.integers(1, 80), min_size=1),
    st.booleans(),
)
def test_every_layout_counts_every_paper_once_and_all_but_the_last_fit(sizes, is_weekly):
    groups = make_groups(**sizes)
    layouts = list(list_layouts(groups, measure, is_weekly=is_weekly))
    for layout in layouts:
        places = [*layout.leads, *(place for section in layout.sections for place in section.places)]
        assert all(one < other for one, other in pairwise(places))
        assert len(layout.leads) + sum(section.total for section in layout.sections) == sum(sizes.values())
        assert {section.form for section in layout.sections} <= set(BRIEFS)
        assert len(layout.leads) >= 1
    for layout in layouts[:-1]:
        height = measure(layout.leads, LEAD)
        height += sum(48 + measure(one.places, one.form) for one in layout.sections if one.places)
        assert height <= (8 if is_weekly else 4) * SCREEN - 300
