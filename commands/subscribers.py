"""What a person types about subscribers: add, list, remove, block; what is known of one of them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from commands import subscriber_files, tables
from commands.options import as_json_option, config_option
from flows.steps import environment
from flows.steps import people as people_steps
from storage.people import deliveries, personal_data, subscriber_overview, suppressions
from storage.people import subscribers as people_subscribers
from storage.people.database import People
from storage.people.subscribers import Subscriber, SubscriberState
from storage.people.suppressions import SuppressionReason
from yibao import addresses
from yibao.errors import SuppressedError, YibaoError
from yibao.newsletter import subscription_fields as fields
from yibao.records import Frequency, Language, Subscription

_COLUMNS = ("email", "state", "since", "frequency", "language", "topics", "bounces")


@click.group()
def subscribers() -> None:
    """Who gets mail."""


subscribers.add_command(subscriber_files.import_)
subscribers.add_command(subscriber_files.export)


def _parsed_by(parse: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Make a callback that reads an option's value where it is given."""

    def read(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        try:
            return None if value in (None, ()) else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


def _choose(choices: Iterable[str]) -> click.Choice[str]:
    return click.Choice([str(choice) for choice in choices])


_frequency = _parsed_by(Frequency)
_language = _parsed_by(Language)
_categories = _parsed_by(lambda values: fields.parse_categories(filter(None, values)))
_topics = _parsed_by(fields.parse_topics)
_zone = _parsed_by(fields.parse_zone)


@subscribers.command()
@click.argument("email")
@click.option("--frequency", type=_choose(Frequency), callback=_frequency, help="How often mail comes.")
@click.option("--language", type=_choose(Language), callback=_language, help="Chinese, English, or both.")
@click.option("--category", "categories", multiple=True, callback=_categories, help="A category; may be repeated.")
@click.option("--keyword", "keywords", multiple=True, callback=_topics, help="A word or phrase; may be repeated.")
@click.option("--author", "authors", multiple=True, callback=_topics, help="As arXiv spells them; may be repeated.")
@click.option("--timezone", metavar="ZONE", callback=_zone, help="Such as Europe/Paris.")
@config_option
def add(email: str, config: Path, **wishes: Any) -> None:
    """Subscribe an address, or change what it gets; what is not named stays.

    They get editions from today on. Without categories, keywords and authors they get every paper; an empty one ('')
    takes away what they had of its kind. Example: yibao subscribers add reader@example.org --frequency weekly
    """
    address, people = _parse_address(email), _open_people(config)
    person = people_subscribers.find_subscriber(people, address)
    base = person.subscription if person else Subscription()
    subscription = replace(base, **{name: value for name, value in wishes.items() if value is not None})
    try:
        is_new = people_subscribers.add_subscriber(people, address, subscription, environment.now())
    except SuppressedError as error:
        raise YibaoError(f"{address}: {error}") from None
    click.echo(f"{address}: {'subscribed' if is_new else 'was subscribed already'}, {subscription.frequency}")


@subscribers.command(name="list")
@click.option(
    "--undelivered", is_flag=True, help="Instead, every message that is not known to have arrived, and the reason."
)
@click.option("--state", type=_choose(SubscriberState), help="Only those who are in this state.")
@as_json_option
@config_option
def list_(undelivered: bool, state: str | None, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """List everybody who gets mail, and who left or was stopped.

    Example: yibao subscribers list --state active
    """
    people = _open_people(config)
    if undelivered:
        tables.show_table(deliveries.Undelivered._fields, deliveries.list_undelivered(people), as_json=as_json)
        return
    rows = subscriber_overview.iterate_overview(people, SubscriberState(state) if state else None)
    tables.show_table(_COLUMNS, map(_describe_row, rows), as_json=as_json)


@subscribers.command()
@click.argument("email")
@config_option
def remove(email: str, config: Path) -> None:
    """Stop mailing an address.

    Example: yibao subscribers remove reader@example.org
    """
    people = _open_people(config)
    person = _find_active(people, email)
    if person is None:
        raise YibaoError(f"{email}: this address is not subscribed.")
    people_subscribers.end_subscription(people, person.subscriber_id, SubscriberState.LEFT, environment.now())
    click.echo(f"{email}: unsubscribed")


@subscribers.command()
@click.argument("email")
@config_option
def block(email: str, config: Path) -> None:
    """Stop mailing an address, and let nobody subscribe it again.

    Example: yibao subscribers block reader@example.org
    """
    address, people, at = _parse_address(email), _open_people(config), environment.now()
    suppressions.suppress(people, address, SuppressionReason.BLOCKED, at)
    person = _find_active(people, email)
    if person:
        evidence = {"reason": SuppressionReason.BLOCKED}
        people_subscribers.end_subscription(people, person.subscriber_id, SubscriberState.STOPPED, at, None, evidence)
    click.echo(f"{address}: blocked; `yibao subscribers unblock` takes that back")


@subscribers.command()
@click.argument("email")
@config_option
def unblock(email: str, config: Path) -> None:
    """Let an address be subscribed again that was blocked, bounced, complained or was erased.

    Example: yibao subscribers unblock reader@example.org
    """
    people = _open_people(config)
    reason = next(filter(None, (suppressions.lift(people, form) for form in _list_forms(email))), None)
    if reason is None:
        raise YibaoError(f"{email}: nothing stands against mail to this address.")
    click.echo(f"{email}: may get mail again (before: {reason}). Next: yibao subscribers add {email}")


@subscribers.command(name="export-person")
@click.argument("email")
@config_option
def export_person(email: str, config: Path) -> None:
    """Write everything that is known of one person, as JSON, for them.

    Example: yibao subscribers export-person reader@example.org > reader.json
    """
    people = _open_people(config)
    known = next(filter(None, (personal_data.export_person(people, form) for form in _list_forms(email))), None)
    if known is None:
        raise YibaoError(f"{email}: nothing is known of this address.")
    click.echo(json.dumps(known, ensure_ascii=False, indent=2))


@subscribers.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def erase(email: str, yes: bool, config: Path) -> None:  # noqa: FBT001
    """Erase everything that is known of one person: subscription, consent, mail, bounces, letters.

    A hash stays, which nobody can read, so that no list of addresses brings them back; they themselves can come back.
    Copies in your backups are yours to erase. Example: yibao subscribers erase reader@example.org
    """
    people = _open_people(config)
    if not yes:
        click.confirm(f"Erase everything about {email}, for good?", abort=True)
    erased = [personal_data.erase_person(people, form, environment.now()) for form in _list_forms(email)]
    if not any(erased):
        raise YibaoError(f"{email}: nothing is known of this address.")
    click.echo(f"{email}: erased")


def find_ids(config: Path, emails: tuple[str, ...]) -> list[int]:
    """Find the numbers of these subscribers. Flows know them by these: an address among parameters would be on show.

    Raises:
        click.BadParameter: one of them is not subscribed.
    """
    people = _open_people(config)
    ids = []
    for email in emails:
        person = _find_active(people, email)
        if person is None:
            raise click.BadParameter(f"{email} is not subscribed", param_hint="--to")
        ids.append(person.subscriber_id)
    return ids


def _describe_row(row: subscriber_overview.OverviewRow) -> tuple[Any, ...]:
    one = row.subscription
    topics = "; ".join((*one.categories, *one.keywords, *one.authors))
    return (row.email, row.state, row.since.date(), one.frequency, one.language, topics, row.bounces)


def _find_active(people: People, email: str) -> Subscriber | None:
    """Find who gets mail at this address, as it is now or as an older Yibao took it in."""
    for form in _list_forms(email):
        person = people_subscribers.find_subscriber(people, form)
        if person and person.state is SubscriberState.ACTIVE:
            return person
    return None


def _list_forms(email: str) -> list[str]:
    """Return an address as it may stand in the database: as typed, and normalised."""
    typed = email.strip()
    try:
        return list({typed: None, addresses.parse_address(typed).text: None})
    except ValueError:
        return [typed]


def _parse_address(email: str) -> str:
    try:
        return addresses.parse_address(email).text
    except ValueError as error:
        raise click.BadParameter(f"{email!r} is not an e-mail address: {error}", param_hint="EMAIL") from None


def _open_people(config: Path) -> People:
    return people_steps.open_people(environment.load_settings(config))
