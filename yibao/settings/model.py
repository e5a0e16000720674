"""The sections of yibao.toml, their defaults, and what each setting means."""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from yibao.settings.values import (
    BouncesUrl,
    CategoryCode,
    CategoryCodes,
    CronLine,
    DatabaseUrl,
    FeedName,
    HttpUrl,
    Keyword,
    MailAddress,
    MailSender,
    PlacedPath,
    PrefectName,
    Secret,
    SecretUrl,
    SmtpUrl,
    TimeZone,
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, validate_default=True)


class Site(_Section):
    """What readers see, and where."""

    title: str = "译报"
    base_url: HttpUrl = "http://127.0.0.1:8000"
    #: Of the pages, and of translations that name none. BCP 47. Pages speak zh-Hans, zh-Hant and en; else English.
    language: str = "zh-Hans"
    #: Further languages of the pages, each in a folder of its own (zh-Hant/, en/); the tree grows with each.
    variants: tuple[Literal["zh-Hans", "zh-Hant", "en"], ...] = ()
    #: `domain,year` of the permanent ids; by default the domain of base_url. Never change it once published.
    #: Source: RFC 4151.
    tag_authority: str = ""
    #: Whether papers and editions have a picture for those who share them, where there is a font to draw it with.
    pictures: bool = True
    #: A WebSub hub, which notifies readers at once that feeds changed.
    hub_url: HttpUrl | None = None

    @model_validator(mode="before")
    @classmethod
    def _derive_tag_authority(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("tag_authority"):
            host = urlsplit(str(values.get("base_url", "http://127.0.0.1"))).hostname or "localhost"
            return {**values, "tag_authority": f"{host},2026"}
        return values


class FeedChoice(_Section):
    """A feed of the operator's own. An entry is in it that satisfies all that is named here."""

    #: Its folder under `feeds/`.
    name: FeedName
    title: str = ""
    description: str = ""
    categories: tuple[CategoryCode, ...] = ()
    #: Words or phrases, English or Chinese, of title or abstract; `/…/` is a regular expression. Any will do.
    keywords: tuple[Keyword, ...] = ()
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
    def _require_distinct_names(cls, value: tuple[FeedChoice, ...]) -> tuple[FeedChoice, ...]:
        names = [feed.name for feed in value]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated:
            raise ValueError(f"two feeds are named {repeated!r}")
        return value


class Paths(_Section):
    """Where things are kept. Relative to the folder of yibao.toml."""

    #: Private: library, people, kept responses.
    data: PlacedPath = Path("data")
    #: The published tree; it overlaps with no other folder. Beside it are `public.next` and, at need, `public.aside`.
    public: PlacedPath = Path("public")

    #: A font with Chinese letters for pictures; by default one of this machine.
    picture_font: PlacedPath | None = None

    @property
    def library(self) -> Path:
        """The DuckDB file with everything public."""
        return self.data / "library.duckdb"

    @property
    def people(self) -> Path:
        """The SQLite file with subscribers and deliveries; never published."""
        return self.data / "people.sqlite"

    @property
    def people_secret(self) -> Path:
        """The file with the secret that signs links in mail, where the settings name none."""
        return self.data / "people.key"

    @property
    def search(self) -> Path:
        """The folder of the search index, which is emptied and filled again."""
        return self.data / "search"

    @property
    def responses(self) -> Path:
        """The folder of arXiv's answers, kept byte for byte."""
        return self.data / "responses"

    @property
    def run_lock(self) -> Path:
        """The file that a run locks, so that there is one at a time."""
        return self.data / "run.lock"

    @property
    def alarms(self) -> Path:
        """The list of alarms of which somebody was told, and that have not ended."""
        return self.data / "alarms.json"

    @property
    def hub_queue(self) -> Path:
        """The list of published feeds of whose change the hub was not notified yet."""
        return self.data / "untold.json"


class Arxiv(_Section):
    """What is fetched, from where, and how patiently."""

    #: Codes, aliases, whole archives; `all` for every category.
    categories: CategoryCodes = ("cs.CL", "cs.CV")
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
    pace_folder: PlacedPath | None = None
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

    paths: tuple[PlacedPath, ...] = (Path("translations"),)


class People(_Section):
    """Where subscribers are kept. By default in SQLite, in the folder of data."""

    #: A PostgreSQL database that several machines share: postgresql://user:password@host/name.
    database: DatabaseUrl | None = None
    #: Signs links in mail, 32 characters at least; the same on every machine. By default `data/people.key` holds one.
    secret: Secret | None = None


class Newsletter(_Section):
    """How mail goes out. Without a server or a folder none does."""

    sender: MailSender = "译报 <digest@example.org>"
    smtp_url: SmtpUrl | None = None
    #: A folder that keeps `.eml` files instead of sending them.
    outbox: PlacedPath | None = None
    #: An edition that could not be sent for so many days is not sent any more, unless a person asks for it.
    max_age_days: int = Field(14, ge=0, le=366)
    #: A run fails that had a greater share of an edition's messages refused for good, five at least; or all of them.
    alarm_share: float = Field(0.2, ge=0, le=1)
    #: Seconds in which the mail server must answer each command.
    timeout_s: float = Field(60.0, gt=0, le=600)
    #: Where replies of readers go; by default to the sender.
    reply_to: MailSender | None = None
    #: How many connections to the mail server a run uses at once.
    connections: int = Field(2, ge=1, le=64)
    #: At most so many messages a minute to addresses of a domain, such as {"gmail.com" = 120}.
    domain_pace: dict[str, PositiveInt] = Field({})
    #: Seconds in which a run offers again what the server refused for the time being; the next run goes on.
    retry_s: float = Field(600.0, ge=0, le=7200)
    #: Signs mail by DKIM: the selector under which the sender's domain publishes the key, and the key's PEM file.
    #: Without them the mail server signs, or nobody.
    dkim_selector: str = ""
    dkim_key: PlacedPath | None = None
    #: An address of ours for reports of failed mail, each message with a mark of its own (bounces+MARK@example.org).
    return_path: MailAddress = ""
    #: Where such reports are read: a Maildir's folder, or imaps://user:password@host/FOLDER.
    bounces: BouncesUrl | None = None
    #: Whether readers can subscribe on pages of `yibao serve`.
    signup: bool = True
    #: Not before this hour of the subscriber's time zone; 0: as soon as an edition is complete.
    earliest_hour: int = Field(0, ge=0, le=23)
    #: Whether an edition waits for a person, and what becomes of it when nobody decides: released or dropped.
    approval: Literal["none", "release", "drop"] = "none"
    #: Hours that an edition waits for a person.
    approval_hours: float = Field(12.0, gt=0, le=168)
    #: Who is asked by mail, with a signed link to the page on which to decide.
    approver: MailAddress = ""

    @property
    def has_signup(self) -> bool:
        """Whether readers can subscribe: pages lead to the form, and `yibao serve` has it."""
        return self.signup and bool(self.smtp_url or self.outbox)

    @property
    def lets_wait(self) -> bool:
        """Whether there may be something to do between two days: mail that waits for its hour or a person, reports."""
        return bool(self.earliest_hour or self.approval != "none" or self.bounces)


class Dataset(_Section):
    """Releases of the open dataset, in `data/releases/` of the published tree."""

    #: Whether a run that has something new makes one.
    releases: bool = True
    #: A release stays so many days; the last one of each month for good.
    keep_days: int = Field(14, ge=1, le=3660)


class Sql(_Section):
    """The most that a query of `yibao sql` takes."""

    memory_gb: float = Field(1.0, gt=0)
    #: In the folder for temporary files, for what does not fit into memory.
    disk_gb: float = Field(4.0, gt=0)
    time_s: float = Field(600.0, gt=0)


class Prefect(_Section):
    """Which Prefect server runs use."""

    #: An operator's own Prefect server; without it `yibao schedule` starts one, which runs by hand join.
    api_url: HttpUrl | None = None
    #: Where the server that `yibao schedule` starts listens, on this machine only.
    port: int = Field(4200, ge=1, le=65535)
    #: This installation's name on a Prefect server; by default its folder's name and a few figures.
    name: PrefectName = ""


class Schedule(_Section):
    """When `yibao schedule` runs the flows, as cron lines of five fields."""

    #: arXiv's feeds turn over at midnight in New York; 01:00 to 03:00 is left to the change of clocks.
    daily: CronLine = "30 4 * * 1-5"
    #: After Friday's announcement, and after the curators have closed their week.
    weekly: CronLine = "0 9 * * 6"
    #: Mail that waits for an hour, a person or a report: only where a setting of [newsletter] lets something wait.
    newsletter: CronLine = "20 * * * *"
    #: The zone of these lines, by its IANA name.
    timezone: TimeZone = "America/New_York"


class Alarms(_Section):
    """Who learns of trouble at once, and that runs go well. Without them, `yibao status` tells whoever asks."""

    #: Gets a letter when something needs a person, and when nothing does any more.
    email: MailAddress = ""
    #: Gets the same as JSON, by POST; its field `text` is what chat services show.
    webhook_url: SecretUrl | None = None
    #: A dead-man's switch: asked after each daily or weekly run; with `/fail` behind it after one that failed.
    ping_url: SecretUrl | None = None

    @property
    def has_listener(self) -> bool:
        """Whether anybody is told of trouble."""
        return bool(self.email or self.webhook_url)


class Settings(_Section):
    """Everything that yibao.toml and the environment may say. All paths are absolute."""

    site: Site = Site.model_validate({})
    paths: Paths = Paths()
    arxiv: Arxiv = Arxiv()
    translations: Translations = Translations()
    feeds: Feeds = Feeds()
    people: People = People()
    newsletter: Newsletter = Newsletter()
    dataset: Dataset = Dataset()
    sql: Sql = Sql()
    prefect: Prefect = Prefect()
    schedule: Schedule = Schedule()
    alarms: Alarms = Alarms()

    @property
    def cron_lines(self) -> dict[str, str]:
        """The cron line of each flow that `yibao schedule` runs, by the flow's name."""
        lines = {"daily": self.schedule.daily, "weekly": self.schedule.weekly}
        return lines | ({"newsletter": self.schedule.newsletter} if self.newsletter.lets_wait else {})
