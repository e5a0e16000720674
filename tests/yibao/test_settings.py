"""What an operator may say, and how a slip is told."""

from pathlib import Path

import pytest

from yibao import settings
from yibao.errors import SettingsError


def load(tmp_path, content="", environ=None):
    path = tmp_path / "yibao.toml"
    path.write_text(content, encoding="utf-8")
    return settings.load(path, environ or {})


def test_an_empty_file_is_a_working_installation(tmp_path):
    loaded = load(tmp_path)
    assert loaded.arxiv.pace_s == 3.0
    assert loaded.paths.public == tmp_path / "public"
    assert loaded.site.tag_authority == "127.0.0.1,2026"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '[arxiv]\ncategorys = ["cs.CL"]',
            "arxiv.categorys: there is no such setting; the nearest is 'arxiv.categories'",
        ),
        ("[arxvi]\npace_s = 3", "arxvi: there is no such setting; the nearest is 'arxiv'"),
        ('[newsletter]\nsmtp = "x"', "the nearest is 'newsletter.smtp_url'"),
        ('[[feeds.own]]\nname = "a"\nkeyword = ["x"]', "the nearest is 'feeds.own.0.keywords'"),
        ('[arxiv]\ncategories = ["cs.LC"]', "arXiv has no category 'cs.LC'; did you mean"),
        ("[arxiv]\npace_s = -1", "arxiv.pace_s"),
        ('[arxiv]\nrss_url = "file:///etc"', "is no http or https address"),
        ("[arxiv", "this is not TOML"),
    ],
)
def test_a_slip_is_refused_and_names_file_key_and_remedy(tmp_path, content, message):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, content)
    assert message in str(error.value)
    assert "yibao.toml" in str(error.value)


def test_all_is_every_category_of_arxiv(tmp_path):
    chosen = load(tmp_path, '[arxiv]\ncategories = ["all"]\n').arxiv.categories
    assert len(chosen) == 149
    assert {"cs.CL", "math.NA", "hep-th"} <= set(chosen)
    assert load(tmp_path, "", {"YIBAO_ARXIV__CATEGORIES": "all"}).arxiv.categories == chosen


def test_a_missing_file_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(SettingsError, match="yibao init"):
        settings.load(tmp_path / "none.toml", {})


def test_the_environment_overrides_the_file_and_secrets_come_from_files(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("smtp://user:password@mail.example.org\n")
    environ = {
        "YIBAO_ARXIV__PACE_S": "5",
        "YIBAO_ARXIV__CATEGORIES": "cs.NA,hep-th",
        "YIBAO_NEWSLETTER__SMTP_URL_FILE": str(secret),
        "UNRELATED": "x",
    }
    loaded = load(tmp_path, "[arxiv]\npace_s = 1\n", environ)
    assert loaded.arxiv.pace_s == 5
    assert loaded.arxiv.categories == ("math.NA", "hep-th")
    assert loaded.newsletter.smtp_url.get_secret_value().endswith("mail.example.org")
    assert "password" not in repr(loaded)


def test_an_unknown_variable_is_refused_like_an_unknown_key(tmp_path):
    with pytest.raises(SettingsError, match=r"arxiv\.pace_s"):
        load(tmp_path, "", {"YIBAO_ARXIV__PACE": "5"})


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("YIBAO_ARXIV__PACE_S", "soon", "arxiv.pace_s: Input should be a valid number"),
        ("YIBAO_ARXIV__PACE", "5", "arxiv.pace: there is no such setting; the nearest is 'arxiv.pace_s'"),
        ("YIBAO_ARXVI__PACE_S", "5", "arxvi: there is no such setting; the nearest is 'arxiv'"),
        ("YIBAO_FEEDS__OWN", "x", "feeds.own: "),
        ("YIBAO_PACE_S", "5", "a setting in the environment is named YIBAO_SECTION__KEY"),
    ],
)
def test_a_fault_in_the_environment_names_its_variable(tmp_path, variable, value, fault):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, "", {variable: value})
    assert str(error.value).startswith(f"{variable}: {fault}")


def test_a_section_that_is_no_table_is_the_fault_of_the_file(tmp_path):
    with pytest.raises(SettingsError, match=r"yibao\.toml: arxiv: "):
        load(tmp_path, "arxiv = 3", {"YIBAO_ARXIV__PACE_S": "5"})


def test_everything_private_has_its_place_below_the_data(tmp_path):
    paths = load(tmp_path, '[paths]\ndata = "private"').paths
    names = {
        name: getattr(paths, name) for name in ("library", "people", "search", "responses", "run_lock", "hub_queue")
    }
    data = tmp_path / "private"
    assert names == {
        "library": data / "library.duckdb",
        "people": data / "people.sqlite",
        "search": data / "search",
        "responses": data / "responses",
        "run_lock": data / "run.lock",
        "hub_queue": data / "untold.json",
    }


def test_a_relative_path_begins_at_the_file_and_an_absolute_one_stays(tmp_path):
    content = (
        '[translations]\npaths = ["t", "/srv/t"]\n[newsletter]\noutbox = "out"\n[arxiv]\npace_folder = "/run/pace"'
    )
    loaded = load(tmp_path, content)
    assert loaded.translations.paths == (tmp_path / "t", Path("/srv/t"))
    assert loaded.newsletter.outbox == tmp_path / "out"
    assert loaded.arxiv.pace_folder == Path("/run/pace")
    assert load(tmp_path).translations.paths == (tmp_path / "translations",)


def test_a_secret_never_appears_in_a_message(tmp_path):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, "", {"YIBAO_NEWSLETTER__SMTP_URL": "http://user:password@host"})
    assert "password" not in str(error.value)
