"""Single values of the settings, each checked. What is wrong is said in words that fit behind the setting's name."""

import difflib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

from yibao import addresses, categories, keywords

_CATEGORY_SUGGESTIONS = 0.4
_CRON_FIELDS = 5
_SHORTEST_SECRET = 32
#: A cron line that has no date after it in fifty years has none.
_ANY_MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
#: Folders under `feeds/` that are taken.
_SITE_FEEDS = ("all", "translated", "editions", "search", "compose")


def _check_http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{value!r} is no http or https address")
    return value.rstrip("/")


def _check_secret_url(value: SecretStr) -> SecretStr:
    try:
        _check_http_url(value.get_secret_value())
    except ValueError:
        raise ValueError("this is no http or https address") from None
    return value


def _check_smtp_url(value: SecretStr) -> SecretStr:
    # What Python says of a broken address may repeat it, and the password with it.
    try:
        parts = urlsplit(value.get_secret_value())
    except ValueError:
        raise ValueError("this is no address of a mail server") from None
    if parts.scheme not in ("smtp", "smtps", "smtp+starttls"):
        raise ValueError("an address of a mail server begins with smtp://, smtps:// or smtp+starttls://")
    if not _has_valid_port(parts):
        raise ValueError(
            "the port of a mail server is a number from 1 to 65535; in user and password write %3A for :, %2F for /, "
            "%40 for @"
        )
    if not parts.hostname:
        raise ValueError("the address of the mail server names no host")
    return value


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _check_database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("an address of a database begins with postgresql://; without one SQLite is used")
    return value


def _check_bounces_url(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Check an address of an IMAP folder; put a Maildir's relative path into the folder of the settings' file."""
    address = value.get_secret_value()
    if "://" not in address:
        return SecretStr(str(_place_path(Path(address), info)))
    try:
        parts = urlsplit(address)
        is_whole = parts.scheme == "imaps" and parts.hostname and parts.username and (parts.port or True)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("reports are read from a Maildir's folder, or from imaps://user:password@host/FOLDER")
    return value


def _check_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(f"a secret has at least {_SHORTEST_SECRET} characters; `openssl rand -hex 32` makes one")
    return value


def _check_mail_address(value: str) -> str:
    if not value:
        return value
    try:
        address = addresses.parse_address(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an e-mail address: {error}") from None
    if not address.wire.isascii():
        raise ValueError(f"{value!r} must be ASCII before the @: many servers take no other")
    return address.wire


def _check_category(code: str) -> str:
    if code not in categories.list_known_codes():
        nearest = _nearest_categories(code)
        raise ValueError(f"arXiv has no category {code!r}" + (f"; did you mean {nearest[0]!r}?" if nearest else ""))
    return categories.find_canonical(code)


def _nearest_categories(code: str) -> list[str]:
    """Find the category that was meant, at most one: the same in other letters (cs.cl), else the most alike."""
    same = [known for known in categories.list_known_codes() if known.lower() == code.lower()]
    return same[:1] or difflib.get_close_matches(code, categories.list_known_codes(), n=1, cutoff=_CATEGORY_SUGGESTIONS)


def _expand_all(codes: Any) -> Any:
    """Replace `all` by every category's code."""
    return tuple(categories.load_taxonomy()) if codes in ("all", ["all"], ("all",)) else codes


def _check_cron_line(value: str) -> str:
    if len(value.split()) != _CRON_FIELDS:
        raise ValueError(
            f"{value!r} is no cron line: minute, hour, day, month, day of the week, such as '30 4 * * 1-5'"
        )
    try:
        next(CronSim(value, _ANY_MOMENT))
    except CronSimError as error:
        raise ValueError(f"{value!r} is no cron line: {error}") from None
    except StopIteration:
        raise ValueError(f"{value!r} never comes to pass") from None
    return value


def _check_time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{value!r} is no time zone; use an IANA name, such as 'America/New_York'") from None
    return value


def _check_prefect_name(value: str) -> str:
    if not re.fullmatch(r"[\w.-]{0,60}", value):
        raise ValueError(f"{value!r} cannot be a name on a Prefect server: letters, figures, hyphens, at most 60")
    return value


def _check_feed_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", value) or value in _SITE_FEEDS:
        raise ValueError(f"{value!r} cannot be a feed's name: small letters, figures and hyphens, and not one of ours")
    return value


def _check_keyword(value: str) -> str:
    keywords.compile_keyword(value)
    return value


def _place_path(value: Path, info: ValidationInfo) -> Path:
    """Put a relative path into the folder of the settings' file, which the validation's context is."""
    return Path(info.context or "") / value


HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_check_secret_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_check_smtp_url)]
MailSender = Annotated[str, AfterValidator(addresses.parse_sender)]
MailAddress = Annotated[str, AfterValidator(_check_mail_address)]
BouncesUrl = Annotated[SecretStr, AfterValidator(_check_bounces_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
Secret = Annotated[SecretStr, AfterValidator(_check_secret)]
CategoryCode = Annotated[str, AfterValidator(_check_category)]
CategoryCodes = Annotated[tuple[CategoryCode, ...], BeforeValidator(_expand_all)]
CronLine = Annotated[str, AfterValidator(_check_cron_line)]
TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
PrefectName = Annotated[str, AfterValidator(_check_prefect_name)]
FeedName = Annotated[str, AfterValidator(_check_feed_name)]
Keyword = Annotated[str, AfterValidator(_check_keyword)]
#: Relative to the folder of yibao.toml; absolute once it is loaded.
PlacedPath = Annotated[Path, AfterValidator(_place_path)]
