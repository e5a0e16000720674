"""What was set aside, repaired or doubted when each source was last read."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from storage.library.connection import Connection, insert_rows
from yibao.records import Problem, Severity


def replace_problems(connection: Connection, scope: str, problems: Iterable[Problem]) -> None:
    """Replace the problems of this scope."""
    connection.execute("DELETE FROM problem WHERE scope = $scope", {"scope": scope})
    insert_rows(connection, "problem", [_row(scope, problem) for problem in problems])


def read_problems(connection: Connection) -> list[Problem]:
    """Read every open problem, errors first, then by place."""
    rows = connection.execute("""
        SELECT path, line, column_number, rule, severity, message, remedy, arxiv_id
        FROM problem
        ORDER BY array_position(['error', 'warning', 'note'], severity), path, line, column_number
    """)
    return [Problem(row[0], row[1], row[2], row[3], Severity(row[4]), *row[5:]) for row in rows.fetchall()]


def _row(scope: str, problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "scope": scope, "column_number": problem.column}
