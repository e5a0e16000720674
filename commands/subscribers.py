"""What a person types about subscribers: add, list, remove."""

from pathlib import Path

import click

from commands import tables
from commands.options import as_json_option, config_option
from flows.steps import environment
from storage.people import deliveries
from storage.people import subscribers as people_subscribers
from storage.people.schema import People, open_people
from yibao import addresses
from yibao.errors import YibaoError


@click.group()
def subscribers() -> None:
    """Who gets mail."""


@subscribers.command()
@click.argument("email")
@click.option("--frequency", type=click.Choice(["daily", "weekly"]), default="daily", show_default=True)
@config_option
def add(email: str, frequency: str, config: Path) -> None:
    """Subscribe an address, or change its frequency.

    They get editions from today on. Example: yibao subscribers add reader@example.org --frequency weekly
    """
    try:
        address = addresses.parse_address(email).text
    except ValueError as error:
        raise click.BadParameter(f"{email!r} is not an e-mail address: {error}", param_hint="EMAIL") from None
    is_new = people_subscribers.add_subscriber(_people(config), address, frequency, environment.now())
    click.echo(f"{address}: {'subscribed' if is_new else 'was subscribed already'}, {frequency}")


@subscribers.command(name="list")
@click.option(
    "--undelivered", is_flag=True, help="Instead, every message that is not known to have arrived, and the reason."
)
@as_json_option
@config_option
def list_(undelivered: bool, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """List the addresses that get mail.

    Example: yibao subscribers list
    """
    people = _people(config)
    if undelivered:
        tables.show(deliveries.Undelivered._fields, deliveries.list_undelivered(people), as_json=as_json)
        return
    rows = [(person.email, person.frequency) for person in people_subscribers.read_active_subscribers(people)]
    tables.show(("email", "frequency"), rows, as_json=as_json)


@subscribers.command()
@click.argument("email")
@config_option
def remove(email: str, config: Path) -> None:
    """Stop mailing an address.

    Example: yibao subscribers remove reader@example.org
    """
    people = _people(config)
    # As it is now, or as an older Yibao took it in.
    if not any(people_subscribers.remove_subscriber(people, one, environment.now()) for one in forms_of(email)):
        raise YibaoError(f"{email}: this address is not subscribed.")
    click.echo(f"{email}: unsubscribed")


def find_ids(config: Path, emails: tuple[str, ...]) -> list[int]:
    """Find the numbers of these subscribers. Flows know them by these: an address among parameters would be on show.

    Raises:
        click.BadParameter: one of them is not subscribed.
    """
    people = _people(config)
    found = []
    for email in emails:
        ids = [one for one in people_subscribers.find_subscribers(people, forms_of(email)).values() if one is not None]
        if not ids:
            raise click.BadParameter(f"{email} is not subscribed", param_hint="--to")
        found.append(ids[0])
    return found


def forms_of(email: str) -> list[str]:
    """Return an address as it may stand in the database: as typed, and normalised."""
    typed = email.strip()
    try:
        return list({typed: None, addresses.parse_address(typed).text: None})
    except ValueError:
        return [typed]


def _people(config: Path) -> People:
    return open_people(environment.load_settings(config).paths.people)
