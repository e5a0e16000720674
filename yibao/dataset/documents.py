"""What goes with the data of a release, for people: what it is, whose it is, and how to name it."""

from collections.abc import Mapping
from importlib.resources import files

from yibao.dataset.manifests import (
    Publisher,
    name_dataset,
    render_croissant,
    render_datapackage,
    render_table_schemas,
)
from yibao.dataset.releases import Release
from yibao.dataset.schema import LICENSES, Schema


def describe_release(release: Release, schema: Schema, publisher: Publisher, url: str) -> Mapping[str, bytes]:
    """Write every document of a release, by its path; `url` is the release's address, with a slash at its end."""
    return {
        "README.md": render_readme(release, schema, publisher, url),
        "CITATION.cff": render_citation(release, publisher, url),
        "croissant.json": render_croissant(release, schema, publisher, url),
        "datapackage.json": render_datapackage(release, schema, publisher, url),
        **render_table_schemas(schema),
    }


def render_readme(release: Release, schema: Schema, publisher: Publisher, url: str) -> bytes:
    """Write what a person should know who has the folder before them."""
    rows = {table.name: table for table in release.tables}
    tables = "\n".join(
        f"| `{name}` | {rows[name].rows} | {meaning.replace('|', '/')} | {LICENSES[terms][0]} |"
        for name, meaning, _, _, terms, _ in schema.tables
    )
    since = (
        f"`changes/` holds what differs from release {release.previous}, a file a table: each row with `change`, which "
        "is added, changed or removed."
        if release.previous
        else "There is no `changes/`: this is the first release of its kind."
    )
    template = (files("yibao.dataset") / "readme.md").read_text(encoding="utf-8")
    values = {
        "@title": name_dataset(publisher, release),
        "@made_at": f"{release.made_at:%Y-%m-%d %H:%M} UTC",
        "@program": release.program,
        "@schema": schema.version,
        "@url": url,
        "@since": since,
        "@tables": tables,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template.encode()


def render_citation(release: Release, publisher: Publisher, url: str) -> bytes:
    """Write how the release is to be named, in the Citation File Format.

    Source: https://citation-file-format.github.io
    """
    lines = [
        "cff-version: 1.2.0",
        "message: Please name the release that you have used.",
        "type: dataset",
        f"title: {_quote(name_dataset(publisher, release))}",
        "authors:",
        f"  - name: {_quote(publisher.title)}",
        f"    website: {_quote(publisher.base_url)}",
        f"version: {_quote(release.name)}",
        f"date-released: {release.made_at.date().isoformat()}",
        f"url: {_quote(url)}",
        "license: CC0-1.0",
    ]
    return ("\n".join(lines) + "\n").encode()


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
