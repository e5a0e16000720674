"""Who wants to know is told of what needs a person: once when it begins, and when nothing does any more."""

import json
import logging
from collections.abc import Iterable, Sequence

from flows.steps import environment, status_report
from flows.steps.mail_sender import make_sender
from flows.steps.status_report import Finding
from storage import manifest
from storage.disk import describe_error
from yibao import __version__
from yibao.errors import LibraryBusyError, SettingsError, UpstreamError, YibaoError
from yibao.http_client import HttpClient
from yibao.newsletter.alarm_letters import compose_alarm_letter
from yibao.run_report import Report
from yibao.settings import Settings

_log = logging.getLogger(__name__)
_TIMEOUT_S = 20.0
#: So long a process that writes the library is waited for.
_PATIENCE_S = 5.0
_SUCCESS = range(200, 300)
#: The flows by which a dead-man's switch knows that an installation lives.
_PINGED = ("daily", "weekly")


def report_run(settings: Settings, report: Report) -> None:
    """Tell of a run that has ended, and of all that needs a person now. Nobody's run fails because nobody listens."""
    if report.flow in _PINGED:
        _ping(settings, has_failed=report.has_failed)
    raise_alarms(settings)


def raise_alarms(settings: Settings) -> None:
    """Tell of what needs a person and was not told before; of the rest once nothing does any more.

    What could not be told is tried again the next time.
    """
    if not settings.alarms.has_listener:
        return
    try:
        status = status_report.read_status(settings, _PATIENCE_S)
        found = [one for one in status.findings if one.is_alarm]
    except LibraryBusyError:
        return  # A run is at work, and looks itself when it ends.
    except YibaoError as error:
        found = [Finding("unreadable", str(error), "yibao doctor")]
    told = _read_told(settings)
    now = {_name_alarm(one): one for one in found}
    news = [one for name, one in now.items() if name not in told]
    if news or (told and not now):
        others = [one for name, one in now.items() if name in told]
        failures = _tell(settings, [*news, *others])
        for failure in failures:
            _log.warning("nobody could be told of alarms: %s", failure)
        if len(failures) == _count_listeners(settings):
            return
    try:
        manifest.store_json(settings.paths.alarms, sorted(now))
    except OSError as error:
        _log.warning("%s", describe_error(settings.paths.alarms, error))


def _name_alarm(finding: Finding) -> str:
    """Name what an alarm is about: its words change from day to day."""
    return f"{finding.kind}: {finding.repair}"


def _read_told(settings: Settings) -> set[str]:
    """Read which alarms somebody was told of; none where that is not known."""
    try:
        names = json.loads(settings.paths.alarms.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {str(name) for name in names} if isinstance(names, list) else set()


def _count_listeners(settings: Settings) -> int:
    return bool(settings.alarms.email) + bool(settings.alarms.webhook_url)


def _tell(settings: Settings, alarms: Sequence[Finding]) -> list[str]:
    """Tell everybody who listens; returns why somebody could not be told."""
    failures = []
    for listener in (_send_letter, _post_webhook):
        try:
            listener(settings, alarms)
        except (YibaoError, OSError) as error:
            failures.append(str(error))
    return failures


def _send_letter(settings: Settings, alarms: Iterable[Finding]) -> None:
    recipient = settings.alarms.email
    if not recipient:
        return
    sender = make_sender(settings)
    if sender is None:
        raise SettingsError("alarms.email is set, and neither newsletter.smtp_url nor newsletter.outbox")
    lines = [str(one) for one in alarms]
    letter = compose_alarm_letter(lines, recipient, settings.newsletter.sender, settings.site, environment.now())
    with sender:
        sender.send(letter)


def _post_webhook(settings: Settings, alarms: Sequence[Finding]) -> None:
    address = settings.alarms.webhook_url
    if address is None:
        return
    site = settings.site
    lines = [str(one) for one in alarms] or ["nothing needs a person any more"]
    body = {
        "site": site.base_url,
        "state": "alarm" if alarms else "ok",
        "alarms": [one._asdict() for one in alarms],
        "text": "\n".join([f"{site.title} {site.base_url}", *lines]),
    }
    _ask("POST", address.get_secret_value(), "alarms.webhook_url", body)


def _ping(settings: Settings, *, has_failed: bool) -> None:
    address = settings.alarms.ping_url
    if address is None:
        return
    url = f"{address.get_secret_value().rstrip('/')}{'/fail' if has_failed else ''}"
    try:
        _ask("GET", url, "alarms.ping_url")
    except YibaoError as error:
        _log.warning("%s", error)


def _ask(method: str, url: str, setting: str, body: object = None) -> None:
    """Make a request; the address may be a secret, so that an error names the setting instead.

    Raises:
        YibaoError: nobody answered, or the answer is no success.
    """
    with HttpClient(_TIMEOUT_S, f"yibao/{__version__}") as http:
        try:
            answer = http.request(method, url, json=body, wants_body=lambda _status: False)
        except UpstreamError as error:
            raise YibaoError(f"{setting}: {type(error).__name__.removesuffix('Error').lower()}, no answer") from None
    if answer.status not in _SUCCESS:
        raise YibaoError(f"{setting}: HTTP {answer.status}")
