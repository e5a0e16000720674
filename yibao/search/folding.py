"""Texts and queries as search compares them: one folding for every engine, the browser's included.

Compatibility forms, capitals, accents, Traditional characters, TeX and the many hyphens fold away; `C++`, `C#` and
Greek letters stay what they are. `yibao/site/search_language.js` does the same, by tables that are published for it.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from opencc import OpenCC

from yibao import tex, tex_symbols

#: Chinese characters, each a token of its own.
HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0002ffff々"
_FIRST_HAN = "々"
#: Between texts that are folded at once; in none of them.
_GAP = "\x00"
_TOKEN = re.compile(rf"[{HAN}]|(?<![^\W_])[a-z](?:\+\+|#)|[^\W_{HAN}]+")
_COMPOUND = re.compile(r"(?<![^\W_])[a-z0-9]+(?:-[a-z0-9]+)+(?![^\W_])")
#: For texts of ASCII alone, which most are: ten times as fast.
_ASCII_BLANKS = "".join(chr(code) if chr(code).isalnum() or chr(code) == _GAP else " " for code in range(128))
_HYPHEN = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
_MARKS = re.compile("[\u0300-\u036f]")
_TEX_SIGNS = "\\$^_{}~"
_ACCENT = re.compile(r"\\(?:[`'^~=.\"]\s*|[uvHcdbkr](?=\s*\{|\s+\\?[A-Za-z](?![A-Za-z]))\s*)\{?\\?([A-Za-z])\}?")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_ESCAPE = re.compile(rf"\\([^{_GAP}]?)")
#: What is raised or lowered belongs to the letter before it, and numbers to the word.
_SCRIPT = re.compile(r"\}?[_^]\{?([^\W_]+)\}?")
#: Commands that say how something looks: what they hold follows at once.
_LOOKS = """
text textbf textit texttt textrm textsc textsf emph mathcal mathbb mathbf mathrm mathit mathsf mathfrak mathscr
boldsymbol bm rm bf it tt sf cal Bbb frak operatorname hat widehat tilde widetilde bar overline underline vec dot ddot
check acute grave left right mbox mathop ensuremath
"""
_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ȷ": "j", "ς": "σ",
    "ħ": "h", "\u00ad": "", "々": "々", "’": "'", "‘": "'",
}  # fmt: skip
_REST_OF_TEX = str.maketrans("_^~", "   ", "{}")
_SIGNS = {"ell": "ℓ", "hbar": "ℏ", "aleph": "ℵ", "infty": "∞", "partial": "∂", "nabla": "∇"}


def fold_text(text: str) -> str:
    """Fold a text: what reads the same is the same afterwards. Positions within it change."""
    if any(sign in text for sign in _TEX_SIGNS):
        text = _decode_tex(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).lower()
    text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))
    return _HYPHEN.sub("-", text).translate(_load_signs())


def split_tokens(folded: str) -> list[str]:
    """Split a folded text into its tokens: words, numbers, and single Chinese characters."""
    if folded.isascii() and "+" not in folded and "#" not in folded:
        return folded.translate(_ASCII_BLANKS).split()
    return _TOKEN.findall(folded)


def write_tokens(texts: Sequence[str]) -> list[str]:
    """Write each text as its tokens with blanks between them; then, one by one, the words that hyphens join."""
    folded = fold_text(_GAP.join(texts))
    if folded.isascii() and "+" not in folded and "#" not in folded:
        written = folded.translate(_ASCII_BLANKS).split(_GAP)
    else:
        written = [" ".join(_TOKEN.findall(text)) for text in folded.split(_GAP)]
    return [*written, *join_compounds(folded)]


def join_compounds(folded: str) -> list[str]:
    """List the words of a folded text that hyphens join, each written as one: pre-training is pretraining, too."""
    if "-" not in folded:
        return []
    near = " ".join(word for word in folded.split() if "-" in word)
    return [word.replace("-", "") for word in _COMPOUND.findall(near)]


def is_han(token: str) -> bool:
    """Check whether a token is a Chinese character."""
    # All come after these, and most tokens do not.
    return token >= _FIRST_HAN and bool(_load_han().match(token))


@cache
def load_simplified() -> dict[str, str]:
    """Load the simplified form of every Traditional character that has one. Source: OpenCC's characters."""
    converter = OpenCC("t2s")
    ranges = (range(0x3400, 0xA000), range(0xF900, 0xFB00))
    characters = (chr(code) for codes in ranges for code in codes)
    pairs = ((character, converter.convert(character)) for character in characters)
    return {old: new for old, new in pairs if new != old and len(new) == 1 and "\u3400" <= new <= "\u9fff"}


@cache
def load_commands() -> dict[str, str]:
    """Load what stands for each TeX command: its letter or name, or nothing where it only says how something looks."""
    functions = {name: f" {name} " for name in sorted(tex_symbols.FUNCTIONS)}
    return {**functions, **tex.LETTERS, **tex.GREEK, **_SIGNS, **dict.fromkeys(_LOOKS.split(), "")}


def load_letters() -> dict[str, str]:
    """Load the letters that no normal form takes apart, with their plain forms."""
    return dict(_LETTERS)


def _decode_tex(text: str) -> str:
    """Write TeX as Unicode, as far as words are concerned."""
    text = text.replace("$", "")
    if "\\" in text:
        text = _ACCENT.sub(r"\1", text)
        text = _COMMAND.sub(lambda match: load_commands().get(match[1], " "), text)
        text = _ESCAPE.sub(lambda match: match[1] if match[1] and match[1] in "#%&" else " ", text)
    if "_" in text or "^" in text:
        text = _SCRIPT.sub(_join_script, text)
    return text.translate(_REST_OF_TEX)


def _join_script(match: re.Match[str]) -> str:
    """Join what is raised or lowered to the single letter before it, and numbers to the whole word."""
    text, place = match.string, match.start()
    before = text[place - 1] if place else " "
    is_single = before.isalpha() and not text[max(place - 2, 0) : place - 1].isalnum()
    return match[1] if is_single or (before.isalnum() and match[1].isdecimal()) else f" {match[1]}"


@cache
def _load_signs() -> dict[int, str]:
    return {ord(old): new for old, new in {**_LETTERS, **load_simplified()}.items()}


@cache
def _load_han() -> re.Pattern[str]:
    return re.compile(f"[{HAN}]")
