"""A publication that builds on the one before holds what one from nothing holds."""

from dataclasses import replace
from datetime import timedelta

from tests.conftest import tree_of
from tests.judges.site import AT, Published, entries, entry, other_language
from yibao.models import AnnounceType, Stamp
from yibao.provenance import TranslationState

BASE = "https://yibao.example"


def corrected(one, **more):
    translation = replace(one.translation, **more)
    return replace(one, translation=translation, stamp=Stamp(one.stamp.published_at, AT + timedelta(days=3)))


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


def files(folder):
    return {path: content for path, content in tree_of(folder).items() if not path.startswith(".")}


def test_after_every_change_the_tree_is_what_a_publication_from_nothing_makes(tmp_path):
    site = Published(tmp_path / "kept", BASE)
    for number, state in enumerate(changes()):
        site.show(state)
        fresh = Published(tmp_path / str(number), BASE)
        fresh.show(state)
        kept, anew = files(site.public), files(fresh.public)
        assert kept.keys() == anew.keys()
        assert [path for path in anew if kept[path] != anew[path]] == []
