"""The commands that look at what is there: search, serve, sql; and status, in a module of its own."""

from pathlib import Path

import click

from commands import tables
from commands.options import as_json_option, config_option
from flows.steps import environment
from storage import search as index
from storage.library import queries
from yibao import markup, search_queries
from yibao.errors import QueryError

_MOST = 30
#: Rows of a query's answer on a terminal.
_MOST_SHOWN = 500


@click.command()
@click.argument("words", nargs=-1)
@click.option("--category", "categories", multiple=True, help="A code, such as cs.CL; may be given again.")
@click.option("--author", "authors", multiple=True, help="A whole name, as arXiv spells it.")
@click.option("--translator", "translators", multiple=True, help="A translator's name.")
@click.option("--translated/--untranslated", default=None, help="Only with a translation, or only without.")
@click.option("--most", default=_MOST, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@as_json_option
@config_option
def search(  # noqa: PLR0913  (a command's options)
    words: tuple[str, ...],
    categories: tuple[str, ...],
    authors: tuple[str, ...],
    translators: tuple[str, ...],
    most: int,
    config: Path,
    *,
    translated: bool | None,
    as_json: bool,
) -> None:
    """Find papers by words of title or abstract, Chinese or English, newest first.

    All words must be there; one that has blanks in it is a phrase. Finds what `yibao publish` published last.
    Example: yibao search 智能体 "language model" --translated
    """
    asked = [("q", f'"{word}"') for word in words]
    for name, values in (("category", categories), ("author", authors), ("translator", translators)):
        asked += [(name, value) for value in values]
    if translated is not None:
        asked.append(("translated", "yes" if translated else "no"))
    try:
        question = search_queries.parse_query(asked)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    found = index.find_entries(environment.load_settings(config).paths.search, question, most)
    rows = [
        (
            entry.stamp.published_at.date() if entry.stamp else None,
            entry.arxiv_id,
            ", ".join(entry.categories),
            markup.render_plain(entry.title),
            markup.render_plain(entry.title_en) if entry.title_zh else None,
        )
        for entry in found
    ]
    tables.show(("published", "arxiv_id", "categories", "title", "title_en"), rows, as_json=as_json)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@config_option
def serve(host: str, port: int, config: Path) -> None:
    """Hand out the published tree over HTTP, and feeds for any question, until stopped.

    For a look, or for a small site by itself; nginx or Caddy may stand before it. Example: yibao serve --port 8000
    """
    from commands.serving import listen, serve_until_stopped

    settings = environment.load_settings(config)
    with listen(host, port) as sockets:
        serve_until_stopped(settings, sockets, f"http://{host}:{port}/ shows {settings.paths.public}; Ctrl-C ends it")


@click.command()
@click.argument("query")
@as_json_option
@config_option
def sql(query: str, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Ask the library in SQL, read-only; a table for a person, CSV when piped.

    One statement, which sees the library and no other file. A run that begins meanwhile goes on.
    Example: yibao sql "SELECT arxiv_id, title FROM current_translation"
    """
    statements = queries.count_statements(query)
    if statements != 1:
        raise click.UsageError(
            f"The query holds {statements} statements; give one at a time."
            if statements
            else 'The query is empty. Try: yibao sql "SELECT arxiv_id, title FROM paper LIMIT 10"'
        )
    with queries.open_answer(environment.load_settings(config).paths.library, query) as answer:
        tables.show(answer.names, answer.rows, as_json=as_json, most_shown=_MOST_SHOWN)
