"""The command that makes the library again, and shows that it is the same."""

import sys
from pathlib import Path

import click

from commands import tables
from commands.options import config_option
from commands.progress import show_bar
from flows.steps import environment
from flows.steps.rebuild import Rebuilt, rebuild_library


@click.command()
@click.option("--replace", "is_replaced", is_flag=True, help="Put it in the place of the library that is there.")
@config_option
def rebuild(is_replaced: bool, config: Path) -> None:  # noqa: FBT001
    """Make the library again from what is kept, and compare the two.

    That is answers of arXiv, which is asked nothing now, and curators' files. Exits 1 where the two differ, apart from
    papers of a snapshot, which is to be imported again. With --replace the old one stays beside the new, which takes
    over its history. Example: yibao rebuild
    """
    settings = environment.load_settings(config)
    with show_bar(sys.stderr.isatty()):
        rebuilt = rebuild_library(settings, is_replaced=is_replaced)
    for problem in rebuilt.outcome.problems:
        click.echo(str(problem), err=True)
    _show(rebuilt)
    if _differs(rebuilt) and not is_replaced:
        sys.exit(1)


def _show(rebuilt: Rebuilt) -> None:
    if rebuilt.differences is not None:
        rows = [(one.kind, one.same, one.only_before, one.only_rebuilt) for one in rebuilt.differences]
        tables.show_table(("kind", "the same", "only in the library", "only in the rebuilt one"), rows)
    else:
        click.echo(f"There was nothing to compare with. {rebuilt.why_unread}".rstrip())
    if rebuilt.aside:
        click.echo(f"The library that was there is {rebuilt.aside}. Type: yibao publish")


def _differs(rebuilt: Rebuilt) -> bool:
    differences = rebuilt.differences or []
    return any(not one.is_none for one in differences if one.kind != "papers of a snapshot")
