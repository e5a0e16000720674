"""A bulk metadata snapshot, so that a new installation begins with all of arXiv."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from pathlib import Path

from flows.steps.progress import report_progress
from flows.steps.run_record import Run
from storage import search, snapshot_files
from storage.disk import explain_disk_errors
from storage.library import bulk_shape, connection, oai_cursor, papers, problems, snapshot
from storage.library.connection import Connection
from storage.library.snapshot import DamagedFileError, Doubtful, UnreadableLinesError
from storage.library.snapshot_comparison import Compared, compare_records
from yibao import identifiers
from yibao.arxiv import oai
from yibao.errors import YibaoError
from yibao.identifiers import RepairedIdentifier
from yibao.records import Problem, Severity
from yibao.run_report import Outcome
from yibao.text import shorten_text

_ROWS = 500_000
#: Records by which the shape of a file is judged, and characters of one that a message shows.
_SAMPLE, _MOST_SAID = 1000, 80


def import_snapshot(run: Run, path: Path) -> Outcome:
    """Import every record of a snapshot, unless the library knows it so or better; one transaction for each part.

    Killed at any moment and called again it goes on where it was: what is stored is not stored twice.

    Raises:
        YibaoError: the file cannot be read, or is no snapshot.
    """
    with connection.open_library(run.settings.paths.library) as library:
        snapshot.prepare_import(library)
        try:
            snapshot_files.require_whole(path)
            return _import_file(run, library, path, path, [])
        except UnreadableLinesError as error:
            if snapshot_files.detect_kind(path) == "parquet":
                raise YibaoError(f"{path}: the Parquet file is damaged ({error}). Get it again.") from None
            return _import_readable_lines(run, library, path)
        except DamagedFileError as error:
            raise YibaoError(f"{path}: {error}") from None


def _import_readable_lines(run: Run, library: Connection, path: Path) -> Outcome:
    """Import the lines of a file that are records; the others are set aside."""
    folder = run.settings.paths.data / "import"
    clean = folder / "bulk.clean.jsonl"
    with explain_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        report_progress(f"setting aside what is no record in {path.name}")
        bad = snapshot_files.copy_good_lines(path, clean)
        if not clean.stat().st_size:
            raise _refuse_file(path, bad[0].reason if bad else None)
        set_aside = [_describe_unreadable(path, one.line, one.reason) for one in bad]
        return _import_file(run, library, path, clean, set_aside)
    finally:
        clean.unlink(missing_ok=True)


def _import_file(run: Run, library: Connection, path: Path, readable: Path, set_aside: Sequence[Problem]) -> Outcome:
    """Import a file; `readable` is the file, or a copy without the lines that were set aside.

    Raises:
        ShapeError: it is in another schema.
    """
    report_progress(f"reading {path.name}")
    relation = _check_shape(library, path, readable)
    doubtful = snapshot.find_doubtful_records(library, relation)
    compared = compare_records(library, _find_repairs(doubtful))
    _refuse_codes(path, doubtful, compared)
    located = _store_beside_search(run, library, path, readable, relation, compared, doubtful)
    file_problems = (*set_aside, *(_describe_doubtful(path, record) for record in located))
    with connection.begin_transaction(library):
        merged = papers.store_papers(library, snapshot.read_mixed_records(library, relation), run.on)
        problems.replace_problems(library, f"import:{path.name}", file_problems)
        _move_cursor_back(library, compared.updated_until)
    return Outcome(
        papers_new=compared.new,
        papers_changed=compared.changed + merged.changed,
        papers_unchanged=compared.unchanged + merged.unchanged,
        duplicates=compared.duplicates,
        problems=file_problems,
    )


def _check_shape(library: Connection, path: Path, readable: Path) -> str:
    """Return the SQL relation of a file's records, once its columns are known to be arXiv's."""
    if snapshot_files.detect_kind(readable) == "parquet":
        bulk_shape.check_columns(path.name, snapshot.read_types(library, str(readable)))
        return snapshot.name_parquet_relation(library, str(readable))
    bulk_shape.check_records(path.name, snapshot_files.sample_records(readable, _SAMPLE))
    return snapshot.name_json_relation(str(readable))


def _store_beside_search(  # noqa: PLR0913  (a file, what is known of it, and where it goes)
    run: Run,
    library: Connection,
    path: Path,
    readable: Path,
    relation: str,
    compared: Compared,
    doubtful: Sequence[Doubtful],
) -> Sequence[Doubtful]:
    """Store the good records; returns the doubtful ones with their lines, which a walk through the file finds."""
    if not doubtful or snapshot_files.detect_kind(readable) == "parquet":
        _store_parts(run, library, readable, relation, compared)
        return doubtful
    copy = run.settings.paths.data / "import" / "bulk.doubtful.jsonl"
    with ThreadPoolExecutor(max_workers=1) as executor:
        walk = executor.submit(_copy_doubtful, path, doubtful, copy)
        try:
            _store_parts(run, library, readable, relation, compared)
            walk.result()
            return snapshot.find_doubtful(library, snapshot.name_json_relation(str(copy), has_lines=True))
        finally:
            wait([walk])
            copy.unlink(missing_ok=True)


def _find_repairs(doubtful: Sequence[Doubtful]) -> dict[str, str]:
    """Find the identifiers that can be told for certain, by what the file has instead."""
    repairs = [(one.given, _try_repair(one)) for one in doubtful]
    return {given: outcome.arxiv_id for given, outcome in repairs if given and isinstance(outcome, RepairedIdentifier)}


def _refuse_codes(path: Path, doubtful: Sequence[Doubtful], compared: Compared) -> None:
    """Refuse a file whose categories are not arXiv's, or that holds no record at all."""
    unknown = [one for one in doubtful if one.column == "categories"]
    if 2 * len(unknown) > compared.rows:
        raise bulk_shape.refuse_categories(path.name, unknown[0].value)
    if not compared.records:
        raise _refuse_file(path, _explain(_try_repair(doubtful[0])) if doubtful else None)


def _refuse_file(path: Path, reason: str | None) -> YibaoError:
    """Say that a file holds no record, and why the first of its lines is none; None where it has no line."""
    if reason is None:
        return YibaoError(f"{path}: there is no record in this file. Get it again.")
    return YibaoError(f"{path}: none of its lines is a record of arXiv's metadata. {reason}")


def _copy_doubtful(path: Path, doubtful: Sequence[Doubtful], copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    snapshot_files.copy_lines(path, {one.given for one in doubtful}, copy)


def _store_parts(run: Run, library: Connection, path: Path, relation: str, compared: Compared) -> None:
    """Store what is new or changed, part by part, each in a transaction."""
    if not compared.new and not compared.changed:
        return
    # Millions of papers are too many to name one by one.
    search.mark_outdated(run.settings.paths.search)
    with connection.begin_transaction(library):
        snapshot.mark_changed_papers(library)
    if snapshot_files.detect_kind(path) == "parquet":
        for first in range(0, compared.rows, _ROWS):
            with connection.begin_transaction(library):
                snapshot.store_records(library, snapshot.rows_of(relation, first, first + _ROWS), run.on)
            report_progress("storing", min(1.0, (first + _ROWS) / compared.rows))
    else:
        size = snapshot_files.measure_size(path)
        for part, done in snapshot_files.split_file(path, run.settings.paths.data / "import"):
            with connection.begin_transaction(library):
                snapshot.store_records(library, snapshot.name_json_relation(str(part)), run.on)
            report_progress("storing", done / size if size else None)
    with connection.begin_transaction(library):
        snapshot.store_repeated_records(library, relation, run.on)


def _try_repair(record: Doubtful) -> RepairedIdentifier | str:
    if not record.given:
        return "It has no identifier."
    if record.column == "id":
        return identifiers.repair_identifier(record.given, identifiers.find_submission_month(record.created))
    if not (record.value or "").strip():
        return f"{record.given} has no {record.column}."
    value = shorten_text(record.value or "", _MOST_SAID)
    if record.column == "categories":
        return f"{record.given} names no category of arXiv's: {value!r}."
    return f"{record.given} has a list or an object where its {record.column} should be text: {value}"


def _move_cursor_back(library: Connection, updated_until: date | None) -> None:
    """Let the next harvest ask for what has changed since the snapshot."""
    if updated_until is None:
        return
    cursor = oai_cursor.read_cursor(library, oai.PREFIX)
    since = updated_until - timedelta(days=1)
    if cursor is None or since < cursor.from_on:
        oai_cursor.store_cursor(library, oai_cursor.OaiCursor(oai.PREFIX, since))


def _describe_doubtful(path: Path, record: Doubtful) -> Problem:
    line, outcome = record.line or 1, _try_repair(record)
    if isinstance(outcome, str):
        return _describe_unreadable(path, line, outcome)
    remedy = "Nothing to do; the paper is stored under the repaired identifier."
    return Problem(
        path.name, line, 1, "repaired-identifier", Severity.WARNING, outcome.reason, remedy, outcome.arxiv_id
    )


def _explain(outcome: RepairedIdentifier | str) -> str:
    return outcome if isinstance(outcome, str) else outcome.reason


def _describe_unreadable(path: Path, line: int, reason: str) -> Problem:
    remedy = "It was set aside, the others were read; correct the line and import the file again."
    return Problem(path.name, line, 1, "unreadable-record", Severity.ERROR, reason, remedy)
