"""What an operator may say, in one frozen model. Read once, at the edge; nothing below reads the environment."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from yibao import addresses, categories, folders, keywords
from yibao.errors import SettingsError

ENV_PREFIX = "YIBAO_"
_CATEGORY_SUGGESTIONS = 0.4
_CRON_FIELDS = 5
#: A cron line that has no date after it in fifty years has none.
_ANY_MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
#: Folders under `feeds/` that are taken.
_OUR_FEEDS = ("all", "translated", "editions", "search", "compose")


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{value!r} is no http or https address")
    return value.rstrip("/")


def _mail_url(value: SecretStr) -> SecretStr:
    # What Python says of a broken address may repeat it, and the password with it.
    try:
        parts = urlsplit(value.get_secret_value())
    except ValueError:
        raise ValueError("this is no address of a mail server") from None
    if parts.scheme not in ("smtp", "smtps", "smtp+starttls"):
        raise ValueError("an address of a mail server begins with smtp://, smtps:// or smtp+starttls://")
    try:
        is_port_sound = parts.port != 0
    except ValueError:
        is_port_sound = False
    if not is_port_sound:
        raise ValueError(
            "the port of a mail server is a number from 1 to 65535; in user and password write %3A for :, %2F for /, "
            "%40 for @"
        )
    if not parts.hostname:
        raise ValueError("the address of the mail server names no host")
    return value


def _category(code: str) -> str:
    if code not in categories.known_codes():
        near = _nearest_categories(code)
        raise ValueError(f"arXiv has no category {code!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return categories.canonical(code)


def _nearest_categories(code: str) -> list[str]:
    """The category that was meant, at most one: the same in other letters (cs.cl), else the most alike."""
    same = [known for known in categories.known_codes() if known.lower() == code.lower()]
    return same[:1] or difflib.get_close_matches(code, categories.known_codes(), n=1, cutoff=_CATEGORY_SUGGESTIONS)


def _all_or_some(codes: Any) -> Any:
    """`all` is every category by its code."""
    return tuple(categories.taxonomy()) if codes in ("all", ["all"], ("all",)) else codes


def _cron_line(value: str) -> str:
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


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{value!r} is no time zone; use an IANA name, such as 'America/New_York'") from None
    return value


def _prefect_name(value: str) -> str:
    if not re.fullmatch(r"[\w.-]{0,60}", value):
        raise ValueError(f"{value!r} cannot be a name on a Prefect server: letters, figures, hyphens, at most 60")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_mail_url)]
MailSender = Annotated[str, AfterValidator(addresses.parse_sender)]
CategoryCode = Annotated[str, AfterValidator(_category)]
CronLine = Annotated[str, AfterValidator(_cron_line)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Site(_Section):
    """What readers see, and where."""

    title: str = "译报"
    base_url: HttpUrl = "http://127.0.0.1:8000"
    #: Of the pages, and of translations that name none. BCP 47.
    language: str = "zh-Hans"
    #: `domain,year` of the permanent ids; by default the domain of base_url. Never change it once published.
    #: Source: RFC 4151.
    tag_authority: str = ""
    #: A WebSub hub, which tells readers at once that feeds changed.
    hub_url: HttpUrl | None = None

    @model_validator(mode="before")
    @classmethod
    def _derive_tag_authority(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("tag_authority"):
            host = urlsplit(str(values.get("base_url", "http://127.0.0.1"))).hostname or "localhost"
            return {**values, "tag_authority": f"{host},2026"}
        return values


def _keyword(value: str) -> str:
    keywords.pattern(value)
    return value


def _feed_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", value) or value in (
        "all",
        "translated",
        "editions",
        "search",
        "compose",
    ):
        raise ValueError(f"{value!r} cannot be a feed's name: small letters, figures and hyphens, and not one of ours")
    return value


class FeedChoice(_Section):
    """A feed of the operator's own. An entry is in it that satisfies all that is named here."""

    #: Its folder under `feeds/`.
    name: Annotated[str, AfterValidator(_feed_name)]
    title: str = ""
    description: str = ""
    categories: tuple[CategoryCode, ...] = ()
    #: Words or phrases, English or Chinese, of title or abstract; `/…/` is a regular expression. Any will do.
    keywords: tuple[Annotated[str, AfterValidator(_keyword)], ...] = ()
    #: Names as arXiv spells them.
    authors: tuple[str, ...] = ()
    translators: tuple[str, ...] = ()
    #: Of translations. BCP 47.
    languages: tuple[str, ...] = ()
    #: Only those with a translation, or only those without.
    translated: bool | None = None


class Feeds(_Section):
    """Feeds beside the site's own, each a `[[feeds.own]]`."""

    own: tuple[FeedChoice, ...] = ()

    @field_validator("own")
    @classmethod
    def _have_names_of_their_own(cls, value: tuple[FeedChoice, ...]) -> tuple[FeedChoice, ...]:
        names = [one.name for one in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two feeds are named {twice!r}")
        return value


class Paths(_Section):
    """Where things are kept. Relative to the folder of yibao.toml."""

    #: Private: library, people, kept responses.
    data: Path = Path("data")
    #: The published tree; it overlaps with no other folder. Beside it are `public.next` and, at need, `public.aside`.
    public: Path = Path("public")


class Arxiv(_Section):
    """What is fetched, from where, and how patiently."""

    #: Codes, aliases, whole archives; `all` for every category.
    categories: Annotated[tuple[CategoryCode, ...], BeforeValidator(_all_or_some)] = ("cs.CL", "cs.CV")
    #: An address at which arXiv can reach you; sent with every request.
    contact: str = ""
    #: Which of the two announcement feeds is read.
    feed: Literal["rss", "atom"] = "rss"
    rss_url: HttpUrl = "https://rss.arxiv.org/rss"
    atom_url: HttpUrl = "https://rss.arxiv.org/atom"
    api_url: HttpUrl = "https://export.arxiv.org/api/query"
    oai_url: HttpUrl = "https://oaipmh.arxiv.org/oai"
    catchup_url: HttpUrl = "https://arxiv.org/catchup"
    #: Seconds between two requests, of all processes of this host. arXiv's terms ask for three.
    pace_s: float = Field(3.0, ge=0)
    #: Where the processes of this host share that pace; without it, the system's folder for locks.
    pace_folder: Path | None = None
    #: Seconds of silence after which a request is given up. A whole request may take five times as long.
    timeout_s: float = Field(60.0, gt=0)
    #: How often a request that may succeed later is made again.
    retries: int = Field(3, ge=0)

    @property
    def feed_url(self) -> str:
        """The announcement feed that is read; a category's code follows it after a slash."""
        return self.rss_url if self.feed == "rss" else self.atom_url


class Translations(_Section):
    """Where curators write. Relative to the folder of yibao.toml."""

    paths: tuple[Path, ...] = (Path("translations"),)


class Newsletter(_Section):
    """How mail goes out. Without a server or a folder none does."""

    sender: MailSender = "译报 <digest@example.org>"
    smtp_url: SmtpUrl | None = None
    #: A folder that keeps `.eml` files instead of sending them.
    outbox: Path | None = None
    #: An edition that could not be sent for so many days is not sent any more, unless a person asks for it.
    max_age_days: int = Field(14, ge=0, le=366)
    #: A run fails that had a greater share of an edition's messages refused for good, five at least; or all of them.
    alarm_share: float = Field(0.2, ge=0, le=1)
    #: Seconds in which the mail server must answer each command.
    timeout_s: float = Field(60.0, gt=0, le=600)


class Prefect(_Section):
    """Which Prefect server runs use."""

    #: An operator's own Prefect server; without it `yibao schedule` starts one, which runs by hand join.
    api_url: HttpUrl | None = None
    #: Where the server that `yibao schedule` starts listens, on this machine only.
    port: int = Field(4200, ge=1, le=65535)
    #: This installation's name on a Prefect server; by default its folder's name and a few figures.
    name: Annotated[str, AfterValidator(_prefect_name)] = ""


class Schedule(_Section):
    """When `yibao schedule` runs the flows, as cron lines of five fields."""

    #: arXiv's feeds turn over at midnight in New York; 01:00 to 03:00 is left to the change of clocks.
    daily: CronLine = "30 4 * * 1-5"
    #: After Friday's announcement, and after the curators have closed their week.
    weekly: CronLine = "0 9 * * 6"
    #: The zone of both lines, by its IANA name.
    timezone: Annotated[str, AfterValidator(_time_zone)] = "America/New_York"


class Settings(_Section):
    """Everything that yibao.toml and the environment may say. All paths are absolute."""

    site: Site = Site.model_validate({})
    paths: Paths = Paths()
    arxiv: Arxiv = Arxiv()
    translations: Translations = Translations()
    feeds: Feeds = Feeds()
    newsletter: Newsletter = Newsletter()
    prefect: Prefect = Prefect()
    schedule: Schedule = Schedule()


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings in a TOML file, with those in the environment laid over them.

    `YIBAO_ARXIV__PACE_S=1` overrides `pace_s` under `[arxiv]`; lists are separated by commas; a name that
    ends in `_FILE` takes the value from the file it names.

    Raises:
        SettingsError: the file is missing, is not TOML, or says something unknown or impossible. The message
            names the file, the key and, for an unknown key, the nearest known one.
    """
    values = _from_file(path)
    for (section, key), value in _from_environment(environ):
        values.setdefault(section, {})[key] = value
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {_explain(part)}" for part in error.errors())) from None
    found = _absolute(settings, path.resolve().parent)
    _refuse_overlaps(found, path)
    return found


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file. Make one with `yibao init`.") from None
    except IsADirectoryError:
        raise SettingsError(f"{path}: this is a folder. Name the file in it, such as {path / 'yibao.toml'}.") from None
    except OSError as error:
        raise SettingsError(
            f"{path}: the settings cannot be read: {error.strerror}. Check the file's rights."
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: this is not UTF-8 ({error.reason}, byte {error.start}). Save it as UTF-8."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: this is not TOML: {error}") from None


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Any]]:
    for name, value in environ.items():
        section, separator, key = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if not name.startswith(ENV_PREFIX):
            continue
        if not separator:
            raise SettingsError(f"{name}: a setting in the environment is named {ENV_PREFIX}SECTION__KEY.")
        if key.endswith("_file"):
            yield (section, key.removesuffix("_file")), _secret(name, value)
        else:
            yield (section, key), value.split(",") if _is_list(section, key) else value


def _secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path} is not UTF-8. Save it as UTF-8.") from None


def _is_list(section: str, key: str) -> bool:
    return (section, key) in (("arxiv", "categories"), ("translations", "paths"))


def _explain(part: Any) -> str:
    *sections, key = [str(step) for step in part["loc"]]
    name = ".".join([*sections, key])
    if part["type"] != "extra_forbidden":
        return f"{name}: {part['msg'].removeprefix('Value error, ')}"
    near = difflib.get_close_matches(key, _keys(sections), n=1, cutoff=0.0)
    return f"{name}: there is no such setting; the nearest is {'.'.join([*sections, near[0]])!r}."


def _keys(sections: list[str]) -> list[str]:
    model: Any = Settings
    for section in sections:
        annotation = model.model_fields[section].annotation
        model = next((kind for kind in get_args(annotation) if hasattr(kind, "model_fields")), annotation)
    return list(model.model_fields)


def _absolute(settings: Settings, folder: Path) -> Settings:
    paths = Paths(data=folder / settings.paths.data, public=folder / settings.paths.public)
    translations = Translations(paths=tuple(folder / path for path in settings.translations.paths))
    pace_folder = settings.arxiv.pace_folder
    arxiv = settings.arxiv.model_copy(update={"pace_folder": folder / pace_folder if pace_folder else None})
    outbox = settings.newsletter.outbox
    newsletter = settings.newsletter.model_copy(update={"outbox": folder / outbox if outbox else None})
    changed = {"paths": paths, "arxiv": arxiv, "translations": translations, "newsletter": newsletter}
    return settings.model_copy(update=changed)


def _refuse_overlaps(settings: Settings, path: Path) -> None:
    outbox = settings.newsletter.outbox
    private = {
        "translations.paths": settings.translations.paths,
        "newsletter.outbox": (outbox,) if outbox else (),
        path.name: (path,),
    }
    try:
        overlap = folders.find_overlap(settings.paths.public, settings.paths.data, private)
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"{path}: a path in it leads nowhere: {error}") from None
    if overlap:
        raise SettingsError(f"{path}: {overlap}")
