"""Folders that must stay apart."""

import re
from pathlib import Path

import pytest

from yibao import settings
from yibao.errors import SettingsError


@pytest.fixture
def load(tmp_path):
    home = tmp_path / "home" / "yibao"
    home.mkdir(parents=True)

    def loaded(content):
        (home / "yibao.toml").write_text(content, encoding="utf-8")
        return settings.load(home / "yibao.toml", {})

    loaded.home = home
    return loaded


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ('[paths]\npublic = "."', "paths.data"),
        ('[paths]\npublic = ""', "paths.data"),
        ('[paths]\npublic = "data"', "paths.data"),
        ('[paths]\npublic = "data/public"', "paths.data"),
        ('[paths]\ndata = "public/data"', "paths.data"),
        ('[paths]\ndata = "public"', "paths.data"),
        ('[paths]\ndata = "."', "paths.data"),
        ('[paths]\npublic = ".."\ndata = "/nonexistent/data"', "translations.paths"),
        ('[paths]\npublic = "/"', "paths.data"),
        ('[paths]\npublic = "../yibao"\ndata = "../data"', "translations.paths"),
        ('[paths]\npublic = "x/../data/./"', "paths.data"),
        ('[paths]\ndata = "public.next"', "paths.data"),
        ('[paths]\ndata = "public.next/data"', "paths.data"),
        ('[paths]\ndata = "public.aside"', "paths.data"),
        ('[translations]\npaths = ["elsewhere", "public"]', "translations.paths"),
        ('[translations]\npaths = ["public/translations"]', "translations.paths"),
        ('[translations]\npaths = ["public.next"]', "translations.paths"),
        ('[newsletter]\noutbox = "public/mail"', "newsletter.outbox"),
        ('[newsletter]\noutbox = "public"', "newsletter.outbox"),
        ('[paths]\npublic = "../yibao"\ndata = "../data"\n[translations]\npaths = ["../t"]', "yibao.toml"),
    ],
)
def test_a_published_tree_that_overlaps_with_what_is_private_is_refused(load, content, key):
    with pytest.raises(SettingsError, match=f"paths.public and {re.escape(key)} overlap") as error:
        load(content)
    assert "Give paths.public a folder of its own" in str(error.value)


def test_a_link_does_not_hide_an_overlap(load, tmp_path):
    (load.home / "data").mkdir()
    (load.home / "public").symlink_to("data")
    with pytest.raises(SettingsError, match=r"paths.public and paths.data overlap"):
        load("")
    (load.home / "public").unlink()
    (tmp_path / "door").symlink_to(load.home)
    with pytest.raises(SettingsError, match="overlap"):
        load(f'[paths]\npublic = "{tmp_path}/door/data/public"')
    # What stands beside the tree stands beside what the link leads to.
    (tmp_path / "www").mkdir()
    (load.home / "public").symlink_to(tmp_path / "www")
    with pytest.raises(SettingsError, match="overlap"):
        load(f'[paths]\ndata = "{tmp_path}/www.next"')
    load("")


def test_one_folder_under_two_names_is_one_folder(load, tmp_path):
    if Path(str(tmp_path).upper()).exists():
        with pytest.raises(SettingsError, match="overlap"):
            load('[paths]\ndata = "PUBLIC"')


def test_links_in_a_circle_are_told(load):
    (load.home / "public").symlink_to("public")
    with pytest.raises(SettingsError, match=r"yibao\.toml: a path in it leads nowhere"):
        load("")


@pytest.mark.parametrize(
    "content",
    [
        '[translations]\npaths = ["data"]',
        '[translations]\npaths = ["data/search"]',
        '[newsletter]\noutbox = "data/responses/mail"',
    ],
)
def test_what_yibao_empties_holds_nothing_of_others(load, content):
    with pytest.raises(SettingsError, match="fills and empties"):
        load(content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        '[newsletter]\noutbox = "outbox"',
        '[newsletter]\noutbox = "data/outbox"',
        '[paths]\ndata = "/srv/private"\npublic = "/srv/public"',
        '[paths]\ndata = "."\npublic = "../public"',
        '[paths]\npublic = "database"',
        '[translations]\npaths = ["."]',
        '[newsletter]\noutbox = "."',
    ],
)
def test_folders_that_stay_apart_are_fine(load, content):
    load(content)
