"""Feeds that an operator defines."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from tests.yibao.test_feeds import entry, library, made  # noqa: F401  (library: a fixture)
from yibao.settings import FeedChoice


def choice(**more):
    return FeedChoice(name="own", **more)


def chosen(entries, **more):
    return [item.id.rpartition("/")[2] for item in made(entries, [choice(**more)])[-1].items]


def test_a_feed_of_ones_own_holds_what_satisfies_all_that_it_names():
    one = replace(entry(1, title="Reasoning in agents"), translation=replace(entry(1).translation, translator="王"))
    entries = [one, entry(2, translated=False, title="Unreasonable"), entry(3, authors=("C. Three",), zh="推理模型")]
    assert chosen(entries, keywords=["reasoning"]) == ["2501.00001"]
    assert chosen(entries, keywords=["推理", "agents"]) == ["2501.00001", "2501.00003"]
    assert chosen(entries, keywords=["/reason/"]) == ["2501.00001", "2501.00002"]
    assert chosen(entries, authors=["c. three"]) == ["2501.00003"]
    assert chosen(entries, translators=["王"]) == ["2501.00001"]
    assert chosen(entries, translated=False) == ["2501.00002"]
    assert chosen(entries, categories=["cs.AI"], translated=True) == ["2501.00001", "2501.00003"]
    assert chosen(entries, languages=["zh-Hant"]) == []


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"keywords": ["/(/"]}, "is no regular expression"),
        ({"keywords": [" "]}, "cannot be empty"),
        ({"categories": ["cs.XX"]}, "no category"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_broken_choice_is_refused_with_the_reason(more, message):
    with pytest.raises(ValidationError, match=message):
        choice(**more)


@pytest.mark.parametrize("name", ["all", "../x", "A", "", "editions"])
def test_a_feed_cannot_take_a_name_of_ours_or_one_that_is_no_folder(name):
    with pytest.raises(ValidationError, match="cannot be a feed's name"):
        FeedChoice(name=name)
