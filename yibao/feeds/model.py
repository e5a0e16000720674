"""A feed and its items, as all formats see them.

Ids are tag URIs (RFC 4151) without version, the same in every feed of one variant. `published_at` never changes;
`updated_at` moves only for a correction that a reader would notice. All datetimes are UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from yibao import chinese_scripts
from yibao.settings import Site

#: Items of a list that is no feed; and of a feed, those at least that are there.
MOST_ITEMS = 60
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Variant(StrEnum):
    """In which language and script a feed is. Its value is its folder below the feed's own."""

    #: As curators wrote it, with the English beside it.
    WRITTEN = ""
    #: Simplified Chinese converted to Traditional, and labelled so.
    TRADITIONAL = chinese_scripts.LANGUAGE
    #: ArXiv's English alone.
    ENGLISH = "en"


def list_variants(site: Site) -> tuple[Variant, ...]:
    """List the variants in which this site's feeds are published."""
    if chinese_scripts.is_simplified(site.language):
        return (Variant.WRITTEN, Variant.TRADITIONAL, Variant.ENGLISH)
    return (Variant.WRITTEN, Variant.ENGLISH)


@dataclass(frozen=True, slots=True)
class Item:
    """What a reader shows as one article."""

    id: str
    url: str
    #: Plain Unicode: several readers show markup in titles wrongly.
    title: str
    #: Plain Unicode.
    summary: str
    #: Empty where the summary is all there is.
    html: str
    #: BCP 47, of the title and summary.
    language: str
    published_at: datetime
    updated_at: datetime
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    pdf_url: str | None = None
    translator: str | None = None
    #: Of the translation, as its file says it.
    rights: str | None = None
    #: Address of the licence of the paper, as arXiv tells it.
    license_url: str | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a feed: markup within XML takes more than its own."""
        return len(self.html.encode()) * 6 // 5 + len(self.summary.encode()) + len(self.title.encode()) + 1200


@dataclass(frozen=True, slots=True)
class Feed:
    """A channel, newest item first; or one document of its archive."""

    #: Its folder under `feeds/`: all, translated, editions, a category, or what the operator named.
    name: str
    title: str
    description: str
    language: str
    id: str
    home_url: str
    #: Where its three files are; ends in a slash.
    base_url: str
    items: tuple[Item, ...]
    #: Where readers are told of changes (WebSub); None where nobody tells them.
    hub_url: str | None = None
    #: What follows the addresses of its files: the question, where it answers one.
    query: str = ""
    #: File names within `archive/` (RFC 5005): of this document, the one before and the one after.
    archive: str | None = None
    previous: str | None = None
    following: str | None = None
    #: Where `archive/` and `pages/` are, the same for every variant; ends in a slash.
    folder_url: str = ""
    #: Names within `pages/` (RFC 5005, section 3), without variant and format: of this document, and the one after it.
    page: str | None = None
    next_page: str | None = None
    #: What ends the names of this variant's pages.
    page_suffix: str = ""
    #: A square picture of whose feed it is.
    icon_url: str = ""

    @property
    def updated_at(self) -> datetime:
        """When the newest of its items changed; 1970 while it has none."""
        return max((item.updated_at for item in self.items), default=NEVER)

    @property
    def site_title(self) -> str:
        """Whose feed it is."""
        return self.title.partition(" · ")[0]

    def url(self, file: str) -> str:
        """Return the address of one of its files."""
        return f"{self.base_url}{file}{self.query}"

    def archive_url(self, file: str) -> str:
        """Return the address of a document of its archive."""
        return f"{self.folder_url}archive/{file}"

    def page_url(self, page: str, form: str) -> str:
        """Return the address of one of its pages in a form: `atom.xml`, `feed.json`."""
        return f"{self.folder_url}pages/{page}{self.page_suffix}.{form}"


def format_timestamp(at: datetime) -> str:
    """Format an RFC 3339 timestamp in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def make_tag_uri(site: Site, name: str) -> str:
    """Make the permanent id of an item or feed."""
    return f"tag:{site.tag_authority}:{name}"
