"""At most so many messages a minute to a domain, over all connections of a worker."""

from collections.abc import Mapping

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from flows.steps import environment


class DomainPace:
    """Counts the messages of any minute by the domain that they go to. Safe to use from several threads."""

    def __init__(self, pace: Mapping[str, int]) -> None:
        """Take the messages a minute by domain; others go as fast as they can."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limits = {domain.casefold(): RateLimitItemPerMinute(count) for domain, count in pace.items()}

    def find_wait(self, email: str) -> float:
        """Find for how many seconds a message to this address must wait; 0 counts it as sent now."""
        domain = email.rpartition("@")[2].casefold()
        limit = self._limits.get(domain)
        if limit is None or self._limiter.hit(limit, domain):
            return 0.0
        return max(0.01, self._limiter.get_window_stats(limit, domain).reset_time - environment.SystemClock().now())
