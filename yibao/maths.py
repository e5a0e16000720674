"""A formula of TeX, parsed once, as Unicode text, as HTML, and as MathML. Pure; cached by content.

Text for titles, subjects and plain text; HTML with raised and lowered signs where that loses nothing; MathML for the
rest, in pages and feed bodies. A formula that cannot be parsed, or holds a command that nobody knows, stays whole, its
dollar signs included: a reader can still read TeX, but not what was dropped.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from latex2mathml.converter import convert
from pylatexenc import latex2text
from pylatexenc.latexwalker import LatexWalker, LatexWalkerError

from yibao import tex_symbols

#: A formula as Markdown and arXiv know it: nothing blank within the signs; a digit behind them only where there is TeX
#: inside, for else they are money.
FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<display>.+?)\$\$"
    r"|(?<![\\$])\$(?=[^$\n]*[\\^_{<>=]|[^$\n]*\$(?!\d))(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$",
    re.DOTALL,
)
_CLOSED = re.compile(r"^(\S+) ×$")
_BARE_PERCENT = re.compile(r"(?<!\\)%")
#: `\Bbb R` and `\frak g`, of the nineties.
_OLD_FONT = re.compile(r"\\(Bbb|frak)\s*\{?\s*([A-Za-z])\s*\}?")
_UNICODE = re.compile(r"\\unicode\{x([0-9A-Fa-f]{2,5})\}")
_SIGNS = latex2text.get_default_latex_context_db()


class _UnknownError(Exception):
    """A command that we do not know."""


class _Part(NamedTuple):
    """A rendered piece of a formula."""

    text: str
    #: None where sub- and superscripts alone cannot show it.
    html: str | None
    #: Whether it reads as one sign or word, so that no brackets are needed around it.
    is_atom: bool = True


def find_formulas(text: str) -> list[str]:
    """Find the text's formulas, in order, without their dollar signs."""
    return [match["display"] or match["inline"] for match in FORMULA.finditer(text)] if "$" in text else []


def extract_formula(match: re.Match[str]) -> str:
    """Extract what stands between the dollar signs of a match of `FORMULA`."""
    return str(match["display"] or match["inline"])


def render_formula_text(tex: str) -> str:
    """Render a formula as plain Unicode, `O(n²)`; between dollar signs, as written, where that is impossible."""
    part = _render_formula(tex)
    return part.text if part else f"${tex}$"


def render_formula_html(tex: str, *, is_block: bool = False, has_mathml: bool = True) -> str:
    """Render a formula for a page or feed: plain HTML where that loses nothing, else MathML, else as written.

    Mail programs show no MathML: without it the formula is said in Unicode.
    """
    part = _render_formula(tex)
    if part is None:
        return f'<span class="math">${escape(tex, quote=False)}$</span>'
    if part.html is not None:
        return f'<span class="math">{part.html}</span>'
    plain = f'<span class="math">{escape(part.text, quote=False)}</span>'
    return (_convert_to_mathml(tex, "block" if is_block else "inline") or plain) if has_mathml else plain


@lru_cache(maxsize=50_000)
def _render_formula(tex: str) -> _Part | None:
    try:
        nodes = LatexWalker(_modernize_commands(tex), tolerant_parsing=False).get_latex_nodes()[0]
        part = _render_sequence(nodes)
    except (LatexWalkerError, _UnknownError, IndexError, RecursionError, TypeError, AttributeError, ValueError):
        return None
    return _trim_part(part) if part.text.strip() else None


def _modernize_commands(tex: str) -> str:
    """Put a backslash before bare percent signs, and new forms of commands for old ones."""
    tex = _BARE_PERCENT.sub(r"\\%", tex)
    if "\\unicode" in tex:
        tex = _UNICODE.sub(lambda code: chr(int(code[1], 16)), tex)
    return _OLD_FONT.sub(lambda old: f"\\math{'bb' if old[1] == 'Bbb' else 'frak'}{{{old[2]}}}", tex)


def _trim_part(part: _Part) -> _Part:
    """Drop blanks around a part, and doubled ones; `2×` closes up."""
    return part._replace(text=_close_up(part.text), html=None if part.html is None else _close_up(part.html))


def _close_up(text: str) -> str:
    return _CLOSED.sub(r"\1×", " ".join(text.split()))


@lru_cache(maxsize=50_000)
def _convert_to_mathml(tex: str, display: str) -> str | None:
    """Convert a formula to MathML; None where the converter lost a command, or its text."""
    try:
        converted = convert(_modernize_commands(tex), display=display)
    except Exception:  # noqa: BLE001  (the converter raises whatever its tables raise)
        return None
    text = re.sub(r"<[^>]*>", "", converted)
    return None if "\\" in text or not text.strip() else converted


def _render_sequence(nodes: Sequence[Any]) -> _Part:
    """Render nodes side by side, with what is raised and lowered among them."""
    text, html, count = "", [], 0
    stream = list(_iterate_atoms(nodes))
    if len(stream) == 1 and isinstance(stream[0], _Part):
        return stream[0]
    place = 0
    while place < len(stream):
        part_or_script = stream[place]
        if part_or_script in ("^", "_"):
            script = stream[place + 1]
            if isinstance(script, str):
                raise _UnknownError(script)
            text, place = text + _render_script(part_or_script, script), place + 2
            tag = "sup" if part_or_script == "^" else "sub"
            html.append(f"<{tag}>{script.html}</{tag}>" if script.html is not None else None)
            continue
        text += part_or_script.text
        html.append(part_or_script.html)
        count += 1
        place += 1
    parts = [part for part in html if part is not None]
    whole = "".join(parts) if len(parts) == len(html) else None
    return _Part(text, whole, count <= 1 or re.fullmatch(r"[\w.]+", text) is not None)


def _iterate_atoms(nodes: Sequence[Any]) -> Iterator[Any]:
    """Iterate over parts, and the signs `^` and `_` between them."""
    for node in nodes:
        if node is None:
            continue
        if node.nodeType().__name__ == "LatexCharsNode":
            yield from _render_characters(node.chars)
        else:
            yield _render_node(node)


def _render_characters(chars: str) -> Iterator[Any]:
    for sign in re.findall(r"[A-Za-z]+(?=[A-Za-z])|\d+(?:\.\d+)?|\s+|.", chars, re.DOTALL):
        if sign in ("^", "_"):
            yield sign
        elif sign.isspace():
            yield _Part("", "")
        elif sign.isalpha():
            # A script belongs to the last letter alone, which the pattern keeps apart.
            yield _Part(sign, f"<i>{escape(sign)}</i>" if sign.isascii() else escape(sign))
        else:
            shown = {"-": "−", "'": "′", "*": "*"}.get(sign, sign)
            yield _Part(_space_sign(shown), escape(_space_sign(shown)), is_atom=shown.isalnum())


def _space_sign(sign: str) -> str:
    return f" {sign} " if sign in tex_symbols.SPACED else sign


def _render_node(node: Any) -> _Part:
    kind = node.nodeType().__name__
    if kind == "LatexGroupNode":
        return _render_sequence(node.nodelist)
    if kind == "LatexMacroNode":
        return _render_macro(node)
    if kind == "LatexMathNode":
        return _render_sequence(node.nodelist)
    if kind == "LatexSpecialsNode" and node.specials_chars in ("~", "&"):
        return _Part(" ", " ")
    if kind == "LatexSpecialsNode":
        return _Part(node.specials_chars, escape(node.specials_chars))
    raise _UnknownError(kind)


def _render_macro(node: Any) -> _Part:
    given = node.nodeargd.argnlist if node.nodeargd else ()
    arguments = [argument for argument in given if argument is not None]
    for names, render in _FAMILIES:
        if node.macroname in names:
            return render(node.macroname, arguments)
    return _render_sign(node.macroname, arguments)


def _render_upright(name: str, arguments: Sequence[Any]) -> _Part:
    source = "".join(argument.latex_verbatim() for argument in arguments).strip("{}")
    inner = _render_sequence(arguments)
    # Words keep their blanks, which mean nothing in a formula.
    text = " ".join(source.split()) if re.fullmatch(r"[\w\s.,:;+*/()-]*", source) else inner.text
    html = f"<b>{escape(text)}</b>" if name in tex_symbols.BOLD else escape(text)
    return _Part(text, html if inner.html is not None else None)


def _render_double_struck(_name: str, arguments: Sequence[Any]) -> _Part:
    text = "".join(tex_symbols.DOUBLE_STRUCK.get(letter, letter) for letter in _render_sequence(arguments).text)
    return _Part(text, escape(text))


def _render_accented(name: str, arguments: Sequence[Any]) -> _Part:
    inner = _render_sequence(arguments)
    if len(inner.text) != 1:
        return _Part(inner.text, None)
    text = unicodedata.normalize("NFC", inner.text + tex_symbols.ACCENTS[name])
    return _Part(text, f"<i>{escape(text)}</i>")


def _render_fraction(_name: str, arguments: Sequence[Any]) -> _Part:
    above, below = (_add_brackets(_render_sequence([argument])) for argument in arguments)
    return _Part(f"{above}/{below}", None, is_atom=False)


def _render_binomial(_name: str, arguments: Sequence[Any]) -> _Part:
    above, below = (_render_sequence([argument]).text for argument in arguments)
    return _Part(f"C({above}, {below})", None)


def _render_root(_name: str, arguments: Sequence[Any]) -> _Part:
    degree = _render_script("^", _render_sequence(arguments[:-1])) if len(arguments) > 1 else ""
    return _Part(f"{degree}√{_add_brackets(_render_sequence(arguments[-1:]))}", None)


def _render_arguments(_name: str, arguments: Sequence[Any]) -> _Part:
    return _render_sequence(arguments)


def _render_blank(_name: str, _arguments: Sequence[Any]) -> _Part:
    return _Part(" ", " ")


_FAMILIES: tuple[tuple[Collection[str], Callable[[str, Sequence[Any]], _Part]], ...] = (
    (tex_symbols.SILENT | tex_symbols.SCRIPTS, _render_arguments),
    (tex_symbols.BLANKS, _render_blank),
    (tex_symbols.UPRIGHT, _render_upright),
    (tex_symbols.DOUBLE, _render_double_struck),
    (tex_symbols.ACCENTS, _render_accented),
    (tex_symbols.FRACTIONS, _render_fraction),
    (tex_symbols.BINOMIALS, _render_binomial),
    (("sqrt",), _render_root),
)


def _render_sign(name: str, arguments: Sequence[Any]) -> _Part:
    known = tex_symbols.SIGNS.get(name) or getattr(_SIGNS.get_macro_spec(name), "simplify_repl", None)
    # A replacement with a percent sign is a pattern for arguments, of which we know nothing.
    if arguments or not isinstance(known, str) or not known or ("%" in known and known != "%"):
        raise _UnknownError(name)
    is_function = known.isalpha() and known.isascii()
    text = f" {known} " if is_function else _space_sign(known)
    return _Part(text, escape(text), is_atom=known.isalpha())


def _render_script(kind: str, script: _Part) -> str:
    """Render what is raised or lowered as `x²`, `x_max`, `x^(a+b)`: in Unicode where all of it has such signs."""
    forms, text = (tex_symbols.RAISED if kind == "^" else tex_symbols.LOWERED), script.text.strip()
    if kind == "^" and text in ("∘", "°", "⊤"):
        return "ᵀ" if text == "⊤" else "°"
    if text and all(sign in forms for sign in text):
        return "".join(forms[sign] for sign in text)
    return f"{kind}{text}" if re.fullmatch(r"\w+|.", text) else f"{kind}({text})"


def _add_brackets(part: _Part) -> str:
    return part.text.strip() if part.is_atom else f"({part.text.strip()})"
