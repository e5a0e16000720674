"""The lines of arXiv's daily lists."""

from collections.abc import Collection, Iterable
from datetime import date

from storage.library import pending
from storage.library.connection import WANTED, Connection, bind_names, insert_rows
from yibao.records import AnnouncedPaper, AnnounceType, ListEntry, UnlistedPaper


def read_entries(connection: Connection, category: str, announced_on: date) -> list[ListEntry]:
    """One list as all sources together tell it, by identifier; nothing is said of the papers themselves."""
    rows = connection.execute(
        """
        SELECT arxiv_id, version, type, sources
        FROM announcement
        WHERE category = $category AND announced_on = $on
        ORDER BY arxiv_id
        """,
        {"category": category, "on": announced_on},
    )
    return [ListEntry(row[0], row[1], AnnounceType(row[2]), tuple(row[3])) for row in rows.fetchall()]


def read_described_entries(
    connection: Connection, wanted: Collection[tuple[date, str]]
) -> dict[tuple[date, str], list[ListEntry]]:
    """Lists by date and category, each line with what we hold of its paper; lists without lines are left out.

    All at once: looking among three million papers for one list costs as much as for a thousand.
    """
    rows = connection.execute(
        """
        SELECT
            listed.announced_on,
            listed.category,
            listed.arxiv_id,
            listed.version,
            listed.type,
            listed.sources,
            paper.arxiv_id IS NOT NULL
                AND coalesce(paper.version, listed.version, 1) >= coalesce(listed.version, 1),
            paper.primary_category
        FROM announcement AS listed
        SEMI JOIN (SELECT unnest($dates) AS announced_on, unnest($categories) AS category) AS wanted
            USING (announced_on, category)
        LEFT JOIN paper USING (arxiv_id)
        ORDER BY listed.arxiv_id
        """,
        {"dates": [on for on, _ in wanted], "categories": [category for _, category in wanted]},
    )
    found: dict[tuple[date, str], list[ListEntry]] = {}
    for on, category, arxiv_id, version, kind, sources, is_described, primary in rows.fetchall():
        line = ListEntry(arxiv_id, version, AnnounceType(kind), tuple(sources), is_described, primary)
        found.setdefault((on, category), []).append(line)
    return found


def replace_entries(connection: Connection, category: str, announced_on: date, found: Iterable[ListEntry]) -> None:
    """The list has these lines and no others; papers that it has anew, no longer, or otherwise are pending."""
    told = list(found)
    before = {(line.arxiv_id, line.type) for line in read_entries(connection, category, announced_on)}
    pending.mark_papers_pending(
        connection, {arxiv_id for arxiv_id, _ in before ^ {(one.arxiv_id, one.type) for one in told}}
    )
    connection.execute(
        "DELETE FROM announcement WHERE category = $category AND announced_on = $on",
        {"category": category, "on": announced_on},
    )
    key = {"category": category, "announced_on": announced_on}
    insert_rows(
        connection,
        "announcement",
        [
            {
                "arxiv_id": line.arxiv_id,
                "version": line.version,
                "type": line.type,
                "sources": line.sources,
                **key,
            }
            for line in told
        ],
    )


def find_announced_before(
    connection: Connection, category: str, announced_on: date, arxiv_ids: Collection[str]
) -> set[str]:
    """Which of these papers were first announced in this category, as new or as cross-list, on an earlier date."""
    rows = connection.execute(
        """
        SELECT DISTINCT arxiv_id
        FROM announcement
        WHERE category = $category AND announced_on < $on AND type IN ('new', 'cross')
          AND arxiv_id IN (SELECT unnest($ids))
        """,
        {"category": category, "on": announced_on, "ids": list(arxiv_ids)},
    )
    return {row[0] for row in rows.fetchall()}


def find_unlisted_papers(connection: Connection, since: date) -> dict[str, list[UnlistedPaper]]:
    """By category, the papers that OAI-PMH has told of since a date in a version that no list of the category has.

    Only versions that arXiv announces (until the fifth) and that are new: a paper seen for the first time, or a version
    submitted within ten days before we knew it. One that was submitted before arXiv's oldest page, 90 days back, tells
    nothing: the list that has it may be gone. Source: https://info.arxiv.org/help/replace.html.
    """
    rows = connection.execute(
        """
        SELECT told.category, told.arxiv_id, told.updated_at, told.known_from
        FROM (
            SELECT unnest(categories) AS category, arxiv_id, updated_at, known_from
            FROM paper_state
            WHERE known_until IS NULL AND known_from >= $since AND source = 'arXivRaw' AND version <= 5
              AND updated_at IS NOT NULL
              AND updated_at >= known_from - INTERVAL 90 DAY
              AND (updated_at >= known_from - INTERVAL 10 DAY OR (version = 1 AND first_seen_on = known_from))
        ) AS told
        ANTI JOIN announcement AS listed
          ON listed.arxiv_id = told.arxiv_id
         AND listed.category = told.category
         AND listed.announced_on > CAST(told.updated_at AS DATE)
        ORDER BY told.category, told.arxiv_id
        """,
        {"since": since},
    )
    found: dict[str, list[UnlistedPaper]] = {}
    for category, *values in rows.fetchall():
        found.setdefault(category, []).append(UnlistedPaper(*values))
    return found


def find_dates_with_entries(connection: Connection) -> dict[date, set[str]]:
    """The categories whose list has entries, by date."""
    rows = connection.execute("SELECT announced_on, list(DISTINCT category) FROM announcement GROUP BY announced_on")
    return {row[0]: set(row[1]) for row in rows.fetchall()}


def read_announced_papers(connection: Connection, arxiv_ids: Collection[str]) -> list[AnnouncedPaper]:
    """These papers on every date on which they were announced, by date."""
    rows = connection.execute(
        f"""
        SELECT
            arxiv_id,
            announced_on,
            arg_min(type, list_position(['new', 'cross', 'replace', 'replace-cross'], type)),
            list_sort(list(DISTINCT category))
        FROM announcement
        WHERE arxiv_id IN {WANTED}
        GROUP BY arxiv_id, announced_on
        ORDER BY announced_on, arxiv_id
        """,  # noqa: S608  (our own text)
        bind_names(arxiv_ids),
    )
    return [AnnouncedPaper(row[0], row[1], AnnounceType(row[2]), tuple(row[3])) for row in rows.fetchall()]
