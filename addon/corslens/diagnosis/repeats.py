"""Repeats: which exchanges are a network stack's second attempt at a page request, which the page never asked for."""

from corslens.bounded import Bounded
from corslens.diagnosis.page_request import REPEATED_STATUSES, page_request_id
from corslens.observation.observation import Observation, Role

_WITHIN = 1.0
"""Seconds within which a network stack sends a request again by itself."""
_LOGGED_IN_WITHIN = 300.0
"""Seconds that a user may take to log in where the browser asks for name and password."""
_ATTEMPTS = 8
"""How often a network stack sends a request by itself; what comes after that is the page's doing."""
_REPEATABLE = 1_000
"""Exchanges that may be repeated, at most: a URL is long, and most of them come again at once or never."""


class Repeats:
    """Finds the page request of an exchange, through what was repeated.

    Args:
        limit: how many are remembered.
    """

    def __init__(self, limit: int) -> None:
        self._repeatable: Bounded[tuple[str, str, str], tuple[str, float, int]] = Bounded(min(limit, _REPEATABLE))
        """By client, method and URL: the page request, when it was responded to, how often it was sent."""
        self._roots: Bounded[str, str] = Bounded(limit)
        """Of page requests that were repeated, by the id of the repetition."""

    def root(self, observation: Observation) -> str:
        """Return the id of the page request that the exchange is part of, as far as is known."""
        root = page_request_id(observation)
        return self._roots.get(root, root) if self._roots else root

    def link(self, observation: Observation) -> str:
        """Return the same, and take note of an exchange that may be repeated or is a repetition itself."""
        root = self.root(observation)
        exchange = observation.exchange
        response = exchange.response
        repeatable = response is not None and response.status in REPEATED_STATUSES
        if not (repeatable or self._repeatable) or observation.role is Role.PREFLIGHT:
            return root
        request = exchange.request
        key = (observation.client, request.method, request.url)
        earlier = self._repeatable.get(key)
        attempts = 1
        if earlier is not None and earlier[0] != root:
            within = _LOGGED_IN_WITHIN if "authorization" in request.headers else _WITHIN
            if 0 <= request.time - earlier[1] <= within and earlier[2] < _ATTEMPTS:
                self._roots[root] = root = earlier[0]
                attempts = earlier[2] + 1
            del self._repeatable[key]
        elif earlier is not None:
            attempts = earlier[2]
        if repeatable:
            assert response is not None
            self._repeatable[key] = root, max(response.time, request.time), attempts
        return root
