"""The pages of mail as a browser or a mail program asks for them, with a real database and real letters."""

import asyncio
import email
import re
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

import httpx
from lxml import html

from commands.subscription_service import SUBSCRIBE, SubscriptionService
from flows.steps import letter_delivery
from flows.steps.mail_sender import make_sender
from flows.steps.people import share_people
from storage.people import subscribers
from yibao.settings import Settings
from yibao.web.application import make_application
from yibao.web.personal_pages import make_page_application, mount_services

START = datetime(2025, 1, 17, 12, tzinfo=UTC)
URL = "https://yibao.example"
FORM = {"email": "reader@example.org", "frequency": "weekly", "language": "both", "categories": ["cs.CL"]}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def make_settings(folder: Path, **newsletter) -> Settings:
    return Settings.model_validate(
        {
            "site": {"base_url": URL},
            "paths": {"data": folder / "data", "public": folder / "public"},
            "newsletter": {"outbox": folder / "outbox", **newsletter},
        }
    )


class MailSite:
    """An installation whose clock stands still until it is told."""

    def __init__(self, folder: Path, proxies=(), **newsletter):
        self.settings = make_settings(folder, **newsletter)
        self.folder = folder
        self.at = START
        self.woken = 0
        self.open_people = share_people(self.settings)
        service = SubscriptionService(self.settings, self.open_people, self._wake, lambda: self.at)
        files = make_application(self.settings.paths.public)
        self.app = mount_services(files, {SUBSCRIBE: make_page_application(service, proxies)})

    def _wake(self):
        self.woken += 1

    @property
    def people(self):
        return self.open_people()

    def wait(self, **span):
        self.at += timedelta(**span)

    def ask(self, method, address, client="192.0.2.7", **more):
        return asyncio.run(self._ask(method, address, client, **more))

    async def _ask(self, method, address, client, **more):
        transport = httpx.ASGITransport(self.app, client=(client, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=URL) as browser:
            return await browser.request(method, address, **more)

    def get(self, address, **more):
        return self.ask("GET", address, **more)

    def post(self, address, data=None, **more):
        return self.ask("POST", address, data={"action": "go"} if data is None else data, **more)

    def sign_up(self, client="192.0.2.7", **values):
        answer = self.post("/subscribe/", {**FORM, **values}, client=client)
        assert (answer.status_code, title_of(answer)) == (200, "请查收邮件"), answer.text
        return answer

    def send_letters(self, sender=None, **more):
        if sender is not None:
            return letter_delivery.send_letters(self.settings, self.people, sender, self.at, **more)
        with make_sender(self.settings) as opened:
            return letter_delivery.send_letters(self.settings, self.people, opened, self.at, **more)

    def letters(self):
        """The letters that went out, by the number in their name."""
        files = (self.folder / "outbox").glob("letter-*.eml")
        numbered = sorted(files, key=lambda file: int(file.name.partition(".")[0].partition("-")[2]))
        return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in numbered]

    def link(self, purpose="confirm"):
        """The link for this purpose in the newest letter."""
        self.send_letters()
        return links_of(self.letters()[-1], purpose)[0]

    def subscribe(self, **values):
        """Somebody subscribes and confirms; returns the subscriber."""
        self.sign_up(**values)
        assert title_of(self.post(self.link())) == "订阅已生效"
        return self.find(values.get("email", FORM["email"]))

    def find(self, address=FORM["email"]):
        return subscribers.find_subscriber(self.people, address)

    def rows(self, table):
        with self.people.connect() as connection:
            return [row._asdict() for row in connection.execute(table.select())]


def title_of(answer):
    return html.fromstring(answer.content).xpath("string(//h1/text())").strip()


def links_of(letter, purpose):
    text = letter.get_body(("plain",)).get_content()
    return re.findall(rf"{URL}/subscribe/{purpose}/\S+", text)
