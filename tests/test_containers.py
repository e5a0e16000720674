"""The container, the Compose file and the workflows: judged by other people's linters, and true of the program."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "deployments" / "container" / "Dockerfile"
COMPOSE = ROOT / "deployments" / "container" / "compose.yaml"
BIN = Path(sys.executable).parent
OURS = ("schedule", "serve")


def judge(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def read_compose():
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted((ROOT / "deployments" / "github").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_are_what_github_reads(path):
    judge(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))


def test_the_compose_file_is_what_compose_reads():
    judge(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


def test_the_dockerfile_is_sound():
    hadolint = shutil.which("hadolint", path=f"{BIN}:/usr/bin:/usr/local/bin") or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed on this machine")
    judge(hadolint, str(DOCKERFILE))


def test_what_the_dockerfile_copies_is_there_and_sent_to_the_builder():
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert any(fnmatch.fnmatch(name, pattern) for pattern in sent), name


def test_every_package_of_the_program_is_in_the_image():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        assert f"COPY {package} {package}\n" in DOCKERFILE.read_text()


def test_containers_of_ours_have_no_rights_and_write_in_their_volume_alone():
    services = read_compose()["services"]
    for name in OURS:
        service = services[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["user"] == "10001:10001", name
        assert service["volumes"] == ["gazette:/srv/yibao"], name
    for service in services.values():
        assert "no-new-privileges:true" in service["security_opt"]
        assert "ALL" in service["cap_drop"]
    assert re.search(r"^USER 10001:10001$", DOCKERFILE.read_text(), re.MULTILINE)


def test_prefects_page_is_for_this_machine_alone_and_its_server_of_our_version():
    prefect = read_compose()["services"]["prefect"]
    assert prefect["ports"] == ["127.0.0.1:4200:4200"]
    (pin,) = re.findall(r"^prefect==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert prefect["image"] == f"prefecthq/prefect:{pin}-python3.12"


def test_a_proxy_is_believed_only_in_the_network_in_which_caddy_is_alone_with_us():
    compose = read_compose()
    (subnet,) = [one["subnet"] for one in compose["networks"]["front"]["ipam"]["config"]]
    assert f"--proxy {subnet}" in compose["services"]["serve"]["command"]
    assert {name for name, one in compose["services"].items() if "front" in one.get("networks", ())} == {
        "serve",
        "caddy",
    }
