"""Whether the translation has the formulas of the English, as far as a reader can tell two formulas apart.

Fonts, blanks, braces and two names of one sign make no difference, nor does writing a formula in plain text, as 10^4 or
N×M, or saying it in words. What is left is compared as `yibao.maths` would show it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from yibao import maths, tex
from yibao.maths import find_formulas
from yibao.translations import quantities
from yibao.translations.alignment import Bead
from yibao.translations.losses import Loss
from yibao.translations.spans import mask_non_prose

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
    "×": "× x X 倍 * 乘 by",
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
_SIGN_NAMES = re.compile("|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in sorted(_SIGNS, key=len, reverse=True)))
#: The name of a function alone is often said in words.
_FUNCTION = re.compile("log|ln|exp|max|min|sin|cos|tan|argmax|argmin|poly|polylog|mod|gcd|sup|inf|lim")
#: A formula of fewer letters is looked for as a word of its own.
_SHORT = 4
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[^A-Za-z\s])")
_ALNUM = re.compile(r"[^0-9A-Za-z\u0370-\u03ff]+|(?<=\d)[x×](?=\d)")
#: Formulas that are none: words and names in another font, addresses, numbers.
_PLAIN = re.compile(
    r"(?:[A-Za-z ]*\\(?:text\w*|emph|mathbf|bf|href|url)\*?\{[^{}]*\}(?:\{.*\})?[A-Za-z ]*)+"
    r"|\d[\d,. ]*\+?(?:\\?%|\s*\\times)?|\\unicode\{.*\}"
)
#: Signs and figures without a letter are no formula to miss: $\\times$, $>90\\%$.
_NO_LETTER = re.compile(r"(?:\\(?:times|sim|approx|pm|geq?|leq?|cdot|%)|[\d\s.,<>=~+%-])*")
#: A sign of this kind belongs to the number beside it: $\\geq$70B, 100$\\times$.
_BOUND = re.compile(
    r"\$(?P<bound>\\geq?|\\leq?|\\geqslant|\\leqslant|[<>])\s*\$\s*(?P<behind>\d[\d.,]*)"
    r"|(?<![\d.,])(?P<before>\d[\d.,]*)\s*\$(?P<times>\\times)\$"
    r"|\$(?P<whole>\d[\d.,]*)\s*(?P<product>\\times)\$"
)
#: So many characters around a number may say what its sign says.
_NEAR = 12
_POWER = re.compile(r"(?:(?P<times>\d+(?:\.\d+)?)×)?10\^(?P<exponent>\d{1,2})")
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho"
    " sigma tau upsilon phi chi psi omega"
)
#: Letters by name, in words and as commands.
_GREEK = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {'lamda' if name == 'lambda' else name}")
    for name in _GREEK_NAMES.split()
}
_GREEK_NAME = re.compile(r"(?<![A-Za-z])(?:var)?(" + "|".join(_GREEK) + r")(?![A-Za-z])", re.IGNORECASE)
_TRIFLES = re.compile(r"[\s{}()\[\]（）$\\]|\^|_")


def compare_formulas(english: str, abstract: str, beads: Sequence[Bead]) -> Iterator[Loss]:
    """Find formulas that are missing, another one, or too many. What is in a sentence that is missing is not missed."""
    if "$" not in english and "$" not in abstract:
        return
    yield from _find_lost_signs(english, abstract)
    rendered = " ".join(sentence.text for bead in beads if bead.chinese for sentence in bead.english)
    source_formulas, own_formulas = _index_formulas(english), _index_formulas(abstract)
    expected = _index_formulas(rendered)
    missing = [
        one for one in _find_unmatched(source_formulas, own_formulas, abstract) if _normalize_formula(one) in expected
    ]
    added = _find_unmatched(own_formulas, source_formulas, english)
    for source_formula, own_formula in zip(missing, added, strict=False):
        message = f"The English has ${source_formula}$, the translation ${own_formula}$."
        yield Loss("maths-altered", own_formula, message, f"Write ${source_formula}$.", abstract.find(own_formula))
    for source_formula in missing[len(added) :]:
        yield Loss("maths-missing", source_formula, f"The formula ${source_formula}$ is missing.", "Add it.")
    for own_formula in added[len(missing) :]:
        message = f"The formula ${own_formula}$ is not in the English."
        yield Loss("maths-added", own_formula, message, "Compare the two.", abstract.find(own_formula))


def _find_lost_signs(english: str, abstract: str) -> Iterator[Loss]:
    """Find numbers that stand in the translation without the sign they have in the English, in whatever words."""
    for match in _BOUND.finditer(english):
        number = (match["behind"] or match["before"] or match["whole"]).rstrip(".,")
        sign = _translate_sign(match["bound"] or match["times"] or match["product"])
        around = [
            abstract[max(0, one.start() - _NEAR) : one.end() + _NEAR]
            for one in re.finditer(rf"(?<![\d.,]){re.escape(number)}(?![.,]?\d)", abstract)
        ]
        if around and not any(
            _says_sign(sign, _SIGN_NAMES.sub(lambda one: _translate_sign(one[0]), text)) for text in around
        ):
            yield Loss("maths-missing", sign, f"The {sign} of {match[0]} is missing.", "Add it.")


def _translate_sign(command: str) -> str:
    return _SIGNS.get(command, command)


def _says_sign(sign: str, text: str) -> bool:
    return any(words in text for words in _SAID[sign].split())


def _index_formulas(text: str) -> dict[str, str]:
    """Index a text's formulas by what makes a difference; words in a font, addresses and numbers are none."""
    return {
        _normalize_formula(formula): formula
        for formula in find_formulas(text)
        if not _PLAIN.fullmatch(formula) and not _NO_LETTER.fullmatch(formula)
    }


def _find_unmatched(formulas: Mapping[str, str], others: Mapping[str, str], text: str) -> list[str]:
    """Find the formulas that the other text has neither among its own nor in plain text or words."""
    lacking = {normal: one for normal, one in formulas.items() if normal not in others and not _is_said(normal, text)}
    if not lacking:
        return []
    shown = {_flatten(maths.render_formula_text(other)) for other in others.values()}
    plain = _flatten(text)
    return [
        one
        for one in lacking.values()
        if (flat := _flatten(maths.render_formula_text(one))) not in shown and not (len(flat) > 1 and flat in plain)
    ]


def _flatten(text: str) -> str:
    """Flatten a formula or text to its signs: raised figures lowered, Greek by letter, brackets and blanks dropped."""
    named = _GREEK_NAME.sub(lambda match: _GREEK[match[1].lower()], text)
    flat = _TRIFLES.sub("", unicodedata.normalize("NFKC", named)).lower()
    return (
        flat.replace("×", "x").replace("*", "x").replace("·", "").replace("−", "-").replace("ϵ", "ε").replace("ϕ", "φ")
    )


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
