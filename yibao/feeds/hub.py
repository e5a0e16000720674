"""Telling a WebSub hub that feeds have changed, so that readers learn of it at once."""

from collections.abc import Sequence

from yibao import __version__
from yibao.errors import UpstreamError
from yibao.http_client import HttpClient

#: Seconds of silence after which a hub is given up; a whole request may take `DEADLINE_TIMEOUTS` times as long.
_TIMEOUT_S = 20.0
#: Feeds told of in one request.
_AT_ONCE = 50
_SUCCESS = range(200, 300)


def notify_hub(hub_url: str, feed_urls: Sequence[str], timeout_s: float = _TIMEOUT_S) -> None:
    """Tell the hub that these feeds have changed. What it answers beside its status is not read.

    Source: https://www.w3.org/TR/websub/#publishing leaves the form to the hub; this is the one that hubs take.

    Raises:
        UpstreamError: the hub was not reached, or refused; readers learn of the change when they next look.
    """
    with HttpClient(timeout_s, f"yibao/{__version__}") as http:
        for start in range(0, len(feed_urls), _AT_ONCE):
            form = {"hub.mode": "publish", "hub.url": list(feed_urls[start : start + _AT_ONCE])}
            try:
                response = http.request("POST", hub_url, data=form, wants_body=lambda _status: False)
            except UpstreamError as error:
                raise UpstreamError(hub_url, f"the hub: {error.reason}") from None
            if response.status not in _SUCCESS:
                raise UpstreamError(hub_url, f"the hub answers {response.status}")
