"""Telling a WebSub hub that feeds have changed, so that readers learn of it at once."""

from collections.abc import Sequence

import httpx

from yibao.errors import UpstreamError

_TIMEOUT_S = 20.0
#: Feeds told of in one request.
_AT_ONCE = 50


def announce(hub_url: str, feed_urls: Sequence[str]) -> None:
    """The hub knows that these feeds have changed.

    Source: https://www.w3.org/TR/websub/#publishing leaves the form to the hub; this is the one that hubs take.

    Raises:
        UpstreamError: the hub was not reached, or refused; readers learn of the change when they next look.
    """
    for start in range(0, len(feed_urls), _AT_ONCE):
        told = {"hub.mode": "publish", "hub.url": list(feed_urls[start : start + _AT_ONCE])}
        try:
            httpx.post(hub_url, data=told, timeout=_TIMEOUT_S).raise_for_status()
        except httpx.HTTPStatusError as error:
            raise UpstreamError(hub_url, f"the hub answers {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise UpstreamError(hub_url, f"the hub cannot be reached ({type(error).__name__})") from None
