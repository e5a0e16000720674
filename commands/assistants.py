"""`yibao mcp`: the open dataset for assistants. The protocol's library takes a second to import, so only here."""

from pathlib import Path

import click

from commands.options import config_option
from flows.steps import environment


@click.command()
@config_option
def mcp(config: Path) -> None:
    """Hand the newest release to an assistant as tools, by the Model Context Protocol.

    Tools: search, papers, editions, completeness, SQL. Speaks on stdin and stdout; the assistant's program starts it.
    Example: yibao mcp --config /srv/yibao/yibao.toml
    """
    from commands.mcp_server import make_server

    make_server(environment.load_settings(config)).run()
