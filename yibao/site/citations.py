"""A paper as a citation, for reference managers: BibTeX and RIS."""

import re
import unicodedata

from yibao import identifiers, markup
from yibao.records import Paper

_SPECIAL = re.compile(r"([&%$#_{}])")
_WORD = re.compile(r"[A-Za-z0-9]+")


def render_bibtex(paper: Paper) -> bytes:
    """Render one `@misc` entry, as arXiv suggests it; its key is name, year and first word of the title.

    Source: https://info.arxiv.org/help/hypertex/bibstyles/index.html
    """
    fields = {
        "title": f"{{{_escape(markup.render_plain(paper.title))}}}",
        "author": " and ".join(_escape(author.name) for author in paper.authors),
        "year": str(paper.submitted_at.year) if paper.submitted_at else "",
        "eprint": paper.arxiv_id,
        "archivePrefix": "arXiv",
        "primaryClass": paper.primary_category or "",
        "url": identifiers.build_abs_url(paper.arxiv_id),
        "doi": paper.doi or "",
        "note": _escape(paper.journal_ref or ""),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_make_key(paper)},", *lines, "}", ""]).encode()


def render_ris(paper: Paper) -> bytes:
    """Render one record of an unpublished work. Source: https://en.wikipedia.org/wiki/RIS_(file_format)."""
    lines = [("TY", "UNPB"), ("TI", markup.render_plain(paper.title))]
    lines += [("AU", _put_surname_first(author.name)) for author in paper.authors]
    if paper.submitted_at:
        lines += [("PY", str(paper.submitted_at.year)), ("DA", f"{paper.submitted_at:%Y/%m/%d}")]
    lines += [("DO", paper.doi)] if paper.doi else []
    lines += [("T2", paper.journal_ref)] if paper.journal_ref else []
    lines += [("AN", f"arXiv:{paper.arxiv_id}"), ("UR", identifiers.build_abs_url(paper.arxiv_id))]
    lines += [("AB", " ".join(markup.render_abstract_text(paper.abstract).split())), ("ER", "")]
    return "".join(f"{name}  - {value}\r\n" for name, value in lines).encode()


def _make_key(paper: Paper) -> str:
    name = paper.authors[0].name.split()[-1] if paper.authors else "arxiv"
    year = str(paper.submitted_at.year) if paper.submitted_at else ""
    word = next(iter(_WORD.findall(markup.render_plain(paper.title))), "")
    plain = unicodedata.normalize("NFKD", f"{name}{year}{word}".lower())
    return re.sub(r"[^a-z0-9]", "", plain) or "arxiv"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("\\", ""))


def _put_surname_first(name: str) -> str:
    """Write a name as RIS asks for it: `Tang, Zhengyang`."""
    *first, last = name.split() or [""]
    return f"{last}, {' '.join(first)}" if first else last
