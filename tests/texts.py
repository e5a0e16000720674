"""Messages of templates and code, and the catalogue that translates them.

`python -m tests.texts` (`make texts`) adds new messages to the catalogue, removes unused ones, and sorts it.
"""

import io
import re
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "yibao" / "locales" / "zh_Hans.po"
_TEMPLATES = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
_METHODS = [("yibao/**.py", "python"), ("commands/**.py", "python"), ("yibao/**/templates/**", "jinja2")]
#: What marks a message, beside gettext's own names.
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark_text": None, "both": None}
_HEAD = """\
# What pages and feeds say, in Simplified Chinese. Sorted by the English; `make texts` adds what is new, untranslated.
msgid ""
msgstr ""
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def extract_messages() -> Catalog:
    """Extract every message that templates and code mark."""
    found = Catalog(locale="zh_Hans")
    for path, _, message, _, _ in extract_from_dir(
        ROOT, _METHODS, {"yibao/**/templates/**": _TEMPLATES}, keywords=_KEYWORDS
    ):
        found.add(message, locations=[(path, 0)])
    return found


def read_catalogue() -> Catalog:
    """Read the catalogue as it is."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def name_message(message: Message) -> str:
    """Name a message by its English; the singular where it has two forms."""
    return message.id[0] if isinstance(message.id, tuple) else message.id


def format_catalogue(messages: Catalog, translated: Catalog) -> str:
    """Format a catalogue of these messages, sorted, with the translations that are there."""
    updated = Catalog(locale="zh_Hans")
    for message in messages:
        if message.id:
            known = translated.get(message.id)
            updated.add(message.id, known.string if known else None, user_comments=known.user_comments if known else ())
    text = io.BytesIO()
    write_po(text, updated, width=0, sort_output=True, omit_header=True)
    return f"{_HEAD}\n{text.getvalue().decode().strip()}\n"


def list_marks(text: str) -> list[str]:
    """List what a translation must repeat: placeholders and tags, sorted."""
    return sorted(re.findall(r"%\(\w+\)[sd]|\{\w+\}|</?\w+[^>]*>", text))


if __name__ == "__main__":
    CATALOGUE.write_text(format_catalogue(extract_messages(), read_catalogue()), encoding="utf-8")
