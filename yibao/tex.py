"""TeX as arXiv's metadata spells letters: accents, ligatures and Greek names, as Unicode.

For comparing texts that two sources spell differently. arXiv's `arXiv` and `oai_dc` records turn these commands
into letters, inside formulas too; its other sources keep them. Source: https://info.arxiv.org/help/prep.html.
"""

import re
import unicodedata

_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "aa": "å",
    "AA": "Å",
    "l": "ł",
    "L": "Ł",
    "i": "ı",
    "j": "ȷ",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "dj": "đ",
    "DJ": "Đ",
}
GREEK = {
    name: unicodedata.lookup(f"GREEK {case} LETTER {spelt.upper()}")
    for spelt in [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lamda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
    ]
    for case, name in (
        ("SMALL", spelt.replace("lamda", "lambda")),
        ("CAPITAL", spelt.replace("lamda", "lambda").capitalize()),
    )
}
_SYMBOL = re.compile(r"\\([`'^~=.\"])\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
_NAMED = re.compile(r"\\([uvHcdbkr])(?:\s*\{\s*\\?([A-Za-z])\s*\}|\s+\\?([A-Za-z]))")
_LETTER = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])(?:\s*\{\})?")
_WORDS = re.compile(r"[^\W_]+")


def decode_tex(text: str) -> str:
    """Replace every TeX command for a letter or accent by that letter; the rest stays as it is."""
    if "\\" not in text:
        return unicodedata.normalize("NFC", text)
    accented = _NAMED.sub(_compose_accent, _SYMBOL.sub(_compose_accent, text))
    named = _LETTER.sub(lambda match: LETTERS.get(match[1]) or GREEK.get(match[1]) or match[0], accented)
    return unicodedata.normalize("NFC", named)


def extract_skeleton(text: str) -> str:
    """Extract what two spellings of one text share: its letters and digits, in order, without accents.

    Differs only where the words differ: sources spell accents, blanks, braces and quotes each in their way.
    """
    decomposed = unicodedata.normalize("NFKD", decode_tex(text))
    return "".join(_WORDS.findall("".join(letter for letter in decomposed if not unicodedata.combining(letter))))


def _compose_accent(match: re.Match[str]) -> str:
    # A dotless i under an accent is an i: \'{\i} is í.
    return (match[2] or match[3]) + _COMBINING[match[1]]
