"""How an installation stands, in figures that a monitor collects (OpenMetrics). Nothing of them names a person."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from flows.steps import environment, status_report
from flows.steps.people import open_people
from flows.steps.status_report import Status, StatusRow
from storage.library import connection, runs
from storage.people import deliveries
from yibao.errors import YibaoError
from yibao.settings import Settings

#: So long a process that writes the library is waited for.
_PATIENCE_S = 5.0


class _Figures(Collector):
    """Figures as they were read."""

    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> list[Metric]:
        """Return every figure."""
        return self._figures


def collect_metrics(settings: Settings) -> bytes:
    """Collect how lists, runs, mail and disks stand, as OpenMetrics text; what cannot be read is left out.

    `yibao_up` is 0 where the library cannot be read. Source: https://prometheus.io/docs/specs/om/open_metrics_spec/
    """
    figures = list(_measure_disks(settings))
    try:
        status = status_report.read_status(settings, _PATIENCE_S)
    except YibaoError:
        figures.append(GaugeMetricFamily("yibao_up", "Whether the library can be read.", 0))
    else:
        figures.append(GaugeMetricFamily("yibao_up", "Whether the library can be read.", 1))
        figures += _measure_lists(status, environment.today())
        figures += _measure_runs(settings)
    with suppress(YibaoError):
        figures += _measure_mail(settings)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


def _measure_lists(status: Status, today: date) -> Iterator[Metric]:
    complete = GaugeMetricFamily(
        "yibao_list_complete", "Whether no list of the category is known to be incomplete.", labels=["category"]
    )
    age = GaugeMetricFamily("yibao_newest_list_age_days", "Age of the category's newest list.", labels=["category"])
    for row in status.rows:
        complete.add_metric([row.category], float(_is_complete(row)))
        if row.announced_on:
            age.add_metric([row.category], (today - date.fromisoformat(row.announced_on)).days)
    alarms = GaugeMetricFamily("yibao_alarms", "What needs a person, by kind.", labels=["kind"])
    kinds = [one.kind for one in status.findings if one.is_alarm]
    for kind in sorted(set(kinds)):
        alarms.add_metric([kind], kinds.count(kind))
    waiting = GaugeMetricFamily(
        "yibao_waiting_translations", "Translated papers without metadata.", len(status.waiting)
    )
    yield from (complete, age, alarms, waiting)


def _is_complete(row: StatusRow) -> bool:
    return bool(row.announced_on) and not row.repair


def _measure_runs(settings: Settings) -> Iterator[Metric]:
    with connection.read_library(settings.paths.library, _PATIENCE_S) as library:
        history = runs.read_history(library, 500)
    started = GaugeMetricFamily("yibao_last_run_started_seconds", "When the flow's last run began.", labels=["flow"])
    succeeded = GaugeMetricFamily("yibao_last_run_succeeded", "Whether the flow's last run was done.", labels=["flow"])
    for flow in sorted({run.flow for run in history}):
        last = next(run for run in history if run.flow == flow)
        started.add_metric([flow], last.started_at.timestamp())
        succeeded.add_metric([flow], float(last.state == "completed"))
    yield from (started, succeeded)


def _measure_mail(settings: Settings) -> Iterator[Metric]:
    if settings.people.database is None and not settings.paths.people.exists():
        return
    people = open_people(settings)
    try:
        counts = deliveries.count_by_state(people)
    finally:
        people.dispose()
    messages = GaugeMetricFamily("yibao_deliveries", "Messages in the ledger, by state.", labels=["state"])
    for state, count in sorted(counts.items()):
        messages.add_metric([state], count)
    yield messages


def _measure_disks(settings: Settings) -> Iterator[Metric]:
    free = GaugeMetricFamily("yibao_disk_free_bytes", "Room on the disk of a folder.", labels=["folder"])
    for name, folder in (("data", settings.paths.data), ("public", settings.paths.public)):
        with suppress(OSError):
            free.add_metric([name], shutil.disk_usage(folder).free)
    yield free
    with suppress(OSError):
        size = settings.paths.library.stat().st_size
        yield GaugeMetricFamily("yibao_library_bytes", "Size of the library's file.", size)
    with suppress(OSError):
        published = (settings.paths.public / ".yibao.json").stat().st_mtime
        yield GaugeMetricFamily("yibao_published_seconds", "When the published tree changed last.", published)
