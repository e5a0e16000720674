"""How far back a live feed reaches: most readers follow no link to older items, so what they have not seen is in it."""

from collections.abc import Iterable

from storage.library.connection import WANTED, Connection, bind_names
from storage.library.publications import NEWEST
from yibao.build_graph import Window, WindowRef


def read_windows(
    connection: Connection, lists: Iterable[str], window: Window, *, by_translation: bool
) -> dict[str, list[WindowRef]]:
    """Read the newest of each list, newest first: what its live feed holds, and what its pages hold."""
    newest = f"translated_on DESC, {NEWEST}" if by_translation else NEWEST
    rows = connection.execute(
        f"""
        WITH member AS (
            SELECT
                name,
                * EXCLUDE (name, day),
                coalesce(day, published_at::DATE) AS day
            FROM (
                SELECT unnest(lists) AS name, unnest(listed_on) AS day, * EXCLUDE (lists, listed_on)
                FROM operations.published_item
                WHERE digest IS NOT NULL
            )
            WHERE name IN {WANTED}
        ), placed AS (
            SELECT
                *,
                count(*) OVER (PARTITION BY name, day) AS of_day,
                count(*) OVER (PARTITION BY name ORDER BY day DESC) AS since_day,
                dense_rank() OVER (PARTITION BY name ORDER BY day DESC) AS day_place,
                row_number() OVER (PARTITION BY name ORDER BY day DESC, {newest}) AS place,
                row_number() OVER (PARTITION BY name ORDER BY {newest}) AS newest_place,
                day > max(day) OVER (PARTITION BY name) - {window.days:d} AS is_recent
            FROM member
        ), judged AS (
            SELECT
                *,
                is_recent AND (since_day <= {window.most:d} OR day_place <= 2 AND place <= {window.most:d}) AS is_due,
                newest_place <= {window.least:d} AS is_newest
            FROM placed
        )
        SELECT name, item, digest, day, of_day, is_due, is_newest, is_recent
        FROM judged
        WHERE is_due OR is_newest OR is_recent
        ORDER BY name, {newest}
        """,  # noqa: S608  (our own text)
        bind_names(lists),
    )
    windows: dict[str, list[WindowRef]] = {}
    for name, *values in rows.fetchall():
        windows.setdefault(name, []).append(WindowRef(*values))
    return windows
