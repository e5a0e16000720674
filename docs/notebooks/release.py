"""A release of the open dataset, opened by DuckDB, counted and drawn.

It needs marimo and duckdb, and no Yibao:

    pip install marimo duckdb
    marimo edit release.py -- --release https://gazette.example/data/releases/2026-11-25.1/yibao.duckdb
    python release.py -- --release yibao.duckdb

The first shows it in a browser, the second runs it as a script. A release is a file on the disk or an address: DuckDB
fetches of that what it needs, with its extension httpfs.
"""

import marimo

app = marimo.App()


@app.cell
def _():
    import duckdb
    import marimo as mo

    place = mo.cli_args().get("release") or "yibao.duckdb"
    release = duckdb.connect()
    release.execute(f"ATTACH '{place}' AS yibao (READ_ONLY); USE yibao")
    return mo, place, release


@app.cell
def _(mo, place):
    mo.md(f"# 译报 · Yibao\n\n`{place}`")
    return


@app.cell
def _(release):
    def ask(query):
        """Rows of an answer, each by the names of its columns."""
        answer = release.execute(query)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    return (ask,)


@app.cell
def _(ask, mo):
    # What is in it: a table of tables, each with its meaning.
    tables = [
        {"table": row["table_name"], "rows": ask(f"SELECT count(*) AS rows FROM {row['table_name']}")[0]["rows"]}
        | {"meaning": row["comment"]}
        for row in ask("SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'yibao'")
    ]
    mo.ui.table(tables)
    return (tables,)


@app.cell
def _(ask):
    # The last sixty days: papers that were announced, and how many of them are translated.
    days = ask("""
        SELECT announced_on, sum(new_papers + cross_lists)::INTEGER AS announced, sum(translated)::INTEGER AS translated
        FROM daily GROUP BY announced_on ORDER BY announced_on DESC LIMIT 60
    """)[::-1]
    return (days,)


@app.cell
def _(days, mo):
    def draw(days):
        """One bar a day, the translated part of it dark."""
        most = max((day["announced"] for day in days), default=1) or 1
        bars = ""
        for place, day in enumerate(days):
            for name, opacity in (("announced", 0.25), ("translated", 1)):
                height = 110 * day[name] / most
                bars += f'<rect x="{place * 10}" y="{115 - height}" width="7" height="{height}" opacity="{opacity}"/>'
        return f'<svg viewBox="0 0 600 120" role="img" aria-label="Papers a day">{bars}</svg>'

    chart = mo.Html(draw(days))
    chart
    return (chart,)


@app.cell
def _(ask, mo):
    # What was translated last.
    translations = ask("""
        SELECT curated_on, arxiv_id, title, title_en, translator
        FROM translation ORDER BY curated_on DESC NULLS LAST, arxiv_id LIMIT 20
    """)
    mo.ui.table(translations)
    return (translations,)


@app.cell
def _(days, place, tables, translations):
    # For who runs it as a script.
    print(place)
    for table in tables:
        print(f"{table['rows']:>9} {table['table']}")
    for day in days[-5:]:
        print(f"{day['announced_on']}: {day['translated']} of {day['announced']} papers are translated")
    for one in translations[:5]:
        print(f"{one['arxiv_id']} {one['title'] or one['title_en']}")
    return


if __name__ == "__main__":
    app.run()
