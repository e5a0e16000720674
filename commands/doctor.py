"""The command that tells whether an installation is sound."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from commands import prefect_check
from commands.options import as_json_option, config_option
from flows.steps import environment, health_checks, network_checks
from yibao import health
from yibao.health import HealthCheck, Verdict
from yibao.settings import Settings

_WIDTH = 14


@click.command()
@click.option("--offline", is_flag=True, help="Ask no server: neither arXiv, nor mail, the DNS or Prefect.")
@as_json_option
@config_option
def doctor(offline: bool, as_json: bool, config: Path) -> None:  # noqa: FBT001
    """Check whether the installation is sound, part by part.

    Settings, rights, disks, databases, mail, DNS, arXiv, Prefect: one line for each part, and what to do where
    something is wrong. Missing folders are made; nothing else is changed. Exits 1 where a part does not work. What has
    become of lists, mail and runs is told by `yibao status`.
    Example: yibao doctor --offline
    """
    settings = environment.load_settings(config)
    checks = []
    for check in _check_everything(config, settings, is_offline=offline):
        checks.append(check)
        if not as_json:
            _show(check)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=1))
    if health.has_faults(checks):
        sys.exit(1)


def _check_everything(config: Path, settings: Settings, *, is_offline: bool) -> Iterator[HealthCheck]:
    yield from health_checks.check_installation(config, settings)
    if is_offline:
        yield health.skip_check("servers", "not asked, as you wished")
        return
    yield from network_checks.check_servers(settings)
    yield health_checks.explain_fault("Prefect", lambda: prefect_check.check_prefect(config, settings))


def _show(check: HealthCheck) -> None:
    mark = {Verdict.FAULT: "FAULT", Verdict.WARNING: "warning"}.get(check.verdict, str(check.verdict))
    remedy = f" {check.remedy}" if check.remedy else ""
    click.echo(f"{mark:8} {check.subject:{_WIDTH}} {_end_sentence(check.message) if remedy else check.message}{remedy}")


def _end_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
