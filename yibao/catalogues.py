"""What pages and feeds say, in the languages of the interface.

The English is in templates and code (`{{ _("Editions") }}`), its Chinese in `locales/zh_Hans.po`; Traditional Chinese
is converted from that by OpenCC. `make texts` adds new messages to the file. Source: https://babel.pocoo.org/.
"""

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from yibao import chinese_scripts

#: Languages of the interface (BCP 47), by their own names.
LANGUAGES = {"zh-Hans": "简体中文", chinese_scripts.LANGUAGE: "繁體中文", "en": "English"}
_SIMPLIFIED, _TRADITIONAL, _ENGLISH = LANGUAGES


def choose_interface(language: str) -> str:
    """Choose the language of the interface for texts in this one (BCP 47); where there is none for it, English."""
    if chinese_scripts.is_traditional(language):
        return _TRADITIONAL
    return _SIMPLIFIED if chinese_scripts.is_simplified(language) else _ENGLISH


def find_locale(language: str) -> str:
    """Find the name under which Babel knows a language of the interface."""
    return language.replace("-", "_")


@cache
def load_texts(language: str) -> NullTranslations:
    """Load the texts of an interface's language: its `gettext` and `ngettext` take the English.

    Raises:
        KeyError: there is no interface in this language.
    """
    if language == _ENGLISH:
        return NullTranslations()
    return {_SIMPLIFIED: _read_catalogue, _TRADITIONAL: _convert_catalogue}[language]()


def mark_text(message: str) -> str:
    """Mark an English text for translation where it stands; it is translated where it is shown."""
    return message


def _read_catalogue() -> GNUTranslations:
    catalogue = read_po(io.BytesIO((files("yibao") / "locales" / "zh_Hans.po").read_bytes()), locale="zh_Hans")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _convert_catalogue() -> GNUTranslations:
    texts = _read_catalogue()
    # The messages are in a private table: the standard library has no other way to change them.
    table: dict[object, str] = vars(texts)["_catalog"]
    table.update((message, chinese_scripts.convert_text(text)) for message, text in table.items() if message)
    return texts
