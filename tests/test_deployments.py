"""What deployments say is what the program does."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from flows import schedule
from flows.registry import FLOWS

ROOT = Path(__file__).parents[1]


def test_prefect_yaml_names_flows_and_schedules_as_the_command_does():
    plan = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text())
    found = {one["name"]: one for one in plan["deployments"]}
    assert found["daily"]["schedules"] == [{"cron": schedule.DAILY, "timezone": schedule.TIMEZONE}]
    assert found["weekly"]["schedules"] == [{"cron": schedule.WEEKLY, "timezone": schedule.TIMEZONE}]
    for name, one in found.items():
        module, _, function = one["entrypoint"].rpartition(".")
        assert FLOWS[name].fn.__module__ == module
        assert FLOWS[name].fn.__name__ == function


def test_crontab_runs_the_same_lines():
    lines = (ROOT / "deployments" / "crontab").read_text()
    assert f"CRON_TZ={schedule.TIMEZONE}" in lines
    for cron in (schedule.DAILY, schedule.WEEKLY):
        assert cron in " ".join(lines.split())


async def _next(cron, after):
    from prefect.server.schemas.schedules import CronSchedule

    return await CronSchedule(cron=cron, timezone=schedule.TIMEZONE).get_dates(4, start=after)


@pytest.mark.parametrize("after", [datetime(2025, 3, 7, 12, tzinfo=UTC), datetime(2025, 10, 31, 12, tzinfo=UTC)])
def test_the_hour_in_new_york_stays_through_both_changes_of_clocks(after):
    import asyncio

    for moment in asyncio.run(_next(schedule.DAILY, after)):
        local = moment.astimezone(ZoneInfo(schedule.TIMEZONE))
        assert (local.hour, local.minute) == (4, 30)
        assert local.isoweekday() <= 5
