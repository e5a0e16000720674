"""How each category stands: its newest list, what is missing, and the command that repairs it."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from yibao.arxiv import catchup
from yibao.arxiv.completeness import DOUBTFUL
from yibao.models import Batch, BatchState

_SHOWN = 3


class Standing(NamedTuple):
    """One line of `yibao status`."""

    category: str
    announced_on: str
    state: str
    #: Since when, by the date of the run that found it so.
    since: str
    #: `stored/declared`; a question mark where nobody could say how many there are.
    stored: str
    sources: str
    #: What is doubtful about the newest list, and which earlier ones are not complete.
    note: str
    #: What to type; empty where everything is complete or cannot be had any more.
    repair: str


NAMES = Standing._fields


def row(category: str, batches: Iterable[Batch], today: date) -> Standing:
    """A category's line; `batches` newest first."""
    found = [batch for batch in batches if batch.category == category]
    if not found:
        return Standing(category, "", BatchState.UNKNOWN, "", "", "", "never fetched", "yibao run")
    newest, *earlier = found
    doubtful = [batch for batch in found if batch.state in DOUBTFUL]
    missed = [str(batch.announced_on) for batch in earlier if batch.state in DOUBTFUL]
    named = ", ".join(missed[:_SHOWN]) + (f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else "")
    note = "; ".join(part for part in (newest.note, f"not complete: {named}" if missed else "") if part)
    declared = "?" if newest.declared is None else newest.declared
    return Standing(
        category,
        str(newest.announced_on),
        newest.state,
        str(newest.since_on or ""),
        f"{newest.stored}/{declared}",
        "+".join(newest.sources),
        note,
        _repair(category, doubtful, today),
    )


def _repair(category: str, doubtful: list[Batch], today: date) -> str:
    within = [batch.announced_on for batch in doubtful if catchup.is_within_reach(batch.announced_on, today)]
    if not doubtful:
        return ""
    if not within:
        return f"(older than {catchup.REACH.days} days: arXiv keeps no list of them)"
    return f"yibao harvest --from {min(within)} --until {max(within)} --category {category}"
