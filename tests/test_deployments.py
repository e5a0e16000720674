"""What deployments say is what the program does."""

import os
import re
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml

from flows import schedule
from flows.registry import FLOWS
from yibao.web import application, tree

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


FILES = {
    "index.html": "<!doctype html><title>译报</title>" + "<p>正文</p>" * 100,
    "feeds/all/atom.xml": "<feed/>" * 200,
    "feeds/all/archive/2025-01.atom.xml": "<feed/>",
    "feeds/all/rss.xml": "<rss/>",
    "feeds/all/feed.json": "{}",
    "feeds.opml": "<opml/>",
    "style.css": "p{}",
    "sitemap.xml": "<urlset/>",
    "papers/2501.00001/cite.bib": "@misc{}",
    ".yibao.part": "half",
}


@pytest.fixture
def nginx(tmp_path):
    """The tree behind a real nginx with our configuration."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed on this machine")
    for path, content in FILES.items():
        (tmp_path / "public" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "public" / path).write_text(content, encoding="utf-8")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "main.conf").write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {places} server {{ listen 127.0.0.1:{port}; root {tmp_path}/public;"
        f" include {ROOT}/deployments/nginx.conf; }} }}\n"
    )
    server = subprocess.Popen([program, "-c", str(tmp_path / "main.conf")], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            if server.poll() is not None:
                raise AssertionError(server.stderr.read().decode())
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield tmp_path / "public", f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def test_nginx_says_of_each_file_what_yibao_serve_says(nginx):
    public, url = nginx
    for path in FILES:
        place = "/" if path == "index.html" else f"/{path}"
        answer, ours = httpx.get(url + place), tree.find(public, place)
        if path.startswith("."):
            assert (answer.status_code, ours) == (404, None)
            continue
        theirs = answer.headers["content-type"].replace("UTF-8", "utf-8")
        assert theirs.partition(";")[0] == ours.media_type.partition(";")[0], path
        for name, value in application.HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert answer.headers["cache-control"] == application.CACHE
    assert httpx.get(f"{url}/", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_the_caddyfile_has_the_same_headers_and_types():
    said = " ".join((ROOT / "deployments" / "Caddyfile").read_text().replace('"', "").split())
    for name, value in {**application.HEADERS, "Cache-Control": application.CACHE}.items():
        assert f"{name} {value}" in said, name
    code = (ROOT / "yibao" / "web" / "tree.py").read_text()
    for kind in re.findall(r'"(application/(?:atom|rss|feed)\+\w+; charset=utf-8)"', code):
        assert f"Content-Type {kind}" in said
