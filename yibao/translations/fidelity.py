"""Whether a translation says what the English says, as far as signs show: numbers, formulas, addresses, names, meaning.

Chosen so that what is reported is worth a look: a number is missed only where the translation holds it in no spelling,
a formula only where it does not stand in plain text either, and nothing of a sentence that is missing as a whole.
"""

import re
from collections.abc import Iterable, Iterator

from yibao.translations import alignment, formula_comparison, lexicon, meaning, name_comparison, number_comparison
from yibao.translations.alignment import Bead, Sentence
from yibao.translations.losses import Loss
from yibao.translations.spans import ADDRESS

_SLASH = re.compile(r"^https?://(?:www\.)?|[/.)]+$")

#: Below this share of the usual length, sentences were not left out but drawn together.
_CONDENSED = 0.75
#: What a sentence's own words weigh, and which share of them is rendered around it, where it was merged into its
#: neighbours, so many on each side. On seen text this takes seven in ten of what was called missing, and a fifth of
#: what is.
_MERGED, _MERGED_SHARE, _NEAR = -2.0, 0.35, 2


def find_losses(title: str, english: str, abstract: str, *, is_chinese: bool) -> Iterator[Loss]:
    """Find what of the English the abstract lacks, changes or adds. `title`: the English one."""
    beads = alignment.align_sentences(english, abstract) if is_chinese else []
    yield from number_comparison.compare_numbers(english, abstract, beads)
    yield from formula_comparison.compare_formulas(english, abstract, beads)
    yield from _compare_addresses(english, abstract)
    yield from name_comparison.compare_names(title, english, abstract, beads)
    if is_chinese:
        yield from meaning.find_reversals(beads)
        yield from _find_missing_sentences(beads)


def _find_missing_sentences(beads: list[Bead]) -> Iterator[Loss]:
    share = _measure_share(beads)
    if share < _CONDENSED:
        message = f"The translation has {share:.0%} of the length that its sentences usually have."
        yield Loss("condensed", "", message, "Look whether a summary is meant.")
        return
    for number, bead in enumerate(beads):
        if not bead.chinese:
            text = bead.english[0].text
            if _is_merged(bead, [*beads[max(0, number - _NEAR) : number], *beads[number + 1 : number + 1 + _NEAR]]):
                message = f"The sentences around it seem to say what “{text}” says."
                yield Loss("sentence-merged", text, message, "Look whether all of it is there.")
            else:
                message = f"Nothing seems to stand for “{text}”"
                yield Loss("sentence-missing", text, message, "Translate it, too.")


def _is_merged(bead: Bead, near: list[Bead]) -> bool:
    """Check whether the sentences around say in Chinese what, of their English, only this sentence says."""
    said = {word for other in near for sentence in other.english for word in sentence.words}
    words = [word for sentence in bead.english for word in sentence.words if word not in said]
    chinese = "".join(other.chinese_prose for other in near)
    there = [word for word in words if any(rendering in chinese for rendering in word.renderings)]
    names = _join_anchors(bead.english) - _join_anchors(sentence for other in near for sentence in other.english)
    return (
        lexicon.weigh_words(words, chinese) >= _MERGED
        or len(there) >= _MERGED_SHARE * len(words) > 0
        or bool(names & _join_anchors(sentence for other in near for sentence in other.chinese))
    )


def _join_anchors(sentences: Iterable[Sentence]) -> frozenset[str]:
    return frozenset().union(*(sentence.anchors for sentence in sentences))


def _measure_share(beads: list[Bead]) -> float:
    """Measure how long the translated sentences are, as a share of what is usual for their English."""
    both = [bead for bead in beads if bead.english and bead.chinese]
    usual = sum(sentence.length for bead in both for sentence in bead.english)
    return sum(sentence.length for bead in both for sentence in bead.chinese) / usual if usual else 1.0


def _compare_addresses(english: str, abstract: str) -> Iterator[Loss]:
    if "://" not in english and "@" not in english:
        return
    present = {_SLASH.sub("", address).lower() for address in ADDRESS.findall(abstract)}
    squeezed = re.sub(r"[\s\\]", "", abstract).lower()
    for address in ADDRESS.findall(english):
        bare = _SLASH.sub("", address.replace("\\", "")).lower()
        if bare not in present and bare not in squeezed:
            yield Loss("url-missing", address, f"{address} of the English is missing.", "Add it.")
