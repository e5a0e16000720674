"""Questions of the cookbook, `docs/cookbook.md`, that the data page offers: those that read little of a release."""

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from yibao.catalogues import mark_text

#: Where the page is in a checkout; packages have a copy beside this module.
_IN_CHECKOUT = Path(__file__).parents[2] / "docs" / "cookbook.md"
_QUESTION = re.compile(r"^## \d+\. ([^\n]+)\n\n```sql\n(.+?)\n```", re.MULTILINE | re.DOTALL)
#: The others read columns of every paper, author or title: megabytes for all of arXiv.
_READY = (
    mark_text("What was translated last?"),
    mark_text("How much of each day does get translated?"),
    mark_text("Who translates how much, and how fast?"),
    mark_text("How long does a translation take, month by month?"),
    mark_text("Which translations are of a text that arXiv has changed since?"),
    mark_text("What happened to one paper's translation?"),
    mark_text("Which papers have got another title?"),
    mark_text("Which lists are not complete?"),
)


@lru_cache(maxsize=1)
def read_questions() -> tuple[tuple[str, str], ...]:
    """Read the questions for the data page: the title of each, to be translated, and its SQL."""
    packed = files("yibao.dataset") / "cookbook.md"
    text = (packed if packed.is_file() else _IN_CHECKOUT).read_text(encoding="utf-8")
    statements = dict(_QUESTION.findall(text))
    return tuple((title, statements[title]) for title in _READY)
