"""Whether the translation has the numbers of the English, in whatever spelling, and no others.

A number is missed only where the translation holds it in no spelling; one is called changed only where both sides
have what the other lacks.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from yibao.maths import find_formulas
from yibao.translations import quantities
from yibao.translations.alignment import Bead
from yibao.translations.losses import Loss
from yibao.translations.quantities import Quantity
from yibao.translations.spans import mask_non_prose

_ALNUM = re.compile(r"[^0-9A-Za-z\u0370-\u03ff]+|(?<=\d)[x×](?=\d)")
#: A formula that is a number and nothing else.
_BARE = re.compile(r"\$(?:\\(?:sim|approx|geq?|leq?)\s*|[<>~≈≥≤]=?\s*)?(\d(?:[\d,.]|, (?=\d{3}))*)(\\?%|\s*\\times)?\$")
#: A product of figures is two numbers, whether or not it is set as a formula.
_PRODUCT = re.compile(r"\$(\d+)\s*\\times\s*(\d+)\$")
#: Thousands apart by a thin sign, as in 250 000; by a comma and a blank only where the translation has the whole.
_GROUPED = re.compile(r"(?<![\d.,$])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d.,]*\d)")
_COMMA_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:, \d{3})+(?!\d)")
#: The year of a reference, and the mark of a list: translators leave them out.
_REFERENCE = re.compile(r"(?<=et al)\.?,?\s*\(?(?:19|20)\d\d[a-z]?\)?|\([1-9]\)(?= )")
_WHOLE = 100
#: Translators count to two where the English does not: 二者, 两种.
_PLENTY = 3
#: Such numbers count other things, too: 实验 1.
_SMALL = 10
#: What says that a number was rounded.
#: Nobody rounds by more: 1.5 million is over a million.
_MOST_ROUNDING = Decimal("0.35")
_ABOUT = re.compile("[约近超逾多余几]|大概|左右")


def compare_numbers(english: str, abstract: str, beads: Sequence[Bead]) -> Iterator[Loss]:
    """Find numbers that are missing, another one, of another unit, or too many."""
    english, original = _tidy_numbers(english, abstract), english
    source_numbers, own_numbers = (
        quantities.find_quantities(mask_non_prose(_BARE.sub(_unwrap_number, text))) for text in (english, abstract)
    )
    missing, added = _find_both_lacking(source_numbers, own_numbers, english, abstract)
    yield from _compare_units(source_numbers, own_numbers)
    yield from _compare_counts(english, abstract, beads)
    for source_number, own_number in _pair_quantities(missing, added):
        message = f"The English has {source_number.text}, the translation {own_number.text}."
        yield Loss("number-changed", own_number.text, message, f"Write {source_number.text}.", own_number.start)
        missing.remove(source_number)
        added.remove(own_number)
    if not quantities.find_disorder(english):
        for start, mark in quantities.find_disorder(abstract):
            message = f"{mark} does not follow upon what is before it, as the English list does."
            yield Loss("number-changed", mark, message, "Count anew.", start)
    lost = mask_non_prose(" ".join(sentence.text for bead in beads if not bead.chinese for sentence in bead.english))
    for source_number in missing:
        if source_number.text in lost:
            continue  # The whole sentence is missing, and that is said.
        yield Loss("number-missing", source_number.text, f"{source_number.text} of the English is missing.", "Add it.")
    for own_number in added:
        if _is_written(own_number, original):
            continue  # In a form that is not read as a number there: 18th, top-10, (Smith, 2019).
        yield Loss(
            "number-added",
            own_number.text,
            f"{own_number.text} is not in the English.",
            "Compare the two.",
            own_number.start,
        )


def _tidy_numbers(english: str, abstract: str) -> str:
    """Join the groups of large numbers, and leave out figures that count nothing."""
    joined = _GROUPED.sub(lambda group: re.sub(r"\s", "", group[0]), english)
    joined = _COMMA_GROUPED.sub(
        lambda group: whole if (whole := group[0].replace(" ", "")) in abstract else group[0], joined
    )
    return _REFERENCE.sub(" ", _PRODUCT.sub(r"\1×\2", joined))


def _is_written(number: Quantity, english: str) -> bool:
    """Check whether the English has these figures, and no others beside them."""
    figures = re.sub(r"[^\d.,]", "", number.text).strip(".,")
    return bool(figures) and bool(re.search(rf"(?<![\d.,]){re.escape(figures)}(?![.,]?\d)", english))


def _find_both_lacking(
    source_numbers: list[Quantity], own_numbers: list[Quantity], english: str, abstract: str
) -> tuple[list[Quantity], list[Quantity]]:
    """Find what each side has and the other lacks, without pairs that say the same in another way."""
    missing = _find_lacking(source_numbers, own_numbers, abstract)
    added = _find_lacking(own_numbers, source_numbers, english)
    for source_number in list(missing):
        equivalent = next((one for one in added if _is_equivalent(source_number, one, source_numbers, abstract)), None)
        if equivalent:
            missing.remove(source_number)
            added.remove(equivalent)
    return missing, added


def _unwrap_number(match: re.Match[str]) -> str:
    """Take a number out of its formula, padded to the formula's length."""
    sign = "×" if match[2] and "times" in match[2] else (match[2] or "").strip("\\")
    return f"{match[1].replace(', ', ',')}{sign}".rjust(len(match[0]))


def _find_lacking(expected: list[Quantity], present: list[Quantity], text: str) -> list[Quantity]:
    """Find the numbers of one text that the other holds in no spelling, in its formulas neither."""
    inside = [
        quantity
        for formula in find_formulas(text)
        for quantity in quantities.find_quantities(formula.replace("{,}", ","))
    ]
    values = {value for quantity in (*present, *inside) for value in quantity.values} | quantities.parse_numerals(
        mask_non_prose(text)
    )
    squeezed = _ALNUM.sub("", text)
    return [quantity for quantity in expected if not quantity.values & values and not _is_in_name(quantity, squeezed)]


def _is_in_name(quantity: Quantity, squeezed: str) -> bool:
    """Check whether the figures stand in the other text in a form that is not read as a number there, such as `v2`."""
    figures = _ALNUM.sub("", quantity.text)
    return not figures.isdigit() and figures in squeezed


def _pair_quantities(missing: list[Quantity], added: list[Quantity]) -> list[tuple[Quantity, Quantity]]:
    """Pair what was put in whose place: as many added as missing, in the same order, with the same units."""
    has_same_units = [source_number.unit for source_number in missing] == [own_number.unit for own_number in added]
    return list(zip(missing, added, strict=True)) if has_same_units else []


def _is_complement(first: Quantity, second: Quantity) -> bool:
    """Check whether they say the same the other way round: cut by 90% is cut to 10%."""
    return first.unit == second.unit == "%" and any(a + b == _WHOLE for a in first.values for b in second.values)


def _is_equivalent(
    source_number: Quantity, own_number: Quantity, source_numbers: list[Quantity], abstract: str
) -> bool:
    return (
        _is_complement(source_number, own_number)
        or _is_difference(source_number, own_number, source_numbers)
        or _is_rounded(source_number, own_number, abstract)
    )


def _is_difference(source_number: Quantity, own_number: Quantity, source_numbers: list[Quantity]) -> bool:
    """Check whether the translation says how far a percentage is from another of the English: 提高了 10.5 个百分点."""
    shares = [value for number in source_numbers if number.unit == "%" for value in number.values]
    return source_number.unit == own_number.unit == "%" and any(
        abs(a - b) in own_number.values for a in source_number.values for b in shares
    )


def _is_rounded(source_number: Quantity, own_number: Quantity, abstract: str) -> bool:
    """Check whether the translation rounds, and says so: 228,246 is more than 22 万."""
    around = abstract[max(0, own_number.start - 4) : own_number.start + own_number.length + 2]
    return (
        source_number.unit == own_number.unit
        and _ABOUT.search(around) is not None
        and any(_has_rounding(a.normalize(), b.normalize()) for a in source_number.values for b in own_number.values)
    )


def _has_rounding(exact: Decimal, rounded: Decimal) -> bool:
    """Check whether one number is another with fewer figures; never of another magnitude."""
    exponent = rounded.as_tuple().exponent
    is_shorter = len(rounded.as_tuple().digits) < len(exact.as_tuple().digits)
    is_near = abs(exact - rounded) < Decimal(1).scaleb(exponent) if isinstance(exponent, int) else False
    return is_shorter and is_near and abs(exact - rounded) <= exact * _MOST_ROUNDING


def _compare_units(source_numbers: list[Quantity], own_numbers: list[Quantity]) -> Iterator[Loss]:
    # Of each value once: a text may say one number a thousand times.
    equals = {
        values: [one for one in source_numbers if one.values & values]
        for values in {one.values for one in own_numbers if one.unit not in ("", "B")}
    }
    for own_number in own_numbers:
        equal = equals.get(own_number.values)
        if (
            equal
            and own_number.unit not in ("", "B")
            and not any(source_number.unit in (own_number.unit, "", "B") for source_number in equal)
        ):
            message = f"The English has {equal[0].text}, the translation {own_number.text}."
            yield Loss("unit-changed", own_number.text, message, f"Write {equal[0].text}.", own_number.start)
    yield from _find_lost_percents(source_numbers, own_numbers)


def _find_lost_percents(source_numbers: list[Quantity], own_numbers: list[Quantity]) -> Iterator[Loss]:
    """Find numbers that are more often a percentage in the English, and more often bare in the translation."""
    for values in dict.fromkeys(number.values for number in source_numbers if number.unit == "%"):
        shares, bare = (
            [_count(numbers, values, unit) for numbers in (source_numbers, own_numbers)] for unit in ("%", "")
        )
        if shares[1] < shares[0] and bare[1] > bare[0]:
            lost = next(one for one in own_numbers if one.values & values and not one.unit)
            text = next(one.text for one in source_numbers if one.values == values and one.unit == "%")
            message = f"The English has {text}, the translation {lost.text}."
            yield Loss("unit-changed", lost.text, message, f"Write {text}.", lost.start)


def _count(numbers: Iterable[Quantity], values: frozenset[Decimal], unit: str) -> int:
    return sum(bool(one.values & values) and one.unit == unit for one in numbers)


def _compare_counts(english: str, abstract: str, beads: Sequence[Bead]) -> Iterator[Loss]:
    """Compare what is counted in words: where the English says three, and the translation 五个 and no three."""
    counts = quantities.find_counts(abstract)
    if not counts:
        return
    source, own = _tally(english), _tally(abstract)
    starts = [one.start for one in counts]
    for number, bead in enumerate(beads):
        extra = counts[slice(*(bisect_left(starts, place) for place in _find_span(bead)))]
        if not extra:
            continue
        told = list(_pair_counts(bead, extra, source, own))
        if not told:
            near = " ".join(other.english_prose for other in beads[max(0, number - 1) : number + 2])
            told = _pair_strange_counts(near, extra, source, own) or _pair_single_count(english, extra, source, own)
        for word, count in told:
            message = f"The English has {word.text}, the translation {count.text}."
            yield Loss("number-changed", count.text, message, "Compare the two.", count.start)


def _pair_counts(
    bead: Bead, counts: Sequence[Quantity], source: Counter[Decimal], own: Counter[Decimal]
) -> Iterator[tuple[Quantity, Quantity]]:
    """Pair words that the sentence lacks with counts that it has too many, one of which the whole text bears out."""
    theirs, ours = _tally(bead.english_prose), _tally(bead.chinese_prose)
    lacking = [one for one in quantities.find_cardinals(bead.english_prose) if _lacks(one, theirs, ours)]
    extra = [one for one in counts if _lacks(one, ours, theirs)]
    for word, count in zip(lacking, extra, strict=False):
        if _lacks(count, own, source) or (len(lacking) == len(extra) == 1 and _lacks(word, source, own)):
            yield word, count


def _pair_strange_counts(
    near: str, counts: Sequence[Quantity], source: Counter[Decimal], own: Counter[Decimal]
) -> list[tuple[Quantity, Quantity]]:
    """Pair counts that the English has nowhere with words of the sentences around that the translation lacks."""
    strange = [one for one in counts if min(one.values) >= _PLENTY and not source[min(one.values)]]
    lacking = [one for one in quantities.find_cardinals(near) if _lacks(one, source, own)] if strange else []
    return list(zip(lacking, strange, strict=False))


def _pair_single_count(
    english: str, counts: Sequence[Quantity], source: Counter[Decimal], own: Counter[Decimal]
) -> list[tuple[Quantity, Quantity]]:
    """Pair a count that the English has nowhere with the one word of it that the translation has less often."""
    strange = [one for one in counts if min(one.values) >= _PLENTY and not source[min(one.values)]]
    if not strange:
        return []
    words = quantities.find_cardinals(mask_non_prose(english))
    often = Counter(min(one.values) for one in words)
    lacking = [one for one in words if own[min(one.values)] < often[min(one.values)]]
    return (
        [(lacking[0], strange[0])]
        if len(strange) == 1 and lacking and often[min(lacking[0].values)] == len(lacking)
        else []
    )


def _lacks(number: Quantity, there: Counter[Decimal], here: Counter[Decimal]) -> bool:
    """Check whether one text has a small number less often than another."""
    return here[min(number.values)] < there[min(number.values)]


def _find_span(bead: Bead) -> tuple[int, int]:
    """Find where the Chinese sentences of a bead begin and end."""
    return (bead.chinese[0].start, bead.chinese[-1].start + len(bead.chinese[-1].text)) if bead.chinese else (0, 0)


def _tally(text: str) -> Counter[Decimal]:
    """Count how often a text has each small number, in figures, words and numerals."""
    return quantities.tally_small_numbers(mask_non_prose(text))
