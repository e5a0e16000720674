"""Numbers in English and in Chinese, as values that can be compared: `24 million` is 2400 万 and 两千四百万.

A number that belongs to a name (GPT-4, 7B, v2, 3D) is not read as one.
"""

import re
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

_DIGITS = r"(?P<digits>\d{1,3}(?:[,，]\d{3})+(?!\d|,\d)|\d+)(?P<fraction>\.\d+)?"
# Behind a letter, a letter and a hyphen, or a point, a number is part of a name; behind `-` alone it may end a range.
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.\\])(?<![A-Za-z][-–_]){_DIGITS}"
    r"(?P<scale>[-\s]*(?:thousand|million|billion|trillion)\b|[ \t]*[多余]?[十百千万亿兆]+(?!分)"
    r"|\s?[KkMGBT](?:(?![A-Za-z0-9-])|(?=(?:t|T|W|Wh|FLOPS?|FLOPs|OPS|OPs|bps)\b)))?"
    r"(?P<unit>\s*(?:\\?%|％|percent\b|percentage points?\b|pp\b|个?百分点|-?(?:fold|times)\b|[xX×](?![A-Za-z0-9])|倍"
    r"|[kKMGT]?B(?![A-Za-z])|[kMG]?Hz\b|ms\b|fps\b|FPS\b|[nμmck]m\b|kg\b|°C|dB\b"
    r"|(?:(?<=\d)(?:s|h|hrs?|min)|t|T|k?W|Wh|FLOPS?|FLOPs|OPS|OPs|bps)(?![A-Za-z0-9])))?"
    r"(?P<tail>[-‐]?[A-Za-z]*)"
)
_SCALES = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12,
    "十": 1, "百": 2, "千": 3, "万": 4, "亿": 8, "兆": 12,
}  # fmt: skip
_UNITS = {
    "s": "", "h": "", "hr": "", "hrs": "", "min": "", "t": "", "T": "", "W": "", "kW": "", "Wh": "",
    "FLOPS": "", "FLOPs": "", "FLOP": "", "OPS": "", "OPs": "", "bps": "",
    "%": "%", "％": "%", "percent": "%", "percentage point": "%", "percentage points": "%", "pp": "%", "百分点": "%",
    "个百分点": "%", "x": "×", "X": "×", "×": "×", "fold": "×", "times": "×", "倍": "×", "FPS": "fps",
}  # fmt: skip
_PERCENT_OF = re.compile("百分之$")
#: In a range the unit stands once: 60 to 70%, 60-70%, 60 至 70%.
_TO = r"\s*(?:[-–—~～]|to\b|至|到)\s*\d[\d,.]*"
#: In a list, too: 5, 10, and 20%.
_NEXT = r"\s*(?:[-–—~～、/,，]\s*(?:and|or|和|与|或)?|to\b|and\b|or\b|至|到|和|与|或|及)\s*[+-]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?:{_NEXT}){{1,6}}\s*(?:\\?%|％|percent|个?百分点)")
_SCALED_RANGE = re.compile(
    _TO + r"[-\s]*(?P<scale>thousand|million|billion|trillion|[KkMBT](?![A-Za-z])|[十百千万亿兆]+)"
)
_LIST_MARK = re.compile(
    r"[(（]\d{1,2}[)）]|(?<![A-Za-z0-9.\-/])\d{1,2}[)）、](?!\d)|(?:^|[。；;:：]\s*)\d{1,2}\.(?!\d)|\[\d{1,3}\]",
    re.MULTILINE,
)
_PHRASE_END, _SYMBOL = re.compile(r"\s*[，。；、,;.]"), re.compile("[A-Za-z0-9]$")
#: Lists in abstracts are no longer.
_LONGEST_LIST = 20
_WORDS = {
    word: value
    for value, words in {
        0: "zero", 1: "one single first once a an",
        2: "two second twice double doubles doubled doubling pair pairs both half dual bi",
        3: "three third thrice triple triples tripled tri", 4: "four fourth quarter quadruple quad", 5: "five fifth",
        6: "six sixth", 7: "seven seventh", 8: "eight eighth", 9: "nine ninth", 10: "ten tenth tens", 11: "eleven",
        12: "twelve dozen dozens", 13: "thirteen", 14: "fourteen", 15: "fifteen", 16: "sixteen", 17: "seventeen",
        18: "eighteen", 19: "nineteen", 20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty",
        70: "seventy", 80: "eighty", 90: "ninety", 100: "hundred hundreds", 1000: "thousand thousands",
        10**6: "million millions", 10**9: "billion billions", 10**12: "trillion trillions",
    }.items()
    for word in words.split()
}  # fmt: skip
_MONTHS = (
    "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
    "|november nov|december dec"
)
_WORDS |= {month: number for number, names in enumerate(_MONTHS.split("|"), 1) for month in names.split()}
#: Up to ten, ordinals have forms of their own.
_LAST_OWN_ORDINAL = 10
_WORDS |= {
    f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th": value
    for word, value in list(_WORDS.items())
    if value > _LAST_OWN_ORDINAL and word not in ("tens", "dozens", "december", "november", "dec", "nov")
}
_WORDS |= {f"{word}s": value for word, value in list(_WORDS.items()) if word.endswith(("rd", "th", "ty", "ieth"))}
#: Between figures it makes a product, whatever sign is meant.
_TIMES = re.compile(r"(?<=\d)[xX*](?=\d)")
_WORD = re.compile(r"[a-z]+")
_NUMERAL = re.compile("[零〇一二两兩三四五六七八九十百千万亿半双]+")
_CARDINAL = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?!-?(?:fold|hundred|thousand"
    r"|million))",
    re.IGNORECASE,
)
#: Signs of Traditional Chinese beside those of Simplified.
_COUNT = re.compile(
    "(?<![零〇一二两兩三四五六七八九十百千万亿几数第.])(?:[二两兩三四五六七八九]|十[一二三四五六七八九]?)(?=[个個种種类類项項组組大层層阶步轮条條名位篇款套份"
    "张台只颗点點方模任维次倍年月]|数据集)"
)
#: 二次 is “quadratic”, 二是 and 其二 are marks of a list.
_NO_COUNT = re.compile("二次|[一二三四五六七八九]是|其[一二三四五六七八九]")
_SMALL = re.compile(r"(?<![A-Za-z\d.])\d{1,2}(?![\d.]\d|\d)")
#: What counts within a word.
_PREFIXES = {
    2: re.compile(r"\b(?:bi(?=[lmn-])|coupl|duo|either|twin)\w*", re.IGNORECASE),
    3: re.compile(r"\b(?:tri(?:pl|ad|mod|ling|part|ang|gram)|tern)\w*", re.IGNORECASE),
    4: re.compile(r"\b(?:quad|quat|tetra)\w*", re.IGNORECASE),
    5: re.compile(r"\b(?:penta|quint)\w*", re.IGNORECASE), 6: re.compile(r"\b(?:hexa|sext)\w*", re.IGNORECASE),
}  # fmt: skip
_FIGURES = {
    "兩": 2,
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "双": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}


class Quantity(NamedTuple):
    """A number in a text."""

    #: What it may mean: 1.5M is a million and a half, or a name that holds 1.5.
    values: frozenset[Decimal]
    #: `%`, `×` or a symbol such as GB; empty where there is none.
    unit: str
    #: From 0, within the text.
    start: int
    length: int
    text: str


def find_quantities(text: str) -> list[Quantity]:
    """Find the numbers written in figures, in order; marks of lists and of citations are none."""
    text = _TIMES.sub("×", text)
    marks = [mark.span() for mark in _LIST_MARK.finditer(text) if int(re.sub(r"\D", "", mark[0])) <= _LONGEST_LIST]
    candidates = (
        _parse_quantity(match, text)
        for match in _NUMBER.finditer(text)
        if not any(a <= match.start() < b for a, b in marks)
    )
    return [quantity for quantity in candidates if quantity]


def find_disorder(text: str) -> list[tuple[int, str]]:
    """Find marks of a list, (1), (2), …, that do not follow upon one another; returns places, from 0, and marks."""
    misplaced, last = [], 0
    for mark in _LIST_MARK.finditer(text):
        number = int(re.sub(r"\D", "", mark[0]))
        if (
            mark[0][-1] not in ")）"
            or number > _LONGEST_LIST
            or _is_closing_bracket(mark, text)
            or _is_reference(mark, text)
        ):
            continue
        if number not in (0, 1, last + 1):
            misplaced.append((mark.start(), mark[0].strip("。；;:： ")))
        last = number
    return misplaced


def _is_closing_bracket(mark: re.Match[str], text: str) -> bool:
    """Check whether the bracket behind the figures was opened earlier, as in (a batch of 8)."""
    before = text[: mark.start()]
    opened = max(before.rfind(sign) for sign in "(（")
    return mark[0][0] not in "(（" and opened > max(before.rfind(sign) for sign in ")）")


def _is_reference(mark: re.Match[str], text: str) -> bool:
    """Check whether a mark ends a phrase, as in 活动（2）。, or belongs to a symbol, as in SU(3): nothing is listed."""
    return bool(_PHRASE_END.match(text, mark.end()) or _SYMBOL.search(text, max(0, mark.start() - 1), mark.start()))


def parse_numerals(text: str) -> set[Decimal]:
    """Parse the values that a text spells in English words or Chinese numerals, and those in its marks of lists."""
    values = {Decimal(re.sub(r"\D", "", mark[0])) for mark in _LIST_MARK.finditer(text)}
    total = Decimal(0)
    for word in _WORD.finditer(text.lower()):
        value = _WORDS.get(word[0])
        if value is None:
            total = Decimal(0)
            continue
        values.add(Decimal(value))
        total = total * value if value >= 100 and total else total + value  # noqa: PLR2004  (two hundred, twenty three)
        values.add(total)
    for numeral in _NUMERAL.finditer(text):
        values |= {
            Decimal(_parse_numeral(numeral[0])),
            *(Decimal(_FIGURES[figure]) for figure in numeral[0] if figure in _FIGURES),
        }
    return values


def find_counts(text: str) -> list[Quantity]:
    """Find Chinese numerals from 2 to 19 that count things, 三个 and 两类, in order; those of larger ones are none."""
    return [
        Quantity(frozenset({_parse_numeral(match[0])}), "", match.start(), len(match[0]), match[0])
        for match in _COUNT.finditer(text)
    ]


def find_cardinals(text: str) -> list[Quantity]:
    """Find the English words from two to twelve, in order."""
    return [
        Quantity(frozenset({Decimal(_WORDS[match[0].lower()])}), "", match.start(), len(match[0]), match[0])
        for match in _CARDINAL.finditer(text)
    ]


def tally_small_numbers(text: str) -> Counter[Decimal]:
    """Count how often a text has each number up to 20, in figures, in words and in numerals, in compounds, too."""
    found = Counter(Decimal(_WORDS[word[0]]) for word in _WORD.finditer(text.lower()) if word[0] in _WORDS)
    found.update(Decimal(_parse_numeral(numeral[0])) for numeral in _NUMERAL.finditer(_NO_COUNT.sub(" ", text)))
    found.update(Decimal(figure) for figure in _SMALL.findall(text))
    for value, parts in _PREFIXES.items():
        found[Decimal(value)] += len(parts.findall(text))
    return found


def _parse_quantity(match: re.Match[str], text: str) -> Quantity | None:
    tail, scale, unit = (
        match["tail"],
        (match["scale"] or "").strip(" \n\t-多余"),
        (match["unit"] or "").strip().lstrip("-\\"),
    )
    if tail and tail[0].isalpha() and not (scale.isalpha() and (len(scale) > 1 or not scale.isascii())):
        return None  # 3D, 4o: a name.
    plain = Decimal(re.sub("[,，]", "", match["digits"]) + (match["fraction"] or ""))
    values = {plain * _compute_factor(scale)} if scale else {plain}
    if scale in ("K", "k", "M", "G", "B", "T") or unit.endswith("B"):
        values.add(plain)
        if unit in ("kB", "KB", "MB", "GB", "TB", "B"):
            values.add(plain * 10 ** _SCALES.get(unit[0], 0))
    beyond = None if scale else _SCALED_RANGE.match(text, match.start("tail"))
    if beyond:
        values.add(plain * _compute_factor(beyond["scale"]))
    unit = _UNITS.get(unit, unit)
    if not unit and (_PERCENT_OF.search(text, 0, match.start()) or _RANGE.match(text, match.end("digits"))):
        unit = "%"
    end = match.end("unit") if match["unit"] else match.end("scale") if match["scale"] else match.start("tail")
    written = text[match.start() : end].strip()
    return Quantity(frozenset(values), unit, match.start(), len(written), written)


def _compute_factor(scale: str) -> Decimal:
    return Decimal(10) ** sum(_SCALES[sign] for sign in ([scale] if scale.isascii() else scale))


def _parse_numeral(numeral: str) -> Decimal:
    """Parse a Chinese numeral; of one that is none, any value may come."""
    total, section, figure = Decimal(0), Decimal(0), Decimal(0)
    for sign in numeral:
        if sign in _FIGURES:
            figure = Decimal(_FIGURES[sign])
        elif sign == "半":
            figure = Decimal("0.5")
        elif sign in "十百千":
            section += (figure or 1) * 10 ** _SCALES[sign]
            figure = Decimal(0)
        else:
            total += (section + figure or 1) * 10 ** _SCALES[sign]
            section = figure = Decimal(0)
    return total + section + figure
