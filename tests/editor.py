"""An editor as the language server meets one: a client of the Language Server Protocol that a test scripts."""

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

_WAIT_S = 30


class Editor:
    """Starts `yibao lsp` in a folder, and speaks with it over its standard input and output."""

    def __init__(self, folder: Path, capabilities: dict | None = None) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "commands.main", "lsp"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answers: queue.Queue[dict] = queue.Queue()
        self._diagnostics: dict[str, queue.Queue[list]] = {}
        self._number = 0
        self._version = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.server = self.ask(
            "initialize", processId=os.getpid(), rootUri=folder.as_uri(), capabilities=capabilities or {}
        )["capabilities"]
        self._send({"method": "initialized", "params": {}})

    def ask(self, method: str, **params):
        """Ask, and wait for the answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        answer = self._answers.get(timeout=_WAIT_S)
        assert answer["id"] == self._number
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, name: str, text: str) -> list:
        """Open a file; what is wrong in it."""
        self._version += 1
        document = {"uri": self.uri(name), "languageId": "markdown", "version": self._version, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return self.diagnostics(name)

    def type(self, name: str, text: str) -> list:
        """Put this text in the place of all; what is wrong in it."""
        self._version += 1
        document = {"uri": self.uri(name), "version": self._version}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])
        return self.diagnostics(name)

    def tell(self, method: str, **params) -> None:
        """Tell what needs no answer."""
        self._send({"method": method, "params": params})

    def diagnostics(self, name: str) -> list:
        """Wait for what the server says of a file next."""
        return self._queue(self.uri(name)).get(timeout=_WAIT_S)

    def actions(self, name: str, diagnostic: dict) -> dict[str, dict]:
        """Ask what can be done about a problem, by title."""
        found = self.ask(
            "textDocument/codeAction",
            textDocument={"uri": self.uri(name)},
            range=diagnostic["range"],
            context={"diagnostics": [diagnostic]},
        )
        return {one["title"]: one for one in found}

    def at(self, method: str, name: str, line: int, character: int):
        """Ask something of a place, from 0."""
        place = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.uri(name)}, position=place)

    def uri(self, name: str) -> str:
        """Return a file's address."""
        return (self.folder / name).as_uri()

    def close(self) -> int:
        """Part as editors do; the exit status."""
        self.ask("shutdown")
        self.tell("exit")
        return self._process.wait(_WAIT_S)

    def _queue(self, uri: str) -> queue.Queue:
        return self._diagnostics.setdefault(uri, queue.Queue())

    def _send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self._process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._process.stdin.flush()

    def _listen(self) -> None:
        while line := self._process.stdout.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self._process.stdout.readline()
            message = json.loads(self._process.stdout.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                self._queue(message["params"]["uri"]).put(message["params"]["diagnostics"])
            elif "id" in message and "method" not in message:
                self._answers.put(message)


def apply_edits(text: str, edits: list[dict]) -> str:
    """Apply edits to a text, as an editor does that counts in UTF-16."""
    lines = text.split("\n")

    def offset(place: dict) -> int:
        line = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le")
        return sum(len(one) + 1 for one in lines[: place["line"]]) + len(line)

    for edit in sorted(edits, key=lambda one: offset(one["range"]["start"]), reverse=True):
        text = text[: offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]) :]
    return text
