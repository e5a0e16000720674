"""Conditions of a query: concepts that texts must speak of, facts that must hold, and how they are joined."""

import calendar
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from yibao import categories, identifiers
from yibao.errors import QueryError

Tokens = tuple[str, ...]
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_ANSWERS = {"yes": True, "no": False, "是": True, "否": False}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: The end of a word that names a paper: an identifier alone, with a prefix, or of an address at any site.
_LAST_PART = re.compile(
    r"(?:^|/|arxiv[.:]|org:)((?:[a-z-]+(?:\.[a-z]{2})?/\d{7}|\d{4}\.\d{4,6})(?:v\d+)?)(?:\.pdf|/)?$", re.IGNORECASE
)


class Phrase(NamedTuple):
    """Tokens that follow each other, and how near that is to what was asked for: 1 is the thing itself."""

    tokens: Tokens
    weight: float


class Concept(NamedTuple):
    """One thing that a text is to speak of: in any of these ways, or in enough of its parts."""

    #: `title`, `author` or `translator`; empty for titles, abstracts and names.
    field: str
    phrases: tuple[Phrase, ...]
    #: Where at least `need` of these stand in title or abstract, in whatever order, it is near.
    parts: tuple[Tokens, ...] = ()
    need: int = 0


class Filter(NamedTuple):
    """A fact that must hold: `category`, `language`, `translated`, `shown`, `id`, or days (first and last)."""

    name: str
    value: str | bool | tuple[str, str]


@dataclass(frozen=True, slots=True)
class All:
    """All of these hold; none of them asks nothing."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """Any of these holds."""

    children: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    child: "Node"


Node: TypeAlias = Concept | Filter | All | Any | Not


def make_filter(name: str, text: str) -> Filter:
    """Make a condition of a field and its value.

    Raises:
        QueryError: there is no such value; the message says what there is.
    """
    return _MAKERS[name](name, text)


def find_identifier(text: str) -> str | None:
    """Find the paper that a whole word names: an identifier in any spelling, or the address of a page about it."""
    last = _LAST_PART.search(text.partition("?")[0].partition("#")[0])
    found = identifiers.parse_identifier(last[1]) if last else None
    return found.arxiv_id if found else None


def join_all(nodes: Iterable[Node]) -> Node:
    """Join conditions that all must hold."""
    joined = tuple(nodes)
    return joined[0] if len(joined) == 1 else All(joined)


def simplify(node: Node) -> Node:
    """Take out what asks nothing, and joins within joins of one kind."""
    if isinstance(node, All):
        children = [simplify(child) for child in node.children]
        flat = [one for child in children for one in (child.children if isinstance(child, All) else (child,))]
        return join_all(dict.fromkeys(flat))
    if isinstance(node, Any):
        return Any(tuple(dict.fromkeys(simplify(child) for child in node.children)))
    return Not(simplify(node.child)) if isinstance(node, Not) else node


def _make_category(name: str, text: str) -> Filter:
    wanted = text.removesuffix(".*").removesuffix("*")
    known = {code.lower(): code for code in categories.list_known_codes()}
    code = categories.find_canonical(known.get(wanted.lower(), wanted))
    if not categories.is_category(code):
        near = difflib.get_close_matches(wanted, known.values(), n=1)
        hint = f"，是不是 {near[0]}" if near else ""
        raise QueryError(f"arXiv 没有分类 {text}{hint}。There is no such category.")
    return Filter(name, code)


def _make_language(name: str, text: str) -> Filter:
    if not _LANGUAGE.fullmatch(text):
        raise QueryError(f"{text} 不是语言代码，例如 zh、zh-Hant。Give a language tag.")
    return Filter(name, text.lower())


def _make_answer(name: str, text: str) -> Filter:
    if text.lower() not in _ANSWERS:
        raise QueryError("translated 只能是 yes 或 no。It is yes or no.")
    return Filter(name, _ANSWERS[text.lower()])


def _make_identifier(name: str, text: str) -> Filter:
    found = find_identifier(text)
    if not found:
        raise QueryError(f"{text} 不是 arXiv 编号，例如 2501.12948。Give an identifier.")
    return Filter(name, found)


def _make_dates(name: str, text: str) -> Filter:
    first, is_range, last = text.partition("..") if name == "date" else (text, "", "")
    start = _find_days(first)[0] if first and name != "until" else "0000-00-00"
    end = _find_days(last if is_range else first)[1] if name != "from" and (last or not is_range) else "9999-99-99"
    return Filter("date", (start, end))


def _find_days(text: str) -> tuple[str, str]:
    """Find the first and the last day of a year, a month or a day."""
    match = _DATE.fullmatch(text)
    year, month, day = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    try:
        last_day = day or calendar.monthrange(year, month or 12)[1]
        return date(year, month or 1, day or 1).isoformat(), date(year, month or 12, last_day).isoformat()
    except ValueError:
        raise QueryError(f"日期写作 2025、2025-01 或 2025-01-13，不是 {text}。Dates look like these.") from None


_MAKERS = {
    "category": _make_category,
    "language": _make_language,
    "translated": _make_answer,
    "id": _make_identifier,
    "date": _make_dates,
    "from": _make_dates,
    "until": _make_dates,
}
