"""Two states of a text compared word by word, Chinese sign by sign, for people to read."""

import re
from difflib import SequenceMatcher
from html import escape
from typing import NamedTuple

_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[.'’-][A-Za-z0-9]+)*|\\[A-Za-z]+|\s+|.", re.DOTALL)
#: Words shown before and behind a change.
_AROUND = 8


class Change(NamedTuple):
    """Words taken out, words put in, and what stands around them."""

    before: str
    removed: str
    added: str
    after: str


def find_changes(old: str, new: str) -> list[Change]:
    """What must be done to the old text to get the new one, in order; white space makes no difference."""
    left, right = _TOKEN.findall(" ".join(old.split())), _TOKEN.findall(" ".join(new.split()))
    found = []
    for kind, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            before = ("…" if k > _AROUND else "") + "".join(right[max(0, k - _AROUND) : k])
            after = "".join(right[m : m + _AROUND]) + ("…" if m + _AROUND < len(right) else "")
            found.append(Change(before, "".join(left[i:j]), "".join(right[k:m]), after))
    return found


def render_changes_text(old: str, new: str) -> str:
    """The changes for a terminal, one a line: `…a model of [-7-]{+8+} billion…`."""
    return "\n".join(
        one.before
        + (f"[-{one.removed}-]" if one.removed else "")
        + (f"{{+{one.added}+}}" if one.added else "")
        + one.after
        for one in find_changes(old, new)
    )


def render_changes_html(old: str, new: str) -> str:
    """The changes for a page, each a paragraph with `del` and `ins`."""
    return "\n".join(
        f"<p>{escape(one.before)}"
        + (f"<del>{escape(one.removed)}</del>" if one.removed else "")
        + (f"<ins>{escape(one.added)}</ins>" if one.added else "")
        + f"{escape(one.after)}</p>"
        for one in find_changes(old, new)
    )
