"""Whether a translation says what the English says, as far as signs show: numbers, units, formulas, addresses, names.

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
    """Find what of the English the abstract lacks, changes or adds."""
    yield from _compare_numbers(english, abstract)
    yield from _compare_formulas(english, abstract)
    yield from _compare_addresses(english, abstract)
    yield from _compare_names(english, abstract)


def _compare_numbers(english: str, abstract: str) -> Iterator[Loss]:
    source_numbers, own_numbers = (
        quantities.find_quantities(mask_non_prose(_BARE.sub(_unwrap_number, text))) for text in (english, abstract)
    )
    missing = _find_lacking(source_numbers, own_numbers, abstract)
    added = _find_lacking(own_numbers, source_numbers, english)
    for source_number in list(missing):
        equivalent = next(
            (own_number for own_number in added if _is_equivalent(source_number, own_number, source_numbers, abstract)),
            None,
        )
        if equivalent:
            missing.remove(source_number)
            added.remove(equivalent)
    yield from _compare_units(source_numbers, own_numbers)
    for source_number, own_number in _pair_quantities(missing, added):
        message = f"The English has {source_number.text}, the translation {own_number.text}."
        yield Loss("number-changed", own_number.text, message, f"Write {source_number.text}.", own_number.start)
        missing.remove(source_number)
        added.remove(own_number)
    if not quantities.find_disorder(english):
        for start, mark in quantities.find_disorder(abstract):
            message = f"{mark} does not follow upon what is before it, as the English list does."
            yield Loss("number-changed", mark, message, "Count anew.", start)
    for source_number in missing:
        yield Loss("number-missing", source_number.text, f"{source_number.text} of the English is missing.", "Add it.")
    for own_number in added:
        yield Loss(
            "number-added",
            own_number.text,
            f"{own_number.text} is not in the English.",
            "Compare the two.",
            own_number.start,
        )


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
    exponent = rounded.as_tuple().exponent
    return isinstance(exponent, int) and abs(exact - rounded) < Decimal(1).scaleb(exponent) and exact != rounded


def _compare_units(source_numbers: list[Quantity], own_numbers: list[Quantity]) -> Iterator[Loss]:
    for own_number in own_numbers:
        equal = [source_number for source_number in source_numbers if source_number.values & own_number.values]
        if (
            equal
            and own_number.unit not in ("", "B")
            and not any(source_number.unit in (own_number.unit, "", "B") for source_number in equal)
        ):
            message = f"The English has {equal[0].text}, the translation {own_number.text}."
            yield Loss("unit-changed", own_number.text, message, f"Write {equal[0].text}.", own_number.start)
    for source_number in source_numbers:
        equal = [own_number for own_number in own_numbers if source_number.values & own_number.values]
        if (
            source_number.unit == "%"
            and min(source_number.values) > _SMALL
            and equal
            and not any(own_number.unit for own_number in equal)
        ):
            message = f"The English has {source_number.text}, the translation {equal[0].text}."
            yield Loss("unit-changed", equal[0].text, message, f"Write {source_number.text}.", equal[0].start)


def _compare_formulas(english: str, abstract: str) -> Iterator[Loss]:
    if "$" not in english and "$" not in abstract:
        return
    source_formulas = {
        _normalize_formula(formula): formula for formula in find_formulas(english) if not _PLAIN.fullmatch(formula)
    }
    own_formulas = {
        _normalize_formula(formula): formula for formula in find_formulas(abstract) if not _PLAIN.fullmatch(formula)
    }
    missing = [
        source_formula
        for normal, source_formula in source_formulas.items()
        if normal not in own_formulas and not _is_said(normal, abstract)
    ]
    added = [
        own_formula
        for normal, own_formula in own_formulas.items()
        if normal not in source_formulas and not _is_said(normal, english)
    ]
    for source_formula, own_formula in zip(missing, added, strict=False):
        message = f"The English has ${source_formula}$, the translation ${own_formula}$."
        yield Loss("maths-altered", own_formula, message, f"Write ${source_formula}$.", abstract.find(own_formula))
    for source_formula in missing[len(added) :]:
        yield Loss("maths-missing", source_formula, f"The formula ${source_formula}$ is missing.", "Add it.")
    for own_formula in added[len(missing) :]:
        message = f"The formula ${own_formula}$ is not in the English."
        yield Loss("maths-added", own_formula, message, "Compare the two.", abstract.find(own_formula))


def _normalize_formula(formula: str) -> str:
    """Drop what makes no difference to a reader: blanks, fonts, braces, two names of one sign."""
    bare = _BRACES.sub("", _WRAPPED.sub("", _SPACES.sub("", formula)))
    named = tex.decode_tex(_COMMAND.sub(lambda match: _SIGNS.get(match[0], match[0]), bare))
    return named.strip(".,;:。，；： ")


def _is_said(normal: str, text: str) -> bool:
    """Check whether a formula stands in a text without its dollar signs, or in words, as far as one can tell."""
    bare, core = tex.decode_tex(_WRAPPED.sub("", mask_non_prose(text))), _extract_letters(normal)
    power = _POWER.fullmatch(normal)
    if power:
        value = Decimal(power["times"] or 1) * 10 ** int(power["exponent"])
        return value in quantities.parse_numerals(text) or any(
            value in quantity.values for quantity in quantities.find_quantities(text)
        )
    if not core:
        return all(any(words in bare for words in _SAID[sign].split()) for sign in normal if sign in _SAID)
    if _FUNCTION.fullmatch(core):
        return True
    return _is_written(normal, core, bare) or (
        core.isdigit() and normal[0] not in "^_" and core in map(str, quantities.parse_numerals(text))
    )


def _is_written(normal: str, core: str, bare: str) -> bool:
    """Check whether the letters and figures of a formula stand in prose: an index at a letter, a variable by itself."""
    if normal[0] in "^_":
        return re.search(rf"[A-Za-z]{re.escape(core)}", _normalize_letters(bare)) is not None
    if len(core) < _SHORT and core.isalpha():
        return re.search(rf"(?<![A-Za-z0-9]){re.escape(core)}(?![A-Za-z0-9])", _normalize_letters(bare)) is not None
    return core in _extract_letters(bare)


def _normalize_letters(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _extract_letters(text: str) -> str:
    """Extract Latin and Greek letters and figures, raised ones and those of other widths as plain ones."""
    return _ALNUM.sub("", _normalize_letters(text))


def _compare_addresses(english: str, abstract: str) -> Iterator[Loss]:
    if "://" not in english and "@" not in english:
        return
    present = {_SLASH.sub("", address).lower() for address in ADDRESS.findall(abstract)}
    squeezed = re.sub(r"[\s\\]", "", abstract).lower()
    for address in ADDRESS.findall(english):
        bare = _SLASH.sub("", address.replace("\\", "")).lower()
        if bare not in present and bare not in squeezed:
            yield Loss("url-missing", address, f"{address} of the English is missing.", "Add it.")


def _compare_names(english: str, abstract: str) -> Iterator[Loss]:
    squeezed = _ALNUM.sub("", abstract).lower()
    seen = set()
    for match in _NAME.finditer(mask_non_prose(english)):
        name = match[0].strip("-.+")
        bare = _ALNUM.sub("", name).lower()
        if bare in seen or _NOT_A_NAME.match(name) or len(bare) < 3:  # noqa: PLR2004  (R1, o1: too short to be sure)
            continue
        seen.add(bare)
        if bare not in squeezed and bare.removesuffix("s") not in squeezed:
            yield Loss("name-missing", name, f"{name} of the English is missing.", "Keep names as they are.")
