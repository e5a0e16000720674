"""A bulk metadata snapshot, so that a new installation begins with all of arXiv."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import progress, wiring
from flows.ending import ended
from flows.wiring import Run
from storage import bulk_files
from storage.disk import explain_disk_errors
from storage.library import bulk, connection, oai_lists, papers, problems
from storage.library.bulk import Compared, DamagedFileError, Doubtful, UnreadableLinesError
from storage.library.connection import Connection
from yibao import identifiers
from yibao.arxiv import oai
from yibao.errors import YibaoError
from yibao.identifiers import Repaired
from yibao.models import Problem, Severity

_ROWS = 500_000


@flow(name="import")
def import_(file: str, on: date | None = None, config: str = "yibao.toml") -> State | None:
    """Every record of a snapshot is in the library, unless the library knows it so or better; nothing is published.

    Killed at any moment and run again it goes on where it was: what is stored is not stored twice.
    """
    with wiring.run(Path(config), "import", on) as run:
        store_file(run, Path(file).resolve())
        return ended(run)


@task(name="import a snapshot", cache_policy=NO_CACHE)
def store_file(run: Run, path: Path) -> None:
    """The file is in the library.

    Raises:
        YibaoError: it cannot be read, or is no snapshot.
    """
    with connection.opened(run.library) as library:
        bulk.prepare(library)
        try:
            bulk_files.require_whole(path)
            _store(run, library, path, path, [])
        except UnreadableLinesError as error:
            if bulk_files.kind_of(path) == "parquet":
                raise YibaoError(f"{path}: the Parquet file is damaged ({error}). Get it again.") from None
            _store_readable_lines(run, library, path)
        except DamagedFileError as error:
            raise YibaoError(f"{path}: {error}") from None


def _store_readable_lines(run: Run, library: Connection, path: Path) -> None:
    """The file is in the library, but for the lines that are no records; those are told."""
    folder = run.settings.paths.data / "import"
    clean = folder / "bulk.clean.jsonl"
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        progress.tell(f"setting aside what is no record in {path.name}", None)
        bad = bulk_files.without_bad_lines(path, clean)
        if not clean.stat().st_size:
            raise YibaoError(f"{path}: none of its lines is a record of arXiv's metadata. {bad[0].reason}")
        _store(run, library, path, clean, [_unreadable(path, one.line, one.reason) for one in bad])
    finally:
        clean.unlink(missing_ok=True)


def _store(run: Run, library: Connection, path: Path, readable: Path, found: list[Problem]) -> None:
    """The file is in the library; `readable` is the file, or a copy without the lines told in `found`."""
    progress.tell(f"reading {path.name}", None)
    is_parquet = bulk_files.kind_of(readable) == "parquet"
    relation = bulk.parquet_relation(library, str(readable)) if is_parquet else bulk.json_relation(str(readable))
    outcomes = [(record.given, _outcome(record)) for record in bulk.look(library, relation)]
    repaired = {given: outcome.arxiv_id for given, outcome in outcomes if given and isinstance(outcome, Repaired)}
    compared = bulk.compare(library, repaired)
    if not compared.records and outcomes:
        raise YibaoError(f"{path}: none of its lines is a record of arXiv's metadata. {_reason(outcomes[0][1])}")
    with ThreadPoolExecutor(max_workers=1) as looking:
        # Where the bad ones stand takes a walk through the whole file, beside the storing of the good ones.
        ids = {given for given, _ in outcomes if given}
        lines = looking.submit(bulk_files.lines_of, path, ids if not is_parquet else ())
        _store_parts(run, library, readable, relation, compared)
        told = [_told(path, lines.result().get(given or "", 1), outcome) for given, outcome in outcomes]
    with connection.transaction(library):
        merged = papers.store(library, bulk.mixed(library, relation), run.on)
        problems.replace(library, f"import:{path.name}", [*found, *told])
        _remember(library, compared.updated_until)
    run.report.papers_new += compared.new
    run.report.papers_changed += compared.changed + merged.changed
    run.report.papers_unchanged += compared.unchanged + merged.unchanged
    run.report.duplicates += compared.duplicates
    run.report.problems += [*found, *told]


def _store_parts(run: Run, library: Connection, path: Path, relation: str, compared: Compared) -> None:
    """What is new or changed is stored, part by part, each in a transaction."""
    if not compared.new and not compared.changed:
        return
    with connection.transaction(library):
        bulk.note(library)
    if bulk_files.kind_of(path) == "parquet":
        for first in range(0, compared.rows, _ROWS):
            with connection.transaction(library):
                bulk.store(library, bulk.rows_of(relation, first, first + _ROWS), run.on)
            progress.tell("storing", min(1.0, (first + _ROWS) / compared.rows))
    else:
        size = bulk_files.size_of(path)
        for part, done in bulk_files.parts(path, run.settings.paths.data / "import"):
            with connection.transaction(library):
                bulk.store(library, bulk.json_relation(str(part)), run.on)
            progress.tell("storing", done / size if size else None)
    with connection.transaction(library):
        bulk.store_twice(library, relation, run.on)


def _outcome(record: Doubtful) -> Repaired | str:
    if record.given is None:
        return "It has no identifier."
    if record.title is None:
        return f"{record.given} has no title."
    return identifiers.repair(record.given, identifiers.month_of(record.created))


def _remember(library: Connection, updated_until: date | None) -> None:
    """What has changed since the snapshot will be asked for."""
    if updated_until is None:
        return
    place = oai_lists.read(library, oai.PREFIX)
    since = updated_until - timedelta(days=1)
    if place is None or since < place.from_on:
        oai_lists.store(library, oai_lists.OaiList(oai.PREFIX, since))


def _told(path: Path, line: int, outcome: Repaired | str) -> Problem:
    if isinstance(outcome, str):
        return _unreadable(path, line, outcome)
    remedy = "Nothing to do; the paper is stored under the repaired identifier."
    return Problem(
        path.name, line, 1, "repaired-identifier", Severity.WARNING, outcome.reason, remedy, outcome.arxiv_id
    )


def _reason(outcome: Repaired | str) -> str:
    return outcome if isinstance(outcome, str) else outcome.reason


def _unreadable(path: Path, line: int, reason: str) -> Problem:
    remedy = "It was set aside, the others were read; correct the line and import the file again."
    return Problem(path.name, line, 1, "unreadable-record", Severity.ERROR, reason, remedy)
