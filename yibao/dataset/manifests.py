"""A release described for programs: Croissant for catalogues of data, a Frictionless data package for readers.

Sources: https://docs.mlcommons.org/croissant/docs/croissant-spec.html and https://datapackage.org/standard/data-package/
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from yibao.dataset.releases import Release, ReleaseFile
from yibao.dataset.schema import LICENSES, Column, Schema, Table

#: Types as Croissant and as Frictionless call them, by DuckDB's. `frictionless` knows no lists in Parquet: any.
_TYPES = {
    "VARCHAR": ("sc:Text", "string"),
    "VARCHAR[]": ("sc:Text", "any"),
    "INTEGER": ("sc:Integer", "integer"),
    "DOUBLE": ("sc:Float", "number"),
    "BOOLEAN": ("sc:Boolean", "boolean"),
    "DATE": ("sc:Date", "date"),
    "TIMESTAMP": ("sc:Date", "datetime"),
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


class Publisher(NamedTuple):
    """Whose dataset it is."""

    title: str
    #: Of the site, without a slash at its end.
    base_url: str


def name_dataset(publisher: Publisher, release: Release) -> str:
    """Name a release for people."""
    return f"{publisher.title}: arXiv announcements and their translations, release {release.name}"


def render_croissant(release: Release, schema: Schema, publisher: Publisher, url: str) -> bytes:
    """Describe a release, its files and the columns of its tables as Croissant 1.1.

    `url` is the release's own address, with a slash at its end.
    """
    files = [file for file in release.all_files if file.path.endswith((".parquet", ".duckdb", ".ducklake"))]
    return _dump(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.1",
            "name": f"yibao-{release.name}",
            "alternateName": name_dataset(publisher, release),
            "description": "Papers as arXiv announces them day by day, with translations that people made of them: "
            "who translated what, from which version, how it stands to arXiv's text of today.",
            "url": f"{publisher.base_url}/data/",
            "version": schema.version,
            "datePublished": release.made_at.date().isoformat(),
            "license": [address for _, address in LICENSES.values() if address],
            "creator": {"@type": "Organization", "name": publisher.title, "url": publisher.base_url},
            "publisher": {"@type": "Organization", "name": publisher.title, "url": publisher.base_url},
            "citeAs": f"{name_dataset(publisher, release)}. {url}",
            "distribution": [
                *(_describe_file(file, url) for file in files),
                *(_describe_set(table, release) for table in schema.tables),
            ],
            "recordSet": [_describe_records(table) for table in schema.tables],
        }
    )


def render_datapackage(release: Release, schema: Schema, publisher: Publisher, url: str) -> bytes:
    """Describe a release as a Frictionless data package: a resource for each Parquet file, its size left out.

    `frictionless` compares a size with the bytes that it has read, and of Parquet it reads some only.
    """
    known = {table.name: table for table in release.tables}
    return _dump(
        {
            "name": f"yibao-{release.name}",
            "title": name_dataset(publisher, release),
            "homepage": f"{publisher.base_url}/data/",
            "id": url,
            "version": schema.version,
            "created": release.made_at.isoformat(),
            "licenses": [_describe_license(name) for name, (_, address) in LICENSES.items() if address],
            "sources": [{"title": "arXiv", "path": "https://arxiv.org/"}],
            "resources": [
                _describe_resource(table, file) for table in schema.tables for file in known[table.name].files
            ],
        }
    )


def render_table_schemas(schema: Schema) -> Mapping[str, bytes]:
    """Describe the columns of each table as a Frictionless table schema; by path."""
    return {f"schemas/{table.name}.json": _dump(_describe_columns(table)) for table in schema.tables}


def _describe_file(file: ReleaseFile, url: str) -> dict[str, Any]:
    media = "application/vnd.apache.parquet" if file.path.endswith(".parquet") else "application/vnd.duckdb"
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": f"{url}{file.path}",
        "contentSize": f"{file.bytes} B",
        "encodingFormat": media if media.endswith("parquet") else "application/octet-stream",
        "sha256": file.sha256,
    }


def _describe_set(table: Table, release: Release) -> dict[str, Any]:
    files = next(one.files for one in release.tables if one.name == table.name)
    return {
        "@type": "cr:FileSet",
        "@id": f"{table.name}-files",
        "name": f"{table.name}-files",
        "containedIn": [{"@id": file.path} for file in files],
        "encodingFormat": "application/vnd.apache.parquet",
        "includes": f"{table.name}/*.parquet",
    }


def _describe_records(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table.name}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": _TYPES[column.type][0],
                **({"isArray": True, "arrayShape": "-1"} if column.type.endswith("[]") else {}),
                "source": {"fileSet": {"@id": f"{table.name}-files"}, "extract": {"column": column.name}},
            }
            for column in table.columns
        ],
    }


def _describe_resource(table: Table, file: ReleaseFile) -> dict[str, Any]:
    return {
        "name": file.path.removesuffix(".parquet").replace("/", "-").replace("_", "-"),
        "type": "table",
        "path": file.path,
        "description": table.meaning,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "hash": f"sha256:{file.sha256}",
        "schema": f"schemas/{table.name}.json",
        "licenses": [_describe_license(table.license)],
    }


def _describe_columns(table: Table) -> dict[str, Any]:
    return {
        "fields": [
            {
                "name": column.name,
                "type": _name_type(column),
                "description": column.meaning,
                **({} if column.is_nullable else {"constraints": {"required": True}}),
            }
            for column in table.columns
        ],
        "primaryKey": list(table.key),
    }


def _name_type(column: Column) -> str:
    """Name a column's type for `frictionless`, which reads Parquet by pandas: there an integer without value is NaN."""
    name = _TYPES[column.type][1]
    return "number" if name == "integer" and column.is_nullable else name


def _describe_license(name: str) -> dict[str, str]:
    title, address = LICENSES[name]
    return {"name": name, "title": title, **({"path": address} if address else {})}


def _dump(values: Any) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
