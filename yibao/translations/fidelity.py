"""Whether a translation says what the English says, as far as signs tell: numbers, units, formulas, addresses, names.

Chosen so that what is reported is worth a look: a number is missed only where the translation holds it in no spelling,
a formula only where it does not stand in plain text either.
"""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from yibao import tex
from yibao.maths import find_formulas
from yibao.translations import quantities
from yibao.translations.quantities import Quantity
from yibao.translations.spans import ADDRESS, mask_non_prose

_SPACES = re.compile(r"\s+|\\[,;:! ]|~|\\(?:left|right|big|Big|displaystyle|limits|mathop|rm|it|bf)(?![A-Za-z])")
_WRAPPED = re.compile(
    r"\\(?:text|mathrm|mathit|mathbf|mathsf|mathtt|mathcal|mathbb|operatorname|boldsymbol|bm|textbf|textit|textrm|mbox|textsc|texttt|emph|rm|bf)\*?\s*(?=\{)|\\ensuremath(?=\{)"
)
_BRACES = re.compile(r"[{}]")
_SIGNS = {
    r"\times": "×", r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥", r"\sim": "~", r"\approx": "≈", r"\%": "%",
    r"\pm": "±", r"\to": "→", r"\rightarrow": "→", r"\infty": "∞", r"\cdot": "·", r"\ldots": "…", r"\dots": "…",
    r"\neq": "≠",
    r"\ne": "≠", r"\ell": "ℓ", r"\circ": "°", r"\in": "∈", r"\mid": "|", r"\vert": "|", r"\|": "|", r"\&": "&",
    r"\_": "_",
    r"\#": "#", r"\$": "$", r"\ast": "*", r"\star": "*", r"\lt": "<", r"\gt": ">", r"\mu": "μ", r"\uparrow": "↑",
    r"\downarrow": "↓", r"\geqslant": "≥", r"\leqslant": "≤", r"\gtrsim": "≥", r"\lesssim": "≤",
}  # fmt: skip
#: How a sign that stands alone may be said instead.
_SAID = {
    "≥": "≥ >= 至少 超过 大于 不低于 以上 不少于 不小于",
    "≤": "≤ <= 至多 最多 小于 不超过 以下 以内 不大于 低于",
    "×": "× x X 倍 * 乘",
    "~": "~ ～ 〜 ∼ 约 近 左右 至 到 - –",
    "≈": "≈ 约 近 左右",
    "±": "± 正负",
    "→": "→ -> 到 至 变",
    "∞": "∞ 无穷 无限",
    ">": "> 大于 超过 以上 多于 高于",
    "<": "< 小于 低于 不到 少于 以下",
    "%": "% ％ 百分",
    "↑": "↑ 上升 提高 提升",
    "↓": "↓ 下降 降低",
}
#: The name of a function alone is often said in words.
_FUNCTION = re.compile("log|ln|exp|max|min|sin|cos|tan|argmax|argmin|poly|polylog|mod|gcd|sup|inf|lim")
#: A formula of fewer letters is looked for as a word of its own.
_SHORT = 4
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z\s])")
#: CamelCase, or letters with figures: names that no translator renders. Acronyms are left out: many are rendered.
_NAME = re.compile(
    r"(?<![\w\\/.])(?:[A-Za-z0-9]+[-.+])*[A-Za-z]*(?:[a-z][A-Z]|[A-Z]{2,}[a-z]{2,}|[A-Za-z]-?\d)"
    r"[A-Za-z0-9]*(?:[-.+]?[A-Za-z0-9]+)*"
)
_NOT_A_NAME = re.compile(
    r"(?i)^(?:\d+d|\d+(?:st|nd|rd|th)|[a-z]-?\d|.*-(?:based|level|aware|style|like|shot)|\d.*|(?:rgb|2d|3d|4d).*|e\.g.*|.*arxiv.*|[A-Z]+s)$"
)
_ALNUM = re.compile(r"[^0-9A-Za-z\u0370-\u03ff]+|(?<=\d)[x×](?=\d)")
#: A formula that is a number and nothing else.
_BARE = re.compile(r"\$(\d(?:[\d,.]|, (?=\d{3}))*)(\\?%|\s*\\times)?\$")
_WHOLE = 100
#: Such numbers count other things, too: 实验 1.
_SMALL = 10
#: What says that a number was rounded.
_ABOUT = re.compile("[约近超逾多余几]|大概|左右")
#: Formulas that are none: words and names in another font, addresses, numbers.
_PLAIN = re.compile(
    r"(?:[A-Za-z ]*\\(?:text\w*|emph|mathbf|bf|href|url)\*?\{[^{}]*\}(?:\{.*\})?[A-Za-z ]*)+"
    r"|\d[\d,. ]*\+?(?:\\?%|\s*\\times)?|\\unicode\{.*\}"
)
_POWER = re.compile(r"(?:(?P<times>\d+(?:\.\d+)?)×)?10\^(?P<exponent>\d{1,2})")
_SLASH = re.compile(r"^https?://(?:www\.)?|[/.)]+$")


class Loss(NamedTuple):
    """Something that the translation lacks, or has too much."""

    rule: str
    #: What it is about, as written.
    text: str
    message: str
    remedy: str
    #: Where it stands in the abstract, from 0; None where it is the English that has it.
    start: int | None = None


def find_losses(english: str, abstract: str) -> Iterator[Loss]:
    """What of the English the abstract lacks, changes or adds."""
    yield from _compare_numbers(english, abstract)
    yield from _compare_formulas(english, abstract)
    yield from _compare_addresses(english, abstract)
    yield from _compare_names(english, abstract)


def _compare_numbers(english: str, abstract: str) -> Iterator[Loss]:
    theirs, ours = (
        quantities.find_quantities(mask_non_prose(_BARE.sub(_unwrap_number, text))) for text in (english, abstract)
    )
    missing = _find_lacking(theirs, ours, abstract)
    added = _find_lacking(ours, theirs, english)
    for one in list(missing):
        same = next((other for other in added if _is_equivalent(one, other, theirs, abstract)), None)
        if same:
            missing.remove(one)
            added.remove(same)
    yield from _compare_units(theirs, ours)
    for one, other in _pair_quantities(missing, added):
        message = f"The English has {one.text}, the translation {other.text}."
        yield Loss("number-changed", other.text, message, f"Write {one.text}.", other.start)
        missing.remove(one)
        added.remove(other)
    if not quantities.find_disorder(english):
        for start, mark in quantities.find_disorder(abstract):
            message = f"{mark} does not follow upon what is before it, as the English list does."
            yield Loss("number-changed", mark, message, "Count anew.", start)
    for one in missing:
        yield Loss("number-missing", one.text, f"{one.text} of the English is missing.", "Add it.")
    for other in added:
        yield Loss("number-added", other.text, f"{other.text} is not in the English.", "Compare the two.", other.start)


def _unwrap_number(found: re.Match[str]) -> str:
    """The number, as long as the formula was."""
    sign = "×" if found[2] and "times" in found[2] else (found[2] or "").strip("\\")
    return f"{found[1].replace(', ', ',')}{sign}".rjust(len(found[0]))


def _find_lacking(wanted: list[Quantity], have: list[Quantity], text: str) -> list[Quantity]:
    """The numbers of one text that the other holds in no spelling, in its formulas neither."""
    inside = [one for formula in find_formulas(text) for one in quantities.find_quantities(formula.replace("{,}", ","))]
    values = {value for one in (*have, *inside) for value in one.values} | quantities.parse_numerals(
        mask_non_prose(text)
    )
    squeezed = _ALNUM.sub("", text)
    return [one for one in wanted if not one.values & values and not _is_in_name(one, squeezed)]


def _is_in_name(one: Quantity, squeezed: str) -> bool:
    """Whether the figures stand in the other text in a form that is not read as a number there, such as `v2`."""
    figures = _ALNUM.sub("", one.text)
    return not figures.isdigit() and figures in squeezed


def _pair_quantities(missing: list[Quantity], added: list[Quantity]) -> list[tuple[Quantity, Quantity]]:
    """What was put in whose place: as many were added as are missing, in the same order, with the same units."""
    same = [one.unit for one in missing] == [other.unit for other in added]
    return list(zip(missing, added, strict=True)) if same else []


def _is_complement(one: Quantity, other: Quantity) -> bool:
    """Whether they say the same the other way round: cut by 90% is cut to 10%."""
    return one.unit == other.unit == "%" and any(a + b == _WHOLE for a in one.values for b in other.values)


def _is_equivalent(one: Quantity, other: Quantity, theirs: list[Quantity], abstract: str) -> bool:
    return _is_complement(one, other) or _is_difference(one, other, theirs) or _is_rounded(one, other, abstract)


def _is_difference(one: Quantity, other: Quantity, theirs: list[Quantity]) -> bool:
    """Whether the translation tells how far a percentage is from another of the English: 提高了 10.5 个百分点."""
    shares = [value for each in theirs if each.unit == "%" for value in each.values]
    return one.unit == other.unit == "%" and any(abs(a - b) in other.values for a in one.values for b in shares)


def _is_rounded(one: Quantity, other: Quantity, abstract: str) -> bool:
    """Whether the translation rounds, and says so: 228,246 is more than 22 万."""
    around = abstract[max(0, other.start - 4) : other.start + other.length + 2]
    return (
        one.unit == other.unit
        and _ABOUT.search(around) is not None
        and any(_has_rounding(a.normalize(), b.normalize()) for a in one.values for b in other.values)
    )


def _has_rounding(exact: Decimal, rounded: Decimal) -> bool:
    exponent = rounded.as_tuple().exponent
    return isinstance(exponent, int) and abs(exact - rounded) < Decimal(1).scaleb(exponent) and exact != rounded


def _compare_units(theirs: list[Quantity], ours: list[Quantity]) -> Iterator[Loss]:
    for other in ours:
        same = [one for one in theirs if one.values & other.values]
        if same and other.unit not in ("", "B") and not any(one.unit in (other.unit, "", "B") for one in same):
            message = f"The English has {same[0].text}, the translation {other.text}."
            yield Loss("unit-changed", other.text, message, f"Write {same[0].text}.", other.start)
    for one in theirs:
        same = [other for other in ours if one.values & other.values]
        if one.unit == "%" and min(one.values) > _SMALL and same and not any(other.unit for other in same):
            message = f"The English has {one.text}, the translation {same[0].text}."
            yield Loss("unit-changed", same[0].text, message, f"Write {one.text}.", same[0].start)


def _compare_formulas(english: str, abstract: str) -> Iterator[Loss]:
    if "$" not in english and "$" not in abstract:
        return
    theirs = {
        _normalize_formula(formula): formula for formula in find_formulas(english) if not _PLAIN.fullmatch(formula)
    }
    ours = {
        _normalize_formula(formula): formula for formula in find_formulas(abstract) if not _PLAIN.fullmatch(formula)
    }
    missing = [written for normal, written in theirs.items() if normal not in ours and not _is_said(normal, abstract)]
    added = [written for normal, written in ours.items() if normal not in theirs and not _is_said(normal, english)]
    for written, other in zip(missing, added, strict=False):
        message = f"The English has ${written}$, the translation ${other}$."
        yield Loss("maths-altered", other, message, f"Write ${written}$.", abstract.find(other))
    for written in missing[len(added) :]:
        yield Loss("maths-missing", written, f"The formula ${written}$ is missing.", "Add it.")
    for other in added[len(missing) :]:
        message = f"The formula ${other}$ is not in the English."
        yield Loss("maths-added", other, message, "Compare the two.", abstract.find(other))


def _normalize_formula(formula: str) -> str:
    """The formula without what makes no difference to a reader: blanks, fonts, braces, two names of one sign."""
    bare = _BRACES.sub("", _WRAPPED.sub("", _SPACES.sub("", formula)))
    named = tex.decode_tex(_COMMAND.sub(lambda found: _SIGNS.get(found[0], found[0]), bare))
    return named.strip(".,;:。，；： ")


def _is_said(normal: str, text: str) -> bool:
    """Whether a formula stands in a text's prose without its dollar signs, or in words, as far as one can tell."""
    bare, core = tex.decode_tex(_WRAPPED.sub("", mask_non_prose(text))), _extract_letters(normal)
    power = _POWER.fullmatch(normal)
    if power:
        value = Decimal(power["times"] or 1) * 10 ** int(power["exponent"])
        return value in quantities.parse_numerals(text) or any(
            value in one.values for one in quantities.find_quantities(text)
        )
    if not core:
        return all(any(words in bare for words in _SAID[sign].split()) for sign in normal if sign in _SAID)
    if _FUNCTION.fullmatch(core):
        return True
    return _is_written(normal, core, bare) or (
        core.isdigit() and normal[0] not in "^_" and core in map(str, quantities.parse_numerals(text))
    )


def _is_written(normal: str, core: str, bare: str) -> bool:
    """Whether the letters and figures of a formula stand in prose: an index behind a letter, a variable by itself."""
    if normal[0] in "^_":
        return re.search(rf"[A-Za-z]{re.escape(core)}", _normalize_letters(bare)) is not None
    if len(core) < _SHORT and core.isalpha():
        return re.search(rf"(?<![A-Za-z0-9]){re.escape(core)}(?![A-Za-z0-9])", _normalize_letters(bare)) is not None
    return core in _extract_letters(bare)


def _normalize_letters(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _extract_letters(text: str) -> str:
    """Its Latin and Greek letters and its figures, raised ones and those of other widths as plain ones."""
    return _ALNUM.sub("", _normalize_letters(text))


def _compare_addresses(english: str, abstract: str) -> Iterator[Loss]:
    if "://" not in english and "@" not in english:
        return
    have = {_SLASH.sub("", found).lower() for found in ADDRESS.findall(abstract)}
    squeezed = re.sub(r"[\s\\]", "", abstract).lower()
    for address in ADDRESS.findall(english):
        bare = _SLASH.sub("", address.replace("\\", "")).lower()
        if bare not in have and bare not in squeezed:
            yield Loss("url-missing", address, f"{address} of the English is missing.", "Add it.")


def _compare_names(english: str, abstract: str) -> Iterator[Loss]:
    squeezed = _ALNUM.sub("", abstract).lower()
    told = set()
    for found in _NAME.finditer(mask_non_prose(english)):
        name = found[0].strip("-.+")
        bare = _ALNUM.sub("", name).lower()
        if bare in told or _NOT_A_NAME.match(name) or len(bare) < 3:  # noqa: PLR2004  (R1, o1: too short to be sure)
            continue
        told.add(bare)
        if bare not in squeezed and bare.removesuffix("s") not in squeezed:
            yield Loss("name-missing", name, f"{name} of the English is missing.", "Keep names as they are.")
