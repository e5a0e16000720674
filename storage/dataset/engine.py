"""DuckDB for browsers (duckdb-wasm), put into the published tree from its npm package: the data page offers SQL by it.

It is too large for git, and no part of a publication: files of others, which each publication takes along.
"""

import gzip
import tarfile
from hashlib import sha256
from pathlib import Path

import orjson
import zstandard

from storage import readable
from yibao.errors import DatasetError

#: The folder of the engine in the published tree.
FOLDER = "data/engine"
#: What the data page asks for first: it offers SQL where this is.
MARK = "engine.json"
PACKAGE, VERSION = "@duckdb/duckdb-wasm", "1.32.0"
#: Its files that a browser loads, below `dist/`, with their SHA-256.
FILES = {
    "duckdb-browser-eh.worker.js": "f8ab72b6b90b3ad83077d47426d4a99d5d9a4c7e07cba1a2be37d655adc7c1ab",
    "duckdb-eh.wasm": "4c221bfa59c11f24dbd750e70c90b9252eca6eec5633936e6a2ec766e55fd879",
}
_LICENSE = "MIT, Stichting DuckDB Foundation, https://github.com/duckdb/duckdb-wasm"
_ZSTD_LEVEL = 12
_REMEDY = f"Get the package with `npm pack {PACKAGE}@{VERSION}`."


def place_engine(package: Path, public: Path) -> dict[str, int]:
    """Put the engine, with its compressed forms, into the published tree; returns the bytes of each file.

    Args:
        package: the npm package, its .tgz file or its folder.
        public: the published tree.

    Raises:
        DatasetError: the package cannot be read, or is not what it should be; nothing was written.
    """
    contents = {name: _read_checked(package, name, digest) for name, digest in FILES.items()}
    forms = {
        name + ending: compress(content)
        for name, content in contents.items()
        for ending, compress in (("", bytes), (".gz", _gzip), (".zst", zstandard.ZstdCompressor(_ZSTD_LEVEL).compress))
    }
    sizes = {name: len(content) for name, content in forms.items()}
    about = {"package": PACKAGE, "version": VERSION, "license": _LICENSE, "files": sizes}
    folder = public / FOLDER
    readable.make_folder(folder)
    # The mark comes last: a page that finds it finds the rest.
    for name, content in {**forms, MARK: orjson.dumps(about, option=orjson.OPT_INDENT_2)}.items():
        partial = folder / f".{name}.part"
        readable.write_file(partial, content)
        partial.replace(folder / name)
    return sizes


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _read_checked(package: Path, name: str, digest: str) -> bytes:
    try:
        content = _read_packed(package, name) if package.is_file() else (package / "dist" / name).read_bytes()
    except (OSError, KeyError, tarfile.TarError, EOFError) as error:
        reason = str(error).partition(":\n")[0]
        raise DatasetError(f"{package} has no dist/{name} that can be read ({reason}). {_REMEDY}") from error
    if sha256(content).hexdigest() != digest:
        raise DatasetError(f"dist/{name} of {package} is not that of version {VERSION}. {_REMEDY}")
    return content


def _read_packed(package: Path, name: str) -> bytes:
    with tarfile.open(package) as archive:
        file = archive.extractfile(f"package/dist/{name}")
        return file.read() if file else b""
