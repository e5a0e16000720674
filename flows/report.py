"""What a run did, for people and for programs: what arrived, was merged, was set aside and why, and went out."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from yibao.records import Problem, Severity

_SHOWN_PROBLEMS = 20


@dataclass
class Report:
    """Filled as the run goes along."""

    flow: str
    on: date
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
    #: Translated papers that arXiv has told us nothing of.
    waiting: int = 0
    #: Translations of a text that arXiv has changed since.
    stale: int = 0
    files_changed: int = 0
    files_unchanged: int = 0
    files_removed: int = 0
    #: One line an edition and outcome: sent, skipped and why.
    mail: list[str] = field(default_factory=list)
    sent: int = 0
    problems: list[Problem] = field(default_factory=list)
    #: What went wrong upstream and was made good from another source.
    troubles: list[str] = field(default_factory=list)
    #: Lists of the run's own date that are not complete. The day's mail waits for them.
    incomplete: list[str] = field(default_factory=list)
    #: What arXiv still owes us: earlier lists, changed records, metadata. The next run asks again.
    gaps: list[str] = field(default_factory=list)
    #: What a person should know, and can do nothing about: the run has not failed for it.
    notes: list[str] = field(default_factory=list)
    #: What else went wrong.
    faults: list[str] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether something that was to be done was not."""
        return bool(self.failures)

    @property
    def failures(self) -> list[str]:
        """Why the run has failed; empty where it has not."""
        return [*self.faults, *self.incomplete, *self.gaps]

    def fault(self, message: str) -> None:
        """The run has failed, among other things for this reason; each reason counts once."""
        _add(self.faults, message)

    def gap(self, message: str) -> None:
        """Something earlier is still missing, for this reason; each counts once."""
        _add(self.gaps, message)

    def trouble(self, message: str) -> None:
        """A source failed; whether that cost anything is told elsewhere. Each counts once."""
        _add(self.troubles, message)

    def note(self, message: str) -> None:
        """Tell something that nobody can do anything about; each counts once."""
        _add(self.notes, message)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Report":
        """The report in a row of the `run` table."""
        problems = [Problem(**{**row, "severity": Severity(row["severity"])}) for row in values["problems"]]
        return cls(**{**values, "on": date.fromisoformat(values["on"]), "problems": problems})

    def as_json(self) -> dict[str, Any]:
        """The report for the `run` table and `--json`."""
        return {**asdict(self), "on": self.on.isoformat(), "problems": [asdict(problem) for problem in self.problems]}


def _add(messages: list[str], message: str) -> None:
    if message not in messages:
        messages.append(message)


def as_text(report: Report) -> str:
    """The report as a person reads it in a terminal."""
    lines = [f"{report.flow} {report.on}"]
    lines += [f"  {category}: {told}" for category, told in report.announced.items()]
    lines += [
        f"  papers: {report.papers_new} new, {report.papers_changed} changed" + _imported(report),
        f"  translations: {report.translations_new} new, {report.translations_revised} revised, "
        f"{report.translations_unchanged} unchanged",
    ]
    if report.waiting:
        lines.append(f"  {report.waiting} {_papers(report.waiting)} metadata from arXiv")
    if report.stale:
        lines.append(f"  {report.stale} to look at again, arXiv's text has changed: `yibao translations status`")
    lines.append(
        f"  published: {report.files_changed} files written, {report.files_unchanged} unchanged, "
        f"{report.files_removed} removed"
    )
    lines += [f"  mail: {line}" for line in report.mail]
    lines += [f"  {problem}" for problem in report.problems[:_SHOWN_PROBLEMS]]
    if len(report.problems) > _SHOWN_PROBLEMS:
        lines.append(f"  and {len(report.problems) - _SHOWN_PROBLEMS} more: `yibao status` shows them")
    lines += [f"  trouble: {trouble}" for trouble in report.troubles]
    lines += [f"  note: {note}" for note in report.notes]
    lines += [f"  FAILED: {failure}" for failure in report.failures]
    return "\n".join(lines)


def as_markdown(report: Report) -> str:
    """The report as Prefect shows it."""
    errors = sum(problem.severity == Severity.ERROR for problem in report.problems)
    rows = [
        ("papers", f"{report.papers_new} new, {report.papers_changed} changed"),
        (
            "translations",
            f"{report.translations_new} new, {report.translations_revised} revised, "
            f"{report.translations_unchanged} unchanged, {report.waiting} waiting for arXiv, {report.stale} stale",
        ),
        ("set aside", f"{errors} errors, {len(report.problems) - errors} warnings"),
        ("published", f"{report.files_changed} files written, {report.files_unchanged} unchanged"),
        ("mail", "; ".join(report.mail) or "none"),
    ]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in [*report.announced.items(), *rows])
    problems = "\n".join(f"- {_cell(str(problem))}" for problem in report.problems[:_SHOWN_PROBLEMS])
    faults = "\n".join(f"- **{_cell(fault)}**" for fault in report.failures)
    return f"# {report.flow} {report.on}\n\n{faults}\n\n| what | |\n|---|---|\n{table}\n\n{problems}\n"


def _imported(report: Report) -> str:
    """What only an import tells."""
    if report.flow != "import":
        return ""
    return f", {report.papers_unchanged} unchanged; {report.duplicates} records spoke of a paper once more"


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def _papers(count: int) -> str:
    return "paper awaits" if count == 1 else "papers await"
