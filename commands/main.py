"""What a person types: `yibao` and its commands by chapter."""

import importlib
import os

import click

from commands import failures
from yibao import __version__

#: The chapters of `yibao --help`: each command with the module that has it.
_CHAPTERS = {
    "Begin": {"init": "begin"},
    "Each day": {
        "run": "run",
        "harvest": "run",
        "import": "run",
        "publish": "run",
        "schedule": "run",
        "revert": "revert",
    },
    "Curate": {"translations": "translations", "lsp": "language_server"},
    "Open data": {"dataset": "dataset", "mcp": "assistants"},
    "Mail": {"newsletter": "newsletter", "subscribers": "subscribers"},
    "Keep": {"backup": "backup", "restore": "backup", "rebuild": "rebuild"},
    "Look": {"status": "status", "doctor": "doctor", "search": "inspect", "sql": "sql", "serve": "inspect"},
}
_MODULES = {name: module for chapter in _CHAPTERS.values() for name, module in chapter.items()}


class Contents(click.Group):
    """A group whose help is a table of contents, and that imports no other command than the one that is typed.

    All together take longer to import than most of them to do their work.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (Click's signature)
        """List the commands in the order of their chapters."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (likewise)
        """Import a command; None where there is none of this name."""
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"commands.{_MODULES[cmd_name]}")
        # A keyword of Python's has an underscore behind it.
        command: click.Command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by chapter, each with its first sentence."""
        for chapter, names in _CHAPTERS.items():
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


if __name__ == "__main__":
    main()
