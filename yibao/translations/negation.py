"""What one side denies and the other affirms: 可以 for “cannot”, 不会 where the English denies nothing.

Looked for only where both sides are plain: English that could have moved a translator to deny excuses what he wrote.
"""

# ruff: noqa: E501  (tables of words)
import re
from collections.abc import Iterator

from yibao.translations import lexicon
from yibao.translations.clauses import CLAUSE, REACH, REACH_CHINESE, TELLING, WORDS, speaks_of

#: English that denies, by itself or within a word.
_DENIES = re.compile(
    r"\b(?:not(?! (?:only|limited|just))|cannot|\w+n't|without|never|unable|no longer)\b", re.IGNORECASE
)
_DENIES_SOMEHOW = re.compile(
    r"\b(?:no|not|nor|none|neither|never|without|cannot|\w+n't|non\w*|un(?!der|i|e?sco)\w+|in(?:a[bcd]|appr|cap|coh|compl|cons|corr|def|dep|eff|exp|feas|flex|hib|sig|suff|tract|val|var|vis|exact)\w*"
    r"|im(?:poss|prac|prob|perf|mut|bal|pair)\w*|ir(?:r|e)\w+|ill\w*|dis(?!tr|till|cus|cov|play|tinc|tan|cip|cour|cre|sem|ent)\w+|mis\w+|\w{3,}less|lack\w*|fail\w*"
    r"|absen\w*|hardly|rarely|seldom|little|few|fewer|free|instead|rather|avoid\w*|prevent\w*|exclud\w*|regardless|beyond|difficult\w*"
    r"|hard|hardly|limit\w*|poor\w*|ignor\w*|neglect\w*|prohibit\w*|except\w*|zero\w*|stop\w*|eliminat\w*|remov\w*|obviat\w*"
    r"|overlook\w*|struggl\w*|short of|unlike|too|suffer\w*|deny|denies|reject\w*|refus\w*|bypass\w*|alone"
    r"|otherwise|only"
    r"|barely|scarc\w*|omit\w*|miss\w*|wrong\w*|fals\w*|inaccura\w*|away|against|lost|hinder\w*|agnostic"
    r"|rule out|preclud\w*|far from|replac\w*"
    r"|impract\w*|skip\w*|nothing|frozen|fixed|vulnerab\w*|challeng\w*|prone|but|while|despite|whether|if)\b|-free\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"不可以|不能|无法|没有|并不|并非|不会|不是|未能|不再|无需|不需要|不足以|无效|不依赖|不支持")
_DENIED_SOMEHOW = re.compile(
    r"[不无無没沒未非难難缺失否拒避禁免尚弱差少错錯反异零省勿剔仅只僅]|脱离|摆脱|跳过|有限|独立|超出|代替|取代|替代|忽|消除|受限|限制|即便|即使|去除|排除|保留|保持|防止|阻止"
)
#: What a translator writes of his own for other words, and what hardly.
_FREE_DENIALS = ("无法", "未能", "不足以", "无需", "没有", "不需要", "不支持")
_FREELY = re.compile(
    r"defie\w*|minimal\w*|inevit\w*|burden|cost\w*|requir\w*|need\w*|challeng\w*|vanish\w*|still|remain\w*|merely|largely|yet|reduc\w*|hard\w*|issue\w*",
    re.IGNORECASE,
)
_USELESS = re.compile(
    r"ineff\w*|invalid\w*|useless|fail\w*|futile|unproductive|null|not|no|spurious|redundan\w*|insign\w*"
    r"|unsuccess\w*|without|wast\w*|in vain|un\w+|malform\w*",
    re.IGNORECASE,
)
_EFFECTIVE = re.compile(r"\b(?:effectiv\w*|efficien\w*|efficac\w*|valid\w*)", re.IGNORECASE)
_PLAINLY_USELESS = re.compile(
    r"\b(?:ineff\w*|invalid\w*|useless|futile|fail\w*|unproductive|redundan\w*|unsuccess\w*|wast\w*|in vain|null|spurious"
    r"|insign\w*|malform\w*|unnecess\w*|irrelev\w*|unhelpful|void|corrupt\w*|incorrect\w*|wrong\w*|not (?:\w+ ){0,2}(?:effectiv|efficien|valid)\w*)",
    re.IGNORECASE,
)
#: What is needed, what says that it is not, and how Chinese says so.
_NEEDS = re.compile(r"\b(?:requir\w*|need\w*|demand\w*|necessit\w*|necessary)", re.IGNORECASE)
_NEEDS_NOT = re.compile(
    r"\b(?:without|no|not|\w+n't|cannot|never|nor|neither|\w{3,}less|free|remov\w*|eliminat\w*|obviat\w*|avoid\w*|bypass\w*|instead|rather"
    r"|un\w{4,}|in(?:dep|eff|suff)\w*|replac\w*|reduc\w*|alleviat\w*|circumvent\w*|zero\w*|mitigat\w*|spar\w*|only|alone|merely|self|out-of"
    r"|skip\w*|unlike|hands|overcom\w*|minim\w*|sidestep\w*|dispens\w*|elid\w*|less|fewer|lower\w*|direct\w*|beyond|on-the-fly|training-free)\b"
    r"|-free\b",
    re.IGNORECASE,
)
_NO_NEED = re.compile(
    r"\bwithout (?:the need|need\w*|requir\w*|any|additional|extra|manual|human|further)\b|\b\w+-free\b|\bno (?:need|additional|extra|manual|human)\b"
    r"|\b(?:eliminat|remov|obviat|bypass|avoid|circumvent)\w* the (?:need|requirement|necessity)|\b(?:does|do|did) not (?:require|need)\b",
    re.IGNORECASE,
)
_UNNEEDED = re.compile("无需|无须|不需要|不需|毋需")
_NEEDED = re.compile("(?<![不无毋所])需要")
_NO_NEED_SOMEHOW = re.compile("[无不免没未]|消除|省|跳过|绕过|摆脱|避免|减少|零|脱离|规避|去除")
#: What Chinese denies hardly ever of its own, and English that may have moved it to do so.
_PLAIN_DENIAL = re.compile("不可以|不能(?!不|仅|只|单)|不是(?!只|仅|单)|不会|不再|并不|并非")
_MAY_DENY = re.compile(
    r"\b(?:no|not|nor|none|neither|never|nothing|cannot|\w+n't|without|un(?!der|i|til|to)\w+|in(?:ab|cap|suff|adeq|acc|corr|eff|comp|cons|dep|feas|flex|val|var|vis)\w*|impossib\w*"
    r"|non\w*|dis(?!t|c|p)\w+|mis\w+|ir(?:r|e)\w+|im(?:poss|prac|mut|plaus|prop|perf)\w*|fail\w*|lack\w*|prevent\w*|prohibit\w*|forbid\w*|preclud\w*|only|unless|hinder\w*|beyond|hard\w*|difficult\w*"
    r"|struggl\w*|limit\w*|rather|instead|less|fewer|few|little|far from|alone|avoid\w*|absen\w*|eliminat\w*|remov\w*|free|false\w*|wrong\w*"
    r"|but|whether|if|stop\w*|ceas\w*|away|refus\w*|reject\w*|replac\w*|shift\w*|exclud\w*|ignor\w*|miss\w*|regardless|irrespective|agnostic"
    r"|merely|simply|solely|just|contrary|counter\w*|surpris\w*|challeng\w*|mitigat\w*|freez\w*|frozen|fixed|keep\w*|preserv\w*|maintain\w*|\w{3,}less"
    r"|hardly|rarely|seldom|too|short|unlike|against|despite|although|while|orthogonal|obsolete|zero|loss|lossless\w*|robust\w*|invarian\w*|static\w*|deter\w*|yet|never)\b|-free\b",
    re.IGNORECASE,
)
_STILL = re.compile(r"\b(?:still|remain\w*)\b", re.IGNORECASE)
_NO_LONGER = re.compile(
    r"\b(?:no|any ?more|not|\w+n't|never|instead|rather|ceas\w*|stop\w*|without|beyond|shift\w*|nor)\b", re.IGNORECASE
)
#: What is said to be possible, and there, and English that denies just that.
_POSSIBLE = re.compile("(?<![不未否没才只])(?:可以|能够)")
_IMPOSSIBLE = re.compile(
    r"\b(?:cannot|can ?not|unable to|inability to|fail(?:s|ed|ing|ure)? to|fall(?:s|ing)? short (?:of|in)|(?:do|does|did) not|\w+n't)\b",
    re.IGNORECASE,
)
_DENIES_IN_CLAUSE = re.compile("[不无没未非难否缺]")


def find_denials(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what one side denies, and the other does not."""
    yield from _find_plain_denials(english, chinese)
    yield from _find_undenied(english, chinese)
    yield from _find_located_denials(english, chinese)


def _find_plain_denials(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what Chinese denies where no word of the English sentence could have moved it to."""
    if "无效" in chinese and _EFFECTIVE.search(english) and not _PLAINLY_USELESS.search(english):
        yield _tell_denial("无效")
    needless = _UNNEEDED.search(chinese)
    if needless and _NEEDS.search(english) and not _NEEDS_NOT.search(english):
        yield _tell_denial(needless[0])
    if "不再" in chinese and _STILL.search(english) and not _NO_LONGER.search(english):
        yield _tell_denial("不再")
    denial = _PLAIN_DENIAL.search(chinese)
    if denial and not _MAY_DENY.search(english):
        yield _tell_denial(denial[0])


def _find_undenied(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what the English denies and the translation affirms: 可以 for “cannot”, 需要 for “without the need”."""
    spared, needed = _NO_NEED.search(english), _NEEDED.search(chinese)
    if spared and needed and not _NO_NEED_SOMEHOW.search(chinese):
        yield _tell_undenied(spared[0], needed[0])
    for denial in _IMPOSSIBLE.finditer(english):
        words = lexicon.find_words(" ".join(WORDS.findall(english[denial.end() :])[:REACH]))
        for possible in _POSSIBLE.finditer(chinese):
            clause = CLAUSE.match(chinese, possible.end())
            if (
                clause
                and speaks_of(words, clause[0][:REACH_CHINESE], TELLING)
                and not _DENIES_IN_CLAUSE.search(clause[0])
            ):
                yield _tell_undenied(denial[0], possible[0])


def _tell_denial(chinese: str) -> tuple[str, str, str, str]:
    return "negation-changed", chinese, chinese, f"The translation has {chinese}, where the English denies nothing."


def _tell_undenied(english: str, chinese: str) -> tuple[str, str, str, str]:
    return "negation-changed", english, chinese, f"The English has “{english}”, and the translation denies nothing."


def _find_located_denials(english: str, chinese: str) -> Iterator[tuple[str, str, str, str]]:
    """Find what one side denies, and the other, where the words around it can be found there, does not."""
    for match in _DENIED.finditer(chinese):
        clause = chinese[match.end() : match.end() + REACH_CHINESE]
        said = _find_said(english, clause)
        if match[0] == "无效":
            is_plain = not _USELESS.search(english)
        elif match[0] in _FREE_DENIALS:
            is_plain = bool(said) and not _DENIES_SOMEHOW.search(english) and not _FREELY.search(english)
        else:
            is_plain = bool(said) and not any(_DENIES_SOMEHOW.search(one) for one in said)
        if is_plain:
            yield _tell_denial(match[0])
    clauses = [one[0] for one in CLAUSE.finditer(chinese)]
    for denial in _DENIES.finditer(english):
        words = lexicon.find_words(" ".join(WORDS.findall(english[denial.end() :])[:REACH]))
        said_at = [number for number, clause in enumerate(clauses) if speaks_of(words, clause, TELLING)]
        around = "".join("".join(clauses[max(0, number - 1) : number + 2]) for number in said_at)
        if said_at and not _DENIED_SOMEHOW.search(around):
            place = clauses[said_at[0]].strip()[:8]
            yield _tell_undenied(denial[0], place)


def _find_said(english: str, clause: str) -> list[str]:
    """Find where the English says what a Chinese clause says: the words around the first of those that it renders."""
    tokens = list(WORDS.finditer(english))
    found = []
    for number, token in enumerate(tokens):
        words = lexicon.find_words(token[0])
        if speaks_of(words, clause, TELLING):
            start = tokens[max(0, number - REACH - 4)].start()
            end = tokens[min(len(tokens) - 1, number + 3)].end()
            found.append(english[start:end])
    return found
