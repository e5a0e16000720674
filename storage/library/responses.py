"""What arXiv answered, as rows: a copy of the journal beside the kept bytes."""

from pathlib import Path

from storage.library.connection import Connection


def sync_responses(connection: Connection, journal: Path) -> None:
    """Insert every whole line of the journal that the table does not have; a damaged line is left out."""
    if not journal.exists():
        return
    connection.execute(
        """
        INSERT INTO response (url, "on", status, sha256, size_bytes, content_type, fetched_at)
        SELECT kept.url, kept."on", kept.status, kept.sha256, kept.size_bytes, kept.content_type, kept.fetched_at
        FROM read_json(
            $journal,
            format = 'newline_delimited',
            ignore_errors = true,
            columns = {
                url: 'VARCHAR', "on": 'DATE', status: 'INTEGER', sha256: 'VARCHAR', size_bytes: 'BIGINT',
                content_type: 'VARCHAR', fetched_at: 'TIMESTAMPTZ'
            }
        ) AS kept
        ANTI JOIN response AS listed USING (url, "on", sha256, fetched_at)
        WHERE kept.url IS NOT NULL AND kept.sha256 IS NOT NULL
        """,
        {"journal": str(journal)},
    )
