"""Pictures of the demo for people who have not run it: `make pictures`.

Today, an edition and a paper, in light, in dark and on a phone, and Prefect's pages of two runs, as Chromium shows
them, into docs/pictures/.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.standin import demo, prefect_pictures

ROOT = Path(__file__).parents[2]
PAGES = {"today": "today", "edition": "editions/2025-W03", "paper": "papers/2501.06252"}
LOOKS = {
    "light": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 760}, "color_scheme": "light"},
}


def main() -> int:
    public, folder = ROOT / "demo" / "public", ROOT / "docs" / "pictures"
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed on this machine: no pictures were made.", file=sys.stderr)
        return 1
    if not public.exists() and demo.main() != 0:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for look, settings in LOOKS.items():
            page = browser.new_context(**settings).new_page()
            for name, path in PAGES.items():
                page.goto((public / path / "index.html").as_uri())
                page.screenshot(path=folder / f"{name}-{look}.png")
                print(f"docs/pictures/{name}-{look}.png")
        for name in prefect_pictures.take_pictures(browser, folder):
            print(f"docs/pictures/{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
