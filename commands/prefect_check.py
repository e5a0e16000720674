"""Is the Prefect that an installation needs at work, and does it have runs to start?"""

from pathlib import Path

from commands.prefect_address import count_flow_runs, find_fault, read_address
from commands.schedule import name_installation
from yibao import health
from yibao.health import HealthCheck
from yibao.settings import Settings

_SUBJECT = "Prefect"


def check_prefect(config: Path, settings: Settings) -> HealthCheck:
    """Check the server that the settings name or the schedule started: it answers, and has runs of ours to start."""
    api_url = settings.prefect.api_url or read_address(settings.paths.data)
    if api_url is None:
        return health.skip_check(_SUBJECT, "no schedule is up here; a run by hand or by cron brings its own server")
    if fault := find_fault(api_url):
        remedy = "Start it, or correct prefect.api_url." if settings.prefect.api_url else "Restart `yibao schedule`."
        return health.fail_check(_SUBJECT, fault, remedy)
    name = name_installation(config, settings)
    try:
        scheduled, late = (count_flow_runs(api_url, name, state) for state in ("Scheduled", "Late"))
    except (OSError, ValueError) as error:
        return health.warn(_SUBJECT, f"{api_url} does not say what is scheduled: {error}", "Look at its page.")
    return _judge_runs(api_url, name, scheduled, late)


def _judge_runs(api_url: str, name: str, scheduled: int, late: int) -> HealthCheck:
    if late:
        remedy = "Look whether `yibao schedule` or a worker is at work for it."
        return health.warn(_SUBJECT, f"{late} runs of {name} are late, and nobody starts them", remedy)
    if not scheduled:
        remedy = "Start `yibao schedule`, or deploy the flows (deployments/prefect.yaml)."
        return health.fail_check(_SUBJECT, f"{api_url} has no run of {name} to start", remedy)
    return health.pass_check(_SUBJECT, f"{api_url}, {scheduled} runs of {name} ahead")
