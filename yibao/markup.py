"""Curators' Markdown and arXiv's abstracts as HTML and as plain text, for feeds, pages and mail alike.

Nothing that a file says is executed: HTML is shown as text, images are not loaded, and only web and mail
addresses become links. Formulas are set by `yibao.maths`; TeX in the text beside them becomes what it means, and what
nobody knows stays as it is written.
"""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from yibao import maths, tex
from yibao.text import split_paragraphs

# Addresses end where ASCII does: Chinese text follows them without a blank.
_ADDRESS = re.compile(r"https?://[!-~]+[A-Za-z0-9/#=_~-]")
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_TEX_ESCAPE = re.compile(r"\\([%&_#${}])")
_FONT = re.compile(
    r"\\(?:emph|text(?:bf|it|tt|sc|rm|sf|sl|up|md|normal)?|mbox|underline|textsuperscript|textsubscript)"
    r"\s*\{([^{}]*)\}"
)
_OLD_FONT = re.compile(r"\{\\(?:em|bf|it|tt|sc|rm|sf|sl)\s+([^{}]*)\}")
_LINK = re.compile(r"\\href\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_URL = re.compile(r"\\url\s*\{([^{}]*)\}")
_NAMES = re.compile(
    r"\\(LaTeX|TeX|ldots|dots|textendash|textemdash|textquoteright|textquotedblleft|textquotedblright|quad)"
    r"(?![A-Za-z])(?:\{\})?"
)
_NAMED = {
    "ldots": "…",
    "dots": "…",
    "textendash": "–",
    "textemdash": "—",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "quad": " ",
}
#: A word in braces, as titles protect their capitals; a set such as {0, 1} is none.
_PROTECTED = re.compile(r"(?<![\\A-Za-z_^])\{([A-Za-z][A-Za-z0-9 +-]*)\}")
_TIE = re.compile(r"(?<=[\w.,)\]}])~(?=[\\\w(\[])")
#: A tilde between numbers: a range such as 10~100, unless the first belongs to a name, as in LLaMA-2~13B.
_RANGE = re.compile(
    r"(?<![A-Za-z0-9_.])(?<![A-Za-z]-)(?P<first>\d[\d,.]*)"
    r"(?:\\?[%％]|[A-Za-z]{1,2}|\s?[\u4e00-\u9fff]{1,3})?~(?=(?P<second>\d[\d,]*(?:\.\d+)?))"
)
#: In arXiv's texts it ties thousands, too: 20~000.
_THOUSANDS = re.compile(r"\d{1,3}~\d{3}")
_LONE_DOLLAR = re.compile(r"(?<!\\)\$")
#: The other way of TeX to write a formula.
_BRACKETED = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_DASHES = re.compile(r"(?<![-!<])(---?)(?![->])")


def render_markdown_html(source: str, *, has_mathml: bool = True) -> str:
    """Render a translation's abstract as HTML paragraphs and lists; mail programs show no MathML."""
    return str(_MARKDOWN.render(_escape_money(source), {"has_mathml": has_mathml})).strip()


def render_markdown_text(source: str) -> str:
    """Render a translation's abstract as plain text: paragraphs apart, a link's address behind its text."""
    blocks = []
    marker = ""
    for token in _MARKDOWN.parse(_escape_money(source)):
        if token.type == "list_item_open":
            marker = f"{token.info}. " if token.info else "- "
        elif token.type == "inline":
            blocks.append(marker + _render_inline_text(token.children or []))
            marker = ""
        elif token.type == "math_block":
            blocks.append(maths.render_formula_text(token.content.strip()))
    return "\n\n".join(blocks)


def render_abstract_html(abstract: str) -> str:
    """Render arXiv's abstract as HTML paragraphs, its addresses as links."""
    return "\n".join(f"<p>{render_html(paragraph)}</p>" for paragraph in split_paragraphs(abstract))


def render_abstract_text(abstract: str) -> str:
    """Render arXiv's abstract as plain text, paragraphs apart."""
    return "\n\n".join(render_plain(paragraph) for paragraph in split_paragraphs(abstract))


def render_plain(line: str) -> str:
    """Render a title or paragraph of arXiv's as plain Unicode."""
    return _render_with_maths(line, _render_prose, lambda formula, _is_block: maths.render_formula_text(formula))


def render_html(line: str) -> str:
    """Render a title or paragraph of arXiv's as HTML, its addresses as links."""
    return _render_with_maths(
        line,
        lambda text: _link_addresses(_render_prose(text)),
        lambda formula, is_block: maths.render_formula_html(formula, is_block=is_block),
    )


def _render_with_maths(line: str, prose: Callable[[str], str], formula: Callable[[str, bool], str]) -> str:
    if "\\(" in line or "\\[" in line:
        line = _BRACKETED.sub(lambda match: f"${(match[1] or match[2]).strip()}$", line)
    parts, end = [], 0
    for match in maths.FORMULA.finditer(line) if "$" in line else ():
        parts += [prose(line[end : match.start()]), formula(maths.extract_formula(match), match["display"] is not None)]
        end = match.end()
    return "".join([*parts, prose(line[end:])])


def _render_prose(text: str) -> str:
    """Render TeX beside formulas as what it means; unknown commands stay as written, so that nothing is lost."""
    if "--" in text or "``" in text or "''" in text:
        text = _DASHES.sub(lambda dash: "—" if len(dash[1]) == len("---") else "–", text)
        text = text.replace("``", "“").replace("''", "”")
    if not any(sign in text for sign in "\\{~"):
        return text
    text = _URL.sub(r"\1", _LINK.sub(r"\2 (\1)", text))
    for _ in range(3):  # Fonts within fonts.
        text = _OLD_FONT.sub(r"\1", _FONT.sub(r"\1", text))
    text = text.replace("\\ ", " ").replace("\\,", " ")
    text = _NAMES.sub(lambda name: _NAMED.get(name[1], name[1]), text)
    if "~" in text:
        ranges = {match.end() - 1 for match in _RANGE.finditer(text) if not _is_one_number(match)}
        text = _TIE.sub(lambda tie: "~" if tie.start() in ranges else "\u00a0", text)
    return tex.decode_tex(_TEX_ESCAPE.sub(r"\1", _PROTECTED.sub(r"\1", text)))


def _is_one_number(match: re.Match[str]) -> bool:
    """Check whether the tilde ties the thousands of one number: a range goes upwards."""
    first, second = match["first"], match["second"]
    return _THOUSANDS.fullmatch(match[0] + second) is not None and int(second) <= int(first)


def _link_addresses(line: str) -> str:
    """Render a line as HTML, with its addresses as links."""
    parts, end = [], 0
    for match in _ADDRESS.finditer(line):
        address = escape(match[0])
        parts += [escape(line[end : match.start()], quote=False), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, escape(line[end:], quote=False)])


def _escape_money(source: str) -> str:
    """Put a backslash before each dollar sign that begins or ends no formula."""
    if "$" not in source:
        return source
    parts, end = [], 0
    for match in maths.FORMULA.finditer(source):
        parts += [_LONE_DOLLAR.sub(r"\\$", source[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, _LONE_DOLLAR.sub(r"\\$", source[end:])])


def _render_inline_text(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    hrefs: list[str] = []
    for i, token in enumerate(tokens):
        if token.type == "link_open":
            hrefs.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            href = hrefs.pop()
            parts.append("" if "".join(parts).endswith(href) else f" ({href})")
        elif token.type == "softbreak":
            parts.append(_choose_line_joint(tokens, i))
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type.startswith("math"):
            parts.append(maths.render_formula_text(token.content))
        else:
            parts.append(_render_prose(token.content))
    return "".join(parts)


def _choose_line_joint(tokens: Sequence[Token], place: int) -> str:
    """Choose what joins two lines of a paragraph: a blank, but nothing between two Chinese characters."""
    before = tokens[place - 1].content[-1:] if place else ""
    after = tokens[place + 1].content[:1] if place + 1 < len(tokens) else ""
    return "" if _CJK.match(before) and _CJK.match(after) else " "


def _render_text(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    depth = sum((token.type == "link_open") - (token.type == "link_close") for token in tokens[:place])
    prose = _render_prose(tokens[place].content)
    return escape(prose, quote=False) if depth else _link_addresses(prose)


def _render_softbreak(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    return _choose_line_joint(tokens, place)


def _render_maths(_self: Any, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:
    return maths.render_formula_html(tokens[place].content, has_mathml=env["has_mathml"])


def _render_display_maths(_self: Any, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:
    formula = maths.render_formula_html(tokens[place].content.strip(), is_block=True, has_mathml=env["has_mathml"])
    return f"<p>{formula}</p>\n"


def _build_parser() -> MarkdownIt:
    # Headings, code blocks and rules cannot be meant inside an abstract; their signs are shown as written.
    parser = MarkdownIt("commonmark", {"html": False}).disable(
        ["image", "html_inline", "html_block", "code", "fence", "lheading", "heading", "hr", "blockquote", "reference"]
    )
    parser.use(dollarmath_plugin, allow_space=False, double_inline=True)
    parser.add_render_rule("text", _render_text)
    parser.add_render_rule("softbreak", _render_softbreak)
    parser.add_render_rule("math_inline", _render_maths)
    parser.add_render_rule("math_inline_double", _render_maths)
    parser.add_render_rule("math_block", _render_display_maths)
    return parser


_MARKDOWN = _build_parser()
