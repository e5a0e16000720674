"""The commands that look at what is there: search and serve; sql and status have modules of their own."""

import ipaddress
from pathlib import Path

import click

from commands import tables
from commands.options import as_json_option, config_option
from flows.steps import environment, found_papers
from storage import search as index
from yibao import markup
from yibao.errors import QueryError
from yibao.search import addresses

_MOST = 20


@click.command()
@click.argument("words", nargs=-1)
@click.option("--category", multiple=True, help="A code, such as cs.CL; may be given again.")
@click.option("--author", multiple=True, help="A name, in either order.")
@click.option("--translator", multiple=True, help="A translator's name.")
@click.option("--from", "from_", metavar="DATE", multiple=True, help="2025, 2025-01 or 2025-01-13.")
@click.option("--until", metavar="DATE", multiple=True, help="Likewise, inclusive.")
@click.option("--translated/--untranslated", default=None, help="Only with a translation, or only without.")
@click.option("--newest", is_flag=True, help="The newest first, not the best.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1, 500))
@click.option("--most", default=_MOST, show_default=True, type=click.IntRange(1, 1000), help="How many a page.")
@as_json_option
@config_option
def search(  # noqa: PLR0913  (a command's options)
    words: tuple[str, ...],
    page: int,
    most: int,
    config: Path,
    *,
    translated: bool | None,
    newest: bool,
    as_json: bool,
    **chosen: tuple[str, ...],
) -> None:
    r"""Find papers, translated or not, by words of titles, abstracts and names; the best first.

    \b
    Words and phrases   大模型推理 "language model"
    Fields              title:agents author:"He, Kaiming" cat:cs.CL translator:王小明
                        lang:zh-Hant translated:yes from:2025-01 until:2025-03
    All, any, none      agents (survey OR tutorial) -robot
    A paper             2501.12948, arXiv:2501.12948v2, or its address

    Several words are all to be there; of several arguments, one that has blanks in it is a phrase. Finds what `yibao
    publish` published last. Example: yibao search 智能体 "language model" --translated
    """
    asked = [("q", _join_arguments(words))]
    asked += [(name.rstrip("_"), value) for name, values in chosen.items() for value in values]
    if translated is not None:
        asked.append(("translated", "yes" if translated else "no"))
    settings = environment.load_settings(config)
    try:
        query = addresses.parse_query(asked).parse()
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    found = index.find_papers(settings.paths.search, query, most, offset=(page - 1) * most, newest_first=newest)
    entries = found_papers.read_found_papers(settings, found.arxiv_ids)
    rows = [
        (
            entry.stamp.published_at.date() if entry.stamp else None,
            entry.arxiv_id,
            ", ".join(entry.categories),
            markup.render_plain(entry.title),
            markup.render_plain(entry.title_en) if entry.title_zh else None,
        )
        for entry in entries
    ]
    tables.show_table(("published", "arxiv_id", "categories", "title", "title_en"), rows, as_json=as_json)
    if found.total > page * most and not as_json:
        click.echo(f"{len(rows)} of {found.total} papers. More: --page {page + 1}", err=True)


def _join_arguments(words: tuple[str, ...]) -> str:
    """Join arguments to a query: one alone is what a person typed; of several, one with blanks is a phrase."""
    if len(words) == 1:
        return words[0]
    return " ".join(f'"{word}"' if len(word.split()) > 1 and '"' not in word else word for word in words)


def _check_networks(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise click.BadParameter(f"{value!r} is neither an address nor a network, such as 10.0.0.0/8") from None
    return values


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    callback=_check_networks,
    help="A proxy, or a network of them, that may say for whom it asks (X-Forwarded-For); this machine always may.",
)
@config_option
def serve(host: str, port: int, proxies: tuple[str, ...], config: Path) -> None:
    """Hand out the published tree over HTTP, feeds for any question, and the pages of mail, until stopped.

    For a look, or for a small site by itself; nginx or Caddy may stand before it. Example: yibao serve --port 8000
    """
    from commands.serving import describe_signup, listen, serve_until_stopped

    settings = environment.load_settings(config)
    with listen(host, port) as sockets:
        greeting = f"http://{host}:{port}/ shows {settings.paths.public}; {describe_signup(settings)}; Ctrl-C ends it"
        serve_until_stopped(settings, sockets, greeting, proxies)
