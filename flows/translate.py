"""What curators wrote is in the library."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from commands import progress
from flows.wiring import Run
from storage.library import connection, papers, problems, staleness, translations
from yibao import dates
from yibao.records import Problem, Severity
from yibao.translations import folder


@task(name="read the curators' files", cache_policy=NO_CACHE)
def translate(run: Run) -> None:
    """Each translation's current revision is what its file says; what cannot be read is on record, and fails the run.

    What was read from an unreadable file before stays as it is.
    """
    progress.tell("reading translations", None)
    curated = folder.read_folder(run.settings.translations.paths, run.settings.site.language)
    # Notes are for the curator at work, `yibao translations check`; a run tells of what readers may notice.
    told = [problem for problem in curated.problems if problem.severity != Severity.NOTE]
    unreadable = [problem for problem in told if problem.rule == "unreadable"]
    with connection.write_library(run.library) as library:
        stored = translations.store_translations(
            library, curated.translations, run.on, dates.format_week(run.on), is_partial=bool(unreadable)
        )
        vanished = [_vanished(arxiv_id) for arxiv_id in stored.vanished]
        problems.replace_problems(library, "translations", [*told, *vanished])
        run.report.stale = staleness.update_staleness(library, run.on)
        run.report.waiting = len(papers.find_waiting_papers(library))
    run.report.translations_new += stored.new
    run.report.translations_revised += stored.revised
    run.report.translations_unchanged += stored.unchanged
    run.report.problems += [*told, *vanished]
    for problem in unreadable:
        run.report.fault(str(problem))


def _vanished(arxiv_id: str) -> Problem:
    message = f"The translation of {arxiv_id} is in no file any more; it is still published."
    remedy = "Put the entry back, or write its correction under the same link."
    return Problem("translations", 1, 1, "vanished", Severity.WARNING, message, remedy, arxiv_id)
