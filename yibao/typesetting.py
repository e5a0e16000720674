"""Curators' Markdown and arXiv's abstracts as HTML and as plain text, for feeds, pages and mail alike.

Nothing that a file says is executed: HTML is shown as text, images are not loaded, and only web and mail
addresses become links. Maths stays as written between its dollar signs.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from yibao.text import paragraphs

# Addresses end where ASCII does: Chinese text follows them without a blank.
_ADDRESS = re.compile(r"https?://[!-~]+[A-Za-z0-9/#=_~-]")
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_TEX_ESCAPE = re.compile(r"\\([%&_#$])")


def html_of_markdown(source: str) -> str:
    """A translation's abstract as HTML paragraphs and lists."""
    return str(_MARKDOWN.render(source)).strip()


def text_of_markdown(source: str) -> str:
    """A translation's abstract as plain text: paragraphs apart, links as text with their address behind."""
    blocks = []
    marker = ""
    for token in _MARKDOWN.parse(source):
        if token.type == "list_item_open":
            marker = f"{token.info}. " if token.info else "- "
        elif token.type == "inline":
            blocks.append(marker + _inline_text(token.children or []))
            marker = ""
        elif token.type == "math_block":
            blocks.append(f"$${token.content.strip()}$$")
    return "\n\n".join(blocks)


def html_of_abstract(abstract: str) -> str:
    """ArXiv's abstract as HTML paragraphs, its addresses as links."""
    return "\n".join(f"<p>{_linked(plain(paragraph))}</p>" for paragraph in paragraphs(abstract))


def text_of_abstract(abstract: str) -> str:
    """ArXiv's abstract as plain text, paragraphs apart."""
    return "\n\n".join(plain(paragraph) for paragraph in paragraphs(abstract))


def plain(line: str) -> str:
    """A title or paragraph without TeX's escapes for signs that only TeX finds special; maths untouched."""
    parts = re.split(r"(\$[^$]*\$)", line)
    return "".join(part if i % 2 else _TEX_ESCAPE.sub(r"\1", part) for i, part in enumerate(parts))


def _linked(line: str) -> str:
    """The line as HTML, with its addresses as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(line):
        address = escape(found[0])
        parts += [escape(line[end : found.start()], quote=False), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(line[end:], quote=False)])


def _inline_text(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    hrefs: list[str] = []
    for i, token in enumerate(tokens):
        if token.type == "link_open":
            hrefs.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            href = hrefs.pop()
            parts.append("" if "".join(parts).endswith(href) else f" ({href})")
        elif token.type == "softbreak":
            parts.append(_break(tokens, i))
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type.startswith("math"):
            parts.append(f"${token.content}$")
        else:
            parts.append(token.content)
    return "".join(parts)


def _break(tokens: Sequence[Token], place: int) -> str:
    """A line end inside a paragraph: a blank, but nothing between two Chinese characters."""
    before = tokens[place - 1].content[-1:] if place else ""
    after = tokens[place + 1].content[:1] if place + 1 < len(tokens) else ""
    return "" if _CJK.match(before) and _CJK.match(after) else " "


def _render_text(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    depth = sum((token.type == "link_open") - (token.type == "link_close") for token in tokens[:place])
    return escape(tokens[place].content, quote=False) if depth else _linked(tokens[place].content)


def _render_break(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    return _break(tokens, place)


def _render_maths(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    return f'<span class="math">${escape(tokens[place].content, quote=False)}$</span>'


def _render_display_maths(_self: Any, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    return f'<p class="math">$${escape(tokens[place].content.strip(), quote=False)}$$</p>\n'


def _markdown() -> MarkdownIt:
    # Headings, code blocks and rules cannot be meant inside an abstract; their signs are shown as written.
    parser = MarkdownIt("commonmark", {"html": False}).disable(
        ["image", "html_inline", "html_block", "code", "fence", "lheading", "heading", "hr", "blockquote", "reference"]
    )
    parser.use(dollarmath_plugin, allow_digits=False, double_inline=True)
    parser.add_render_rule("text", _render_text)
    parser.add_render_rule("softbreak", _render_break)
    parser.add_render_rule("math_inline", _render_maths)
    parser.add_render_rule("math_inline_double", _render_maths)
    parser.add_render_rule("math_block", _render_display_maths)
    return parser


_MARKDOWN = _markdown()
