"""What a person types: `yibao` and its commands by chapter."""

import os

import click

from commands import failures
from commands.begin import init
from commands.inspect import search, serve, sql
from commands.newsletter import newsletter
from commands.revert import revert
from commands.run import harvest, import_, publish, run, schedule
from commands.status import status
from commands.subscribers import subscribers
from commands.translations import translations
from yibao import __version__

#: The chapters of `yibao --help`.
_CHAPTERS = (
    ("Begin", ("init",)),
    ("Each day", ("run", "harvest", "import", "publish", "schedule", "revert")),
    ("Curate", ("translations",)),
    ("Mail", ("newsletter", "subscribers")),
    ("Look", ("status", "search", "sql", "serve")),
)


class Contents(click.Group):
    """A group whose help is a table of contents."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by chapter, each with its first sentence."""
        for chapter, names in _CHAPTERS:
            with formatter.section(chapter):
                commands = [(name, self.get_command(ctx, name)) for name in names]
                formatter.write_dl([(name, command.get_short_help_str(100)) for name, command in commands if command])


@click.group(cls=Contents, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="yibao")
def yibao() -> None:
    """译报, the translated gazette: arXiv's day, merged with curated translations, as feeds, pages and mail."""


def main() -> None:
    """Run the command; what a person or the world did wrong is one sentence on stderr, with exit status 1 or 2."""
    status = failures.run_command(lambda: yibao(standalone_mode=False))
    # Everything is on disk. Prefect's server may still be closing in its thread, and while it does, DuckDB's module
    # complains on stderr of being taken down.
    os._exit(status)


for command in (
    init,
    run,
    harvest,
    import_,
    publish,
    schedule,
    revert,
    translations,
    newsletter,
    subscribers,
    status,
    search,
    sql,
    serve,
):
    yibao.add_command(command)


if __name__ == "__main__":
    main()
