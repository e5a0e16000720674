"""Pictures of the demo for people who have not run it: `make pictures`.

Today, an edition, a paper and a mail, in light, in dark and on a phone, an edition as it is printed, the pages of mail,
and Prefect's pages of two runs, as Chromium shows them, into docs/pictures/.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from flows.steps import environment
from flows.steps.newsletter_issue import find_edition
from tests.standin import demo, mail_page_pictures, prefect_pictures
from yibao.newsletter.compose import compose_preview

ROOT = Path(__file__).parents[2]
PAGES = {"today": "today", "edition": "editions/2025-W03", "paper": "papers/2501.06252"}
LOOKS = {
    "light": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 760}, "color_scheme": "light"},
}
#: A sheet of A4, in CSS pixels.
SHEET = {"width": 794, "height": 1123}


def main() -> int:
    public, folder = ROOT / "demo" / "public", ROOT / "docs" / "pictures"
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is not installed on this machine: no pictures were made.", file=sys.stderr)
        return 1
    if not public.exists() and demo.main() != 0:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    mail = compose_mail(ROOT / "demo")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for look, settings in LOOKS.items():
            page = browser.new_context(**settings).new_page()
            for name, path in PAGES.items():
                page.goto((public / path / "index.html").as_uri())
                page.screenshot(path=folder / f"{name}-{look}.png")
                print(f"docs/pictures/{name}-{look}.png")
            page.set_content(mail)
            page.screenshot(path=folder / f"mail-{look}.png")
            print(f"docs/pictures/mail-{look}.png")
        page = browser.new_context(viewport=SHEET).new_page()
        page.goto((public / PAGES["edition"] / "index.html").as_uri())
        page.emulate_media(media="print")
        # The margins of a sheet, which only a printer adds.
        page.evaluate("document.body.style.padding = '53px 57px'")
        page.screenshot(path=folder / "edition-print.png")
        print("docs/pictures/edition-print.png")
        for name in mail_page_pictures.take_pictures(browser, folder, LOOKS):
            print(f"docs/pictures/{name}.png")
        for name in prefect_pictures.take_pictures(browser, folder):
            print(f"docs/pictures/{name}.png")
        browser.close()
    return 0


def compose_mail(folder: Path) -> str:
    """The HTML part of the demo's weekly mail, as it would have gone out in time."""
    settings = environment.load_settings(folder / "yibao.toml")
    _, html = compose_preview(find_edition(settings, "2025-W03"), settings.site)
    return html


if __name__ == "__main__":
    sys.exit(main())
