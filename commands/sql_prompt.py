"""`yibao sql` as a conversation: a prompt with history and completion, one statement after the other."""

from collections.abc import Iterator
from pathlib import Path

import click
import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from commands import sql
from yibao.dataset.schema import Table, load_schema
from yibao.errors import YibaoError
from yibao.settings import Settings

_WORDS = (
    "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN LEFT USING ON AND OR NOT IN IS NULL LIKE ILIKE BETWEEN DISTINCT COUNT "
    "MEDIAN AVG MIN MAX SUM CASE WHEN THEN ELSE END AS DESC ASC HAVING QUALIFY WITH UNION ALL DESCRIBE SUMMARIZE"
)
_MACROS = ("paper_as_of(", "version_as_of(", "edition_as_of(", "translation_as_of(", "identifier_month(")
_HELP = r"""Statements end with ; or, for one line a value, with \G. Tab completes, arrows recall, Ctrl-C clears.
  \d          which tables there are
  \d TABLE    what its columns mean
  \q          leave; so does Ctrl-D"""


def ask_on(settings: Settings, target: "sql.Target") -> None:
    """Answer what a person types until they leave."""
    click.echo(f"{target.name}: {target.path}\n{_HELP}")
    session: PromptSession[str] = PromptSession(
        history=_open_history(),
        completer=WordCompleter(list(list_words()), ignore_case=True),
        complete_while_typing=False,
        multiline=True,
        key_bindings=_bind_keys(),
        prompt_continuation="   … ",
    )
    while True:
        try:
            text = session.prompt("sql> ").strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text in ("\\q", "quit", "exit", "quit;", "exit;"):
            return
        answer(settings, target, text)


def answer(settings: Settings, target: "sql.Target", text: str) -> None:
    """Answer one line; what is wrong with it is said, and the conversation goes on."""
    if not text.strip(" ;"):
        return
    if text.startswith("\\"):
        click.echo(describe(text))
        return
    try:
        sql.run_job(settings, sql.make_job(settings, target, text, "table"))
    except (YibaoError, click.UsageError) as error:
        click.echo(f"yibao: {error}", err=True)
    except KeyboardInterrupt:
        click.echo("yibao: ended.", err=True)


def describe(command: str) -> str:
    r"""Answer \d, \d TABLE, and whatever else begins with a backslash."""
    name, _, rest = command.rstrip(";").partition(" ")
    table = load_schema().find_table(rest.strip())
    if name != "\\d" or (rest.strip() and table is None):
        return _HELP
    return _explain(table) if table else "\n".join(f"{one.name:18} {one.meaning}" for one in load_schema().tables)


def list_words() -> Iterator[str]:
    """List what can be completed: words of SQL, tables, columns, macros."""
    yield from _WORDS.split()
    yield from _MACROS
    yield from sorted({name for table in load_schema().tables for name in (table.name, *table.names)})


def _explain(table: Table) -> str:
    columns = "\n".join(f"  {column.name:20} {column.type:10} {column.meaning}" for column in table.columns)
    return f"{table.name}: {table.meaning}\n{columns}"


def _bind_keys() -> KeyBindings:
    """Let Enter send a statement that is at its end, and break the line of one that is not."""
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        text = event.current_buffer.text.strip()
        is_whole = not text or text.startswith("\\") or text.endswith((";", "\\G")) or text in ("quit", "exit")
        if is_whole:
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    return bindings


def _open_history() -> History:
    path = Path(platformdirs.user_state_dir("yibao")) / "sql_history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
