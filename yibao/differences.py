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
    """Find what must be done to the old text to get the new one, in order; white space makes no difference."""
    old_tokens, new_tokens = _TOKEN.findall(" ".join(old.split())), _TOKEN.findall(" ".join(new.split()))
    changes = []
    for kind, i, j, k, m in SequenceMatcher(None, old_tokens, new_tokens, autojunk=False).get_opcodes():
        if kind != "equal":
            before = ("…" if k > _AROUND else "") + "".join(new_tokens[max(0, k - _AROUND) : k])
            after = "".join(new_tokens[m : m + _AROUND]) + ("…" if m + _AROUND < len(new_tokens) else "")
            changes.append(Change(before, "".join(old_tokens[i:j]), "".join(new_tokens[k:m]), after))
    return changes


def as_text(old: str, new: str) -> str:
    """Render the changes for a terminal, one a line: `…a model of [-7-]{+8+} billion…`."""
    return "\n".join(
        change.before
        + (f"[-{change.removed}-]" if change.removed else "")
        + (f"{{+{change.added}+}}" if change.added else "")
        + change.after
        for change in find_changes(old, new)
    )


def as_html(old: str, new: str) -> str:
    """Render the changes for a page, each a paragraph with `del` and `ins`."""
    return "\n".join(
        f"<p>{escape(change.before)}"
        + (f"<del>{escape(change.removed)}</del>" if change.removed else "")
        + (f"<ins>{escape(change.added)}</ins>" if change.added else "")
        + f"{escape(change.after)}</p>"
        for change in find_changes(old, new)
    )
