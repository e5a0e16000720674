"""What was set aside, mended or doubted, at the last look at each source."""

from collections.abc import Iterable
from dataclasses import asdict

from storage.library.connection import Connection, insert_rows
from yibao.records import Problem, Severity


def replace_problems(connection: Connection, scope: str, problems: Iterable[Problem]) -> None:
    """The problems of this scope are these, and no others."""
    connection.execute("DELETE FROM problem WHERE scope = $scope", {"scope": scope})
    insert_rows(connection, "problem", [{**asdict(problem), "scope": scope} for problem in problems])


def read_problems(connection: Connection) -> list[Problem]:
    """Every open problem, errors first, then by place."""
    rows = connection.execute("""
        SELECT path, line, "column", rule, severity, message, remedy, arxiv_id
        FROM problem
        ORDER BY array_position(['error', 'warning', 'note'], severity), path, line, "column"
    """)
    return [Problem(row[0], row[1], row[2], row[3], Severity(row[4]), *row[5:]) for row in rows.fetchall()]
