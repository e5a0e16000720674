"""Letters that people asked for on the pages: sent one by one, each at most once."""

from datetime import datetime
from typing import NamedTuple

from flows.steps import environment
from flows.steps.mail_sender import make_sender
from flows.steps.mail_signature import make_signer
from flows.steps.people import open_people
from flows.steps.run_record import Run
from storage.people import letters, requests, subscribers, suppressions
from storage.people.database import People
from storage.people.letters import Letter, LetterKind
from storage.people.subscribers import SubscriberState
from yibao import addresses
from yibao.errors import DeliveryError, PeopleError
from yibao.newsletter.dkim import Signer
from yibao.newsletter.letters import Occasion, compose_confirmation, compose_links
from yibao.newsletter.links import make_link, make_links
from yibao.newsletter.messages import Message
from yibao.newsletter.senders import Sender
from yibao.newsletter.tokens import Purpose
from yibao.run_report import Outcome
from yibao.settings import Settings

#: What may stand against an address that gets a letter: who reads it can lift the rest.
_ALLOWED = (None, *suppressions.LIFTED_BY_CONSENT)


class LetterCount(NamedTuple):
    """What became of the queue."""

    sent: int = 0
    #: For the next time: the server would not take them now.
    waiting: int = 0
    #: What the server said last of one that it did not take, without addresses; empty where it took all.
    words: str = ""


def send_waiting_letters(settings: Settings, people: People) -> LetterCount:
    """Send the letters that wait through the mail server, or into the folder, that the settings name.

    Raises:
        PeopleError: the database cannot be used.
        SettingsError: the key that signs mail cannot be used.
    """
    sender = make_sender(settings)
    if sender is None:
        return LetterCount()
    with sender:
        return send_letters(settings, people, sender, environment.now(), make_signer(settings))


def deliver_letters(run: Run) -> Outcome:
    """Send the letters that `yibao serve` could not send; says so where some still wait."""
    try:
        count = send_waiting_letters(run.settings, open_people(run.settings))
    except PeopleError as error:
        return Outcome(faults=(f"Letters to subscribers were not sent: {error}",))
    if not count.waiting:
        return Outcome()
    return Outcome(faults=(f"{count.waiting} letters to subscribers wait for the next run: {count.words}",))


def send_letters(
    settings: Settings, people: People, sender: Sender, at: datetime, signer: Signer | None = None
) -> LetterCount:
    """Send the letters that wait, oldest first, and delete what has expired; any number of processes may do so at once.

    A letter to an address that is not to get one (it complained, was blocked, is not subscribed, or has had enough of
    them) is deleted unsent. A server that is away ends the attempt.

    Raises:
        PeopleError: the database cannot be used.
    """
    letters.purge_letters(people, at)
    requests.purge_requests(people, at)
    sent, words, queue = 0, "", letters.read_queued_letters(people)
    for letter in queue:
        try:
            sent += _send_letter(settings, people, sender, letter, at, signer)
        except DeliveryError as error:
            words = addresses.hide_addresses(str(error), letter.email)
            if error.is_server:
                break
    return LetterCount(sent, len(letters.read_queued_letters(people)), words)


def _send_letter(  # noqa: PLR0913  (what, through what, when)
    settings: Settings, people: People, sender: Sender, letter: Letter, at: datetime, signer: Signer | None
) -> bool:
    """Send one letter, unless it is not to be sent; returns whether it was.

    Raises:
        DeliveryError: the server does not have it; it is in the queue again unless the server will never take it.
    """
    is_allowed = suppressions.find_reason(people, letter.email) in _ALLOWED
    if is_allowed and not letters.has_had_enough(people, letter.email, at):
        message = _compose(settings, people, letter, at, signer)
    else:
        message = None
    if message is None:
        letters.delete_letter(people, letter.letter_id)
        return False
    if not letters.take_letter(people, letter.letter_id, at):
        return False  # Another process was quicker.
    try:
        answer = sender.send(message)
    except DeliveryError as error:
        keep = letters.record_answer if error.is_final else letters.return_letter
        keep(people, letter.letter_id, str(error))
        raise
    except OSError as error:
        letters.record_answer(people, letter.letter_id, f"unknown: {error}")
        return False
    letters.record_answer(people, letter.letter_id, answer)
    return True


def _compose(settings: Settings, people: People, letter: Letter, at: datetime, signer: Signer | None) -> Message | None:
    """Compose a letter; None where what it is about is not there any more, or never was."""
    base_url, newsletter = settings.site.base_url, settings.newsletter
    if letter.kind is LetterKind.CONFIRM:
        request = requests.find_request(people, letter.request_id or "")
        if request is None:
            return None
        link = make_link(base_url, people.secret, Purpose.CONFIRM, request.request_id, request.expires_at)
        occasion = Occasion(letter.letter_id, letter.email, request.subscription.language, at)
        return compose_confirmation(occasion, link, settings.site, newsletter, signer)
    subscriber = subscribers.find_subscriber(people, letter.email)
    if subscriber is None or subscriber.state is not SubscriberState.ACTIVE:
        return None
    occasion = Occasion(letter.letter_id, letter.email, subscriber.subscription.language, at)
    links = make_links(base_url, people.secret, subscriber.token_id)
    return compose_links(occasion, links, settings.site, newsletter, signer)
