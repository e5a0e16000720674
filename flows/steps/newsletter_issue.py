"""An edition made ready to be mailed: found in the library, and with each reader's own links."""

from email.utils import parseaddr
from functools import cache

from flows.steps import entry_reading
from flows.steps.mail_signature import make_signer
from storage.library import connection
from storage.people.subscribers import Subscriber
from yibao import dates
from yibao.errors import YibaoError
from yibao.newsletter import return_paths
from yibao.newsletter.compose import Issue, Recipient, prepare_issue
from yibao.newsletter.links import make_links
from yibao.records import Edition
from yibao.settings import Settings


def find_edition(settings: Settings, key: str) -> Edition:
    """Return an edition as the library has it; looking at it publishes nothing.

    Raises:
        YibaoError: the key is nonsense, there is no such edition, or nothing is in it.
    """
    try:
        dates.parse_edition_key(key)
    except ValueError as error:
        raise YibaoError(f"{error}.") from None
    with connection.read_library(settings.paths.library) as library:
        edition = entry_reading.read_edition(library, settings, key)
    if edition is None or not edition.entries:
        raise YibaoError(f"There is no edition {key}, or nothing is in it. `yibao status` tells what is known.")
    return edition


def read_issue(settings: Settings, key: str) -> Issue:
    """Read an edition, and prepare what all its messages share.

    Raises:
        YibaoError: as `find_edition`; or the key that signs mail cannot be used.
    """
    return prepare_issue(find_edition(settings, key), settings.site, settings.newsletter, make_signer(settings))


def make_recipient(settings: Settings, secret: bytes, reader: Subscriber, wire: str, delivery_id: int) -> Recipient:
    """Make what is personal in a reader's message; `wire` is their address as servers are told."""
    links = make_links(settings.site.base_url, secret, reader.token_id)
    return Recipient(wire, reader.subscription, links, make_return_path(settings, secret, delivery_id))


def make_return_path(settings: Settings, secret: bytes, delivery_id: int) -> str:
    """Make the address to which servers report that a message failed: marked, where the settings name one of ours."""
    newsletter = settings.newsletter
    if newsletter.return_path:
        return return_paths.make_return_path(newsletter.return_path, delivery_id, secret)
    return _find_address(newsletter.sender)


@cache
def _find_address(sender: str) -> str:
    return parseaddr(sender)[1]
