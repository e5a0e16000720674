"""Taking runs back: the library as it was, as far as it knows, before the runs for dates after a day.

Everything that such a run writes bears the date of the run or of a list, so that it can be told by it. What cannot be
told exactly is forgotten, so that the next run learns it again.
"""

from datetime import date, timedelta
from typing import NamedTuple

from storage.library import pending
from storage.library.connection import Connection
from yibao import dates

#: What is undone, by what it is called for a person; `$after` is the last date that stays.
_COUNTED = {
    "runs": 'SELECT count(*) FROM run WHERE "on" > $after',
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
    "kept responses": 'SELECT count(*) FROM response WHERE "on" > $after',
}
_UNDONE = (
    # Problems that were found in what is taken away.
    'DELETE FROM problem WHERE scope IN (SELECT url FROM response WHERE "on" > $after)',
    'DELETE FROM response WHERE "on" > $after',
    'DELETE FROM run WHERE "on" > $after',
    "DELETE FROM lease",
    # Lists. What was learnt of earlier ones is true, and counts as learnt on the last date that stays.
    "DELETE FROM announcement WHERE announced_on > $after",
    "DELETE FROM look WHERE announced_on > $after",
    "UPDATE look SET looked_on = $after WHERE looked_on > $after",
    "DELETE FROM batch WHERE announced_on > $after",
    "UPDATE batch SET since_on = $after WHERE since_on > $after",
    # Translations that were bound to a text which nobody is to have known are bound anew.
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
    # The last revision that is left is the current one again; whether it is stale is found out by the next run.
    """
    UPDATE translation SET state = 'current', state_on = revised_on
    WHERE state_on > $after
      AND (arxiv_id, language, revision) IN (
        SELECT (arxiv_id, language, max(revision)) FROM translation GROUP BY arxiv_id, language
      )
    """,
    "UPDATE translation SET state_on = $after WHERE state_on > $after",
    """
    DELETE FROM english_text
    WHERE sha256 NOT IN (SELECT source_sha256 FROM translation WHERE source_sha256 IS NOT NULL)
    """,
    # Papers.
    "DELETE FROM paper_state WHERE known_from > $after",
    "UPDATE paper_state SET known_until = NULL WHERE known_until > $after",
    # What readers were shown.
    "DELETE FROM edition WHERE starts_on > $after",
    "DELETE FROM published",
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
    found = {name: _number(connection, query, after) for name, query in _COUNTED.items()}
    return Undone(after, {name: number for name, number in found.items() if number})


def undo(connection: Connection, after: date, overlap: timedelta) -> None:
    """Undo all that runs for dates after this one wrote. Call it in a transaction, while no run is at work.

    The next harvest asks for all that changed since `overlap` before that date; the next publication makes everything
    anew.
    """
    for query in _UNDONE:
        connection.execute(query, {"after": after} if "$after" in query else None)
    connection.execute(
        """
        UPDATE oai_list SET from_on = least(from_on, $from_on), token = NULL, reached_on = NULL, responded_on = NULL
        """,
        {"from_on": after - overlap},
    )
    _forget_publications(connection, after)


def _forget_publications(connection: Connection, after: date) -> None:
    """Items that readers met only then were never published; what was corrected since then is stamped anew."""
    end = dates.find_eastern_midnight(after + timedelta(days=1))
    items = connection.execute("SELECT item FROM publication WHERE published_at >= $end", {"end": end}).fetchall()
    connection.execute("DELETE FROM publication WHERE published_at >= $end", {"end": end})
    connection.execute(
        """
        UPDATE publication
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


def _number(connection: Connection, query: str, after: date) -> int:
    row = connection.execute(query, {"after": after}).fetchone()
    return int(row[0]) if row else 0
