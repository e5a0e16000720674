"""Which answers of arXiv are kept beside the library, under which hash."""

from collections.abc import Iterable
from dataclasses import asdict

from storage.library.connection import Connection, insert_rows
from storage.responses import KeptResponse


def record_responses(connection: Connection, responses: Iterable[KeptResponse]) -> None:
    """Record these answers in the library, in the order in which they came."""
    rows = [{**asdict(response), "run_on": response.on} for response in responses]
    insert_rows(connection, "operations.response", rows)
