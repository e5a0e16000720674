"""Pictures of the pages of mail: the form, confirming, preferences and leaving."""

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from storage.people import requests, subscribers
from tests.judges.conftest import serving_app
from tests.judges.site import Published, entries
from tests.mail_pages import MailSite
from yibao.newsletter.links import make_link
from yibao.newsletter.tokens import Purpose
from yibao.records import Frequency, Language, Subscription

_ASKED = Subscription(Frequency.WEEKLY, Language.BOTH, ("cs.CL",), ("智能体", "large language model"))


def take_pictures(browser: Browser, folder: Path, looks: dict[str, dict]) -> Iterator[str]:
    """The form in every look, the other pages in one each; yields the names of the pictures."""
    with _serve_site() as (url, paths):
        for look, settings in looks.items():
            page = browser.new_context(**settings).new_page()
            for name in ("", "confirm", "preferences", "leave") if look == "light" else ("",):
                page.goto(f"{url}{paths[name]}")
                picture = "-".join(part for part in ("subscribe", name, look) if part)
                page.screenshot(path=folder / f"{picture}.png", full_page=look == "phone")
                yield picture


@contextlib.contextmanager
def _serve_site() -> Iterator[tuple[str, dict[str, str]]]:
    """A site at which one person has asked and another is subscribed; and where their pages are."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        site = MailSite(Path(folder))
        Published(Path(folder) / "published", "https://yibao.example").show(entries()[:1])
        (Path(folder) / "published" / "public").rename(site.settings.paths.public)
        people, email = site.people, "reader@example.org"
        subscribers.add_subscriber(people, email, _ASKED, site.at)
        request_id = requests.ask_subscription(people, email, _ASKED, site.at)
        token_id = subscribers.find_subscriber(people, email).token_id
        paths = {
            "": "/subscribe/",
            "confirm": make_link("", people.secret, Purpose.CONFIRM, request_id),
            "preferences": make_link("", people.secret, Purpose.PREFERENCES, token_id),
            "leave": make_link("", people.secret, Purpose.LEAVE, token_id),
        }
        with serving_app(site.app, listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", paths
