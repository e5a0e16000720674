"""How often a network may send forms; counted in the memory of `yibao serve`, and forgotten when it ends."""

import ipaddress
import math

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from flows.steps import environment

#: Forms that send a letter, from one network within an hour.
SIGN_UPS = RateLimitItemPerHour(10)
#: All forms but leaving, which is never limited: mail services leave for many readers from one network.
FORMS = RateLimitItemPerHour(60)
#: A household or an office of IPv6 has 2^72 addresses or more. Source: RFC 6177.
_PREFIXES = {4: 24, 6: 56}


class NetworkLimits:
    """Counts what each network sends."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, limit: RateLimitItemPerHour, client: str | None) -> int | None:
        """Count one more of this kind; returns None where that is allowed, else in how many seconds it will be."""
        network = find_network(client)
        if self._limiter.hit(limit, str(limit.amount), network):
            return None
        reset = self._limiter.get_window_stats(limit, str(limit.amount), network).reset_time
        return max(1, math.ceil(reset - environment.precise_now().timestamp()))


def find_network(client: str | None) -> str:
    """Find the network to which an address belongs: all that is unknown is one network."""
    try:
        address = ipaddress.ip_address((client or "").partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return str(ipaddress.ip_network((address, _PREFIXES[address.version]), strict=False))
