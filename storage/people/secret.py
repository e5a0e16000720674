"""The secret that signs links in mail and hides erased addresses, in a file that its owner alone can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from yibao.errors import PeopleError

_SHORTEST = 32


def read_secret(path: Path) -> bytes:
    """Read the secret; make it where there is none.

    Raises:
        PeopleError: it cannot be read or written, or is too short to be safe.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise PeopleError(
            f"{path}: the secret that signs links cannot be used: {error.strerror}. Let the user who runs Yibao "
            "read and write this file and its folder, and run again."
        ) from error
    if len(secret) < _SHORTEST:
        raise PeopleError(
            f"{path}: this secret is too short. Restore it from a backup; or delete it: a new one is made, and links "
            "in mail that was sent stop working."
        )
    return secret


def _make_secret(path: Path) -> None:
    """Write a new secret, whole; whoever is quicker wins."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()
