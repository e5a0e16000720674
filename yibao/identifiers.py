"""arXiv identifiers in every form that people and servers write them.

Source: https://info.arxiv.org/help/arxiv_identifier.html (schemes) and
https://info.arxiv.org/help/arxiv_identifier_for_services.html (which forms are canonical).
"""

import contextlib
import re
import unicodedata
from typing import NamedTuple

_NEW = r"(?P<new>\d{4}\.\d{4,6})"
# An old identifier may carry a subject class (math.CA/0611800); the canonical form drops it.
_OLD = r"(?P<archive>[a-z]+(?:-[a-z]+)*)(?:\.[A-Za-z]{2}(?:-[a-z]+)?)?/(?P<number>\d{7})"
_VERSION = r"(?:v(?P<version>[1-9]\d*))?"
_PREFIX = re.compile(r"^(?:oai:arXiv\.org:|arXiv:)\s*", re.IGNORECASE)
_IDENTIFIER = re.compile(rf"(?:{_NEW}|{_OLD}){_VERSION}")

#: Hosts that serve arXiv's abstract pages, without a leading `www.`.
HOSTS = frozenset({"arxiv.org", "export.arxiv.org", "browse.arxiv.org", "cn.arxiv.org", "xxx.lanl.gov"})
_ADDRESS = re.compile(
    r"(?:https?:)?//(?P<host>[^/\s?#]+)/(?:abs|pdf|html|format|src|e-print|ps)/(?P<rest>[^\s?#]+)", re.IGNORECASE
)
_MISSPELT_ENOUGH = 2
#: Letters of other scripts that look like those of `arxiv.org`.
_LOOKALIKES = str.maketrans("ахіѵогɡ" + "αχινοɩ", "axivorg" + "axivoi")
#: More than this a number cannot differ from the identifier that it was.
_NOISE = 1e-9
#: Year and month of the first papers that arXiv shows as HTML.
_FIRST_HTML_MONTH = 202312
#: Moderators seldom hold a paper for longer.
_LONGEST_HOLD_MONTHS = 6


class Identifier(NamedTuple):
    """A paper, and the version of it where one was named."""

    arxiv_id: str
    version: int | None


class Link(NamedTuple):
    """Where a link leads: the paper, and whether the host's name is spelt as arXiv spells it."""

    identifier: Identifier
    host: str
    is_known_host: bool


def parse_identifier(text: str) -> Identifier | None:
    """Parse the identifier that the whole text is; None where it is none.

    Accepts `2501.05727`, `2501.05727v2`, `hep-th/9901001`, `math.CA/0611800v2`, each with or without
    `arXiv:` or `oai:arXiv.org:` before it.
    """
    bare = _PREFIX.sub("", text.strip()) if ":" in text else text.strip()
    match = _IDENTIFIER.fullmatch(bare)
    return _build_identifier(match) if match and _is_plausible(match) else None


def parse_link(url: str) -> Link | None:
    """Parse the link to a paper; None where it leads elsewhere.

    The abstract, PDF, HTML, source and PostScript addresses of every arXiv host are the same paper.
    A host that looks like one of arXiv's is taken for it, and said to be unknown.
    """
    match = _ADDRESS.match(url.strip())
    if not match:
        identifier = parse_identifier(url)
        return Link(identifier, "arxiv.org", is_known_host=True) if identifier else None
    host = match["host"].lower().removeprefix("www.").partition(":")[0]
    identifier = parse_identifier(re.sub(r"(?:\.pdf|\.ps|/)$", "", match["rest"], flags=re.IGNORECASE))
    if identifier is None or (host not in HOSTS and not _is_lookalike(host)):
        return None
    return Link(identifier, host, is_known_host=host in HOSTS)


def build_abs_url(arxiv_id: str) -> str:
    """Build the address of the abstract page."""
    return f"https://arxiv.org/abs/{arxiv_id}"


def build_pdf_url(arxiv_id: str) -> str:
    """Build the address of the PDF, at arXiv: its terms allow linking to it, not storing it."""
    return f"https://arxiv.org/pdf/{arxiv_id}"


def build_html_url(arxiv_id: str) -> str | None:
    """Build the address of the HTML version, which arXiv makes of papers since December 2023; None for older ones.

    Source: https://info.arxiv.org/about/accessible_HTML.html.
    """
    return f"https://arxiv.org/html/{arxiv_id}" if sort_key(arxiv_id)[0] >= _FIRST_HTML_MONTH else None


def sort_key(arxiv_id: str) -> tuple[int, str]:
    """Order identifiers by time: old scheme first, then by year and month, then by number."""
    if "/" in arxiv_id:
        number = arxiv_id.partition("/")[2]
        return (_expand_year(number[:2]) * 100 + int(number[2:4]), arxiv_id)
    return (200000 + int(arxiv_id[:4]), arxiv_id.rjust(12))


def _build_identifier(match: re.Match[str]) -> Identifier:
    arxiv_id = match["new"] or f"{match['archive']}/{match['number']}"
    return Identifier(arxiv_id, int(match["version"]) if match["version"] else None)


def _is_plausible(match: re.Match[str]) -> bool:
    # Four digits until December 2014, five since January 2015, six foreseen.
    if not match["new"]:
        return True
    month, digits = int(match["new"][:4]), len(match["new"]) - 5
    return digits == 4 if month <= 1412 else digits >= 5  # noqa: PLR2004


def _expand_year(year: str) -> int:
    return (1900 if int(year) >= 91 else 2000) + int(year)  # noqa: PLR2004  (arXiv began in 1991)


def _is_lookalike(host: str) -> bool:
    """Check whether a host is within two letters of one of arXiv's, or has a label within one letter of `arxiv`."""
    with contextlib.suppress(UnicodeError):
        host = host.encode("ascii").decode("idna") if "xn--" in host else host
    plain = unicodedata.normalize("NFKC", host).lower().translate(_LOOKALIKES)
    labels = re.split(r"[^a-z0-9]+", plain)
    return any(_count_edits(plain, known) <= _MISSPELT_ENOUGH for known in HOSTS) or any(
        _count_edits(label, "arxiv") <= 1 for label in labels
    )


def _count_edits(a: str, b: str) -> int:
    """Count how many letters must be added, dropped or changed (Levenshtein's distance)."""
    row = list(range(len(b) + 1))
    for i, first in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, second in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (first != second))
    return row[-1]


class RepairedIdentifier(NamedTuple):
    """An identifier that was damaged on its way, what it was, and how we know."""

    arxiv_id: str
    reason: str


def repair_identifier(text: str, submitted_in: str | None) -> RepairedIdentifier | str:
    """Repair an identifier that a table has kept as a number, or say why it cannot be known.

    A number loses the zeros at its ends (0704.0560 is 704.056) and gains noise (1501.00096 is 1501.0009599999998);
    year and month tell how many digits there were. It is believed only where `submitted_in`, the month (YYMM) in
    which the paper came, agrees: an identifier bears the month of announcement, which is that month or a later one.
    """
    match = re.fullmatch(r"(\d{3,4})\.(\d+)", text)
    if not match or repr(float(text)) != text:
        return f"{text!r} is not an identifier of arXiv, nor one kept as a number."
    month = f"{int(match[1]):04d}"
    places = 4 if month <= "1412" else 5
    arxiv_id = f"{month}.{round(float('0.' + match[2]) * 10**places):0{places}d}"
    number = float(f"{month}.{match[2]}")
    if parse_identifier(arxiv_id) is None or not "01" <= month[2:] <= "12" or abs(float(arxiv_id) - number) > _NOISE:
        return f"{text!r} is a number, but not one that an identifier of {month} leaves."
    if submitted_in is None:
        return f"{text!r} may be {arxiv_id}, but nothing says when the paper came."
    if not 0 <= _count_months(month) - _count_months(submitted_in) <= _LONGEST_HOLD_MONTHS:
        return f"{text!r} would be {arxiv_id}, but the paper came in {submitted_in}."
    return RepairedIdentifier(arxiv_id, f"{text} is {arxiv_id}, kept as a number; the paper came in {submitted_in}.")


def find_submission_month(created: str | None) -> str | None:
    """Find year and month (YYMM) of a record's date, `Mon, 2 Apr 2007 19:18:42 GMT` or `2007-04-02`."""
    match = re.search(
        r"\b(?:\d{2}(?P<iso>\d{2}-\d{2})-\d{2}\b|(?P<name>[A-Z][a-z]{2}) \d{2}(?P<year>\d{2})\b)", created or ""
    )
    if not match:
        return None
    if match["iso"]:
        return str(match["iso"].replace("-", ""))
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    return f"{match['year']}{names.index(match['name']) // 4 + 1:02d}" if match["name"] in names else None


def _count_months(month: str) -> int:
    return _expand_year(month[:2]) * 12 + int(month[2:])
