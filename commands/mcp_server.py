"""The open dataset as tools for assistants, by the Model Context Protocol.

Source: https://modelcontextprotocol.io and https://github.com/modelcontextprotocol/python-sdk.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from importlib.metadata import version
from typing import Annotated, Any, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from commands.api_service import render_answer
from commands.sql import fetch_answer, find_target
from flows.steps import dataset_answers
from flows.steps.dataset_answers import MOST, USUAL
from yibao.dataset.schema import load_schema
from yibao.errors import YibaoError
from yibao.settings import Settings

_P = ParamSpec("_P")
_Answer = dict[str, Any]

#: Rows of an answer in SQL, and characters of any: what an assistant can take in.
_MOST_ROWS, _MOST_CHARACTERS = 200, 100_000
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_INSTRUCTIONS = """\
A gazette of arXiv: papers as arXiv announces them day by day, with human Chinese translations of some. Everything is \
read from the newest release of an open dataset and cannot be changed. Find papers with search, read one with paper; \
count and compare with sql, after describe_tables. Translations belong to their translators: see `license`."""

Limit = Annotated[int, Field(ge=1, le=MOST, description="Rows of a page.")]
PageCursor = Annotated[str | None, Field(description="next_cursor of the page before.")]


def make_server(settings: Settings) -> MCPServer:
    """Make the server with its tools."""
    # What a tool refuses goes to the assistant; said again on stderr it would only fill logs.
    server = MCPServer(
        "yibao",
        title=settings.site.title,
        version=version("yibao"),
        instructions=_INSTRUCTIONS,
        log_level="ERROR",
    )
    for tool in (*_make_reading_tools(settings), *_make_query_tools(settings)):
        server.add_tool(_explain(tool), annotations=_READS)
    return server


def _make_reading_tools(settings: Settings) -> tuple[Callable[..., Any], ...]:
    def search(
        query: Annotated[str, Field(description='Such as: title:agents author:"He, Kaiming" cat:cs.CL translated:yes')],
        limit: Limit = USUAL,
        cursor: PageCursor = None,
        *,
        newest_first: bool = False,
    ) -> _Answer:
        """Find papers, translated or not, by words of titles, abstracts and names in English or Chinese."""
        return dataset_answers.search_papers(settings, [("q", query)], limit, cursor, newest_first=newest_first)

    def paper(
        identifier: Annotated[str, Field(description="2501.12948, arXiv:2501.12948v2, or its address.")],
    ) -> _Answer:
        """Read all that is known of a paper: texts, authors, versions, announcements, translations."""
        return dataset_answers.read_paper(settings, identifier)

    def editions(limit: Limit = USUAL, cursor: PageCursor = None) -> _Answer:
        """List editions of days and weeks, the latest first."""
        return dataset_answers.list_editions(settings, limit, cursor)

    def edition(
        name: Annotated[str, Field(description="2025-01-17, or 2025-W03 for a week.")],
        limit: Limit = USUAL,
        cursor: PageCursor = None,
    ) -> _Answer:
        """Read an edition: its papers in order, the translated ones first."""
        return dataset_answers.read_edition(settings, name, limit, cursor)

    def completeness(
        category: str | None = None,
        from_date: date | None = None,
        until_date: date | None = None,
        limit: Limit = USUAL,
        cursor: PageCursor = None,
    ) -> _Answer:
        """List what each of arXiv's lists should hold and what we hold of it, the latest first."""
        values = {"category": category, "from": from_date, "until": until_date}
        chosen = {key: value for key, value in values.items() if value is not None}
        return dataset_answers.list_completeness(settings, chosen, limit, cursor)

    return search, paper, editions, edition, completeness


def _make_query_tools(settings: Settings) -> tuple[Callable[..., Any], ...]:
    def describe_tables() -> _Answer:
        """Tell the tables of the dataset with all columns, for sql."""
        return {
            table.name: {
                "meaning": table.meaning,
                "key": table.key,
                "columns": [f"{column.name} {column.type}: {column.meaning}" for column in table.columns],
            }
            for table in load_schema().tables
        }

    def sql(query: Annotated[str, Field(description="One SELECT in DuckDB's SQL.")]) -> _Answer:
        """Ask the newest release in SQL, read-only, within limits of time and memory; at most 200 rows come back."""
        target = find_target(settings, None, is_library=False)
        rows = json.loads(fetch_answer(settings, target, query, _MOST_ROWS + 1))
        return {"release": target.path.parent.name, "rows": rows[:_MOST_ROWS], "is_cut": len(rows) > _MOST_ROWS}

    return describe_tables, sql


def _explain(tool: Callable[_P, _Answer]) -> Callable[_P, _Answer]:
    """Turn what the asker can act on into the tool's answer, and keep answers short enough to be read."""

    @wraps(tool)
    def answer(*args: _P.args, **kwargs: _P.kwargs) -> _Answer:
        with _as_tool_errors():
            content = render_answer(tool(*args, **kwargs))
        if len(content) > _MOST_CHARACTERS:
            raise ToolError(
                f"The answer has {len(content)} bytes, more than {_MOST_CHARACTERS}. Ask for less at a time."
            )
        said: _Answer = json.loads(content)
        return said

    return answer


@contextmanager
def _as_tool_errors() -> Iterator[None]:
    try:
        yield
    except YibaoError as error:
        raise ToolError(str(error)) from None
