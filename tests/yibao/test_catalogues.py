"""What pages and feeds say is in a catalogue, whole, and nothing else is."""

import re

import pytest
from markupsafe import Markup

from tests.texts import (
    CATALOGUE,
    ROOT,
    extract_messages,
    format_catalogue,
    list_marks,
    name_message,
    read_catalogue,
)
from yibao import catalogues, templating

_HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def _list_templates():
    files = [path for room in ("site", "feeds") for path in (ROOT / "yibao" / room).rglob("*")]
    # The grammar of queries is no text for readers.
    kinds = (".html", ".xml", ".opml", ".js")
    return sorted(path for path in files if path.suffix in kinds and path.name != "search_language.js")


@pytest.mark.parametrize("path", _list_templates(), ids=lambda path: path.name)
def test_no_template_or_script_holds_chinese_text(path):
    assert not _HAN.findall(path.read_text(encoding="utf-8")), "put the English into the template, run `make texts`"


def test_every_message_is_in_the_catalogue_and_nothing_else_is():
    wanted = {name_message(message) for message in extract_messages() if message.id}
    given = {name_message(message) for message in read_catalogue() if message.id}
    assert wanted - given == set(), "run `make texts` (python -m tests.texts), and translate what it adds"
    assert given - wanted == set(), "nothing says this any more: run `make texts` (python -m tests.texts)"


def test_every_message_is_translated_with_its_placeholders_and_tags():
    for message in read_catalogue():
        if message.id:
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(texts), f"{message.id!r} is not translated"
            assert not message.fuzzy, f"{message.id!r}: check the translation, and remove `fuzzy`"
            plural = message.id[-1] if isinstance(message.id, tuple) else message.id
            assert [list_marks(text) for text in texts] == [list_marks(plural)], message.id


def test_the_catalogue_is_formatted():
    as_it_is = CATALOGUE.read_text(encoding="utf-8")
    assert as_it_is == format_catalogue(read_catalogue(), read_catalogue()), "run `make texts`"


@pytest.mark.parametrize(
    ("language", "interface"),
    [
        ("zh-Hans", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh", "zh-Hans"), ("zh-TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("en", "en"), ("en-GB", "en"), ("de", "en"), ("ja", "en"),
    ],
)  # fmt: skip
def test_an_interface_is_chosen_for_every_language(language, interface):
    assert catalogues.choose_interface(language) == interface


def test_texts_are_english_simplified_and_traditional():
    said = [catalogues.load_texts(language).gettext("Subscribe by mail") for language in catalogues.LANGUAGES]
    assert said == ["邮件订阅", "郵件訂閱", "Subscribe by mail"]


def test_a_template_says_its_texts_in_a_language_and_escapes_what_it_puts_into_them():
    environment = templating.create_environment("yibao.site", catalogues.load_texts("zh-Hans"))
    template = environment.from_string('{{ _("Editions") }} {{ _("%(name)s", name=name) }}')
    assert template.render(name=Markup("<b>")) == "各期 <b>"
    assert environment.from_string('{{ _("<b>%(name)s</b>", name=name) }}').render(name="<i>") == "<b>&lt;i&gt;</b>"
