"""What an operator may say, in one frozen model. Read once, at the edge; nothing below reads the environment.

`values` checks single values, `model` has the sections, `loading` reads file and environment. Callers import from here.
"""

from yibao.settings.loading import load
from yibao.settings.model import (
    Alarms,
    Arxiv,
    FeedChoice,
    Feeds,
    Newsletter,
    Paths,
    Prefect,
    Schedule,
    Settings,
    Site,
    Translations,
)
from yibao.settings.values import CategoryCode

__all__ = [
    "Alarms",
    "Arxiv",
    "CategoryCode",
    "FeedChoice",
    "Feeds",
    "Newsletter",
    "Paths",
    "Prefect",
    "Schedule",
    "Settings",
    "Site",
    "Translations",
    "load",
]
