"""The walk: each value of a harvest goes on from module to module, and does not commute."""

import sys
from collections import Counter
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from tests.conftest import MONDAY

ROOT = Path(__file__).parents[2]
#: What a harvest is made of: answers as bytes, kept, read and stored, and what the steps say of it. Settings, the run
#: and the connection are not handed on but at hand, and are told to every step.
MAKERS = (
    *("yibao.records", "yibao.arxiv.announcements", "yibao.arxiv.catchup", "yibao.arxiv.oai", "yibao.run_report"),
    *("storage.responses", "storage.library", "flows.steps.announcement_sync", "flows.steps.metadata_completion"),
    "flows.steps.oai_sync",
)


def is_followed(value):
    if isinstance(value, bytes):
        return len(value) > 500
    return type(value).__module__.startswith(MAKERS) and not isinstance(value, (type, Enum))


class Walk:
    """Visits of values to our modules.

    A visit begins when a function of the module gets the value, bare or in a sequence, and no other of the module's
    functions that got it is at work. Each record of a loop is a value of its own.
    """

    def __init__(self):
        self.visits = Counter()
        self._values, self._open = {}, []

    def watch(self, frame, event, _result):
        if event == "call" and (module := self._find_module(frame.f_code)):
            code = frame.f_code
            arguments = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
            handed = [*arguments, *(one for many in arguments if type(many) in (list, tuple) for one in many)]
            keys = {value if isinstance(value, bytes) else id(value) for value in handed if is_followed(value)}
            self._values |= {id(value): value for value in handed if is_followed(value)}  # No id is used again.
            at_work = {key for room, held, _ in self._open if room == module for key in held}
            self.visits.update((key, module) for key in keys - at_work)
            self._open.append((module, keys, frame))
        elif event == "return" and self._open and self._open[-1][2] is frame:
            self._open.pop()

    def describe(self, most):
        """Whatever comes to a module more often: its type, the module, and how often."""
        return {
            (type(self._values.get(key, key)).__name__, module, number)
            for (key, module), number in self.visits.items()
            if number > most
        }

    def _find_module(self, code):
        path = Path(code.co_filename)
        if code.co_name.startswith(("<", "__")) or not path.is_relative_to(ROOT) or path.is_relative_to(ROOT / "tests"):
            return None
        return str(path.relative_to(ROOT))


@contextmanager
def walking():
    walk = Walk()
    sys.setprofile(walk.watch)
    try:
        yield walk
    finally:
        sys.setprofile(None)


def test_no_value_of_a_harvest_comes_back_more_than_twice_to_a_module_that_it_has_left(installation, arxiv):
    arxiv.entries_a_page = 2  # Lists of two pages: whether there is another is asked after each.
    with walking() as walk:
        assert not installation.run("harvest", MONDAY).failures
    modules = {module for _, module in walk.visits}
    assert {"yibao/arxiv/catchup.py", "storage/responses.py", "storage/library/papers.py"} <= modules
    assert walk.describe(most=3) == set()
