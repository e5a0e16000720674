"""What a run did, for people and for programs: what arrived, was merged, was set aside and why, and went out.

Each step returns an Outcome; added up they make the run's Report.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self

from yibao.records import Problem, Severity

_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step did. Messages count once, however often they are added."""

    #: What the ledger says of each category's list of the run's date.
    announced: dict[str, str] = field(default_factory=dict)
    papers_new: int = 0
    papers_changed: int = 0
    papers_unchanged: int = 0
    #: Records that spoke of a paper once more in one file.
    duplicates: int = 0
    translations_new: int = 0
    translations_revised: int = 0
    translations_unchanged: int = 0
    #: Translated papers that arXiv has told us nothing of; the last count holds, None is no count.
    waiting: int | None = None
    #: Translations of a text that arXiv has changed since; likewise.
    stale: int | None = None
    files_changed: int = 0
    files_unchanged: int = 0
    files_removed: int = 0
    #: One line for each release of the dataset that was made, with what it brings.
    releases: tuple[str, ...] = ()
    #: One line per edition and outcome: sent, held, skipped and why.
    mail: tuple[str, ...] = ()
    sent: int = 0
    problems: tuple[Problem, ...] = ()
    #: What went wrong upstream and was made good from another source.
    troubles: tuple[str, ...] = ()
    #: Lists of the run's own date that are not complete. The day's mail waits for them.
    incomplete: tuple[str, ...] = ()
    #: What arXiv still owes us: earlier lists, changed records, metadata. The next run asks again.
    gaps: tuple[str, ...] = ()
    #: What a person should know, and can do nothing about: the run has not failed for it.
    notes: tuple[str, ...] = ()
    #: What else went wrong.
    faults: tuple[str, ...] = ()
    #: Hosts that are not asked again in this run, with the reason.
    given_up: dict[str, str] = field(default_factory=dict)

    def __add__(self, other: "Outcome") -> Self:
        """Return both together, as an object of the first one's class."""
        added = {name: _add(name, getattr(self, name), getattr(other, name)) for name in Outcome.__dataclass_fields__}
        return replace(self, **added)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the run has failed; empty where it has not."""
        return (*self.faults, *self.incomplete, *self.gaps)

    @property
    def has_failed(self) -> bool:
        """Whether something that was to be done was not."""
        return bool(self.failures)


@dataclass(frozen=True, kw_only=True)
class Report(Outcome):
    """What a whole run did."""

    flow: str
    on: date

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Report":
        """Read the report in a row of the `run` table."""
        problems = tuple(Problem(**{**row, "severity": Severity(row["severity"])}) for row in values["problems"])
        known = {name: value for name, value in values.items() if name in cls.__dataclass_fields__}
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
        }
        return cls(**{**fields, "on": date.fromisoformat(values["on"]), "problems": problems})

    def as_json(self) -> dict[str, Any]:
        """Return the report for the `run` table and `--json`."""
        counts = {"waiting": self.waiting or 0, "stale": self.stale or 0}
        return {**asdict(self), **counts, "on": self.on.isoformat()}


#: Counted anew by whoever speaks last.
_LAST = ("waiting", "stale")


def _add(name: str, one: Any, other: Any) -> Any:
    if name in _LAST:
        return one if other is None else other
    if isinstance(one, dict):
        return one | other
    return tuple(dict.fromkeys((*one, *other))) if isinstance(one, tuple) else one + other


def render_text(report: Report) -> str:
    """Write the report as a person reads it in a terminal."""
    lines = [f"{report.flow} {report.on}"]
    lines += [f"  {category}: {state}" for category, state in report.announced.items()]
    lines += [
        f"  papers: {report.papers_new} new, {report.papers_changed} changed" + _describe_import(report),
        f"  translations: {report.translations_new} new, {report.translations_revised} revised, "
        f"{report.translations_unchanged} unchanged",
    ]
    if report.waiting:
        lines.append(f"  {report.waiting} {_name_papers(report.waiting)} metadata from arXiv")
    if report.stale:
        lines.append(f"  {report.stale} to look at again, arXiv's text has changed: `yibao translations status`")
    lines.append(
        f"  published: {report.files_changed} files written, {report.files_unchanged} unchanged, "
        f"{report.files_removed} removed"
    )
    lines += [f"  dataset: {line}" for line in report.releases]
    lines += [f"  mail: {line}" for line in report.mail]
    lines += [f"  {problem}" for problem in report.problems[:_SHOWN_PROBLEMS]]
    if len(report.problems) > _SHOWN_PROBLEMS:
        lines.append(f"  and {len(report.problems) - _SHOWN_PROBLEMS} more: `yibao status` shows them")
    lines += [f"  trouble: {trouble}" for trouble in report.troubles]
    lines += [f"  note: {note}" for note in report.notes]
    lines += [f"  FAILED: {failure}" for failure in report.failures]
    return "\n".join(lines)


def render_markdown(report: Report) -> str:
    """Write the report as Prefect shows it."""
    errors = sum(problem.severity == Severity.ERROR for problem in report.problems)
    rows = [
        ("papers", f"{report.papers_new} new, {report.papers_changed} changed"),
        (
            "translations",
            f"{report.translations_new} new, {report.translations_revised} revised, "
            f"{report.translations_unchanged} unchanged, {report.waiting or 0} waiting for arXiv, "
            f"{report.stale or 0} stale",
        ),
        ("set aside", f"{errors} errors, {len(report.problems) - errors} warnings"),
        ("published", f"{report.files_changed} files written, {report.files_unchanged} unchanged"),
        ("dataset", "; ".join(report.releases) or "no new release"),
        ("mail", "; ".join(report.mail) or "none"),
    ]
    table = "\n".join(f"| {name} | {_escape_cell(value)} |" for name, value in [*report.announced.items(), *rows])
    problems = "\n".join(f"- {_escape_cell(str(problem))}" for problem in report.problems[:_SHOWN_PROBLEMS])
    faults = "\n".join(f"- **{_escape_cell(fault)}**" for fault in report.failures)
    return f"# {report.flow} {report.on}\n\n{faults}\n\n| what | |\n|---|---|\n{table}\n\n{problems}\n"


def render_table(report: Report) -> list[dict[str, str]]:
    """Return one row for each category's list of the run's date, and for each thing that arXiv still owes."""
    rows = [{"list": f"{category}, {report.on}", "state": state} for category, state in report.announced.items()]
    return rows + [{"list": name, "state": state} for name, _, state in (gap.partition(": ") for gap in report.gaps)]


def render_line(outcome: Outcome) -> str:
    """Say in one line what a step did, and what went wrong; empty where there is nothing to say."""
    counts = {
        "papers new": outcome.papers_new,
        "changed": outcome.papers_changed,
        "translations new": outcome.translations_new,
        "revised": outcome.translations_revised,
        "files written": outcome.files_changed,
        "removed": outcome.files_removed,
        "messages sent": outcome.sent,
        "set aside": len(outcome.problems),
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    lists = "; ".join(f"{category}: {state}" for category, state in outcome.announced.items())
    words = (*outcome.releases, *outcome.mail, *outcome.troubles, *outcome.notes, *outcome.failures)
    return "; ".join(part for part in (said, lists, *words) if part)


def _describe_import(report: Report) -> str:
    """Say what only an import counts."""
    if report.flow != "import":
        return ""
    return f", {report.papers_unchanged} unchanged; {report.duplicates} records spoke of a paper once more"


def _escape_cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def _name_papers(count: int) -> str:
    return "paper awaits" if count == 1 else "papers await"
