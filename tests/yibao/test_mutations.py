"""Real entries with one thing made wrong: how many of each kind are noticed, and how many unchanged ones are."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from yibao.maths import FORMULA
from yibao.records import English
from yibao.translations import check, folder, glossary, identity, markdown, sentences
from yibao.translations.spans import ADDRESS, mask_non_prose

_LEAST = 0.95
_ENOUGH = 300
#: A name or words in another font are no formula.
_IN_A_FONT = re.compile(r"\$\\text\w*\{[^{}]*\}\$")
_KINDS = {
    "number": {"number-changed", "number-missing", "number-added", "unit-changed"},
    # A formula may be no more than a number.
    "formula": {"maths-missing", "maths-altered", "number-missing", "number-changed", "unit-changed"},
    "address": {"url-missing"},
    "sentence": {"sentence-missing"},
    "identifier": {"other-paper"},
    "term": {"forbidden-term"},
}


@pytest.fixture(scope="module")
def corpus(shared):
    """(entry, arXiv's text) of every real entry whose English is at hand, whole."""
    import duckdb

    data = shared / "data"
    rows = duckdb.execute(
        "SELECT id, title, abstract, source FROM read_parquet($1) WHERE id IN (SELECT arxiv_id FROM read_parquet($2))",
        [str(data / "arxiv-records" / "records.parquet"), str(data / "translations-weekly" / "entries.parquet")],
    ).fetchall()
    english = {row[0]: English(row[1], row[2]) for row in rows if row[2] and "truncated" not in row[3]}
    found, _ = folder.find_files([data / "translations-weekly" / "weekly"])
    entries = []
    for file in found:
        document = markdown.parse_document(file.path.read_bytes(), file.shown, "zh-Hans")
        entries += [one for one in document.entries if one.translation.arxiv_id in english and one.translation.abstract]
    return [(one, english[one.translation.arxiv_id]) for one in entries], english


@pytest.fixture(scope="module")
def pairs(shared):
    """The same of other real translations, which keep more formulas."""
    import duckdb

    rows = duckdb.execute(
        "SELECT arxiv_id, title_en, title_zh, abstract_en, abstract_zh FROM read_parquet($1) "
        "WHERE abstract_zh LIKE '%$%' AND abstract_en LIKE '%$%' ORDER BY arxiv_id",
        [str(shared / "data" / "translations-other" / "bilingual-md-pairs.parquet")],
    ).fetchall()
    entries, english = [], {}
    for arxiv_id, title_en, title_zh, abstract_en, abstract_zh in rows:
        content = f"## {title_en}\n[{title_zh}](https://arxiv.org/abs/{arxiv_id})\n\n{abstract_zh}\n"
        found = markdown.parse_document(content.encode(), "pairs.md", "zh-Hans").entries
        if len(found) == 1 and arxiv_id not in english:
            english[arxiv_id] = English(title_en, abstract_en)
            entries.append((found[0], english[arxiv_id]))
    return entries, english


def _rules(entry, english, owners):
    translation = entry.translation
    title = translation.title or translation.title_en
    content = f"## {translation.title_en}\n[{title}](https://arxiv.org/abs/{translation.arxiv_id})\n\n{translation.abstract}\n"
    document = markdown.parse_document(content.encode(), translation.path, "zh-Hans")
    terms = glossary.load_terms(None)
    return {one.rule for one in check.check_document(document, terms, {translation.arxiv_id: english}, owners).problems}


def _change_number(entry, english, _all, chance: Random):
    bare = mask_non_prose(entry.translation.abstract)
    found = [
        one
        for one in re.finditer(r"(?<![A-Za-z0-9.\-_@])\d+(?:\.\d+)?(?![A-Za-z0-9.\-])", bare)
        if one[0] in english.abstract
    ]
    if not found:
        return None
    one = chance.choice(found)
    other = str(int(one[0]) + 3) if "." not in one[0] else f"{float(one[0]) + 1.3:.2f}"
    return _with(entry, entry.translation.abstract[: one.start()] + other + entry.translation.abstract[one.end() :])


def _drop_formula(entry, english, _all, chance: Random):
    there = {one[0].strip("$") for one in FORMULA.finditer(english.abstract)}
    found = [one for one in FORMULA.finditer(entry.translation.abstract) if one[0].strip("$") in there]
    found = [one for one in found if entry.translation.abstract.count(one[0]) == 1 and not _IN_A_FONT.fullmatch(one[0])]
    if not found:
        return None
    one = chance.choice(found)
    return _with(entry, entry.translation.abstract[: one.start()] + entry.translation.abstract[one.end() :])


def _lose_address(entry, english, _all, chance: Random):
    found = [one for one in ADDRESS.finditer(entry.translation.abstract) if one[0] in english.abstract]
    found = [one for one in found if entry.translation.abstract.count(one[0]) == 1]
    if not found:
        return None
    one = chance.choice(found)
    return _with(entry, entry.translation.abstract[: one.start()] + entry.translation.abstract[one.end() :])


def _remove_sentence(entry, english, _all, chance: Random):
    # Only where each English sentence has one of its own: else a half of one would be taken out, and nothing whole.
    parts = sentences.split_chinese(entry.translation.abstract)
    if len(parts) != len(sentences.split_english(english.abstract)) or len(parts) < 3:
        return None
    whole = [part for part in parts if len(part) >= 12]
    return _with(entry, entry.translation.abstract.replace(chance.choice(whole), "", 1)) if whole else None


def _swap_identifier(entry, _english, everything, _chance: Random):
    """The identifier of the entry below it."""
    ids = [one.translation.arxiv_id for one, _ in everything]
    neighbour = ids[(ids.index(entry.translation.arxiv_id) + 1) % len(ids)]
    return entry._replace(translation=replace(entry.translation, arxiv_id=neighbour))


def _forbid_term(entry, english, _all, chance: Random):
    terms = [
        (term, rendering)
        for term in glossary.find_terms(glossary.load_terms(None), english.abstract)
        for rendering in term.preferred
        if term.forbidden and not rendering.isascii() and rendering in entry.translation.abstract
    ]
    if not terms:
        return None
    term, rendering = chance.choice(terms)
    return _with(entry, entry.translation.abstract.replace(rendering, chance.choice(term.forbidden)))


def _with(entry, abstract):
    return entry._replace(translation=replace(entry.translation, abstract=abstract))


_MUTATIONS: dict[str, Callable] = {
    "number": _change_number,
    "formula": _drop_formula,
    "address": _lose_address,
    "sentence": _remove_sentence,
    "identifier": _swap_identifier,
    "term": _forbid_term,
}


@pytest.mark.drill
@pytest.mark.shared
@pytest.mark.parametrize("kind", _KINDS)
def test_of_a_hundred_entries_made_wrong_ninety_five_are_noticed(kind, corpus, pairs):
    entries, english = pairs if kind == "formula" else corpus
    owners = {identity.normalize_title(one.title): arxiv_id for arxiv_id, one in english.items()}
    chance = Random(7)
    caught, made, silent = 0, 0, 0
    for entry, source in chance.sample(entries, len(entries)):
        changed = _MUTATIONS[kind](entry, source, entries, chance)
        if changed is None or made == _ENOUGH:
            continue
        before = _rules(entry, source, owners) & _KINDS[kind]
        if before:
            silent += 1  # It was said to be wrong already: nothing could be noticed.
            continue
        made += 1
        caught += bool(_rules(changed, english[changed.translation.arxiv_id], owners) & _KINDS[kind])
    print(f"{kind}: {caught} of {made} noticed; {silent} of {made + silent} were reported unchanged")
    assert made >= 15
    assert caught >= _LEAST * made
