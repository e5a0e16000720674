"""What each rule means, with examples and how often it is right: its part of `docs/translations/rules.md`."""

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

#: Where the page is in a checkout; packages have a copy beside this module.
_IN_CHECKOUT = Path(__file__).parents[2] / "docs" / "translations" / "rules.md"
_HEADING = re.compile(r"^## ([a-z]+(?:-[a-z]+)*)$", re.MULTILINE)


def explain_rule(name: str) -> str:
    """Return what the page says of a rule, as Markdown.

    Raises:
        KeyError: there is no such rule.
    """
    return f"## {name}\n\n{_read_sections()[name].strip()}"


@lru_cache(maxsize=1)
def _read_sections() -> dict[str, str]:
    packed = files("yibao.translations") / "rules.md"
    text = (packed if packed.is_file() else _IN_CHECKOUT).read_text(encoding="utf-8")
    _, *parts = _HEADING.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))
