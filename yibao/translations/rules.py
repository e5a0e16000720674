"""Every rule that a curator's file is held to: its name, how grave a breach is, and what is needed to judge it.

The names are promises: files silence rules by them, and other programs read them. Each has an example and its cure in
`docs/translations/rules.md`, which the tests run.
"""

import re
from typing import NamedTuple

from yibao.records import Problem, Severity


class Rule(NamedTuple):
    """One rule."""

    name: str
    severity: Severity
    #: What is wrong where it is broken, in a few words.
    says: str
    #: Whether it compares with arXiv's text, and so is silent where that is not known.
    needs_english: bool = False
    #: Whether `--fix` mends it.
    is_fixable: bool = False


_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

_ALL = (
    # The file.
    Rule("unreadable", _ERROR, "A file or folder cannot be read."),
    Rule("unreadable-bytes", _ERROR, "Bytes are in no encoding that we know."),
    Rule("wrong-encoding", _WARNING, "The file is not UTF-8.", is_fixable=True),
    Rule("too-large", _ERROR, "The file is too large for a person to have written it."),
    Rule("empty-file", _WARNING, "The file is empty."),
    Rule("no-entry", _ERROR, "The file has text and no heading."),
    Rule("front-matter", _WARNING, "The front matter is not what it may be."),
    Rule("silence", _WARNING, "A rule is silenced without a reason, or by a name that is none."),
    Rule("unused-silence", _NOTE, "A rule is silenced that was not broken."),
    # Structure.
    Rule("missing-title", _ERROR, "An entry has no English title."),
    Rule("heading-not-english", _WARNING, "The heading is in Chinese."),
    Rule("missing-link", _ERROR, "An entry has no link to its paper."),
    Rule("not-arxiv", _ERROR, "An entry links to something that is not at arXiv."),
    Rule("broken-address", _ERROR, "A link leads to arXiv, and to no paper."),
    Rule("misspelt-host", _WARNING, "The name of arXiv's host is misspelt.", is_fixable=True),
    Rule("address-form", _NOTE, "A link leads to the paper by another address than its page's.", is_fixable=True),
    Rule("version-in-link", _NOTE, "A link names a version, and binds the translation to it."),
    Rule("heading-level", _WARNING, "An entry's heading is of another level than 1 or 2.", is_fixable=True),
    Rule("missing-translated-title", _WARNING, "The link has no translated title."),
    Rule("missing-abstract", _WARNING, "An entry has a title and no abstract."),
    Rule("too-long", _WARNING, "The text of an entry is longer than any abstract."),
    Rule("stub", _NOTE, "An entry is still to be translated; it is not published."),
    Rule("duplicate-in-file", _WARNING, "A paper is translated again further down; the last one counts."),
    Rule("duplicate-across-files", _WARNING, "A paper is translated again in a later file, which counts."),
    # Whose translation it is.
    Rule("other-paper", _ERROR, "The heading and the link speak of two papers.", needs_english=True),
    Rule("title-differs", _WARNING, "The heading is not arXiv's title.", needs_english=True),
    Rule("retitled", _NOTE, "The heading is an earlier title of the paper.", needs_english=True),
    Rule("no-such-version", _ERROR, "The link names a version that arXiv does not have.", needs_english=True),
    Rule("other-text", _ERROR, "The abstract is not this paper's.", needs_english=True),
    Rule("other-title", _ERROR, "The translated title is that of a neighbour.", needs_english=True),
    Rule("unlike-title", _NOTE, "The translated title has little in common with the English.", needs_english=True),
    # Whether it says what the English says.
    Rule("untranslated", _ERROR, "The abstract was left in English."),
    Rule("title-untranslated", _NOTE, "The title was left in English."),
    Rule("partly-untranslated", _WARNING, "A sentence was left in English."),
    Rule("model-residue", _ERROR, "A language model's own words are in the text."),
    Rule("number-changed", _ERROR, "A number is another one than in the English.", needs_english=True),
    Rule("number-missing", _WARNING, "A number of the English is missing.", needs_english=True),
    Rule("number-added", _WARNING, "A number is not in the English.", needs_english=True),
    Rule("unit-changed", _ERROR, "A number has another unit than in the English.", needs_english=True),
    Rule("maths-altered", _ERROR, "A formula is another one than in the English.", needs_english=True),
    Rule("maths-missing", _NOTE, "A formula of the English is missing.", needs_english=True),
    Rule("maths-added", _WARNING, "A formula is not in the English.", needs_english=True),
    Rule("url-missing", _ERROR, "An address of the English is missing.", needs_english=True),
    Rule("name-missing", _NOTE, "A name of the English is missing.", needs_english=True),
    Rule("name-changed", _ERROR, "A name is spelt otherwise than in the English.", needs_english=True),
    Rule("name-added", _NOTE, "A name is not in the English.", needs_english=True),
    Rule("meaning-reversed", _NOTE, "A sentence seems to say the opposite of the English.", needs_english=True),
    Rule("negation-changed", _NOTE, "One side denies what the other does not.", needs_english=True),
    Rule("condensed", _NOTE, "The translation is a summary of the English.", needs_english=True),
    Rule("sentence-missing", _NOTE, "A sentence of the English seems to be missing.", needs_english=True),
    Rule("sentence-merged", _NOTE, "A sentence seems to be told within those around it.", needs_english=True),
    # Words.
    Rule("forbidden-term", _ERROR, "A term is rendered as the glossary forbids."),
    # Typography.
    Rule("unbalanced-maths", _WARNING, "A dollar sign has no partner."),
    Rule("undefined-macro", _WARNING, "A TeX command that nobody defined would be shown as it is written."),
    Rule("bare-percent", _WARNING, "A percent sign inside a formula begins a comment in TeX.", is_fixable=True),
    Rule("damaged-tex", _WARNING, "A TeX command lost its backslash to a string escape.", is_fixable=True),
    Rule("control-character", _WARNING, "A control character is in the text.", is_fixable=True),
    Rule("invisible-character", _WARNING, "An invisible character is in the text.", is_fixable=True),
    Rule("bidirectional-control", _WARNING, "A character turns the direction of the text around.", is_fixable=True),
    Rule("raw-html", _WARNING, "HTML would be shown as it is written."),
    Rule("half-width-punctuation", _WARNING, "Half-width punctuation stands in Chinese.", is_fixable=True),
    Rule("script-spacing", _NOTE, "No space stands between Chinese and Latin.", is_fixable=True),
)

#: Rules whose remedy is a word that takes the place of what they underline.
_REPLACING = frozenset({"forbidden-term", "name-changed"})
_WRITE = re.compile(r"Write (.+)\.")

RULES = {rule.name: rule for rule in _ALL}


def create_problem(  # noqa: PLR0913  (a place, and what to say of it)
    rule: str,
    path: str,
    line: int,
    column: int,
    message: str,
    remedy: str,
    arxiv_id: str | None = None,
    length: int = 1,
) -> Problem:
    """Create the problem of a broken rule. Line and column from 1, in characters; `length` is what to underline."""
    return Problem(path, line, column, rule, RULES[rule].severity, message, remedy, arxiv_id, length)


def find_replacement(problem: Problem) -> str | None:
    """Find what to write in the place of what a problem underlines; None where that is for a person to say."""
    written = _WRITE.fullmatch(problem.remedy) if problem.rule in _REPLACING else None
    return written[1] if written else None
