"""Runs the stand-in until interrupted: `python -m tests.standin --today 2025-01-13 --port 8765`."""

import argparse
import threading
from datetime import date

from tests.standin.server import Standin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--today", type=date.fromisoformat, default=date(2025, 1, 13))
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop by itself after so long")
    chosen = parser.parse_args()
    with Standin(today=chosen.today, port=chosen.port) as arxiv:
        print("\n".join(f"export {name}={value}" for name, value in arxiv.environ.items()), flush=True)
        threading.Event().wait(chosen.seconds)


if __name__ == "__main__":
    main()
