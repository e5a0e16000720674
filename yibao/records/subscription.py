"""What a subscriber asks to get by mail."""

from dataclasses import dataclass
from enum import StrEnum


class Frequency(StrEnum):
    """How often mail comes."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Language(StrEnum):
    """Which texts a mail shows."""

    CHINESE = "zh"
    ENGLISH = "en"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one subscriber asks for. A paper is for them that meets any topic; without topics every paper is."""

    frequency: Frequency = Frequency.DAILY
    language: Language = Language.CHINESE
    #: Canonical codes.
    categories: tuple[str, ...] = ()
    #: Words or phrases, Chinese or English, of title or abstract; no regular expressions.
    keywords: tuple[str, ...] = ()
    #: Names as arXiv spells them.
    authors: tuple[str, ...] = ()
    #: IANA name of the zone in whose dates and hours mail speaks.
    timezone: str = "Asia/Shanghai"
    #: Whether mail comes, too, that says that nothing met a topic.
    wants_empty: bool = False

    @property
    def has_topics(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.categories or self.keywords or self.authors)
