"""What a mail server's words say of an address: dead, in trouble for now, or of no use to judge by. Pure.

Suppressing somebody who could get mail costs a reader; one message more to a dead address costs nothing. So *hard* is
only what says that the address or its domain is not there any more; everything else that failed is *soft*.
"""

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class BounceKind(StrEnum):
    """What a report means for the person it speaks of."""

    #: The address takes no mail any more.
    HARD = "hard"
    #: This message failed; the next one may arrive.
    SOFT = "soft"
    #: The person called our mail spam.
    COMPLAINT = "complaint"
    #: The person's mail program asks to leave, by a mail instead of a click.
    LEAVING = "leaving"
    #: No report of a failure: a reply by a person or a program, a receipt, anything else.
    OTHER = "other"


class Diagnosis(NamedTuple):
    """What became of mail to one address."""

    kind: BounceKind
    #: RFC 3463, such as 5.1.1, the most telling that was found; empty where there was none.
    status: str
    #: Whether the server refuses us, not the person: no signature, listed, too fast.
    is_policy: bool = False


_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.ASCII)
_REPLY = re.compile(r"(?<![\d.:-])([45]\d\d)(?=[ -]|$)", re.ASCII | re.MULTILINE)
#: No such mailbox, domain, syntax; moved; domain without mail; no such recipient at Microsoft; disabled.
#: Source: RFC 3463, RFC 7505, https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online
_HARD_STATUSES = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"))
#: It says that it failed, and not how.
_VAGUE = re.compile(r"[245]\.(0\.\d+|\d\.0)", re.ASCII)


@cache
def _load_phrases(meaning: str) -> re.Pattern[str]:
    """Load what servers say, by what it means: `bounce_phrases.tsv` has one pattern a line, tried in any letters."""
    lines = (files("yibao.newsletter") / "bounce_phrases.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return re.compile("|".join(pattern for name, pattern in rows if name == meaning), re.IGNORECASE)


def _says(meaning: str, words: str) -> bool:
    return _load_phrases(meaning).search(words) is not None


def diagnose(words: str, status: str = "", *, is_delayed: bool = False) -> Diagnosis:
    """Judge a failure by what a server said.

    Args:
        words: of the server: a diagnostic code, or what a report tells a person.
        status: the report's own field of that name; servers often leave it vague, and put the real one into the words.
        is_delayed: the report says itself that the message is still being tried.
    """
    statuses = [*_STATUS.findall(status), *_STATUS.findall(words)]
    telling = next((one for one in statuses if not _VAGUE.fullmatch(one)), next(iter(statuses), ""))
    if is_delayed:
        return Diagnosis(BounceKind.SOFT, telling)
    if _says("full", words) or telling.endswith(".2.2"):
        return Diagnosis(BounceKind.SOFT, telling)
    if _says("policy", words) or telling[1:].startswith(".7."):
        return Diagnosis(BounceKind.SOFT, telling, is_policy=True)
    is_hard = telling in _HARD_STATUSES or (_says("unknown", words) and not _is_passing(words, telling))
    return Diagnosis(BounceKind.HARD if is_hard else BounceKind.SOFT, telling)


def _is_passing(words: str, status: str) -> bool:
    """Tell whether the server may take the message later, by its codes; by its words where it names none."""
    if _says("temporary", words):
        return True
    replies = _REPLY.findall(words)
    if status and not _VAGUE.fullmatch(status):
        return status.startswith("4")
    if replies:
        return all(one.startswith("4") for one in replies)
    return _says("for now", words)
