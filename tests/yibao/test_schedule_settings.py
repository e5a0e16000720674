"""When the flows run: what is taken, and what is refused before anything starts."""

import pytest

from yibao import settings
from yibao.errors import SettingsError


def load(tmp_path, content, environ=None):
    path = tmp_path / "yibao.toml"
    path.write_text(content, encoding="utf-8")
    return settings.load(path, environ or {})


def test_cron_lines_zone_port_and_name_are_settings(tmp_path):
    loaded = load(
        tmp_path,
        '[schedule]\ndaily = "0 6 * * mon-fri"\ntimezone = "Asia/Shanghai"\n[prefect]\nport = 4301\nname = "gazette-2"',
        {"YIBAO_SCHEDULE__WEEKLY": "0 10 * * 0"},
    )
    assert loaded.schedule.model_dump() == {
        "daily": "0 6 * * mon-fri",
        "weekly": "0 10 * * 0",
        "newsletter": "20 * * * *",
        "timezone": "Asia/Shanghai",
    }
    assert (loaded.prefect.port, loaded.prefect.name) == (4301, "gazette-2")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[schedule]\ndaily = "61 * * * *"', "schedule.daily: '61 * * * *' is no cron line: Bad minute"),
        ('[schedule]\nweekly = "@weekly"', "schedule.weekly: '@weekly' is no cron line: minute, hour, day"),
        ('[schedule]\ndaily = "0 0 31 2 *"', "schedule.daily: '0 0 31 2 *'"),
        ('[schedule]\ndaily = "0 0 4 * * *"', "schedule.daily: '0 0 4 * * *' is no cron line"),
        ('[schedule]\ndaily = ""', "schedule.daily: '' is no cron line"),
        (
            '[schedule]\ntimezone = "Mars/Olympus"',
            "schedule.timezone: 'Mars/Olympus' is no time zone; use an IANA name",
        ),
        ('[schedule]\ntimezone = "America"', "schedule.timezone: 'America' is no time zone"),
        ('[schedule]\ntimezone = "../etc/passwd"', "schedule.timezone: '../etc/passwd' is no time zone"),
        ('[schedule]\nhourly = "x"', "schedule.hourly: there is no such setting; the nearest is 'schedule."),
        ("[prefect]\nport = 0", "prefect.port: "),
        ("[prefect]\nport = 70000", "prefect.port: "),
        ('[prefect]\nname = "a/b"', "prefect.name: 'a/b' cannot be a name on a Prefect server"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_and_names_its_key(tmp_path, content, message):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, content)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "line", ["earliest_hour = 7", 'approval = "drop"', 'bounces = "imaps://user:word@example.org/INBOX"']
)
def test_mail_runs_by_itself_only_where_something_may_wait(tmp_path, line):
    assert list(load(tmp_path, "").cron_lines) == ["daily", "weekly"]
    lines = load(tmp_path, f'[newsletter]\n{line}\n[schedule]\nnewsletter = "5 * * * *"').cron_lines
    assert (list(lines), lines["newsletter"]) == (["daily", "weekly", "newsletter"], "5 * * * *")
