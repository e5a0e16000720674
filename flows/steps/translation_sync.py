"""What curators wrote, from their files into the library."""

from flows.steps.progress import report_progress
from flows.steps.run_record import Run, write_library
from storage.library import papers, problems, staleness, translations
from yibao import dates
from yibao.records import Problem, Severity
from yibao.run_report import Outcome
from yibao.translations import folder


def sync_translations(run: Run) -> Outcome:
    """Make each translation's current revision what its file says.

    What cannot be read is put on record and fails the run; what was read from such a file before stays as it is.
    """
    report_progress("reading translations")
    curated = folder.read_folder(run.settings.translations.paths, run.settings.site.language)
    # Notes are for the curator at work, `yibao translations check`; a run tells of what readers may notice.
    reported = [problem for problem in curated.problems if problem.severity != Severity.NOTE]
    unreadable = [problem for problem in reported if problem.rule == "unreadable"]
    with write_library(run) as library:
        stored = translations.store_translations(
            library, curated.translations, run.on, dates.format_week(run.on), is_partial=bool(unreadable)
        )
        reported += [_describe_vanished(arxiv_id) for arxiv_id in stored.vanished]
        problems.replace_problems(library, "translations", reported)
        stale = staleness.update_staleness(library, run.on)
        waiting = len(papers.find_waiting_papers(library))
    return Outcome(
        translations_new=stored.new,
        translations_revised=stored.revised,
        translations_unchanged=stored.unchanged,
        stale=stale,
        waiting=waiting,
        problems=tuple(reported),
        faults=tuple(str(problem) for problem in unreadable),
    )


def _describe_vanished(arxiv_id: str) -> Problem:
    message = f"The translation of {arxiv_id} is in no file any more; it is still published."
    remedy = "Put the entry back, or write its correction under the same link."
    return Problem("translations", 1, 1, "vanished", Severity.WARNING, message, remedy, arxiv_id)
