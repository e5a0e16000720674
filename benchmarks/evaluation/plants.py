"""Faults to plant in a translation that has none, by kind: each changes what a reader would be told.

A planter gets a pair, another paper's pair and a source of chance, and returns the pair made wrong, or None where
there is nothing to make wrong. Planters know nothing of the rules: they change what both sides have.
"""

# ruff: noqa: E501  (tables of Chinese)
import re
from collections.abc import Callable
from random import Random

from benchmarks.evaluation.corpora import Pair
from yibao.maths import FORMULA
from yibao.translations import sentences
from yibao.translations.spans import ADDRESS, mask_non_prose

_Planter = Callable[[Pair, Pair, Random], Pair | None]
_NUMBER = re.compile(r"(?<![A-Za-z0-9.\-_@])\d+(?:\.\d+)?(?![A-Za-z0-9.\-])")
_MAGNITUDE = re.compile(r"(?<=\d)\s*[多余]?\s*([亿万億萬])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\\?%|％)")
_NUMERALS = {2: "两二兩", 3: "三", 4: "四", 5: "五", 6: "六", 7: "七", 8: "八", 9: "九"}
_NUMBER_WORDS = dict(enumerate(["two", "three", "four", "five", "six", "seven", "eight", "nine"], 2))
_COUNTED = "个種种类类项項组組大层層阶段步轮條条"
_NAME = re.compile(r"(?<![\w\\/.-])(?=[\w.-]*[A-Z])(?=[\w.-]*(?:\d|[a-z][A-Z]|[A-Z]{2}[a-z]))[A-Za-z][\w.-]{2,}\w")
_ACRONYM = re.compile(r"(?<![\w\\/.$-])(?:[A-Z]{3,7}|[A-Z][a-z]{4,12})(?![\w-])")
_OPPOSITES = [("提高", "降低"), ("提升", "降低"), ("增加", "减少"), ("减少", "增加"), ("降低", "提高"), ("优于", "劣于"),
              ("增强", "削弱"), ("加速", "减慢"), ("更好", "更差"), ("更高", "更低"), ("更低", "更高"), ("改善", "恶化"),
              ("超过", "低于"), ("超越", "不及"), ("之前", "之后"), ("提高", "降低")]  # fmt: skip
_DENIALS = [("可以", "不可以"), ("能够", "不能"), ("无需", "需要"), ("需要", "无需"), ("不需要", "需要"), ("没有", "有"),
            ("无法", "可以"), ("不能", "能"), ("并不", ""), ("不会", "会"), ("会", "不会"), ("是", "不是"), ("有效", "无效"),
            ("仍然", "不再"), ("不足以", "足以"), ("不依赖", "依赖"), ("未能", "能够")]  # fmt: skip
RESIDUES = [
    "<think>\n{}\n</think>\n\n{}", "Here is the translation:\n\n{}", "Sure, here is the translated abstract:\n\n{}",
    "好的，以下是翻译：\n\n{}", "```markdown\n{}\n```", "```\n{}\n```", "{}\n\n注：译文保留了原文的专有名词。", "中文摘要：{}",
    "{}\n\n（由 ChatGPT 生成）", "{}\n\n本译文由人工智能模型自动生成，仅供参考。", "翻译失败", "{}\n\n如果您需要进一步的修改，请告诉我。",
    "以下是该论文摘要的中文翻译：\n\n{}", "{}\n\n希望这个翻译对您有帮助！", "抱歉，我无法翻译这段内容。", "**译文**：\n\n{}",
    "摘要翻译如下：\n\n{}", "{}\n\n请注意，以上翻译可能不完全准确。", "### 中文翻译\n\n{}", "Error: rate limit exceeded", "{}\n\nTranslated by DeepSeek",
    "翻译：\n{}", "当然可以！下面是翻译：\n{}", "{}\n\n说明：部分术语采用了直译。", "As an AI language"
        " model, I cannot translate this text.",
]  # fmt: skip


def _with_abstract(pair: Pair, start: int, end: int, text: str) -> Pair:
    return pair._replace(abstract_zh=pair.abstract_zh[:start] + text + pair.abstract_zh[end:])


def _change_number(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    found = [
        one
        for one in _NUMBER.finditer(mask_non_prose(pair.abstract_zh))
        if re.search(rf"(?<![\d.]){re.escape(one[0])}(?![\d.]\d|\d)", pair.abstract_en)
    ]
    if not found:
        return None
    one = chance.choice(found)
    other = f"{float(one[0]) + 1.3:.2f}" if "." in one[0] else str(int(one[0]) + 3)
    return _with_abstract(pair, *one.span(), other)


def _swap_magnitude(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    found = list(_MAGNITUDE.finditer(mask_non_prose(pair.abstract_zh)))
    if not found:
        return None
    one = chance.choice(found)
    return _with_abstract(pair, one.start(1), one.end(1), {"亿": "万", "万": "亿", "億": "萬", "萬": "億"}[one[1]])


def _scale_number(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    """100,000 as 逾 10 亿."""
    found = []
    for one in re.finditer(
        r"[超逾约近]?过?\s*(\d[\d,]*(?:\.\d+)?)\s*([多余]?[千万亿]*)", mask_non_prose(pair.abstract_zh)
    ):
        factor = 1
        for sign in one[2]:
            factor *= {"千": 10**3, "万": 10**4, "亿": 10**8}.get(sign, 1)
        value = float(one[1].replace(",", "")) * factor
        if value >= 10_000 and value < 10**9 and re.search(r"\d,\d{3}|\d[kKM]\b|thousand|million", pair.abstract_en):
            found.append((one, value))
    if not found:
        return None
    one, value = chance.choice(found)
    scaled = value * 10 ** chance.choice([2, 3, 4])
    text = f"逾 {scaled / 1e8:g} 亿" if scaled >= 1e8 else f"逾 {scaled / 1e4:g} 万"
    return _with_abstract(pair, *one.span(), text)


def _lose_percent(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    both = {one[1] for one in _PERCENT.finditer(pair.abstract_en)}
    # 50%-70% without its first sign says the same.
    found = [
        one
        for one in _PERCENT.finditer(pair.abstract_zh)
        if one[1] in both and not re.match(r"\s*[-–—~～至到和与、或,，]\s*\d", pair.abstract_zh[one.end() :])
    ]
    if not found:
        return None
    one = chance.choice(found)
    return _with_abstract(pair, *one.span(), one[1])


def _change_numeral(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    english = set(re.findall(r"[a-z]+", pair.abstract_en.lower()))
    found = [
        one
        for value, word in _NUMBER_WORDS.items()
        if word in english
        for one in re.finditer(f"(?<![一二三四五六七八九十第])[{_NUMERALS[value]}](?=[{_COUNTED}])", pair.abstract_zh)
    ]
    if not found:
        return None
    one = chance.choice(found)
    other = chance.choice([sign for sign in "三四五六七八" if sign != one[0]])
    return _with_abstract(pair, *one.span(), other)


def _shared_formulas(pair: Pair) -> list[re.Match[str]]:
    there = {"".join(one[0].split()) for one in FORMULA.finditer(pair.abstract_en)}
    found = [one for one in FORMULA.finditer(pair.abstract_zh) if "".join(one[0].split()) in there]
    return [one for one in found if not re.fullmatch(r"\$(?:\\text\w*\{[^{}]*\}|[\d.,\\%\s]+)\$", one[0])]


def _drop_formula(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    found = [one for one in _shared_formulas(pair) if pair.abstract_zh.count(one[0]) == 1]
    return _with_abstract(pair, *chance.choice(found).span(), "") if found else None


def _change_formula(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    changes = {"+": "-", "-": "+", "<": ">", ">": "<", r"\leq": r"\geq", r"\geq": r"\leq", r"\le ": r"\ge ", "2": "3",
               "3": "4", "n": "m", "k": "j", r"\alpha": r"\beta", "x": "y", "0": "1", "1": "2", "=": r"\neq"}  # fmt: skip
    found = []
    for one in _shared_formulas(pair):
        for old, new in changes.items():
            for at in re.finditer(re.escape(old) + ("" if not old.isalpha() else "(?![A-Za-z])"), one[0]):
                is_in_word = old.isalpha() and re.search(r"[A-Za-z\\]$", one[0][: at.start()])
                found += [] if is_in_word else [(one.start() + at.start(), one.start() + at.end(), new)]
    return _with_abstract(pair, *chance.choice(found)) if found else None


def _drop_sentence(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    # Only where each English sentence has one of its own: else a half of one would be taken out, and nothing whole.
    parts = sentences.split_chinese(pair.abstract_zh)
    if len(parts) != len(sentences.split_english(" ".join(pair.abstract_en.split()))) or len(parts) < 3:
        return None
    whole = [part for part in parts if len(part) >= 12]
    return pair._replace(abstract_zh=pair.abstract_zh.replace(chance.choice(whole), "", 1)) if whole else None


def _leave_english(pair: Pair, _other: Pair, _chance: Random) -> Pair | None:
    return pair._replace(abstract_zh=" ".join(pair.abstract_en.split()))


def _leave_sentence(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    parts, theirs = (
        sentences.split_chinese(pair.abstract_zh),
        sentences.split_english(" ".join(pair.abstract_en.split())),
    )
    if len(parts) != len(theirs) or len(parts) < 3:
        return None
    number = chance.randrange(len(parts))
    return pair._replace(abstract_zh=pair.abstract_zh.replace(parts[number], f" {theirs[number]} ", 1))


def _change_address(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    found = [one for one in ADDRESS.finditer(pair.abstract_zh) if one[0] in pair.abstract_en and len(one[0]) > 15]
    if not found:
        return None
    one = chance.choice(found)
    at = chance.randrange(len(one[0]) * 2 // 3, len(one[0]) - 1)
    changed = one[0][:at] + one[0][at + 1] + one[0][at] + one[0][at + 2 :]
    lost = chance.choice(["", changed]) if changed.lower() != one[0].lower() else ""
    return _with_abstract(pair, *one.span(), lost)


def _swap_identifier(pair: Pair, other: Pair, _chance: Random) -> Pair | None:
    """The heading of one paper over the link of another."""
    return pair._replace(arxiv_id=other.arxiv_id)


def _swap_text(pair: Pair, other: Pair, _chance: Random) -> Pair | None:
    return pair._replace(abstract_zh=other.abstract_zh)


def _swap_title(pair: Pair, other: Pair, _chance: Random) -> Pair | None:
    return pair._replace(title_zh=other.title_zh)


def _swap_both(pair: Pair, other: Pair, _chance: Random) -> Pair | None:
    return pair._replace(title_zh=other.title_zh, abstract_zh=other.abstract_zh)


def _find_names(pair: Pair, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    english = set(pattern.findall(mask_non_prose(pair.abstract_en)))
    return [one for one in pattern.finditer(mask_non_prose(pair.abstract_zh)) if one[0] in english]


def _misspell(name: str, other: Pair, pattern: re.Pattern[str], chance: Random) -> str:
    """Another figure, another letter, or another paper's name."""
    strangers = [
        one for one in pattern.findall(mask_non_prose(other.abstract_en)) if one not in name and not one[1:].islower()
    ]
    if strangers and chance.random() < 0.3:
        return chance.choice(strangers)
    digits = [at for at, sign in enumerate(name) if sign.isdigit()]
    at = chance.choice(digits) if digits else chance.randrange(1, len(name))
    sign = (
        str((int(name[at]) + 1) % 10)
        if name[at].isdigit()
        else chance.choice([one for one in "BKMRT" if one != name[at].upper()])
    )
    return name[:at] + (sign if name[at].isupper() or sign.isdigit() else sign.lower()) + name[at + 1 :]


def _change_name(pair: Pair, other: Pair, chance: Random, *, has_several: bool) -> Pair | None:
    names = [one for one in _find_names(pair, _NAME) if (pair.abstract_zh.count(one[0]) > 1) == has_several]
    if not names:
        return None
    one = chance.choice(names)
    return _with_abstract(pair, *one.span(), _misspell(one[0], other, _NAME, chance))


def _change_single_name(pair: Pair, other: Pair, chance: Random) -> Pair | None:
    return _change_name(pair, other, chance, has_several=False)


def _change_repeated_name(pair: Pair, other: Pair, chance: Random) -> Pair | None:
    return _change_name(pair, other, chance, has_several=True)


def _change_acronym(pair: Pair, other: Pair, chance: Random) -> Pair | None:
    names = _find_names(pair, _ACRONYM)
    if not names:
        return None
    one = chance.choice(names)
    return _with_abstract(pair, *one.span(), _misspell(one[0], other, _ACRONYM, chance))


def _turn_round(pair: Pair, chance: Random, words: list[tuple[str, str]]) -> Pair | None:
    found = [
        (one.start(), one.end(), new)
        for old, new in words
        for one in re.finditer(f"(?<![不没无未是])(?<!可以)(?<!不会){old}(?!否)", pair.abstract_zh)
        if old not in ("会", "是") or re.search(r"(?:模型|方法|系统|我们|结果|这)$", pair.abstract_zh[: one.start()])
    ]
    return _with_abstract(pair, *chance.choice(found)) if found else None


def _turn_direction(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    return _turn_round(pair, chance, _OPPOSITES)


def _turn_negation(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    return _turn_round(pair, chance, _DENIALS)


def _add_residue(pair: Pair, _other: Pair, chance: Random) -> Pair | None:
    form = chance.choice(RESIDUES)
    return pair._replace(abstract_zh=form.format(*[pair.abstract_zh] * form.count("{}")))


#: By kind, in the order of the table.
PLANTS: dict[str, _Planter] = {
    "number": _change_number,
    "亿 and 万 swapped": _swap_magnitude,
    "round number scaled": _scale_number,
    "percent sign lost": _lose_percent,
    "Chinese numeral": _change_numeral,
    "formula dropped": _drop_formula,
    "formula changed": _change_formula,
    "sentence dropped": _drop_sentence,
    "text left in English": _leave_english,
    "sentence left in English": _leave_sentence,
    "address": _change_address,
    "identifier": _swap_identifier,
    "neighbour's title": _swap_title,
    "neighbour's text": _swap_text,
    "neighbour's title and text": _swap_both,
    "name, once": _change_single_name,
    "name, one of several": _change_repeated_name,
    "acronym or capitalised name": _change_acronym,
    "direction": _turn_direction,
    "negation": _turn_negation,
    "residue": _add_residue,
}
#: What must be an error, not only a doubt.
GRAVE = ("identifier", "neighbour's title", "neighbour's text", "neighbour's title and text")
