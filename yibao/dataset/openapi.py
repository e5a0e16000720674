"""The HTTP API described for programs, as OpenAPI 3.1: its rows are those of the dataset's schema.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

from typing import Any

from yibao.dataset.schema import Schema, Table

#: Everything is below this address. A change that breaks clients gets another one.
ROOT = "/api/v1/"
DESCRIPTION = "openapi.json"
STATES = ("complete", "partial", "none announced", "unknown")
ORDERS = ("best", "newest")

_Json = dict[str, Any]

#: JSON Schema of DuckDB's types.
_TYPES: dict[str, _Json] = {
    "VARCHAR": {"type": "string"},
    "VARCHAR[]": {"type": "array", "items": {"type": "string"}},
    "INTEGER": {"type": "integer"},
    "DOUBLE": {"type": "number"},
    "BOOLEAN": {"type": "boolean"},
    "DATE": {"type": "string", "format": "date"},
    "TIMESTAMP": {"type": "string", "format": "date-time"},
}
_STRING: _Json = {"type": "string"}
_RELEASE = {**_STRING, "description": "The release from which this was read."}
#: Columns of a paper, and of a translation, in a list.
BRIEF = ("arxiv_id", "version", "title", "authors", "categories", "is_withdrawn", "announced_on")
BRIEF_TRANSLATION = ("language", "title", "title_en", "translator", "freshness", "license")
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _STRING,
        "title": _STRING,
        "status": {"type": "integer"},
        "detail": {**_STRING, "description": "What is wrong, and what to do about it."},
    },
}


def describe_api(schema: Schema, title: str, base_url: str, most: int, usual: int) -> _Json:
    """Describe the API of a site; `most` and `usual` are rows of a page."""
    tables = {table.name: table for table in schema.tables}
    limit = _parameter("limit", {"type": "integer", "minimum": 1, "maximum": most, "default": usual}, "Rows of a page.")
    cursor = _parameter(
        "cursor",
        {**_STRING, "maxLength": 300},
        "`next_cursor` of the page before, with the other parameters as they were: goes on in the same release.",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}: the open dataset",
            "version": schema.version,
            "description": "Read only, without keys. Answers come from the newest release of the dataset; for all of "
            "it take a release, see `/data/`. Metadata of papers is CC0, a translation its translator's: `license`.",
        },
        "servers": [{"url": base_url}],
        "paths": {
            f"{ROOT}release": _get("describeRelease", "The newest release, and its files.", [], {"type": "object"}),
            f"{ROOT}papers": _get(
                "searchPapers", "Papers that satisfy a query.", [*_search_parameters(), limit, cursor], _ref("Papers")
            ),
            f"{ROOT}papers/{{arxiv_id}}": _get(
                "readPaper",
                "All that is known of a paper.",
                [_path("arxiv_id", {**_STRING, "minLength": 9, "maxLength": 100}, "In any spelling: 2501.12948, …v2.")],
                _ref("WholePaper"),
            ),
            f"{ROOT}editions": _get("listEditions", "Editions, the latest first.", [limit, cursor], _ref("Editions")),
            f"{ROOT}editions/{{edition}}": _get(
                "readEdition",
                "An edition, with its papers in order.",
                [
                    _path("edition", {**_STRING, "pattern": r"^\d{4}-(\d\d-\d\d|W\d\d)$"}, "2025-01-17 or 2025-W03."),
                    limit,
                    cursor,
                ],
                _ref("WholeEdition"),
            ),
            f"{ROOT}completeness": _get(
                "listCompleteness",
                "What each of arXiv's lists should hold and what we hold of it, the latest first.",
                [*_completeness_parameters(), limit, cursor],
                _ref("Completeness"),
            ),
        },
        "components": {
            "schemas": {
                "Problem": _PROBLEM,
                "Paper": _row(tables["paper"]),
                "Translation": _row(tables["translation"], without="arxiv_id"),
                "BriefTranslation": _row(tables["translation"], BRIEF_TRANSLATION),
                "BriefPaper": _brief(tables["paper"]),
                "Edition": _row(tables["edition"]),
                "Papers": _page(_ref("BriefPaper"), total={"type": "integer"}),
                "Editions": _page(_ref("Edition")),
                "WholeEdition": _page(
                    _extend(_row(tables["edition_paper"], without="edition"), paper=_or_null(_ref("BriefPaper"))),
                    edition=_ref("Edition"),
                ),
                "Completeness": _page(_row(tables["completeness"])),
                "WholePaper": _object(
                    release=_RELEASE,
                    arxiv_id=_STRING,
                    paper=_or_null(_ref("Paper")),
                    authors=_list_of(_row(tables["paper_author"], without="arxiv_id")),
                    versions=_list_of(_row(tables["paper_version"], without="arxiv_id")),
                    announcements=_list_of(_row(tables["announcement"], without="arxiv_id")),
                    translations=_list_of(_ref("Translation")),
                    events=_list_of(_row(tables["translation_event"], without="arxiv_id")),
                ),
            }
        },
    }


def _search_parameters() -> list[_Json]:
    several = {"type": "array", "items": {**_STRING, "maxLength": 200}}
    meanings = {
        "category": "Such as cs.CL; of several (at most eight), any will do.",
        "author": "A name, in either order.",
        "translator": "Likewise.",
        "lang": "A translation's language, such as zh-Hans.",
        "from": "2025, 2025-01 or 2025-01-13.",
        "until": "Likewise, inclusive.",
    }
    words = 'Words, phrases and fields, as on the page of search: title:agents author:"He, Kaiming" -robot.'
    return [
        _parameter("q", {**_STRING, "maxLength": 600}, words),
        *(_parameter(name, several, meaning) for name, meaning in meanings.items()),
        _parameter("translated", {"enum": ["yes", "no"]}, "Only papers with a translation, or only those without."),
        _parameter("order", {"enum": list(ORDERS), "default": ORDERS[0]}, "Which come first."),
    ]


def _completeness_parameters() -> list[_Json]:
    day = {**_STRING, "format": "date"}
    return [
        _parameter("category", _STRING, "Such as cs.CL."),
        _parameter("state", {"enum": list(STATES)}, "Only lists in this state."),
        _parameter("from", day, "Date of the list, inclusive."),
        _parameter("until", day, "Likewise."),
    ]


def _get(operation: str, summary: str, parameters: list[_Json], answer: _Json) -> _Json:
    problem = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    statuses = {
        "400": "The question cannot be read; `detail` says where.",
        "404": "There is no such thing.",
        "410": "The cursor's release is no longer kept: begin anew.",
        "503": "Nothing can be read just now; ask again after `Retry-After`.",
    }
    responses: _Json = {
        "200": {"description": "OK", "content": {"application/json": {"schema": answer}}},
        "304": {"description": "As it was: the request's If-None-Match names it."},
        **{status: {"description": meaning, **problem} for status, meaning in statuses.items()},
    }
    return {"get": {"operationId": operation, "summary": summary, "parameters": parameters, "responses": responses}}


def _parameter(name: str, schema: _Json, meaning: str) -> _Json:
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


def _path(name: str, schema: _Json, meaning: str) -> _Json:
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _ref(name: str) -> _Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(items: _Json) -> _Json:
    return {"type": "array", "items": items}


def _or_null(schema: _Json) -> _Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: _Json) -> _Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _page(items: _Json, **more: _Json) -> _Json:
    following = {"type": ["string", "null"], "description": "For the next page; null on the last one."}
    return _object(release=_RELEASE, **more, items=_list_of(items), next_cursor=following)


def _extend(row: _Json, **more: _Json) -> _Json:
    return _object(**row["properties"], **more)


def _brief(paper: Table) -> _Json:
    """Describe a paper in a list: all but its identifier may be unknown, where only a translation of it is known."""
    row = _row(paper, BRIEF)
    nullable = {name: _or_null(schema) if name != "arxiv_id" else schema for name, schema in row["properties"].items()}
    return _object(**nullable, translations=_list_of(_ref("BriefTranslation")))


def _row(table: Table, names: tuple[str, ...] = (), without: str = "") -> _Json:
    """Describe a row of a table, of these columns or all but one."""
    columns = [column for column in table.columns if column.name != without and (not names or column.name in names)]
    return _object(
        **{
            column.name: {
                **_TYPES[column.type],
                **({"type": [_TYPES[column.type]["type"], "null"]} if column.is_nullable else {}),
                "description": column.meaning,
            }
            for column in columns
        }
    )
