"""Meaning turned round: more for less, before for after, the winner for the loser; `negation` finds what is denied.

Looked for sentence by sentence, and only where both sides are plain: the translation says one side of an opposition
that the English sentence does not speak of, and the English says the other.
"""

# ruff: noqa: E501  (tables of words)
import re
from collections.abc import Iterator
from typing import NamedTuple

from yibao.translations import lexicon, negation
from yibao.translations.alignment import Bead
from yibao.translations.clauses import CLAUSE, REACH, REACH_CHINESE, TELLING, WORDS, speaks_of
from yibao.translations.lexicon import Word
from yibao.translations.losses import Loss

#: Joined sentences say too much for one to be held against another.
_MOST_SENTENCES = 2


class _Side(NamedTuple):
    english: re.Pattern[str]
    chinese: re.Pattern[str]


class _Way(NamedTuple):
    """An English word that says which way something goes, and the words next to it."""

    match: re.Match[str]
    way: int
    words: list[Word]


def _make_side(english: str, chinese: str) -> _Side:
    return _Side(re.compile(rf"\b(?:{english})\b", re.IGNORECASE), re.compile(chinese))


#: What goes up or down, in English and in Chinese; each word speaks of what stands next to it.
_UP, _DOWN = 1, -1
_ENGLISH_WAYS = {
    _UP: r"improv\w*|increas\w*|enhanc\w*|boost\w*|rais(?:e|es|ed|ing)|higher|more|greater|larger|better"
    r"|strengthen\w*|elevat\w*|augment\w*"
    r"|accelerat\w*|faster|expand\w*|promot\w*|maximi\w*|amplif\w*|superior|stronger|gains?|grow\w*|speed\w*|high|advanc\w*|ris(?:e|es|ing)"
    r"|facilitat\w*|enrich\w*|improvement|optimi\w*|upgrad\w*|best|excel\w*|richer|longer",
    _DOWN: r"reduc\w*|decreas\w*|lower\w*|drops?|dropped|declin\w*|degrad\w*|diminish\w*|minimi\w*|less"
    r"|fewer|worse\w*|weaken\w*|slow\w*"
    r"|shrink\w*|smaller|mitigat\w*|alleviat\w*|impair\w*|hinder\w*|hamper\w*|cut\w*|sav\w*|deteriorat\w*|limit\w*|low|shorten\w*|suppress\w*|prun\w*"
    r"|eliminat\w*|remov\w*|avoid\w*|prevent\w*|compress\w*|weak\w*|poor\w*|loss\w*|lack\w*|undermin\w*|compromis\w*|sacrific\w*|minim\w*|without",
}
_CHINESE_WAYS = {
    _UP: "提高|提升|增加|(?<!检索)(?<!数据)(?<!特征)(?<!架构)增强(?!现实|生成|型|的)|增长|增大|改善|加快"
    "|(?<!硬件)加速(?!器)|更高|更多|更好|更大|更强|更快|上升|升高",
    _DOWN: "降低|减少|(?<!梯度)(?<!坐标)(?<!镜像)下降|减小|减弱|削弱|恶化|减慢|更低|更少|更差|更小|缩小"
    "|减缓|变差|下滑|退化",
}
#: English that says plainly which way; the others above only excuse.
_PLAIN_WAY = re.compile(
    r"improv\w*|increas\w*|enhanc\w*|boost\w*|rais\w*|advanc\w*|grow\w*|elevat\w*|expand\w*|promot\w*|gains?|higher|greater|larger|better|strengthen\w*|accelerat\w*|faster|more|stronger|augment\w*"
    r"|reduc\w*|decreas\w*|lower\w*|declin\w*|degrad\w*|diminish\w*|fewer|worse\w*|weaken\w*|slow\w*|smaller|drops?|less|mitigat\w*|alleviat\w*",
    re.IGNORECASE,
)
_ENGLISH_WAY = re.compile(
    "|".join(rf"(?P<{name}>\b(?:{_ENGLISH_WAYS[way]})\b)" for name, way in (("up", _UP), ("down", _DOWN))),
    re.IGNORECASE,
)
_CHINESE_WAY = re.compile("|".join(f"(?P<{name}>{_CHINESE_WAYS[way]})" for name, way in (("up", _UP), ("down", _DOWN))))
#: Chinese that speaks of less, too, and so uses up English words that do: 缓解 stands for “mitigate”.
_CHINESE_LESS = re.compile(
    f"{_CHINESE_WAYS[_DOWN]}|减轻|缓解|克服|限制|受限|抑制|消除|避免|防止|压缩|剪枝|损失|缺乏|缺失|节省|不足|最小|短|低|弱|慢|贫"
)
_CHINESE_MORE = re.compile(
    f"{_CHINESE_WAYS[_UP]}|优化|促进|推动|推进|丰富|扩展|扩大|先进|最佳|卓越|优异|[更较]|高|快|强|好|多"
)
#: What is plainly said of one system beside another.
_ABOVE = _make_side(
    r"outperform\w*|surpass\w*|exceed\w*|superior\w*|better|beat\w*|excel\w*|outpac\w*|higher|improv\w*|advanc\w*|gains?",
    "优于|超过|超越|胜过|高于|领先",
)
_BENEATH = _make_side(
    r"underperform\w*|inferior|worse|below|under|lag\w*|behind|lower\w*|less|fall\w*|fell|poor\w*|weak\w*|unlike|fail\w*|not|reduc\w*|decreas\w*|from",
    "劣于|不及|不如|低于",
)
#: What comes in opposed pairs otherwise: one side, the other.
_SYMMETRIC = tuple(
    (_make_side(*one), _make_side(*other))
    for one, other in (
        (("offline", "离线"), ("online", "在线")),
        ((r"static\w*", "静态"), (r"dynamic\w*", "动态")),
        (("upper", "上界|上限"), ("lower", "下界|下限")),
        ((r"maxim\w*", "最大化"), (r"minim\w*", "最小化")),
        ((r"shorter", "更短"), (r"longer", "更长")),
    )
)
_PAIRS = (
    *_SYMMETRIC,
    *(
        (_make_side(*one), _make_side(*other))
        for one, other in (
            (
                (r"before|prior|previous\w*|earlier|preceding", "之前|以前|先前|此前|以往"),
                (
                    r"after\w*|following|subsequent\w*|then|post\w*|once|when|next|later|since|upon|follow\w*",
                    "之后|以后",
                ),
            ),
            (
                ("after", "之后|以后"),
                (
                    r"before|prior|previous\w*|past|earlier|preced\w*|pre\w*|until|ahead|first|exist\w*|recent\w*|former\w*|old\w*|unprecedented",
                    "之前|以前",
                ),
            ),
            (
                (r"all|every", "所有|全部"),
                (r"some\w*|several|part\w*|certain|few|many|most\w*|portion|fraction|subset", "部分|一些|某些"),
            ),
            (
                (r"unsupervised", "无监督"),
                (r"supervis\w*|self-supervis\w*|semi-supervis\w*", "(?<!无)(?<!弱)(?<!自)(?<!半)监督"),
            ),
            ((r"open-source[ds]?", "开源"), (r"clos\w*|propriet\w*|commercial", "闭源")),
            ((r"positive", "正面|积极|正向"), (r"negativ\w*|adverse\w*|passiv\w*", "负面|消极|负向")),
        )
    ),
)
#: Chinese that hardly any translator writes unless the English has the second; the third is what was probably meant.
_RARE = tuple(
    (re.compile(turned), re.compile(rf"\b(?:{excuse})\b", re.IGNORECASE), re.compile(rf"\b(?:{meant})", re.IGNORECASE))
    for turned, excuse, meant in (
        (
            "劣于|(?<!猝)(?<!所)不及(?!时|格|其|了解|物|防|早)",
            r"underperform\w*|inferior\w*|worse\w*|behind|lag\w*|below|under|short|weak\w*|poor\w*|not|cannot|\w+n't|fail\w*|fall\w*|fell"
            r"|less|lower|lose[sr]?|trail\w*|gap\w*|no|nor|never|sub\w+|degrad\w*|limit\w*|insufficien\w*|deficien\w*"
            r"|second|struggl\w*|unable|unlike",
            r"outperform\w*|surpass\w*|exceed\w*|superior\w*|better|beat\w*|excel\w*|outpac\w*|defeat\w*|than|compar\w*|over|beyond",
        ),
        (
            r"(?:低于|少于|不到)\s*\d",
            r"under|below|less\w*|lower\w*|fewer|within|sub\w*|only|merely|just|short|up to|little|small\w*|down|at most|not|beneath",
            r"over|more than|exceed\w*|above|greater than|surpass\w*|beyond|at least|outperform\w*",
        ),
        (
            "恶化|削弱|减慢",
            rf"{_ENGLISH_WAYS[_DOWN]}|harm\w*|hurt\w*|damag\w*|exacerbat\w*|aggravat\w*|erod\w*|attenuat\w*|dilut\w*|deplet\w*|negativ\w*|adverse\w*"
            r"|dampen\w*|decay\w*|curtail\w*|diminution|wors\w*|fail\w*|sever\w*|destroy\w*|disrupt\w*|overwhelm\w*|collaps\w*|regress\w*"
            r"|obscur\w*|threat\w*|challeng\w*|deliri\w*|progress\w*",
            r"improv\w*|enhanc\w*|augment\w*|strengthen\w*|boost\w*|accelerat\w*|speed\w*|better|increas\w*|reinforc\w*|enrich\w*|empower\w*",
        ),
    )
)
#: Behind a verb whose object stands before it: 准确率提高了 12%.
_NO_OBJECT = re.compile(r"\s*了?\s*(?:至|到|约|近|达|为|以|幅|\d|\ufffc|$)")
#: How many English words before one that turns belong to it, where none stand behind it.
_REACH_BEFORE = 4
_OUTDOES = re.compile(
    r"\b(?:outperform\w*|surpass\w*|exceed\w*|beats?|(?:better|superior|faster|stronger|larger|higher) (?:than|to))\b",
    re.IGNORECASE,
)
_OUTDONE = re.compile("优于|超过|超越|胜过|击败|领先于|高于|好于|强于")
_NAME = re.compile(r"[A-Za-z]*[A-Z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*")


def find_reversals(beads: list[Bead]) -> Iterator[Loss]:
    """Find sentences that say the opposite of their English, as far as plain words show."""
    for bead in beads:
        if bead.english and bead.chinese and max(map(len, bead)) <= _MOST_SENTENCES:
            found = next(_find_in_bead(bead.english_prose, bead.chinese_prose), None)
            if found:
                rule, english, chinese, message = found
                yield Loss(rule, chinese, message, f"Look at “{english}” again.", _locate(bead, chinese))


def _find_in_bead(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what is turned round: rule, the English word, the Chinese one, and a message."""
    for one, other in ((_ABOVE, _BENEATH), *_PAIRS, *((b, a) for a, b in _SYMMETRIC)):
        said, turned = one.english.search(english), other.chinese.search(chinese)
        if said and turned and not other.english.search(english) and not one.chinese.search(chinese):
            yield "meaning-reversed", said[0], turned[0], f"The English has “{said[0]}”, the translation {turned[0]}."
    for turned_word, excuse, meant in _RARE:
        turned, said = turned_word.search(chinese), meant.search(english)
        if turned and said and not excuse.search(english):
            yield "meaning-reversed", said[0], turned[0], f"The English has “{said[0]}”, the translation {turned[0]}."
    yield from _find_turned_ways(english, chinese)
    yield from negation.find_denials(english, chinese)
    yield from _find_swapped_sides(english, chinese)


def _find_turned_ways(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what goes up in one language and down in the other: 降低准确率 for “improves accuracy”."""
    ours = list(_CHINESE_WAY.finditer(chinese))
    theirs = (
        [_Way(one, _find_way(one), _find_objects(english, one)) for one in _ENGLISH_WAY.finditer(english)]
        if ours
        else []
    )
    for match in ours if theirs else ():
        way, clause = _find_way(match), _cut_clause(chinese, match)
        excuses = [one for one in theirs if one.way == way]
        spoken = len((_CHINESE_MORE if way == _UP else _CHINESE_LESS).findall(chinese))
        if len(excuses) >= spoken or any(speaks_of(one.words, clause, 0.5) for one in excuses):
            continue
        against = [one for one in theirs if one.way != way and _PLAIN_WAY.fullmatch(one.match[0])]
        said = next((one for one in against if not excuses or speaks_of(one.words, clause, TELLING)), None)
        if said:
            yield (
                "meaning-reversed",
                said.match[0],
                match[0],
                f"The English has “{said.match[0]}”, the translation {match[0]}.",
            )


def _find_way(match: re.Match[str]) -> int:
    return _UP if match.lastgroup == "up" else _DOWN


def _find_objects(english: str, match: re.Match[str]) -> list[Word]:
    """Find the words next to a word that turns, up to the end of its phrase."""
    behind: list[str] = []
    for word in WORDS.findall(english[match.end() :]):
        if word in ".;:()" or len(behind) == REACH or _ENGLISH_WAY.fullmatch(word):
            break
        behind.append(word)
    before = (
        [] if behind else [word for word in WORDS.findall(english[: match.start()])[-_REACH_BEFORE:] if word.isalpha()]
    )
    return lexicon.find_words(" ".join([*before, *behind]))


def _cut_clause(chinese: str, match: re.Match[str]) -> str:
    """Cut out what a word that turns speaks of: up to the next one or the clause's end; else what is before it."""
    end = min(len(chinese), match.end() + REACH_CHINESE)
    following = _CHINESE_WAY.search(chinese, match.end(), end)
    behind = CLAUSE.match(chinese, match.end(), following.start() if following else end)
    if behind and not _NO_OBJECT.match(behind[0]):
        return behind[0]
    before = CLAUSE.findall(chinese[max(0, match.start() - REACH_CHINESE) : match.start()])
    return before[-1] if before else ""


def _find_swapped_sides(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find A over B where the English has B over A, both by name."""
    verb, word = _OUTDOES.search(english), _OUTDONE.search(chinese)
    if not verb or not word or "被" in chinese or " by " in english[verb.end() : verb.end() + 4]:
        return
    winner, loser = _name_around(english, verb)
    own_winner, own_loser = _name_around(chinese, word)
    if winner and loser and winner != loser and (winner, loser) == (own_loser, own_winner):
        yield "meaning-reversed", f"{winner} {verb[0]} {loser}", word[0], f"The English has {winner} over {loser}."


def _name_around(text: str, at: re.Match[str]) -> tuple[str, str]:
    """Find the names next before and behind a word."""
    before, behind = _NAME.findall(text[: at.start()]), _NAME.findall(text[at.end() :])
    return (before[-1] if before else "", behind[0] if behind else "")


def _locate(bead: Bead, chinese: str) -> int:
    for sentence in bead.chinese:
        if chinese in sentence.text:
            return sentence.start + sentence.text.find(chinese)
    return bead.chinese[0].start
