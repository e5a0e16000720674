"""The systemd unit locks the program in, and lets it do what it must."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from yibao.arxiv import pace
from yibao.settings import load

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deployments" / "yibao.service"
MOST_EXPOSURE = 2.0


class _Repeated(dict):
    """A setting that is named again adds to what it said."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and isinstance(self.get(key), list):
            value = [*self[key], *value]
        super().__setitem__(key, value)


@pytest.fixture(scope="module")
def service():
    parser = configparser.ConfigParser(strict=False, interpolation=None, dict_type=_Repeated)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return {key: value.split() for key, value in parser["Service"].items()}


@pytest.fixture(scope="module")
def environ(service):
    return dict(one.split("=", 1) for one in service["Environment"])


def test_the_service_shares_the_pace_of_everybody_elses_shell(service, environ, tmp_path):
    (tmp_path / "yibao.toml").write_text("")
    folder = load(tmp_path / "yibao.toml", environ).arxiv.pace_folder
    assert str(folder) == pace._SHARED_FOLDERS[0]
    assert service["ReadWritePaths"] == ["/srv/yibao", str(folder)]


def test_what_the_service_writes_is_private_and_it_begins_again_after_a_fault(service):
    assert service["UMask"] == ["0077"]
    assert service["Restart"] == ["on-failure"]
    assert service["ProtectSystem"] == ["strict"]


def analyze(*arguments):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=60)


def test_systemd_understands_every_line(tmp_path):
    unit = tmp_path / "yibao.service"
    unit.write_text(UNIT.read_text().replace("/srv/yibao/.venv/bin/yibao", "/bin/true"))
    answer = analyze("verify", "--man=no", str(unit))
    assert not [line for line in answer.stderr.splitlines() if "yibao.service" in line]


def test_the_exposure_is_what_the_operations_page_says():
    answer = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    exposure = re.search(r"exposure level for yibao\.service: ([0-9.]+)", answer.stdout)
    if exposure is None:
        pytest.skip("this systemd cannot judge a unit that is not installed")
    assert float(exposure[1]) <= MOST_EXPOSURE
    assert "exposure 1.1" in (ROOT / "docs" / "operations" / "README.md").read_text()
