"""An edition's mail on the screen: as text, HTML, the whole message, or a picture."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from commands import mail_pictures
from flows.steps import mail_preview
from flows.steps.mail_preview import READER, Preview
from flows.steps.people import open_people
from storage.people.subscribers import find_subscriber
from yibao.errors import YibaoError
from yibao.records import Language, Subscription
from yibao.settings import Settings


def compose(
    settings: Settings, edition: str, email: str | None, language: str | None, categories: Sequence[str]
) -> Preview:
    """Compose what a subscriber, or one of this kind, would get.

    Raises:
        click.BadParameter: nobody has this address.
        YibaoError: there is no such edition.
    """
    if email is None:
        subscription = Subscription(language=Language(language or Language.CHINESE), categories=tuple(categories))
        return mail_preview.compose_preview(settings, edition, READER, subscription)
    person = find_subscriber(open_people(settings), email)
    if person is None:
        raise click.BadParameter(f"{email} is not subscribed", param_hint="--to")
    return mail_preview.compose_preview(settings, edition, person.email, person.subscription)


def show(mail: Preview, form: str | None, out: Path | None, edition: str) -> None:
    """Write the mail in a form to a file, or to stdout; a picture never onto a terminal, but beside it.

    Raises:
        YibaoError: the file cannot be written, or a picture cannot be made.
    """
    is_terminal = out is None and sys.stdout.isatty()
    form = form or ("text" if is_terminal else "message")
    content = _render(mail, form)
    if form == "picture" and is_terminal:
        out = Path(f"{edition}.png")
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise YibaoError(f"{out}: it cannot be written: {error.strerror}. Name another file.") from None
    click.echo(f"{out}: written", err=True)


def _render(mail: Preview, form: str) -> bytes:
    if form == "picture":
        return mail_pictures.take_picture(mail.html)
    if form == "message":
        return mail.message
    return mail.html.encode() if form == "html" else f"{mail.subject}\n\n{mail.text}".encode()
