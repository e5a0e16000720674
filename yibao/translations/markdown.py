"""One file of translations, as curators write them, read into records that know where they stand.

An entry is a heading of level 1 or 2 (the English title), a link to the paper at arXiv whose text is the
translated title, and the translated abstract. Everything between two headings belongs to the first. Whatever
cannot be an entry becomes a Problem that names its place and remedy, and costs its neighbours nothing.

Only headings structure a file. Code blocks, HTML blocks, tables and underlined headings are switched off in the
parser, because an unclosed one would swallow the entries behind it, and `---` under an abstract would turn
the abstract into a heading.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.front_matter import front_matter_plugin

from yibao import identifiers, text
from yibao.records import Problem, Translation
from yibao.translations import front_matter, names
from yibao.translations.comments import EntryBody, SourceLine, remove_comments
from yibao.translations.decoding import decode_content
from yibao.translations.front_matter import FrontMatter
from yibao.translations.rules import create_problem

_OFF = ["code", "fence", "html_block", "lheading", "reference"]
# Only blocks are asked for: what stands inside a line is read by the rules that need it.
_BODY_PARSER = MarkdownIt("commonmark").disable([*_OFF, "inline"])
_PARSER = MarkdownIt("commonmark").disable([*_OFF, "inline"]).use(front_matter_plugin)
_HEADING = re.compile(r"^#{1,2} ", re.MULTILINE)
_ENTRY_LEVELS = ("h1", "h2")
_BARE_ADDRESS = re.compile(r"<?(?P<url>(?:https?://\S+?|arXiv:\S+?))>?[。.]?", re.IGNORECASE)
_ARXIV_HOST = re.compile(r"^(?:https?:)?//(?:[\w-]+\.)*arxiv\.org(?:[/:?#]|$)", re.IGNORECASE)


class Place(NamedTuple):
    """A place in the file, in characters. Both from 1."""

    line: int
    column: int


class LocatedEntry(NamedTuple):
    """An entry, and where its parts stand."""

    translation: Translation
    #: Of the heading's text.
    heading_at: Place
    #: Of the translated title; of the address where there is none.
    title_at: Place
    #: Of the address, as it is written there.
    url_at: Place
    url: str
    #: Where each line of the abstract begins.
    abstract_at: tuple[Place, ...]
    #: Reason by name of the rule that is silenced for this entry.
    silenced: dict[str, str]


class Document(NamedTuple):
    """A file, read."""

    path: str
    text: str
    entries: tuple[LocatedEntry, ...]
    #: By line and column.
    problems: tuple[Problem, ...]
    #: Reason by name of the rule that is silenced for the whole file.
    silenced: dict[str, str]


class _Section(NamedTuple):
    """A heading and the lines below it, up to the next heading of an entry."""

    tag: str
    heading: str
    #: From 0: line of the heading, column of its text, line below it.
    line: int
    column: int
    body_line: int
    body: EntryBody


class _Link(NamedTuple):
    title: str | None
    url: str
    #: Number among the body's lines, from 0; -1 for the heading.
    number: int
    #: Columns from 0, within the line: of the title or address, and of the address.
    column: int
    url_column: int
    rest: str


def parse_document(raw: bytes, path: str, language: str) -> Document:
    """Parse a file into its translations, in the order of their lines, and what was set aside or mended.

    The path is the one to show; its name gives the week where it is `YYYY/MMDD-MMDD.md`. The language is the
    one to assume where the front matter names none. Never raises: any bytes are an answer.
    """
    content, problems = decode_content(raw, path)
    if any(problem.rule == "too-large" for problem in problems):
        return Document(path, "", (), tuple(problems), {})
    lines = content.split("\n")
    tokens = _parse_tokens(content)
    block = next((token.content for token in tokens if token.type == "front_matter"), None)
    matter = front_matter.parse_front_matter(block, path, language)
    problems += matter.problems
    if not content.strip():
        problems.append(create_problem("empty-file", path, 1, 1, "The file is empty.", "Add an entry, or delete it."))
    sections = list(_split_sections(tokens, lines, path))
    entries = []
    for number, section in enumerate(sections):
        if number == 0 and _is_file_title(section, sections[1:]):
            continue
        problems += section.body.problems
        entry, entry_problems = _parse_entry(section, path, matter)
        problems += entry_problems
        if entry:
            entries.append(entry)
    if content.strip() and not sections:
        message, remedy = "There is no heading in this file.", "Begin each entry with `## English title`."
        problems.append(create_problem("no-entry", path, 1, 1, message, remedy))
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
    return Document(path, content, tuple(entries), tuple(ordered), matter.silenced)


def _parse_tokens(content: str) -> list[Any]:
    tokens = _PARSER.parse(content)
    if tokens and tokens[0].type == "front_matter" and _HEADING.search(tokens[0].content):
        # Two rules with entries between them are no front matter; as YAML the headings would be comments, and lost.
        return list(_BODY_PARSER.parse(content))
    return list(tokens)


def _split_sections(tokens: Any, lines: list[str], path: str) -> Iterator[_Section]:
    heads = [
        (token.tag, inline.content, token.map[0], token.map[1])
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and _is_entry_heading(token, lines)
    ]
    ends = [*(line for _, _, line, _ in heads[1:]), len(lines)] if heads else []
    for (tag, heading, line, body_line), end in zip(heads, ends, strict=True):
        column = max(0, lines[line].find(heading[:1])) if heading else 0
        body = remove_comments(lines[body_line:end], path, body_line + 1)
        yield _Section(tag, text.join_lines(heading), line, column, body_line, body)


def _is_entry_heading(token: Any, lines: list[str]) -> bool:
    """Check whether a heading is of level 1 or 2, or a deeper one that is plainly an entry: an arXiv link follows."""
    if token.tag in _ENTRY_LEVELS:
        return True
    below = next((line for line in lines[token.map[1] :] if line.strip()), "")
    link = _parse_link(below, 0)
    return link is not None and identifiers.parse_link(link.url) is not None


def _is_file_title(section: _Section, later: list[_Section]) -> bool:
    """Check whether the first heading names the file: level 1, no link below, and entries after it."""
    if section.tag != "h1" or not later or _find_link(section.body.lines):
        return False
    has_text = any(line.text.strip() for line in section.body.lines)
    return not has_text or all(section_below.tag != "h1" for section_below in later)


def _parse_entry(section: _Section, path: str, matter: FrontMatter) -> tuple[LocatedEntry | None, list[Problem]]:
    heading_at = Place(section.line + 1, section.column + 1)
    link = _find_heading_link(section) or _find_link(section.body.lines)
    if link is None:
        remedy = "Put `[译文标题](https://arxiv.org/abs/…)` on the line below the heading."
        message = f"{_quote_heading(section.heading)} has no link to its paper."
        return None, [
            create_problem("missing-link", path, *heading_at, message, remedy, None, len(section.heading) or 1)
        ]
    title_at, url_at = _locate_link(section, link)
    address = identifiers.parse_link(link.url)
    if address is None:
        return None, [_report_foreign_link(section, link, path, url_at)]
    title_en = link.title if link.number < 0 else section.heading
    if not title_en:
        message, remedy = "The heading is empty.", "Write the English title behind `##`."
        return None, [create_problem("missing-title", path, section.line + 1, 1, message, remedy)]
    title = None if link.number < 0 else link.title
    lines = _extract_abstract(section.body.lines, link)
    arxiv_id = address.identifier.arxiv_id
    if not title and not lines and section.body.has_comment:
        message, remedy = f"{arxiv_id} is still to be translated.", "Write title and abstract; then it is published."
        return None, [create_problem("stub", path, *heading_at, message, remedy, arxiv_id, len(section.heading))]
    translation = Translation(
        arxiv_id=arxiv_id,
        language=matter.language,
        title=title,
        abstract="\n".join(line.text for line in lines),
        title_en=title_en,
        path=path,
        line=section.line + 1,
        version=address.identifier.version,
        week=names.find_week(path),
        is_lead=section.body.is_lead,
        **{**matter.credits, **section.body.credits},
    )
    places = tuple(Place(section.body_line + line.line + 1, line.column + 1) for line in lines)
    located = LocatedEntry(translation, heading_at, title_at, url_at, link.url, places, section.body.silenced)
    return located, list(_find_doubts(located, section.tag, address))


def _locate_link(section: _Section, link: _Link) -> tuple[Place, Place]:
    if link.number < 0:
        line, column = section.line + 1, section.column
    else:
        source_line = section.body.lines[link.number]
        line, column = section.body_line + source_line.line + 1, source_line.column
    return Place(line, column + link.column + 1), Place(line, column + link.url_column + 1)


def _report_foreign_link(section: _Section, link: _Link, path: str, at: Place) -> Problem:
    if _ARXIV_HOST.match(link.url):
        rule, message = "broken-address", f"{_quote_heading(section.heading)} links to {link.url}, where no paper is."
        remedy = "Link to https://arxiv.org/abs/ and the paper's identifier."
    else:
        rule, message = "not-arxiv", f"{_quote_heading(section.heading)} links to {link.url}, which is not at arXiv."
        remedy = "Link to https://arxiv.org/abs/ and the identifier; other sources cannot be entries."
    return create_problem(rule, path, *at, message, remedy, None, len(link.url) or 1)


def _find_doubts(entry: LocatedEntry, tag: str, address: identifiers.Link) -> Iterator[Problem]:
    """Find what is odd about an entry that was read all the same."""
    translation, url = entry.translation, entry.url
    path, arxiv_id, version = translation.path, translation.arxiv_id, translation.version
    if tag not in _ENTRY_LEVELS:
        message = f"The heading of {arxiv_id} is of level {tag[1:]}; it was read as an entry."
        yield create_problem(
            "heading-level", path, translation.line, 1, message, "Begin it with `##`.", arxiv_id, int(tag[1:])
        )
    if not address.is_known_host:
        message = f"{address.host} is not arXiv; {arxiv_id} was taken from it."
        remedy = f"Write {build_canonical_url(address.identifier)}."
        yield create_problem("misspelt-host", path, *entry.url_at, message, remedy, arxiv_id, len(url))
    elif url != build_canonical_url(address.identifier):
        message = f"{arxiv_id} is linked by another address than its page's."
        remedy = f"Write {build_canonical_url(address.identifier)}."
        yield create_problem("address-form", path, *entry.url_at, message, remedy, arxiv_id, len(url))
    if version:
        message = f"The translation is bound to version {version} of {arxiv_id}."
        remedy = "Leave it where that is meant; else it is bound to the version of the day on which it arrives."
        yield create_problem("version-in-link", path, *entry.url_at, message, remedy, arxiv_id, len(url))
    if not translation.title:
        message = f"{arxiv_id} has no translated title; the English one is shown."
        remedy = f"Write `[译文标题]({url})`."
        yield create_problem("missing-translated-title", path, *entry.title_at, message, remedy, arxiv_id)
    if not translation.abstract:
        message = f"{arxiv_id} has a title and no abstract; the title is published."
        remedy = "Add the translation below."
        yield create_problem("missing-abstract", path, entry.url_at.line, 1, message, remedy, arxiv_id)


def build_canonical_url(identifier: identifiers.Identifier) -> str:
    """Build the address of a paper's page, of its version where one is named."""
    return identifiers.build_abs_url(identifier.arxiv_id) + (f"v{identifier.version}" if identifier.version else "")


def _find_heading_link(section: _Section) -> _Link | None:
    """Find the link in a heading that is nothing but a link to arXiv, as some write it."""
    link = _parse_link(section.heading, -1)
    return link if link and not link.rest and identifiers.parse_link(link.url) else None


def _find_link(body: list[SourceLine]) -> _Link | None:
    """Find the entry's link: the first line's, else the first later line that is nothing but a link to arXiv."""
    filled = [(number, line.text) for number, line in enumerate(body) if line.text.strip()]
    if not filled:
        return None
    first = _parse_link(filled[0][1], filled[0][0])
    if first and (not first.rest or identifiers.parse_link(first.url)):
        return first
    links = (_parse_link(line, number) for number, line in filled[1:])
    return next((link for link in links if link and not link.rest and identifiers.parse_link(link.url)), None)


def _parse_link(line: str, number: int) -> _Link | None:
    """Parse the link that a line begins with: `[title](address)`, or a bare address alone on its line."""
    stripped = line.strip()
    column = len(line) - len(line.lstrip())
    bare = _BARE_ADDRESS.fullmatch(stripped)
    if bare:
        return _Link(None, bare["url"], number, column + bare.start("url"), column + bare.start("url"), "")
    if not stripped.startswith("["):
        return None
    # The parser's own rules for brackets: balanced, and not inside code or behind a backslash.
    state = StateInline(stripped, _PARSER, {}, [])
    end = _PARSER.helpers.parseLinkLabel(state, 0)
    if end < 0 or not stripped.startswith("(", end + 1):
        return None
    opened = end + 2 + len(stripped[end + 2 :]) - len(stripped[end + 2 :].lstrip())
    target = _PARSER.helpers.parseLinkDestination(stripped, opened, len(stripped))
    closed = stripped.find(")", target.pos)
    if not target.ok or closed < 0:
        return None
    title, url_column = stripped[1:end].strip() or None, column + max(opened, stripped.find(target.str, opened))
    return _Link(title, target.str, number, column + 1, url_column, stripped[closed + 1 :])


def _extract_abstract(body: list[SourceLine], link: _Link) -> list[SourceLine]:
    """Extract the abstract's lines: without the link, blanks at line ends, and empty lines around the whole."""
    lines = [line._replace(text=line.text.rstrip()) for line in body]
    if link.number >= 0:
        line, rest = body[link.number], link.rest.strip()
        column = line.column + line.text.rindex(rest) if rest else 0
        lines[link.number] = SourceLine(line.line, column, rest)
    while lines and not lines[0].text:
        lines.pop(0)
    while lines and not lines[-1].text:
        lines.pop()
    return lines


def _quote_heading(heading: str) -> str:
    return f"“{text.shorten_text(heading, 60)}”" if heading else "An entry without a heading"
