"""`yibao lsp`: what the checker knows, in a curator's editor, by the Language Server Protocol 3.17.

Source: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import ServerTextPosition, ServerTextRange

from commands.open_files import Desk, OpenFile, QuickFix
from commands.options import config_option, load_settings
from yibao import __version__
from yibao.errors import YibaoError
from yibao.records import Problem, Severity
from yibao.settings import Settings
from yibao.translations.markdown import Place

#: So long a curator stops typing before the file is checked again.
_PAUSE_S = 0.3
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
_KINDS = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
_TRIGGERS = ["(", "/", ":", " "]


class TranslationServer(LanguageServer):
    """A server for the files of one installation, or of one folder of translations."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("yibao", __version__)
        self.desk = Desk(settings)
        #: What was last told of each file.
        self.told: dict[str, list[Problem]] = {}
        #: What only a look at all files tells, from when the file was opened or saved.
        self.repeated: dict[str, list[Problem]] = {}

    def open_file(self, uri: str) -> OpenFile | None:
        """Open a file as the editor has it; None where it is none of translations."""
        document = self.workspace.get_text_document(uri)
        path = Path(document.path)
        return self.desk.open_file(path, document.source) if self.desk.is_curated(path) else None

    def read_place(self, uri: str, opened: OpenFile, at: types.Position) -> Place:
        """Read a place as the editor counts it: from 0, in its own units."""
        codec = self.workspace.get_text_document(uri).position_codec
        position = codec.position_from_client_units(opened.lines, at)
        return Place(position.line + 1, position.character + 1)

    def write_range(self, uri: str, opened: OpenFile, line: int, start: int, end: int) -> types.Range:
        """Write two columns of a line, from 1, as the editor counts them. What lies outside the text ends with it."""
        codec = self.workspace.get_text_document(uri).position_codec
        line = min(line, len(opened.lines)) - 1
        columns = [min(max(column - 1, 0), len(opened.lines[line])) for column in (start, end)]
        first, last = (ServerTextPosition(line, column) for column in columns)
        return codec.range_to_client_units(opened.lines, ServerTextRange(first, last))

    async def tell_problems(self, uri: str, *, others_too: bool) -> None:
        """Check a file and tell the editor what is wrong. `others_too`: look at the files on disk, too."""
        opened = self.open_file(uri)
        if opened is None:
            return
        version = self.workspace.get_text_document(uri).version
        try:
            if others_too:
                self.desk.ask_anew()
                self.repeated[uri] = await asyncio.to_thread(self.desk.find_repeated, opened)
            found = await asyncio.to_thread(self.desk.check_file, opened)
        except YibaoError as error:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(error)))
            return
        if uri not in self.workspace.text_documents or version != self.workspace.get_text_document(uri).version:
            # Closed, or typed in meanwhile: what was found is about another text.
            return
        self.told[uri] = [*found, *self.repeated.get(uri, ())]
        diagnostics = [self._write_diagnostic(uri, opened, problem) for problem in self.told[uri]]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    def forget_file(self, uri: str) -> None:
        """Forget a file that was closed, and take back what was told of it."""
        self.told.pop(uri, None)
        self.repeated.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def list_actions(self, uri: str, wanted: types.Range) -> Iterator[types.CodeAction]:
        """List the quick fixes of what was told of these lines, and the one that mends all that is safe."""
        opened = self.open_file(uri)
        if opened is None:
            return
        for problem in self.told.get(uri, ()):
            if wanted.start.line <= problem.line - 1 <= wanted.end.line:
                for fix in self.desk.list_fixes(opened, problem):
                    yield self._write_action(uri, opened, problem, fix)
        mended = self.desk.mend_file(opened)
        if mended != "\n".join(opened.lines):
            last = len(opened.lines)
            whole = types.Range(
                types.Position(0, 0), self.write_range(uri, opened, last, 1, len(opened.lines[-1]) + 1).end
            )
            edit = types.WorkspaceEdit({uri: [types.TextEdit(whole, mended)]})
            yield types.CodeAction("Mend all that is safe.", types.CodeActionKind.SourceFixAll, edit=edit)

    def _write_diagnostic(self, uri: str, opened: OpenFile, problem: Problem) -> types.Diagnostic:
        end = problem.column + problem.length
        return types.Diagnostic(
            self.write_range(uri, opened, problem.line, problem.column, end),
            f"{problem.message} {problem.remedy}",
            severity=_SEVERITIES[problem.severity],
            code=problem.rule,
            source="yibao",
        )

    def _write_action(self, uri: str, opened: OpenFile, problem: Problem, fix: QuickFix) -> types.CodeAction:
        edit = types.TextEdit(self.write_range(uri, opened, fix.line, fix.start, fix.end), fix.text)
        return types.CodeAction(
            fix.title,
            types.CodeActionKind.QuickFix,
            diagnostics=[self._write_diagnostic(uri, opened, problem)],
            is_preferred=fix.is_preferred,
            edit=types.WorkspaceEdit({uri: [edit]}),
        )


def create_server(settings: Settings) -> TranslationServer:
    """Create a server that answers what an editor asks."""
    server = TranslationServer(settings)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(_look_anew)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(_look_anew)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_look_after_a_pause)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_forget)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=_KINDS))(_list_actions)
    server.feature(types.TEXT_DOCUMENT_HOVER)(_describe)
    server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))(_complete)
    return server


async def _look_anew(
    server: TranslationServer, params: types.DidOpenTextDocumentParams | types.DidSaveTextDocumentParams
) -> None:
    await server.tell_problems(params.text_document.uri, others_too=True)


async def _look_after_a_pause(server: TranslationServer, params: types.DidChangeTextDocumentParams) -> None:
    await asyncio.sleep(_PAUSE_S)
    uri = params.text_document.uri
    if server.workspace.get_text_document(uri).version == params.text_document.version:
        await server.tell_problems(uri, others_too=False)


def _forget(server: TranslationServer, params: types.DidCloseTextDocumentParams) -> None:
    server.forget_file(params.text_document.uri)


def _list_actions(server: TranslationServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    only = params.context.only
    actions = server.list_actions(params.text_document.uri, params.range)
    return [one for one in actions if not only or any((one.kind or "").startswith(kind) for kind in only)]


def _describe(server: TranslationServer, params: types.HoverParams) -> types.Hover | None:
    uri = params.text_document.uri
    opened = server.open_file(uri)
    shown = server.desk.describe_place(opened, server.read_place(uri, opened, params.position)) if opened else None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, shown)) if shown else None


def _complete(server: TranslationServer, params: types.CompletionParams) -> types.CompletionList:
    uri = params.text_document.uri
    opened = server.open_file(uri)
    if opened is None:
        return types.CompletionList(is_incomplete=False, items=[])
    at = server.read_place(uri, opened, params.position)
    items = [
        types.CompletionItem(
            proposal.text.strip(),
            detail=proposal.detail,
            filter_text=proposal.filter_text,
            sort_text=f"{rank:04d}",
            text_edit=types.TextEdit(
                server.write_range(uri, opened, at.line, at.column - proposal.replaces, at.column), proposal.text
            ),
        )
        for rank, proposal in enumerate(server.desk.propose(opened, at))
    ]
    # What is proposed depends on what is typed: ask again with each letter.
    return types.CompletionList(is_incomplete=True, items=items)


@click.command()
@config_option
def lsp(config: Path) -> None:
    """Answer an editor over standard input and output; the editor starts it (see translations/README.md).

    Tells what `translations check` tells while you type, mends it, shows the English sentence, and completes
    identifiers and terms. Needs neither network nor library.

    Example: yibao lsp --config /srv/gazette/yibao.toml
    """
    server = create_server(load_settings(config, needed=False))
    # The protocol has the output to itself: what anything else prints goes where an editor keeps its log.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, contextlib.redirect_stdout(sys.stderr):
        server.start_io(stdout=out)
