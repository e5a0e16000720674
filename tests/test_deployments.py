"""What deployments say is what the program does."""

import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml

from commands.api_service import ApiService
from commands.flow_runs import FLOWS
from storage import site_tree, tree_state
from storage.people.schema import REQUEST
from tests.judges.conftest import serving, serving_app
from tests.judges.site import Published, entries
from tests.mail_pages import MailSite
from yibao.build_graph import wrap_content
from yibao.dataset.openapi import ROOT as API_ROOT
from yibao.newsletter.tokens import Purpose, make_token
from yibao.settings import Paths, Prefect, Schedule, Settings
from yibao.web import application, files
from yibao.web.api import make_api_application
from yibao.web.personal_pages import PAGE_HEADERS

ROOT = Path(__file__).parents[1]
SCHEDULE = Schedule()


def test_prefect_yaml_names_flows_and_schedules_as_the_command_does():
    plan = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text())
    deployments = {one["name"].partition("-")[0]: one for one in plan["deployments"]}
    assert deployments["daily"]["schedules"] == [{"cron": SCHEDULE.daily, "timezone": SCHEDULE.timezone}]
    assert deployments["weekly"]["schedules"] == [{"cron": SCHEDULE.weekly, "timezone": SCHEDULE.timezone}]
    assert deployments["newsletter"]["schedules"] == [{"cron": SCHEDULE.newsletter, "timezone": SCHEDULE.timezone}]
    for name, one in deployments.items():
        # Two installations on one server must not replace each other's deployments.
        assert one["name"] == f"{name}-srv-yibao"
        module, _, function = one["entrypoint"].rpartition(".")
        assert FLOWS[name].fn.__module__ == module
        assert FLOWS[name].fn.__name__ == function


def test_crontab_runs_the_same_lines():
    lines = (ROOT / "deployments" / "crontab").read_text()
    assert f"CRON_TZ={SCHEDULE.timezone}" in lines
    for cron in (SCHEDULE.daily, SCHEDULE.weekly, SCHEDULE.newsletter):
        assert cron in " ".join(lines.split())


def test_documents_and_the_template_say_the_schedule_that_is_the_default():
    guide = (ROOT / "docs" / "operations" / "README.md").read_text()
    template = tomllib.loads((ROOT / "commands" / "templates" / "yibao.toml").read_text())
    assert template["schedule"] == SCHEDULE.model_dump()
    for key, value in {**SCHEDULE.model_dump(), "port": Prefect().port}.items():
        section = "prefect" if key == "port" else "schedule"
        assert f"| `{section}.{key}` | {value} |" in guide
    readme = (ROOT / "deployments" / "README.md").read_text()
    for cron in (SCHEDULE.daily, SCHEDULE.weekly):
        minute, hour, *_ = cron.split()
        assert f"{int(hour):02}:{int(minute):02}" in readme


@pytest.mark.parametrize(
    "cron", [SCHEDULE.daily, SCHEDULE.weekly, "*/10 * * * MON-FRI", "0 9 L * *", "5,35 4-6 * 1 sun"]
)
def test_prefect_understands_cron_lines_that_the_settings_take(cron):
    import asyncio

    assert Schedule(daily=cron).daily == cron
    assert asyncio.run(_next(cron, datetime(2025, 1, 1, tzinfo=UTC)))


async def _next(cron, after):
    from prefect.server.schemas.schedules import CronSchedule

    return await CronSchedule(cron=cron, timezone=SCHEDULE.timezone).get_dates(4, start=after)


@pytest.mark.parametrize("after", [datetime(2025, 3, 7, 12, tzinfo=UTC), datetime(2025, 10, 31, 12, tzinfo=UTC)])
def test_the_hour_in_new_york_stays_through_both_changes_of_clocks(after):
    import asyncio

    for moment in asyncio.run(_next(SCHEDULE.daily, after)):
        local = moment.astimezone(ZoneInfo(SCHEDULE.timezone))
        assert (local.hour, local.minute) == (4, 30)
        assert local.isoweekday() <= 5


FILES = {
    "index.html": "<!doctype html><title>译报</title>" + "<p>正文</p>" * 100,
    "404.html": "<!doctype html><title>这里没有页面</title>",
    "site.webmanifest": "{}",
    "feeds/all/atom.xml": "<feed/>" * 200,
    "feeds/all/archive/2025-01.atom.xml": "<feed/>",
    "feeds/all/rss.xml": "<rss/>",
    "feeds/all/feed.json": "{}",
    "feeds.opml": "<opml/>",
    "style.css": "p{}",
    "search.js": "let a = 1;",
    "sql_worker.js": "let b = 1;",
    "data/engine/duckdb-eh.wasm": "not really",
    "icon.svg": "<svg/>",
    "robots.txt": "User-agent: *",
    "papers/2501.00001/cite.ris": "TY  - GEN",
    "data/translations/2025-01.json": "[]",
    "sitemap.xml": "<urlset/>",
    "papers/2501.00001/cite.bib": "@misc{}",
}


@pytest.fixture
def public(tmp_path):
    """A published tree, readable by the servers' own users."""
    site_tree.publish_tree(
        tree_state.read_tree(tmp_path / "public"),
        tmp_path / "untold",
        {path: wrap_content(said.encode()) for path, said in FILES.items()},
    )
    (tmp_path / "public" / ".yibao.part").write_text("half")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path / "public"


@contextmanager
def running(command, port, **environ):
    """A server, until it answers and as long as it is asked."""
    server = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, **environ})
    try:
        for _ in range(200):
            if server.poll() is not None:
                raise AssertionError(server.stderr.read().decode())
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def nginx_main(folder, public, port, included):
    """A whole configuration around ours."""
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{name}_temp_path {folder}/{name};" for name in names)
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {places}"
        f" server {{ listen 127.0.0.1:{port}; root {public}; include {included}; }} }}\n"
    )


def started_nginx(folder, public, configuration):
    """A real nginx behind which the tree is."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed on this machine")
    port = free_port()
    (folder / "ours.conf").write_text(configuration)
    (folder / "main.conf").write_text(nginx_main(folder, public, port, folder / "ours.conf"))
    return running([program, "-c", str(folder / "main.conf")], port)


def started_caddy(folder, public, configuration):
    """A real Caddy behind which the tree is, without certificates."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is not installed on this machine")
    port = free_port()
    ours = configuration.replace("gazette.example {", f"http://127.0.0.1:{port} {{")
    ours = ours.replace("/srv/yibao/public", str(public))
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{ours}")
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    return running(command, port, HOME=str(folder), XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder))


SERVERS = {"nginx.conf": started_nginx, "Caddyfile": started_caddy}


@pytest.fixture
def url(tmp_path, public, name):
    """Where a server with our configuration of this name has the tree."""
    with SERVERS[name](tmp_path, public, (ROOT / "deployments" / name).read_text()) as address:
        yield address


@pytest.mark.drill
@pytest.mark.parametrize("name", SERVERS)
def test_each_server_says_of_each_file_what_yibao_serve_says(url, public):
    for path in (*FILES, ".yibao.part", ".yibao.json"):
        place = "/" if path == "index.html" else f"/{path}"
        answer, ours = httpx.get(url + place, headers={"Accept-Encoding": "identity"}), files.find_file(public, place)
        if path.startswith("."):
            assert (answer.status_code, ours) == (404, None)
            continue
        theirs = answer.headers["content-type"].replace("UTF-8", "utf-8")
        assert theirs.partition(";")[0] == ours.media_type.partition(";")[0], path
        headers = application.WORKER_HEADERS if place == application.WORKER else application.HEADERS
        for name, value in headers.items():
            assert answer.headers.get_list(name) == [value], (path, name)
        assert answer.headers["cache-control"] == application.CACHE
    missing = httpx.get(f"{url}/nothing/here/")
    assert (missing.status_code, missing.text) == (404, FILES["404.html"])
    packed = httpx.get(f"{url}/", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", FILES["index.html"])
    assert int(packed.headers["content-length"]) == (public / "index.html.gz").stat().st_size


def lead_to(configuration, address):
    """The configuration with the lines for `yibao serve`, which is at this address, in force."""
    led = re.sub(r"^(\t?)#(?=\S|\t)", r"\1", configuration, flags=re.MULTILINE).replace("127.0.0.1:8000", address)
    assert led != configuration
    return led


@pytest.mark.drill
@pytest.mark.parametrize("name", SERVERS)
def test_each_server_leads_questions_to_yibao_serve_and_says_each_header_once(tmp_path, name):
    ours = (ROOT / "deployments" / name).read_text()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        site = Published(tmp_path / "site", f"http://{address}")
        site.show(entries()[10:12])
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        led = lead_to(ours, address)
        with serving(site.settings, listener), SERVERS[name](tmp_path, site.public, led) as url:
            answer = httpx.get(f"{url}/feeds/search/atom.xml", params={"q": "智能体"})
            assert (answer.status_code, "会检索的智能体" in answer.text) == (200, True)
            for header, value in {**application.HEADERS, "Cache-Control": application.CACHE}.items():
                assert answer.headers.get_list(header) == [value], header
            assert len(answer.headers.get_list("Content-Type")) == 1
            assert httpx.get(f"{url}/feeds/all/atom.xml").status_code == 200


@pytest.mark.drill
@pytest.mark.parametrize("name", SERVERS)
def test_each_server_leads_programs_to_the_api(tmp_path, public, name):
    ours = (ROOT / "deployments" / name).read_text()
    api = make_api_application(ApiService(Settings(paths=Paths(data=tmp_path / "data", public=public))))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        led = lead_to(ours, f"127.0.0.1:{listener.getsockname()[1]}")
        with serving_app(api, listener), SERVERS[name](tmp_path, public, led) as url:
            answer = httpx.get(f"{url}{API_ROOT}openapi.json")
            assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")
            for header, value in {**application.HEADERS, "Cache-Control": application.CACHE}.items():
                assert answer.headers.get_list(header) == [value], header
            assert httpx.get(f"{url}{API_ROOT}nothing").headers["content-type"] == "application/problem+json"


@pytest.mark.drill
@pytest.mark.parametrize("name", SERVERS)
def test_each_server_leads_pages_of_mail_to_yibao_serve_which_knows_for_whom_it_asks(tmp_path, public, name):
    ours = (ROOT / "deployments" / name).read_text()
    site = MailSite(tmp_path / "mail")
    token = make_token(site.people.secret, Purpose.LEAVE, "nobody")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        led = lead_to(ours, f"127.0.0.1:{listener.getsockname()[1]}")
        with serving_app(site.app, listener), SERVERS[name](tmp_path, public, led) as url:
            host = url.removeprefix("http://")
            assert httpx.get(f"{url}/subscribe").headers["location"].endswith("/subscribe/")
            for path, status in (("/subscribe/", 200), (f"/subscribe/leave/{token}", 410), ("/subscribe/no", 404)):
                answer = httpx.get(url + path)
                assert answer.status_code == status
                for header, value in PAGE_HEADERS.items():
                    assert answer.headers.get_list(header) == [value], header
                assert "access-control-allow-origin" not in answer.headers
            headers = {"Origin": f"http://{host}", "X-Forwarded-For": "203.0.113.9"}
            for number in range(10):
                form = {"email": f"r{number}@example.org"}
                assert httpx.post(f"{url}/subscribe/", data=form, headers=headers).status_code == 200
            # The network is that of the connection, whatever a client says of itself.
            other = {**headers, "X-Forwarded-For": "198.51.100.9"}
            assert httpx.post(f"{url}/subscribe/", data=form, headers=other).status_code == 429
            assert {row["network"] for row in site.rows(REQUEST)} == {"127.0.0.1"}
            assert httpx.post(f"{url}/subscribe/", content=b"x" * 70_000).status_code == 413
            assert httpx.get(f"{url}/feeds/all/atom.xml").status_code == 200


def test_the_caddyfile_has_the_same_headers_and_types():
    said = " ".join((ROOT / "deployments" / "Caddyfile").read_text().replace('"', "").replace("{wasm};", ";").split())
    for name, value in {**application.HEADERS, "Cache-Control": application.CACHE}.items():
        assert f"{name} {value}" in said, name
    code = (ROOT / "yibao" / "web" / "files.py").read_text()
    for kind in re.findall(r'"(application/(?:atom|rss|feed)\+\w+; charset=utf-8)"', code):
        assert f"Content-Type {kind}" in said


def test_each_kind_of_file_that_is_published_has_a_media_type_here_and_in_each_configuration(tmp_path):
    site = Published(tmp_path / "site", "https://gazette.example")
    site.show(entries()[10:12])
    twins, kinds = (".gz", ".zst"), {}
    for path in site.public.rglob("*"):
        if path.is_file() and path.suffix not in twins and not path.name.startswith("."):
            kinds.setdefault(path.suffix, files.find_media_type(path.name))
    assert {".html", ".svg", ".css", ".js", ".xml", ".opml", ".txt", ".bib", ".ris", ".json"} <= kinds.keys()
    assert [end for end, kind in kinds.items() if kind == "application/octet-stream"] == [".bin"]
    nginx = (ROOT / "deployments" / "nginx.conf").read_text()
    for end, kind in kinds.items():
        if end not in (".xml", ".json"):  # They have types by their whole names.
            assert f"{kind.partition(';')[0]} {end[1:]};" in nginx, end
