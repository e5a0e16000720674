"""Taking runs back: the library as it was, as far as it knows, before the runs for dates after a day.

Everything that such a run writes bears the date of the run or of a list, by which it is found. What cannot be restored
exactly is forgotten, so that the next run learns it again.
"""

from datetime import date, timedelta
from typing import NamedTuple

from storage.library import pending
from storage.library.connection import Connection
from yibao import dates

#: What is undone, by what it is called for a person; `$after` is the last date that stays.
_COUNTED = {
    "runs": "SELECT count(*) FROM operations.run WHERE run_on > $after",
    "lists": "SELECT count(*) FROM batch WHERE announced_on > $after",
    "announcements": "SELECT count(*) FROM announcement WHERE announced_on > $after",
    "papers": """
        SELECT count(DISTINCT arxiv_id) FROM paper_state
        WHERE known_from > $after AND arxiv_id NOT IN (SELECT arxiv_id FROM paper_state WHERE known_from <= $after)
    """,
    "changes of papers": "SELECT count(*) FROM paper_state WHERE known_from <= $after AND known_until > $after",
    "translations": "SELECT count(*) FROM translation WHERE arrived_on > $after AND revision = 1",
    "revisions of translations": "SELECT count(*) FROM translation WHERE revised_on > $after AND arrived_on <= $after",
    "editions": "SELECT count(*) FROM edition WHERE starts_on > $after",
    "kept responses": "SELECT count(*) FROM operations.response WHERE run_on > $after",
}
_UNDONE = (
    # Problems that were found in what is taken away.
    "DELETE FROM problem WHERE scope IN (SELECT url FROM operations.response WHERE run_on > $after)",
    "DELETE FROM operations.response WHERE run_on > $after",
    "DELETE FROM operations.run WHERE run_on > $after",
    "DELETE FROM operations.lease",
    # Lists. What was learnt of earlier ones is true, and counts as learnt on the last date that stays.
    "DELETE FROM announcement WHERE announced_on > $after",
    "DELETE FROM operations.source_report WHERE announced_on > $after",
    "UPDATE operations.source_report SET reported_on = $after WHERE reported_on > $after",
    "DELETE FROM batch WHERE announced_on > $after",
    "UPDATE batch SET since_on = $after WHERE since_on > $after",
    # Translations that were made from a text which nobody is to have known get their source anew.
    """
    UPDATE translation SET source_version = NULL, source_sha256 = NULL
    WHERE source_sha256 IN (
        SELECT sha256(title || chr(10) || chr(10) || abstract) FROM paper_state
        WHERE known_from > $after AND paper_state.arxiv_id = translation.arxiv_id
    ) AND source_sha256 NOT IN (
        SELECT sha256(title || chr(10) || chr(10) || abstract) FROM paper_state
        WHERE known_from <= $after AND paper_state.arxiv_id = translation.arxiv_id
    )
    """,
    "DELETE FROM translation WHERE revised_on > $after",
    "DELETE FROM translation_freshness WHERE since_on > $after",
    # The last revision that remains is the current one again; whether it is stale is found out by the next run.
    """
    UPDATE translation SET revision_state = 'current', superseded_on = NULL, superseded_at = NULL
    WHERE superseded_on > $after
      AND (arxiv_id, language, revision) IN (
        SELECT (arxiv_id, language, max(revision)) FROM translation GROUP BY arxiv_id, language
      )
    """,
    "UPDATE translation SET superseded_on = $after WHERE superseded_on > $after",
    """
    UPDATE translation SET freshness = 'unknown', freshness_on = revised_on, freshness_at = revised_at
    WHERE freshness_on > $after
    """,
    """
    DELETE FROM source_text
    WHERE sha256 NOT IN (SELECT source_sha256 FROM translation WHERE source_sha256 IS NOT NULL)
    """,
    # Papers.
    "DELETE FROM paper_state WHERE known_from > $after",
    "UPDATE paper_state SET known_until = NULL, known_until_at = NULL WHERE known_until > $after",
    # What readers were shown.
    "DELETE FROM edition WHERE starts_on > $after",
    "DELETE FROM edition_paper WHERE edition NOT IN (SELECT edition FROM edition)",
    # What readers saw of editions that go, they saw until now: that stays on record.
    """
    UPDATE edition_history SET shown_until_at = now()
    WHERE shown_until_at IS NULL AND edition NOT IN (SELECT edition FROM edition)
    """,
    "DELETE FROM operations.last_publication",
)


class Undone(NamedTuple):
    """What the runs for dates after a day wrote."""

    after: date
    #: How many of each kind, by what it is called; those of which there is none left out.
    counts: dict[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to undo."""
        return not self.counts


def count(connection: Connection, after: date) -> Undone:
    """Count what `undo` would undo."""
    counts = {name: _count_rows(connection, query, after) for name, query in _COUNTED.items()}
    return Undone(after, {name: count for name, count in counts.items() if count})


def undo(connection: Connection, after: date, overlap: timedelta) -> None:
    """Undo all that runs for dates after this one wrote. Call it in a transaction, while no run is at work.

    The next harvest asks for all that changed since `overlap` before that date; the next publication makes everything
    anew.
    """
    for query in _UNDONE:
        connection.execute(query, {"after": after} if "$after" in query else None)
    connection.execute(
        """
        UPDATE operations.oai_cursor
        SET from_on = least(from_on, $from_on), token = NULL, reached_on = NULL, responded_on = NULL
        """,
        {"from_on": after - overlap},
    )
    _forget_publications(connection, after)


def _forget_publications(connection: Connection, after: date) -> None:
    """Forget items that readers met only then, and the corrections made since then."""
    end = dates.find_eastern_midnight(after + timedelta(days=1))
    late = "FROM operations.published_item WHERE published_at >= $end"
    items = connection.execute(f"SELECT item {late}", {"end": end}).fetchall()
    connection.execute(f"DELETE {late}", {"end": end})
    connection.execute(
        """
        UPDATE operations.published_item
        SET content_sha256 = '',
            edits = greatest(edits - 1, 0),
            updated_at = CASE
                WHEN edits > 1 THEN greatest(published_at, $midnight::TIMESTAMPTZ + (edits - 1) * INTERVAL 1 SECOND)
                ELSE published_at
            END
        WHERE updated_at >= $end
        """,
        {"midnight": dates.find_eastern_midnight(after), "end": end},
    )
    pending.mark_pending(connection, [pending.EVERYTHING, *(row[0] for row in items)])


def _count_rows(connection: Connection, query: str, after: date) -> int:
    row = connection.execute(query, {"after": after}).fetchone()
    return int(row[0]) if row else 0
