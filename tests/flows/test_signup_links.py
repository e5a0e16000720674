"""Pages lead to the form for mail where readers can subscribe, and nowhere else."""

import pytest
from lxml import html

from flows.steps import publication
from flows.steps.run_record import Run
from storage.library import connection
from tests.conftest import MONDAY
from tests.judges.site import drawn, editions, entries
from yibao.settings import Arxiv, Newsletter, Paths, Settings


def settings_of(folder, **newsletter):
    return Settings(
        paths=Paths(data=folder / "data", public=folder / "public"),
        arxiv=Arxiv(categories=("cs.CL",)),
        newsletter=Newsletter.model_validate(newsletter),
    )


@pytest.mark.parametrize(
    ("newsletter", "is_open"),
    [
        ({}, False),
        ({"outbox": "/srv/outbox"}, True),
        ({"smtp_url": "smtp://mail.example.org"}, True),
        ({"smtp_url": "smtp://mail.example.org", "signup": False}, False),
    ],
)
def test_every_page_leads_to_the_form_where_there_is_one(tmp_path, newsletter, is_open):
    found = entries()[10:12]
    settings = settings_of(tmp_path, **newsletter)
    tree = drawn(found, editions(found, 2), settings)
    pages = {path: html.fromstring(content) for path, content in tree.items() if path.endswith(".html")}
    assert len(pages) > 10
    for path, page in pages.items():
        # The page of what was not found is shown at any address.
        root = f"{settings.site.base_url}/" if path == "404.html" else "../" * path.count("/") or "./"
        links = page.xpath("//header//a/@href | //footer//a/@href")
        assert links.count(f"{root}subscribe/") == (2 if is_open else 0), path
    assert bool(pages["feeds/index.html"].xpath("//main//a[@href='../subscribe/']")) == is_open


def test_all_pages_are_made_again_when_the_form_opens_or_closes(tmp_path):
    closed, opened = settings_of(tmp_path), settings_of(tmp_path, outbox=str(tmp_path / "outbox"))
    with connection.write_library(closed.paths.library):
        pass
    changed = []
    for number, settings in enumerate((closed, closed, opened, opened, closed)):
        run = Run(settings, str(number), "publish", MONDAY)
        changed.append(publication.publish_changes(run).files_changed)
        assert ("subscribe/" in (settings.paths.public / "about" / "index.html").read_text()) == (settings is opened)
    assert [count > 10 for count in changed] == [True, False, True, False, True]
