"""A picture of a mail's HTML part, taken by the Chromium of this machine."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from yibao.errors import YibaoError

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: As wide as most programs show mail; what is longer than a picture may be is cut off.
_WIDTH, _SHORTEST, _LONGEST = 700, 400, 16000
_TIMEOUT_S = 60
#: Where a PNG file says how high it is.
_PNG_HEIGHT = slice(20, 24)
_MEASURE = "<script>document.documentElement.dataset.height = document.documentElement.scrollHeight</script>"
_HEIGHT = re.compile(r'data-height="(\d+)"')


def take_picture(html: str) -> bytes:
    """Take a picture of the whole mail, as PNG.

    Raises:
        YibaoError: there is no Chromium, or it failed.
    """
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        raise YibaoError(
            "A picture needs Chromium, which is not installed: `apt install chromium`, or look at --as html."
        )
    with tempfile.TemporaryDirectory(prefix="yibao-picture-") as folder:
        page = Path(folder) / "mail.html"
        page.write_text(html + _MEASURE, encoding="utf-8")
        measured = _HEIGHT.search(
            _run(program, folder, f"--window-size={_WIDTH},{_SHORTEST}", "--dump-dom", page.as_uri())
        )
        height = min(int(measured[1]), _LONGEST) if measured else _LONGEST
        page.write_text(html, encoding="utf-8")
        picture = _take(program, page, height)
        # Some versions count the window's frame for its size, and show that much less of the page.
        frame = height - int.from_bytes(picture[_PNG_HEIGHT])
        return _take(program, page, height + frame) if frame else picture


def _take(program: str, page: Path, height: int) -> bytes:
    picture = page.with_suffix(".png")
    _run(program, str(page.parent), f"--window-size={_WIDTH},{height}", f"--screenshot={picture}", page.as_uri())
    if not picture.exists():
        raise YibaoError(f"{program} took no picture. Look at --as html with a browser of yours.")
    return picture.read_bytes()


def _run(program: str, folder: str, *arguments: str) -> str:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [
        *(program, "--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile"),
        *("--no-first-run", "--disable-background-networking", *sandbox, *arguments),
    ]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT_S)  # noqa: S603  (a program found by name)
    except subprocess.TimeoutExpired:
        raise YibaoError(
            f"{program} did not end in {_TIMEOUT_S} s. Look at --as html with a browser of yours."
        ) from None
    except (OSError, subprocess.CalledProcessError) as error:
        words = getattr(error, "strerror", None) or f"it ended with status {getattr(error, 'returncode', '?')}"
        raise YibaoError(f"{program} failed: {words}. Look at --as html with a browser of yours.") from None
    return done.stdout.decode(errors="replace")
