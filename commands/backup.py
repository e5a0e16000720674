"""The commands that copy an installation's data, and put a copy back."""

import sys
from datetime import date
from pathlib import Path

import click

from commands.failures import require_writable
from commands.options import config_option, date_option
from commands.progress import show_bar
from flows.steps import environment
from flows.steps.backup import make_backup, restore_backup


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@config_option
def backup(folder: Path, config: Path) -> None:
    """Copy library, people and kept responses into a new FOLDER, whatever runs meanwhile.

    It holds people's addresses and the secret that signs their links: its owner alone can read it. The settings and the
    curators' files are not in it. Example: yibao backup /backups/2025-01-17
    """
    settings = environment.load_settings(config)
    with show_bar(sys.stderr.isatty()):
        made = make_backup(settings, folder)
    size = sum(size for size, _ in made.files.values())
    click.echo(f"{folder}: {len(made.files)} files, {size / 2**20:.1f} MiB, as of {made.made_at:%Y-%m-%d %H:%M} UTC")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@date_option("--mail-from", "mail_from", "Send no edition unasked that appeared before. Tomorrow by default.")
@config_option
def restore(folder: Path, mail_from: date | None, config: Path) -> None:
    """Put the backup in FOLDER into an installation that has no library and no people yet.

    Each file is checked first. Mail that went out after the backup is on no record, and so is who left after it:
    editions that appeared before tomorrow are not sent unasked. Example: yibao restore /backups/2025-01-17
    """
    settings = environment.load_settings(config)
    require_writable([("paths.data", settings.paths.data)])
    with show_bar(sys.stderr.isatty()):
        restored = restore_backup(settings, folder, mail_from)
    made_at = f"{restored.backup.made_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"restored {len(restored.backup.files)} files as of {made_at}")
    if restored.people:
        click.echo(
            f"{restored.people['subscriber']} subscribers; no edition before {restored.mail_from} is sent unasked"
        )
        click.echo(f"Who left or complained after {made_at} is not known: look through your mail before the next run.")
    if restored.unknown:
        click.echo(
            f"{restored.unknown} messages may have been sent since. `yibao subscribers list --undelivered` names them; "
            "settle each edition with `yibao newsletter settle --edition EDITION --sent` or `--resend`."
        )
    click.echo("Type: yibao doctor; then yibao publish, which makes pages, feeds and the search index again")
