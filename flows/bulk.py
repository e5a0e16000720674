"""A bulk metadata snapshot, so that a new installation begins with all of arXiv."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from commands import progress
from flows import wiring
from flows.ending import ended
from flows.wiring import Run
from storage import snapshot_files
from storage.disk import explain_disk_errors
from storage.library import bulk_shape, connection, oai_cursor, papers, problems, snapshot
from storage.library.connection import Connection
from storage.library.snapshot import Compared, DamagedFileError, Doubtful, UnreadableLinesError
from yibao import identifiers
from yibao.arxiv import oai
from yibao.errors import YibaoError
from yibao.identifiers import Repaired
from yibao.records import Problem, Severity
from yibao.text import shorten

_ROWS = 500_000
#: Records by which the shape of a file is judged, and characters of one that a message shows.
_SAMPLE, _MOST_SAID = 1000, 80


@flow(name="import")
def import_(file: str, on: date | None = None, config: str = "yibao.toml", run_id: str | None = None) -> State | None:
    """Every record of a snapshot is in the library, unless the library knows it so or better; nothing is published.

    Killed at any moment and run again it goes on where it was: what is stored is not stored twice.
    """
    with wiring.run(Path(config), "import", on, run_id) as run:
        store_file(run, Path(file).resolve())
        return ended(run)


@task(name="import a snapshot", cache_policy=NO_CACHE)
def store_file(run: Run, path: Path) -> None:
    """The file is in the library.

    Raises:
        YibaoError: it cannot be read, or is no snapshot.
    """
    with connection.open_library(run.library) as library:
        snapshot.prepare_import(library)
        try:
            snapshot_files.require_whole(path)
            _store(run, library, path, path, [])
        except UnreadableLinesError as error:
            if snapshot_files.detect_kind(path) == "parquet":
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
        bad = snapshot_files.copy_good_lines(path, clean)
        if not clean.stat().st_size:
            raise YibaoError(f"{path}: none of its lines is a record of arXiv's metadata. {bad[0].reason}")
        _store(run, library, path, clean, [_unreadable(path, one.line, one.reason) for one in bad])
    finally:
        clean.unlink(missing_ok=True)


def _store(run: Run, library: Connection, path: Path, readable: Path, found: list[Problem]) -> None:
    """The file is in the library; `readable` is the file, or a copy without the lines told in `found`.

    Raises:
        ShapeError: it is in another schema.
    """
    progress.tell(f"reading {path.name}", None)
    is_parquet = snapshot_files.detect_kind(readable) == "parquet"
    if is_parquet:
        bulk_shape.check_columns(path.name, snapshot.types_of(library, str(readable)))
    else:
        bulk_shape.check_records(path.name, snapshot_files.sample_records(readable, _SAMPLE))
    relation = (
        snapshot.parquet_relation(library, str(readable)) if is_parquet else snapshot.json_relation(str(readable))
    )
    doubtful = snapshot.find_doubtful_records(library, relation)
    compared = snapshot.compare_records(library, _repaired(doubtful))
    _refuse_codes(path, doubtful, compared)
    copy = run.settings.paths.data / "import" / "bulk.doubtful.jsonl"
    with ThreadPoolExecutor(max_workers=1) as looking:
        # Where the bad ones stand takes a walk through the whole file, beside the storing of the good ones.
        is_told = is_parquet or not doubtful
        walk = None if is_told else looking.submit(_copy_doubtful, path, doubtful, copy)
        try:
            _store_parts(run, library, readable, relation, compared)
            if walk:
                walk.result()
                doubtful = snapshot.find_doubtful(library, snapshot.json_relation(str(copy), has_lines=True))
        finally:
            if walk:
                wait([walk])
            copy.unlink(missing_ok=True)
    told = [_told(path, one) for one in doubtful]
    with connection.begin_transaction(library):
        merged = papers.store_papers(library, snapshot.read_mixed_records(library, relation), run.on)
        problems.replace_problems(library, f"import:{path.name}", [*found, *told])
        _remember(library, compared.updated_until)
    run.report.papers_new += compared.new
    run.report.papers_changed += compared.changed + merged.changed
    run.report.papers_unchanged += compared.unchanged + merged.unchanged
    run.report.duplicates += compared.duplicates
    run.report.problems += [*found, *told]


def _repaired(doubtful: Sequence[Doubtful]) -> dict[str, str]:
    """Identifiers that can be told for certain, by what the file has instead."""
    outcomes = [(one.given, _outcome(one)) for one in doubtful]
    return {given: outcome.arxiv_id for given, outcome in outcomes if given and isinstance(outcome, Repaired)}


def _refuse_codes(path: Path, doubtful: Sequence[Doubtful], compared: Compared) -> None:
    """Nothing is stored of a file whose categories are not arXiv's, or that holds no record at all."""
    unknown = [one for one in doubtful if one.column == "categories"]
    if 2 * len(unknown) > compared.rows:
        raise bulk_shape.refuse_categories(path.name, unknown[0].value)
    if not compared.records and doubtful:
        reason = _reason(_outcome(doubtful[0]))
        raise YibaoError(f"{path}: none of its lines is a record of arXiv's metadata. {reason}")


def _copy_doubtful(path: Path, doubtful: Sequence[Doubtful], copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    snapshot_files.copy_lines(path, {one.given for one in doubtful}, copy)


def _store_parts(run: Run, library: Connection, path: Path, relation: str, compared: Compared) -> None:
    """What is new or changed is stored, part by part, each in a transaction."""
    if not compared.new and not compared.changed:
        return
    with connection.begin_transaction(library):
        snapshot.mark_changed_papers(library)
    if snapshot_files.detect_kind(path) == "parquet":
        for first in range(0, compared.rows, _ROWS):
            with connection.begin_transaction(library):
                snapshot.store_records(library, snapshot.rows_of(relation, first, first + _ROWS), run.on)
            progress.tell("storing", min(1.0, (first + _ROWS) / compared.rows))
    else:
        size = snapshot_files.measure_size(path)
        for part, done in snapshot_files.split_file(path, run.settings.paths.data / "import"):
            with connection.begin_transaction(library):
                snapshot.store_records(library, snapshot.json_relation(str(part)), run.on)
            progress.tell("storing", done / size if size else None)
    with connection.begin_transaction(library):
        snapshot.store_repeated_records(library, relation, run.on)


def _outcome(record: Doubtful) -> Repaired | str:
    if not record.given:
        return "It has no identifier."
    if record.column == "id":
        return identifiers.repair(record.given, identifiers.month_of(record.created))
    if not (record.value or "").strip():
        return f"{record.given} has no {record.column}."
    value = shorten(record.value or "", _MOST_SAID)
    if record.column == "categories":
        return f"{record.given} names no category of arXiv's: {value!r}."
    return f"{record.given} has a list or an object where its {record.column} should be text: {value}"


def _remember(library: Connection, updated_until: date | None) -> None:
    """What has changed since the snapshot will be asked for."""
    if updated_until is None:
        return
    place = oai_cursor.read_cursor(library, oai.PREFIX)
    since = updated_until - timedelta(days=1)
    if place is None or since < place.from_on:
        oai_cursor.store_cursor(library, oai_cursor.OaiCursor(oai.PREFIX, since))


def _told(path: Path, record: Doubtful) -> Problem:
    line, outcome = record.line or 1, _outcome(record)
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
