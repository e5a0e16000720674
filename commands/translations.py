"""What a curator types: check, new, status, preview."""

import difflib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from commands import linter, tables, translation_preview
from commands.options import as_json_option, config_option, load_settings
from flows.steps import environment
from storage.library import connection, coverage, source_texts, staleness
from yibao import differences, glossary, identifiers
from yibao.errors import LibraryBusyError, YibaoError
from yibao.records import Problem, SourceText
from yibao.settings import Settings
from yibao.translations import explanations, fixes, folder, formats, stubs
from yibao.translations.rules import RULES

_FAILED = 1
_PROGRAMS = {"github": formats.format_github, "json": formats.format_json, "sarif": formats.format_sarif}
_EDITIONS, _NEXT = 8, 10
#: So long `new` waits for a run that writes the library, before it asks arXiv.
_PATIENCE_S = 10.0


@click.group()
def translations() -> None:
    """Check, begin, survey and preview translations."""


@translations.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, readable=False))
@click.option(
    "--format", "form", type=click.Choice(["text", *_PROGRAMS]), default="text", show_default=True, help="For whom."
)
@click.option("--fix", is_flag=True, help="Mend what is safe: shows the changes, and asks before writing them.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option(
    "--explain",
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, name: _explain_rule(context, name),
    metavar="RULE",
    help="Explain a rule with examples and how often it is right, and check nothing.",
)
@config_option
def check(  # noqa: PLR0913  (a command's options)
    paths: tuple[Path, ...], form: str, config: Path, *, fix: bool, yes: bool, strict: bool
) -> None:
    """Tell what is wrong in curators' files; exits 1 on errors.

    Without a path it looks at the configured folders, or at translations/. Needs neither network nor library: without
    one, what must be compared with arXiv's text is not, and that is said. Example: yibao translations check drafts
    """
    # A repository of translations needs no installation: its folder is where it is by default.
    settings = load_settings(config, needed=not paths and not Settings().translations.paths[0].is_dir())
    roots = list(paths) or list(settings.translations.paths)
    if fix:
        _fix_files(roots, settings.site.language, is_agreed=yes)
    terms = linter.load_terms([*roots, *settings.translations.paths])
    checked = linter.check_files(roots, settings.site.language, terms, settings.paths.library)
    checked = linter.name_as_typed(checked)
    summary = formats.format_summary(len(checked.files), checked.entries, checked.problems, checked.unknown)
    if form == "text":
        if checked.problems:
            click.echo(formats.format_text(checked.problems, linter.Lines(checked.files)))
        click.echo(summary)
    else:
        # Beside what programs read: a log, too, must say what was not compared.
        click.echo(summary, err=True)
        text = _PROGRAMS[form](checked.problems)
        click.echo(text, nl=bool(text))
    if linter.has_failed(checked.problems, strict=strict):
        sys.exit(_FAILED)


@translations.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, readable=False))
@as_json_option
@config_option
def silences(paths: tuple[Path, ...], config: Path, *, as_json: bool) -> None:
    """Count which rules curators silenced, and tell where and why: what a rule is wrong about.

    Example: yibao translations silences
    """
    settings = load_settings(config, needed=not paths and not Settings().translations.paths[0].is_dir())
    found = linter.collect_silences(list(paths) or list(settings.translations.paths), settings.site.language)
    if as_json:
        click.echo(json.dumps([one._asdict() for one in found], ensure_ascii=False))
        return
    counts = Counter(one.rule for one in found)
    tables.show_table(["rule", "silenced"], counts.most_common())
    for one in sorted(found, key=lambda one: (-counts[one.rule], one.rule)):
        click.echo(f"{one.path}:{one.line}: {one.rule} ({one.arxiv_id or 'the whole file'}): {one.reason}")


@translations.command()
@click.argument("ids", nargs=-1, required=True, metavar="ARXIV_ID...")
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="The file to add to. This week's by default."
)
@config_option
def new(ids: tuple[str, ...], to: Path | None, config: Path) -> None:
    """Add entries to be translated: title and link, with the English abstract and its terms as a comment.

    What the library does not have is asked of arXiv. Example: yibao translations new 2501.05727
    """
    settings = environment.load_settings(config)
    wanted = [_identifier(one) for one in ids]
    target = to or settings.translations.paths[0] / _this_week(environment.today())
    have = {
        entry.arxiv_id: entry
        for entry in folder.read_folder(settings.translations.paths, settings.site.language).translations
    }
    for arxiv_id in wanted:
        if arxiv_id in have:
            click.echo(f"{arxiv_id} is translated already: {have[arxiv_id].path}:{have[arxiv_id].line}")
    terms = linter.load_terms(settings.translations.paths)
    missing = [one for one in wanted if one not in have]
    # The library's first: they are written even where arXiv cannot be asked for the others.
    sources: tuple[Callable[[Settings, list[str]], dict[str, SourceText]], ...] = (
        _read_stored,
        translation_preview.ask_arxiv,
    )
    for source in sources:
        known = source(settings, missing) if missing else {}
        for arxiv_id, text in known.items():
            _append(
                target, stubs.write_stub(arxiv_id, text, glossary.find_terms(terms, f"{text.title}\n{text.abstract}"))
            )
            click.echo(f"{arxiv_id}: {target}")
        missing = [one for one in missing if one not in known]
    if missing:
        raise YibaoError(f"arXiv does not know {', '.join(missing)}.")


@translations.command()
@as_json_option
@config_option
def status(config: Path, *, as_json: bool) -> None:
    """Tell how much is translated, what to look at again and why, and what to translate next.

    Example: yibao translations status
    """
    settings = environment.load_settings(config)
    with connection.read_library(settings.paths.library) as library:
        editions = coverage.count_coverage(library, _EDITIONS)
        doubtful = coverage.find_doubtful_translations(library)
        wanted = coverage.suggest_papers(library, _NEXT)
        sources = staleness.read_sources(library)
        now = source_texts.read_texts(library, {one.arxiv_id for one in doubtful if one.state == "stale"})
    stubs_ = _find_stubs(settings)
    begun = {one.arxiv_id for one in stubs_}
    wanted = [one for one in wanted if one.arxiv_id not in begun]
    if as_json:
        tables_by_name: dict[str, list[Any]] = {"editions": editions, "doubtful": doubtful, "wanted": wanted}
        values: dict[str, Any] = {name: [one._asdict() for one in rows] for name, rows in tables_by_name.items()}
        values["begun"] = [{"arxiv_id": one.arxiv_id, "path": one.path, "line": one.line} for one in stubs_]
        click.echo(json.dumps(values, ensure_ascii=False, default=str))
        return
    click.echo("Translated")
    tables.show_table(["edition", "translated", "untranslated"], editions)
    if doubtful:
        click.echo("\nTo look at again")
    for one in doubtful:
        click.echo(f"{one.path}:{one.line}: {one.arxiv_id} is {one.state} since {one.since_on}")
        before, after = sources.get(one.source_sha256 or ""), now.get(one.arxiv_id)
        if before and after:
            told_ = differences.render_changes_text(
                f"{before.title}\n{before.abstract}", f"{after.title}\n{after.abstract}"
            )
            click.echo("\n".join(f"    {line}" for line in told_.splitlines()))
    if stubs_:
        click.echo("\nBegun")
    for stub in stubs_:
        click.echo(f"{stub.path}:{stub.line}: {stub.arxiv_id}")
    click.echo("\nNext: in many lists, or by authors whose papers were translated before")
    tables.show_table(["paper", "title", "announced", "lists", "translated before"], wanted)


@translations.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="The folder to write. A new one by default."
)
@config_option
def preview(file: Path, to: Path | None, config: Path) -> None:
    """Show the entries of a file as feed, page and mail would show them. Publishes nothing.

    Example: yibao translations preview translations/2025/0113-0117.md
    """
    settings = load_settings(config, needed=False)
    where = to or Path(tempfile.mkdtemp(prefix="yibao-preview-"))
    for path in translation_preview.write_preview(file, settings, environment.today(), where):
        click.echo(path)


def _explain_rule(context: click.Context, name: str | None) -> None:
    if name is None:
        return
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=3, cutoff=0.4)
        raise click.BadParameter(
            f"{name!r} is no rule. "
            + (f"Did you mean {', '.join(near)}?" if near else "See docs/translations/rules.md.")
        )
    click.echo(explanations.explain_rule(name))
    context.exit()


def _find_stubs(settings: Settings) -> list[Problem]:
    """Find the entries that are begun and not translated yet.

    Raises:
        YibaoError: a folder or file of translations cannot be read.
    """
    curated = folder.read_folder(settings.translations.paths, settings.site.language).problems
    unreadable = next((one for one in curated if one.rule == "unreadable"), None)
    if unreadable:
        raise YibaoError(str(unreadable))
    return [one for one in curated if one.rule == "stub"]


def _fix_files(roots: list[Path], language: str, *, is_agreed: bool) -> None:
    """Show how files would be mended, and write them if whoever types agrees."""
    files, _ = folder.find_files(roots)
    changed = {}
    for file in files:
        raw = folder.read_content(file)
        if isinstance(raw, bytes) and (mended := fixes.fix_content(raw, file.shown, language)) != raw:
            changed[file.path] = mended
            click.echo(fixes.diff_content(raw, mended, str(file.path)))
    if not changed:
        click.echo("Nothing to mend.")
    elif is_agreed or (sys.stdin.isatty() and click.confirm(f"Write {len(changed)} files?")):
        for path, mended in changed.items():
            path.write_bytes(mended)
        click.echo(f"{len(changed)} files written.")
    else:
        click.echo("Nothing was written; with --yes it would be.")


def _identifier(typed: str) -> str:
    identifier = identifiers.parse_identifier(typed) or (
        address.identifier if (address := identifiers.parse_link(typed)) else None
    )
    if identifier is None:
        raise click.BadParameter(f"{typed!r} is no identifier of arXiv's.")
    return identifier.arxiv_id


def _this_week(on: date) -> Path:
    monday = on - timedelta(days=on.weekday())
    friday = monday + timedelta(days=4)
    return Path(f"{monday:%Y}") / f"{monday:%m%d}-{friday:%m%d}.md"


def _read_stored(settings: Settings, ids: list[str]) -> dict[str, SourceText]:
    """Return the library's text of these papers; nothing where there is no library yet, or a run is at it."""
    path = settings.paths.library
    if not path.exists():
        return {}
    try:
        with connection.read_library(path, _PATIENCE_S) as library:
            return source_texts.read_texts(library, ids)
    except LibraryBusyError:
        return {}


def _append(target: Path, entry: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    before = target.read_text(encoding="utf-8") if target.exists() else ""
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    with target.open("a", encoding="utf-8", newline="\n") as file:
        file.write(gap + entry)
