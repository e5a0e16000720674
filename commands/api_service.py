"""What `yibao serve` answers programs below `/api/`: the open dataset, read only; see `yibao.dataset.openapi`."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import orjson

from flows.steps import dataset_answers
from flows.steps.dataset_answers import MOST, USUAL
from yibao.dataset.openapi import DESCRIPTION, ORDERS, ROOT, STATES, describe_api
from yibao.dataset.schema import load_schema
from yibao.errors import DatasetError, GoneError, LibraryError, NotFoundError, QueryError
from yibao.settings import Settings
from yibao.web.responses import Problem, Reply

API = "/api/"
_JSON = "application/json; charset=utf-8"
_PAGE = ("limit", "cursor")
_RETRY_S = 60
#: More pairs than any question has.
_MOST_PAIRS = 80

_Pairs = list[tuple[str, str]]


class ApiService:
    """Answers for one installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        description = describe_api(load_schema(), settings.site.title, settings.site.base_url, MOST, USUAL)
        self._description = orjson.dumps(description, option=orjson.OPT_INDENT_2)
        #: By the path of a list, and by that of a thing before its name.
        self._lists: dict[str, Callable[[_Pairs], Any]] = {
            "release": self._describe_release,
            "papers": self._search,
            "editions": self._list_editions,
            "completeness": self._list_completeness,
        }
        self._things: dict[str, Callable[[str, _Pairs], Any]] = {
            "papers": self._read_paper,
            "editions": self._read_edition,
        }

    def __call__(self, path: str, query: str) -> Reply | Problem:
        """Answer a request for this path."""
        place = path.removeprefix(ROOT)
        if place == DESCRIPTION:
            return Reply(self._description, _JSON)
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PAIRS)
            return Reply(render_answer(self._answer(place, pairs)), _JSON)
        except GoneError as error:
            return Problem(410, str(error))
        except NotFoundError as error:
            return Problem(404, str(error))
        except (QueryError, ValueError) as error:
            return Problem(400, str(error))
        except (DatasetError, LibraryError) as error:
            return Problem(503, str(error), _RETRY_S)

    def _answer(self, place: str, pairs: _Pairs) -> Any:
        folder, _, name = place.partition("/")
        if not name and folder == place and folder in self._lists:
            return self._lists[folder](pairs)
        if name and folder in self._things:
            return self._things[folder](name, pairs)
        raise NotFoundError(f"There is nothing at this address; {ROOT}{DESCRIPTION} names all that there are.")

    def _describe_release(self, pairs: _Pairs) -> Any:
        _take(pairs, ())
        return dataset_answers.describe_newest(self._settings)

    def _search(self, pairs: _Pairs) -> Any:
        own = (*_PAGE, "order")
        values = _take([pair for pair in pairs if pair[0] in own], own)
        question = [pair for pair in pairs if pair[0] not in own]
        order = _choose("order", values.get("order", ORDERS[0]), ORDERS)
        return dataset_answers.search_papers(
            self._settings, question, *_read_page(values), newest_first=order == ORDERS[1]
        )

    def _read_paper(self, name: str, pairs: _Pairs) -> Any:
        _take(pairs, ())
        return dataset_answers.read_paper(self._settings, name)

    def _list_editions(self, pairs: _Pairs) -> Any:
        return dataset_answers.list_editions(self._settings, *_read_page(_take(pairs, _PAGE)))

    def _read_edition(self, name: str, pairs: _Pairs) -> Any:
        return dataset_answers.read_edition(self._settings, name, *_read_page(_take(pairs, _PAGE)))

    def _list_completeness(self, pairs: _Pairs) -> Any:
        readers: dict[str, Callable[[str], Any]] = {
            "category": str,
            "state": lambda value: _choose("state", value, STATES),
            "from": lambda value: _read_date("from", value),
            "until": lambda value: _read_date("until", value),
        }
        values = _take(pairs, (*readers, *_PAGE))
        chosen = {name: read(values[name]) for name, read in readers.items() if name in values}
        return dataset_answers.list_completeness(self._settings, chosen, *_read_page(values))


def _take(pairs: _Pairs, names: tuple[str, ...]) -> dict[str, str]:
    """Take the values of parameters that are each given once at most."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in names:
            known = f"It takes {', '.join(names)}." if names else "It takes none."
            raise QueryError(f"There is no parameter {name[:40]!r} here. {known}")
        if name in values:
            raise QueryError(f"{name} is given twice.")
        values[name] = value
    return values


def _read_page(values: dict[str, str]) -> tuple[int, str | None]:
    limit = values.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= len(str(MOST)) and 1 <= int(limit) <= MOST):
        raise QueryError(f"limit is a number from 1 to {MOST}.")
    return int(limit), values.get("cursor")


def _read_date(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise QueryError(f"{name} is a date, such as 2025-01-13.") from None


def _choose(name: str, value: str, values: tuple[str, ...]) -> str:
    if value not in values:
        raise QueryError(f"{name} is one of: {', '.join(values)}.")
    return value


def render_answer(answer: Any) -> bytes:
    """Write an answer as JSON; an instant as UTC, with Z."""
    return orjson.dumps(answer, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
