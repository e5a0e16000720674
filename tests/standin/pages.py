"""arXiv's catch-up pages, made from the stand-in's papers: one day of one category, with declared counts."""

from datetime import date
from html import escape

from tests.standin.answers import Damage
from tests.standin.papers import Line, StandinPaper, listed
from yibao import categories

_SECTIONS = {
    "New submissions": ("new",),
    "Cross submissions": ("cross",),
    # Withdrawals stand among them.
    "Replacement submissions": ("replace", "replace-cross"),
}


def catchup(
    papers: list[StandinPaper],
    category: str,
    on: date,
    page: int = 1,
    size: int = 2000,
    damaged: Damage = list,
    counted: Damage = list,
) -> bytes:
    """A page of the list. `damaged`: what is shown of it; `counted`: what its headings count."""
    everything, place = listed(papers, category, on), slice((page - 1) * size, page * size)
    declared = counted(everything)
    shown, counted_here = damaged(everything)[place], declared[place]
    parts = [
        f"<h1>Catch-up results for {escape(category)} on {on.strftime('%a, %d %b %Y')}</h1>",
        f"<div class='paging'>Total of {len(declared)} entries</div><dl id='articles'>",
    ]
    number = (page - 1) * size
    for title, kinds in _SECTIONS.items():
        total, here = (sum(line.type in kinds for _, line in lines) for lines in (declared, counted_here))
        group = [(paper, line) for paper, line in shown if line.type in kinds]
        if not here:
            continue
        continued = "continued, showing last " if page > 1 else "showing "
        parts.append(f"<h3>{title} ({continued}{here} of {total} entries)</h3>")
        for paper, line in group:
            number += 1
            parts.append(_entry(number, paper, line, category))
    if not declared:
        parts.append("<p>No updates for this time period.</p>")
    parts.append("</dl>")
    return f"<!DOCTYPE html><html><head><title>Catch-up</title></head><body>{''.join(parts)}</body></html>".encode()


def _entry(number: int, paper: StandinPaper, line: Line, category: str) -> str:
    primary, *others = paper.categories
    note = f"(cross-list from {primary})" if line.type == "cross" else "(replaced)" if "replace" in line.type else ""
    named = [f"{categories.find_category(code).name_en} ({code})" for code in (primary, *others)]
    subjects = f"<span class='primary-subject'>{escape(named[0])}</span>" + "".join(f"; {escape(n)}" for n in named[1:])
    return (
        f"<dt><a name='item{number}'>[{number}]</a> <a href='/abs/{paper.id}' title='Abstract' id='{paper.id}'>"
        f"arXiv:{paper.id}</a> {note} [<a href='/pdf/{paper.id}' title='Download PDF'>pdf</a>]</dt>"
        f"<dd><div class='meta'><div class='list-title mathjax'><span class='descriptor'>Title:</span> "
        f"{escape(paper.title)}</div><div class='list-authors'>{escape(', '.join(paper.authors))}</div>"
        f"<div class='list-subjects'><span class='descriptor'>Subjects:</span> {subjects}</div>"
        f"<p class='mathjax'>{escape(paper.latest.abstract)}</p></div></dd>"
    )
