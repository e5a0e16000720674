"""How a run asks arXiv: each answer is kept before it is read, and a request that may succeed later is made again."""

from typing import Any
from urllib.parse import urlsplit

from prefect.client.schemas.objects import State

from flows.wiring import Run
from yibao.arxiv.client import Client, Response
from yibao.errors import GivenUpError, RefusedError, UnreachableError, UpstreamError

_READABLE = (200, 400)  # 400 comes with a document that says why.


def get(run: Run, client: Client, url: str) -> Response:
    """The answer, kept.

    Raises:
        GivenUpError: the host did not answer, or denied access, earlier in this run.
        UpstreamError: as the client says.
    """
    host = urlsplit(url).netloc
    if host in run.unreachable:
        raise GivenUpError(url, run.unreachable[host])
    response = client.get(url, accept=lambda status: status in _READABLE)
    run.kept.append(run.responses.keep(url, run.on, *response[1:3], response.content_type, response.fetched_at))
    return response


def patient(run: Run, step: Any) -> Any:
    """The step, repeated with growing pauses where the fault may pass."""
    pace_s = run.settings.arxiv.pace_s
    return step.with_options(
        retries=run.settings.arxiv.retries,
        retry_delay_seconds=[pace_s * 2**n for n in range(run.settings.arxiv.retries)],
        retry_condition_fn=_is_repeatable,
    )


def told(run: Run, error: UpstreamError) -> str:
    """Say the fault in words, and give the host up for this run where the fault is the whole host's."""
    host = urlsplit(error.url).netloc
    if isinstance(error, UnreachableError) or (isinstance(error, RefusedError) and error.is_of_whole_host):
        run.unreachable.setdefault(host, reason(error))
    if isinstance(error, GivenUpError):
        return f"{host} is not asked again in this run: {error.reason}"
    if isinstance(error, UnreachableError):
        return f"arXiv could not be reached: {host} {error.reason}"
    return f"{error.url.partition('?')[0]}: {error.reason}{f'. {error.advice}' if error.advice else ''}"


def reason(error: UpstreamError) -> str:
    """Say the fault in a few words, for the ledger."""
    is_silent = isinstance(error, UnreachableError) and not isinstance(error, GivenUpError)
    return "arXiv could not be reached" if is_silent else error.reason


def _is_repeatable(_task: Any, _run: Any, state: State) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, UpstreamError) and error.is_repeatable
