"""A mail server of raw sockets that does at each stage what a script says: the worst that servers do to a client.

Stages: GREETING, then the first word of each command, and TEXT for a message's end. At each it says a reply, or acts:
HANG (silence), DROP (close the connection), `Trickle` (a reply, a byte at a time).
"""

import socket
import threading
from contextlib import contextmanager
from typing import NamedTuple

HANG, DROP, NOTHING = "hang", "drop", ""
OFFERS = "250-server\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SIZE 1000000"
USUAL = {
    "GREETING": "220 server",
    "EHLO": OFFERS,
    "HELO": "250 server",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go ahead",
    "TEXT": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class Trickle(NamedTuple):
    """A reply whose bytes come one by one, with a pause before each."""

    reply: str
    pause_s: float


class Late(NamedTuple):
    """A reply that comes whole, after a pause."""

    reply: str
    pause_s: float


class ScriptedServer:
    """Takes what a script lets it take: (recipients, text) in `taken`, complete messages only."""

    def __init__(self, **script):
        self.script = {**USUAL, **script}
        self.taken, self.commands, self.packets, self.connections = [], [], [], 0
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(0.02)
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def behave(self, **script):
        """From now on it does this, and as usual otherwise."""
        self.script = {**USUAL, **script}

    def close(self):
        self._done.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self):
        while not self._done.is_set():
            try:
                connection = self._listener.accept()[0]
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        connection.settimeout(0.02)
        try:
            self._say(connection, "GREETING")
            buffer, recipients, is_text = b"", [], False
            while not self._done.is_set():
                end = b"\r\n.\r\n" if is_text else b"\r\n"
                if end not in buffer:
                    try:
                        chunk = connection.recv(65536)
                    except TimeoutError:
                        continue
                    if not chunk:
                        return
                    buffer += chunk
                    self.packets.append(chunk)
                    continue
                piece, _, buffer = buffer.partition(end)
                if is_text:
                    is_text = False
                    self.taken.append((tuple(recipients), piece + b"\r\n"))
                    recipients = []
                    self._say(connection, "TEXT")
                    continue
                word = piece.decode().partition(" ")[0].upper()
                self.commands.append(piece.decode())
                said = self._say(connection, word)
                if word == "RCPT" and said.startswith("250"):
                    recipients.append(piece.decode())
                if word in ("RSET", "EHLO"):
                    recipients = []
                is_text = word == "DATA" and said.startswith("354")
        except (ConnectionError, _DroppedError):
            return
        finally:
            connection.close()

    def _say(self, connection, stage):
        act = self.script[stage]
        if act == DROP:
            raise _DroppedError
        if act == HANG:
            self._done.wait()
            raise _DroppedError
        if isinstance(act, (Trickle, Late)):
            parts = [act.reply] if isinstance(act, Late) else act.reply
            for part in parts:
                if self._done.wait(act.pause_s):
                    raise _DroppedError
                connection.sendall(part.encode())
            connection.sendall(b"\r\n")
            return act.reply
        if act != NOTHING:
            connection.sendall(f"{act}\r\n".encode())
        return act


class _DroppedError(Exception):
    """The connection is to be closed."""


@contextmanager
def scripted_server(**script):
    server = ScriptedServer(**script)
    try:
        yield server
    finally:
        server.close()
