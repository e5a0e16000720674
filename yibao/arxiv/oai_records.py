"""Records of OAI-PMH, from elements to papers, in the forms `arXivRaw`, `arXiv` and `oai_dc`.

arXiv's `acm-class` is left out: its server writes the MSC class, or the word None, into it. Left out, because they say
nothing of a paper: its sets, which follow from its categories, and `proxy`, the agent who submitted it.
Source: https://info.arxiv.org/help/oa/index.html
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from yibao import categories, identifiers, record_merging, withdrawals
from yibao.arxiv.authors import parse_byline
from yibao.records import Author, Paper, Precision, Version
from yibao.text import join_lines

_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905
}


class _Names(dict[str, str]):
    """Local names by qualified ones: a page has ten thousands of elements and two dozen names."""

    def __missing__(self, tag: str) -> str:
        self[tag] = name = str(tag).rpartition("}")[2]
        return name


_NAMES = _Names()
_STAMP_LENGTH = len("Thu, 18 Jun 2009 02:19:29 GMT")


class Record(NamedTuple):
    """What a record says, as text, before anybody asks what it means."""

    element: etree._Element
    identifier: str
    datestamp: str
    is_deleted: bool
    #: arXivRaw, arXiv or dc; empty where there is no metadata.
    form: str
    #: What the metadata's children say, by name; of several of one name the last.
    fields: dict[str, str]
    #: arXivRaw's history: (`v1`, what it says of it).
    versions: list[tuple[str, dict[str, str]]]
    metadata: etree._Element | None


def iterate_records(root: etree._Element) -> list[Record]:
    """List the records of a document, in its order, as texts by name."""
    return [_parse_record(element) for element in find_children(root, "record")]


def _parse_record(element: etree._Element) -> Record:
    names = _NAMES
    header: dict[str, str] = {}
    metadata = None
    is_deleted = False
    for part in element:
        if names[part.tag] == "header":
            header = {name: child.text or "" for child in part if (name := names[child.tag]) != "setSpec"}
            is_deleted = part.get("status") == "deleted"
        elif names[part.tag] == "metadata" and len(part):
            metadata = part[0]
    fields: dict[str, str] = {}
    versions = []
    for child in metadata if metadata is not None else ():
        name = names[child.tag]
        if name == "version":
            versions.append((child.get("version") or "", {names[detail.tag]: detail.text or "" for detail in child}))
        else:
            fields[name] = child.text or ""
    form = names[metadata.tag] if metadata is not None else ""
    identifier, datestamp = header.get("identifier", "").strip(), header.get("datestamp", "")
    return Record(element, identifier, datestamp, is_deleted, form, fields, versions, metadata)


def find_children(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Find the elements of this name below the answer's verb; the root itself, where it is one."""
    if etree.QName(root).localname == name:
        yield root
        return
    yield from root.iterfind(f"{{*}}*/{{*}}{name}")


def parse_paper(record: Record, prefix: str | None) -> Paper:
    """Parse a record into a paper.

    Raises:
        ValueError: it is none, in words for a person.
    """
    identifier = identifiers.parse_identifier(record.identifier.removeprefix("oai:arXiv.org:"))
    if identifier is None:
        raise ValueError(f"Its identifier {record.identifier or '(none)'!r} is not one of arXiv's.")
    if record.is_deleted:
        # arXiv deletes nothing: its withdrawals are versions. Said for the day on which this changes.
        raise ValueError(f"{identifier.arxiv_id} is marked as deleted.")
    if record.metadata is None:
        raise ValueError(f"{identifier.arxiv_id} has no metadata.")
    form = "oai_dc" if record.form == "dc" else record.form
    reader = _READERS.get(form)
    if reader is None or (prefix and form != prefix):
        raise ValueError(f"{identifier.arxiv_id} comes as {form}, not as {prefix or 'arXivRaw, arXiv or oai_dc'}.")
    paper = reader(record, identifier.arxiv_id)
    if not paper.title:
        raise ValueError(f"{identifier.arxiv_id} has no title.")
    return paper


def _parse_raw(record: Record, arxiv_id: str) -> Paper:
    values, versions = record.fields, [_parse_version(*version) for version in record.versions]
    if not versions:
        raise ValueError(f"{arxiv_id} has no version.")
    codes, classes = _parse_categories(values)
    abstract, comment, latest = values.get("abstract", "").strip(), values.get("comments"), versions[-1]
    return Paper(
        arxiv_id,
        latest.version,
        join_lines(values.get("title", "")),
        abstract,
        parse_byline(values.get("authors", "")),
        codes,
        codes[0] if codes else None,
        "arXivRaw",
        classes,
        join_lines(comment) if comment else None,
        _fold_field(values, "journal-ref"),
        _fold_field(values, "doi"),
        values.get("license") or None,
        versions[0].submitted_at,
        latest.submitted_at,
        _fold_field(values, "report-no"),
        _fold_field(values, "submitter"),
        tuple(versions),
        withdrawals.is_withdrawn(versions, comment, abstract),
        fingerprint_record(values, versions),
        Precision.SECOND if versions[0].submitted_at else None,
    )


def fingerprint_record(values: dict[str, str], versions: list[Version]) -> str:
    """Fingerprint a full record: what it says, layout apart, and the seconds of its versions."""
    parts = [_LAYOUT_APART.get(name, str)(values.get(name, "")) for name in FINGERPRINTED]
    stamps = [
        f"{version.version}:{int(version.submitted_at.timestamp()) if version.submitted_at else ''}"
        for version in versions
    ]
    withdrawn = "withdrawn" if versions and versions[-1].source_type == withdrawals.SOURCE_TYPE else ""
    return record_merging.compute_fingerprint([*parts, ",".join(stamps), withdrawn])


#: What a full record is compared by, in this order; the bulk import computes the same.
FINGERPRINTED = (
    "title",
    "abstract",
    "authors",
    "categories",
    "comments",
    "journal-ref",
    "doi",
    "report-no",
    "license",
    "submitter",
)


def _fold_text(text: str) -> str:
    """Fold white space exactly as the import's macro `one_line`: a text on one line is left alone."""
    if "\n" in text or "  " in text or text.startswith(" ") or text.endswith(" "):
        return re.sub("^ | $", "", re.sub("[\t\n\f\r ]+", " ", text))
    return text


#: What DuckDB's ltrim() and rtrim() take for blanks: Unicode's space separators.
_BLANKS = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def _fold_abstract(text: str) -> str:
    """Put an abstract on one line exactly as the import's macro `abstract_of`."""
    ended = text[:-1] if text.endswith("\n") else text.rstrip(_BLANKS) if text.endswith(" ") else text
    return ended.lstrip(_BLANKS).replace("\n", " ")


_LAYOUT_APART = {
    "abstract": _fold_abstract,
    **dict.fromkeys(("title", "authors", "comments", "journal-ref"), _fold_text),
}


def _parse_version(name: str, values: dict[str, str]) -> Version:
    if not name[1:].isdigit():
        raise ValueError(f"It has a version named {name!r}.")
    size = values.get("size", "").removesuffix("kb")
    kilobytes = int(size) if size.isdigit() else None
    return Version(int(name[1:]), _parse_instant(values.get("date", "")), values.get("source_type"), kilobytes)


def _parse_arxiv(record: Record, arxiv_id: str) -> Paper:
    values = record.fields
    people = record.metadata.find("{*}authors") if record.metadata is not None else None
    authors = [_parse_author(person) for person in people] if people is not None else []
    codes, classes = _parse_categories(values)
    abstract, comment = values.get("abstract", "").strip(), values.get("comments")
    submitted_at = _parse_day(values.get("created", ""))
    return Paper(
        arxiv_id,
        None,
        join_lines(values.get("title", "")),
        abstract,
        tuple(author for author in authors if author.name),
        codes,
        codes[0] if codes else None,
        "arXiv",
        classes,
        join_lines(comment) if comment else None,
        _fold_field(values, "journal-ref"),
        _fold_field(values, "doi"),
        values.get("license") or None,
        submitted_at,
        report_no=_fold_field(values, "report-no"),
        is_withdrawn=withdrawals.is_withdrawn((), comment, abstract),
        submitted_precision=Precision.DAY if submitted_at else None,
    )


def _parse_author(person: etree._Element) -> Author:
    parts: dict[str, list[str]] = {}
    for child in person:
        parts.setdefault(_NAMES[child.tag], []).append(join_lines(child.text or ""))
    name = " ".join(part for key in ("forenames", "keyname", "suffix") for part in parts.get(key, ()) if part)
    return Author(name, tuple(place for place in parts.get("affiliation", ()) if place))


def _parse_dublin_core(record: Record, arxiv_id: str) -> Paper:
    values: dict[str, list[str]] = {}
    for child in record.metadata if record.metadata is not None else ():
        values.setdefault(_NAMES[child.tag], []).append((child.text or "").strip())
    abstract, *comments = values.get("description", [""])
    places = [place for place in values.get("identifier", []) if not identifiers.parse_link(place)]
    doi = next((place.removeprefix("doi:") for place in places if place.startswith("doi:")), None)
    # Of several dates the first is that of version 1.
    submitted_at = _parse_day(next(iter(sorted(values.get("date", []))), ""))
    return Paper(
        arxiv_id,
        None,
        join_lines(next(iter(values.get("title", [])), "")),
        abstract,
        tuple(Author(_turn_name(name)) for name in values.get("creator", [])),
        (),
        None,
        "oai_dc",
        comment=join_lines(" ".join(comments)) or None,
        journal_ref=next((place for place in map(join_lines, places) if not place.startswith("doi:")), None),
        doi=doi,
        submitted_at=submitted_at,
        is_withdrawn=withdrawals.is_withdrawn((), " ".join(comments), abstract),
        submitted_precision=Precision.DAY if submitted_at else None,
    )


def _turn_name(name: str) -> str:
    """Turn `Xu, Zhaoxin` into what people write: Zhaoxin Xu."""
    last, comma, first = join_lines(name).partition(", ")
    return f"{first} {last}" if comma else last


_READERS: dict[str, Callable[[Record, str], Paper]] = {
    "arXivRaw": _parse_raw,
    "arXiv": _parse_arxiv,
    "oai_dc": _parse_dublin_core,
}


def _fold_field(values: dict[str, str], name: str) -> str | None:
    return join_lines(values[name]) or None if name in values else None


def _parse_categories(values: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse canonical categories, and the MSC classes as written."""
    codes, classes = _split_categories(values.get("categories", ""))
    msc = _fold_field(values, "msc-class")
    return codes, (*classes, msc) if msc and msc != "None" else classes


@lru_cache(maxsize=10_000)
def _split_categories(joined: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return categories.split_terms(joined.split())


def _parse_day(day: str) -> datetime | None:
    """Parse a day, `2007-04-02`, as its midnight, UTC; None where it is none."""
    try:
        return datetime.fromisoformat(day.strip()[:10]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _parse_instant(stamp: str) -> datetime | None:
    """Parse a date as mails bear it, `Thu, 18 Jun 2009 02:19:29 GMT`; None where it makes no sense."""
    try:
        if len(stamp) == _STAMP_LENGTH and stamp.endswith(" GMT"):
            # The form that arXiv writes, a dozen times faster than the standard library reads every form.
            month, clock = _MONTHS[stamp[8:11]], (int(stamp[17:19]), int(stamp[20:22]), int(stamp[23:25]))
            return datetime(int(stamp[12:16]), month, int(stamp[5:7]), *clock, tzinfo=UTC)
        return parsedate_to_datetime(stamp).astimezone(UTC)
    except (ValueError, KeyError):
        return None
