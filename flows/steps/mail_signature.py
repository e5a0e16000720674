"""The key that signs mail, as the settings name it."""

from email.utils import parseaddr

from yibao.errors import SettingsError
from yibao.newsletter.dkim import Signer
from yibao.settings import Settings


def make_signer(settings: Settings) -> Signer | None:
    """Make what signs mail of the sender's domain; None where the settings leave that to the mail server.

    Raises:
        SettingsError: one of the two settings is missing, or the key cannot be used; the message names file and remedy.
    """
    selector, path = settings.newsletter.dkim_selector, settings.newsletter.dkim_key
    if not selector and path is None:
        return None
    if not selector or path is None:
        missing = "newsletter.dkim_key" if path is None else "newsletter.dkim_selector"
        raise SettingsError(f"{missing} is not set: mail is signed with both a selector and a key, or not by us.")
    remedy = f"Make one with `openssl genrsa -out {path} 2048`, and let only the user who runs Yibao read it."
    try:
        return Signer(parseaddr(settings.newsletter.sender)[1].partition("@")[2], selector, path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: the key that signs mail cannot be read: {error.strerror}. {remedy}") from None
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}. {remedy}") from None
