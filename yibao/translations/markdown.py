"""One file of translations, as curators write them, read into records.

An entry is a heading of level 1 or 2 (the English title), a link to the paper at arXiv whose text is the
translated title, and the translated abstract. Everything between two headings belongs to the first. Whatever
cannot be an entry becomes a Problem that names its place and remedy, and costs its neighbours nothing.

Only headings structure a file. Code blocks, HTML blocks, tables and underlined headings are switched off in the
parser, because an unclosed one would swallow the entries behind it, and `---` under an abstract would turn
the abstract into a heading.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.front_matter import front_matter_plugin

from yibao import dates, identifiers, text
from yibao.models import Curated, Problem, Severity, Translation

_OFF = ["code", "fence", "html_block", "lheading", "reference"]
_BODY_PARSER = MarkdownIt("commonmark").disable(_OFF)
_PARSER = MarkdownIt("commonmark").disable(_OFF).use(front_matter_plugin)
_HEADING = re.compile(r"^#{1,2} ", re.MULTILINE)
_ENTRY_LEVELS = ("h1", "h2")
_BARE_ADDRESS = re.compile(r"<?(?P<url>(?:https?://\S+?|arXiv:\S+?))>?[。.]?", re.IGNORECASE)
_WEEK = re.compile(r"(?:^|.*/)(?P<year>\d{4})/(?P<start>\d{4})-(?P<end>\d{4})\.[a-z]+$", re.IGNORECASE)
_CREDITS = {"translator": "translator", "reviewer": "reviewer", "license": "license", "licence": "license"}
_KNOWN_FRONT_MATTER = {*_CREDITS, "language"}


class _Section(NamedTuple):
    """A heading and the lines below it, up to the next heading of an entry."""

    tag: str
    heading: str
    #: 0-based line of the heading, and of the first line below it.
    line: int
    body_line: int
    body: list[str]


class _Link(NamedTuple):
    title: str | None
    url: str
    #: 0-based line within the section's body, and column within that line.
    line: int
    column: int
    rest: str


def read(raw: bytes, path: str, language: str) -> Curated:
    """The translations in a file, in the order of their lines, and what was set aside or mended.

    The path is the one to show; its name tells the week where it is `YYYY/MMDD-MMDD.md`. The language is the
    one to assume where the front matter names none. Never raises: any bytes are an answer.
    """
    content, problems = _decode(raw, path)
    lines = content.split("\n")
    tokens = _tokens(content)
    credits_, found = _front_matter(tokens, path)
    problems += found
    if not content.strip():
        problems.append(_problem(path, 0, 0, "empty-file", "The file is empty.", "Add an entry, or delete it."))
    sections = list(_sections(tokens, lines))
    translations = []
    for number, section in enumerate(sections):
        if number == 0 and _is_file_title(section, sections[1:]):
            continue
        translation, found = _entry(section, path, credits_.get("language", language), credits_)
        problems += found
        if translation:
            translations.append(translation)
    if content.strip() and not sections:
        problems.append(
            _error(
                path, 0, 0, "no-entry", "There is no heading in this file.", "Begin each entry with `## English title`."
            )
        )
    return Curated(tuple(translations), tuple(sorted(problems, key=lambda p: (p.line, p.column))), 1)


def week_of_name(path: str) -> str | None:
    """The ISO week that a file's name speaks of; None where the name is not `YYYY/MMDD-MMDD.md`.

    Curators have written a week that crosses the year under either year; Monday tells which one was meant.
    """
    span = span_of_name(path)
    return dates.week_of(span[0]) if span else None


def span_of_name(path: str) -> tuple[date, date] | None:
    """The first and last day that a file's name speaks of, or None."""
    found = _WEEK.match(path)
    if not found:
        return None
    year = int(found["year"])
    spans = [_span(start, found["start"], found["end"]) for start in (year, year - 1)]
    real = [span for span in spans if span and span[1] - span[0] < timedelta(days=7)]
    mondays = [span for span in real if span[0].isoweekday() == 1]
    return next(iter(mondays or real), None)


def _span(year: int, start: str, end: str) -> tuple[date, date] | None:
    try:
        first = date(year, int(start[:2]), int(start[2:]))
        last = date(year + (end < start), int(end[:2]), int(end[2:]))
    except ValueError:
        return None
    return first, last


def _decode(raw: bytes, path: str) -> tuple[str, list[Problem]]:
    content, problems = _text_of(raw, path)
    # Before line ends are folded: a lone U+000D may be all that is left of `\rho`.
    mended = text.mend(content.replace("\r\n", "\n"))
    for repair in mended.repairs:
        problems += _repaired(content, path, repair)
    return mended.text.replace("\r", "\n"), problems


def _text_of(raw: bytes, path: str) -> tuple[str, list[Problem]]:
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        place = raw.count(b"\n", 0, error.start)
    remedy = "Save the file as UTF-8."
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"
    try:
        decoded = raw.decode(encoding)
    except UnicodeDecodeError:
        message = f"The bytes on line {place + 1} are neither UTF-8 nor GB 18030; unreadable ones show as U+FFFD."
        return raw.decode("utf-8-sig", errors="replace"), [_error(path, place, 0, "wrong-encoding", message, remedy)]
    message = f"The file is not UTF-8; it was read as {encoding.upper()}."
    return decoded, [_problem(path, place, 0, "wrong-encoding", message, remedy)]


def _repaired(content: str, path: str, rule: str) -> Iterator[Problem]:
    says = {
        "damaged-tex": (
            "A TeX command lost its backslash and first letter to a string escape; it was put back.",
            "Check the formula, and correct the file.",
        ),
        "control-character": ("A control character was removed.", "Delete it from the file."),
        "invisible-character": ("An invisible character (such as U+200B) was removed.", "Delete it from the file."),
    }
    message, remedy = says[rule]
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n")):
        mended = text.mend(line)
        if rule in mended.repairs:
            column = next(
                (i for i, (a, b) in enumerate(zip(line, mended.text, strict=False)) if a != b), len(mended.text)
            )
            yield _problem(path, number, column, rule, message, remedy)


def _tokens(content: str) -> list[Any]:
    tokens = _PARSER.parse(content)
    if tokens and tokens[0].type == "front_matter" and _HEADING.search(tokens[0].content):
        # Two rules with entries between them are no front matter; as YAML the headings would be comments, and lost.
        return list(_BODY_PARSER.parse(content))
    return list(tokens)


def _front_matter(tokens: Any, path: str) -> tuple[dict[str, str], list[Problem]]:
    block = next((token for token in tokens if token.type == "front_matter"), None)
    if block is None:
        return {}, []
    try:
        values = yaml.safe_load(block.content) or {}
        pairs = {str(key).lower(): value for key, value in values.items()}
    except (yaml.YAMLError, AttributeError, ValueError, RecursionError):
        remedy = "Write lines such as `translator: 王小明`; the entries were read without it."
        return {}, [_problem(path, 0, 0, "front-matter", "The front matter is not YAML of names and values.", remedy)]
    problems = [
        _problem(
            path,
            0,
            0,
            "front-matter",
            f"The front matter names {key!r}, which means nothing here.",
            f"Known are: {', '.join(sorted(_KNOWN_FRONT_MATTER))}.",
        )
        for key in pairs
        if key not in _KNOWN_FRONT_MATTER
    ]
    known = {_CREDITS.get(key, key): str(value) for key, value in pairs.items() if key in _KNOWN_FRONT_MATTER and value}
    return known, problems


def _sections(tokens: Any, lines: list[str]) -> Iterator[_Section]:
    heads = [
        (token.tag, inline.content, token.map[0], token.map[1])
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and _opens_entry(token, lines)
    ]
    ends = [*(line for _, _, line, _ in heads[1:]), len(lines)] if heads else []
    for (tag, heading, line, body_line), end in zip(heads, ends, strict=True):
        yield _Section(tag, text.one_line(heading), line, body_line, lines[body_line:end])


def _opens_entry(token: Any, lines: list[str]) -> bool:
    """Whether a heading is of level 1 or 2, or a deeper one that is plainly an entry: an arXiv link follows."""
    if token.tag in _ENTRY_LEVELS:
        return True
    below = next((line for line in lines[token.map[1] :] if line.strip()), "")
    link = _link_in(below, 0)
    return link is not None and identifiers.parse_address(link.url) is not None


def _is_file_title(section: _Section, others: list[_Section]) -> bool:
    """Whether the first heading names the file: level 1, no link below, and entries after it."""
    if section.tag != "h1" or not others or _find_link(section.body):
        return False
    has_text = any(line.strip() for line in section.body)
    return not has_text or all(other.tag != "h1" for other in others)


def _entry(
    section: _Section, path: str, language: str, credits_: dict[str, str]
) -> tuple[Translation | None, list[Problem]]:
    link = _heading_link(section) or _find_link(section.body)
    if link is None:
        remedy = "Put `[译文标题](https://arxiv.org/abs/…)` on the line below the heading."
        message = f"{_quoted(section.heading)} has no link to its paper."
        return None, [_error(path, section.line, 0, "missing-link", message, remedy)]
    line = section.line if link.line < 0 else section.body_line + link.line
    address = identifiers.parse_address(link.url)
    if address is None:
        message = f"{_quoted(section.heading)} links to {link.url}, where no arXiv identifier is."
        remedy = "Link to https://arxiv.org/abs/ and the identifier; other sources cannot be entries."
        return None, [_error(path, line, link.column, "no-arxiv-id", message, remedy)]
    title_en = link.title if link.line < 0 else section.heading
    if not title_en:
        message, remedy = "The heading is empty.", "Write the English title behind `##`."
        return None, [_error(path, section.line, 0, "missing-title", message, remedy)]
    abstract = _abstract(section.body, link)
    translation = Translation(
        arxiv_id=address.identifier.arxiv_id,
        language=language,
        title=None if link.line < 0 else link.title,
        abstract=abstract,
        title_en=title_en,
        path=path,
        line=section.line + 1,
        version=address.identifier.version,
        week=week_of_name(path),
        translator=credits_.get("translator"),
        reviewer=credits_.get("reviewer"),
        license=credits_.get("license"),
    )
    return translation, list(_doubts(translation, section, link, line, address))


def _doubts(
    entry: Translation, section: _Section, link: _Link, line: int, address: identifiers.Address
) -> Iterator[Problem]:
    """What is odd about an entry that was read all the same."""
    arxiv_id = entry.arxiv_id
    if section.tag not in _ENTRY_LEVELS:
        message = f"The heading of {arxiv_id} is of level {section.tag[1:]}; it was read as an entry."
        yield _problem(entry.path, section.line, 0, "heading-level", message, "Begin it with `##`.", arxiv_id)
    if not address.is_known_host:
        message = f"{address.host} is not arXiv; {arxiv_id} was taken from it."
        yield _problem(entry.path, line, link.column, "misspelt-host", message, "Write arxiv.org.", arxiv_id)
    if not entry.title:
        message = f"{arxiv_id} has no translated title; the English one is shown."
        remedy = f"Write `[译文标题]({link.url})`."
        yield _problem(entry.path, line, link.column, "missing-translated-title", message, remedy, arxiv_id)
    if not entry.abstract:
        message = f"{arxiv_id} has a title and no abstract; the title is published."
        yield _problem(entry.path, line, 0, "missing-abstract", message, "Add the translation below.", arxiv_id)


def _heading_link(section: _Section) -> _Link | None:
    """The link in a heading that is nothing but a link to arXiv, as some write it."""
    link = _link_in(section.heading, -1)
    return link if link and not link.rest and identifiers.parse_address(link.url) else None


def _find_link(body: list[str]) -> _Link | None:
    """The entry's link: the first line's, else the first later line that is nothing but a link to arXiv."""
    filled = [(number, line) for number, line in enumerate(body) if line.strip()]
    if not filled:
        return None
    first = _link_in(filled[0][1], filled[0][0])
    if first and (not first.rest or identifiers.parse_address(first.url)):
        return first
    links = (_link_in(line, number) for number, line in filled[1:])
    return next((link for link in links if link and not link.rest and identifiers.parse_address(link.url)), None)


def _link_in(line: str, number: int) -> _Link | None:
    """The link that a line begins with: `[title](address)`, or a bare address alone on its line."""
    stripped = line.strip()
    column = len(line) - len(line.lstrip())
    bare = _BARE_ADDRESS.fullmatch(stripped)
    if bare:
        return _Link(None, bare["url"], number, column, "")
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
    return _Link(stripped[1:end].strip() or None, target.str, number, column, stripped[closed + 1 :].strip())


def _abstract(body: list[str], link: _Link) -> str:
    """The lines of the body as written, without the link, without blanks at the ends of lines and of the whole."""
    lines = [line.rstrip() for line in body]
    if link.line >= 0:
        lines[link.line] = link.rest
    return "\n".join(lines).strip("\n")


def _quoted(heading: str) -> str:
    return f"“{text.shorten(heading, 60)}”" if heading else "An entry without a heading"


def _problem(  # noqa: PLR0913  (a place, and what to say of it)
    path: str, line: int, column: int, rule: str, message: str, remedy: str, arxiv_id: str | None = None
) -> Problem:
    return Problem(path, line + 1, column + 1, rule, Severity.WARNING, message, remedy, arxiv_id)


def _error(path: str, line: int, column: int, rule: str, message: str, remedy: str) -> Problem:  # noqa: PLR0913
    return Problem(path, line + 1, column + 1, rule, Severity.ERROR, message, remedy)
