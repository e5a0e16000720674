"""The command that lays out an installation."""

import json
import re
from importlib.resources import files
from pathlib import Path

import click


def _check_address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"[^\s\x00-\x1f\x7f\"'<>()\[\]\\,;:@]+@[^\s\x00-\x1f\x7f\"'<>()\\,;@]+", value):
        raise click.BadParameter(f"{value!r} is not an e-mail address, such as me@example.org.")
    return value


@click.command()
@click.argument("where", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--contact",
    default="",
    metavar="ADDRESS",
    callback=_check_address,
    help="Your mail address; arXiv asks to know whom to write to.",
)
def init(where: Path, contact: str) -> None:
    """Lay out an installation: a commented yibao.toml and a translations folder with its guide.

    Nothing that exists is overwritten. Example: yibao init --contact me@example.org
    """
    templates = files("commands") / "templates"
    settings = (templates / "yibao.toml").read_text(encoding="utf-8").replace('"CONTACT"', json.dumps(contact))
    contents = {
        where / "yibao.toml": settings,
        where / "translations" / "README.md": (templates / "translations.md").read_text(encoding="utf-8"),
    }
    for path, content in contents.items():
        if path.exists():
            click.echo(f"kept   {path}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        click.echo(f"made   {path}")
    click.echo("Next: yibao run")
