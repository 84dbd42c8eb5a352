"""Hops: the redirects whose next hop may still come, by where they lead."""

from corslens.bounded import Bounded
from corslens.engines.profile import EmptyLocation, EngineProfile
from corslens.fetch.constants import LOCATION
from corslens.fetch.redirects import MAXIMUM_REDIRECTS, is_redirect, location_url
from corslens.observation.exchange import Exchange
from corslens.observation.matching import answered_at, continues, is_refused_redirect, just_answered
from corslens.observation.observation import Observation
from corslens.observation.weight import HISTORY_BYTES, weigh_observations

AT_ONCE_SECONDS = 0.1
"""A browser goes on from a response within milliseconds; this leaves room for a busy machine."""

_REDIRECT_SECONDS = 60.0
_ALIKE = 32


class Hops:
    """Redirects by client and the URL that they lead to, until the next hop comes; bounded."""

    def __init__(self, limit: int, budget: int = HISTORY_BYTES // 16) -> None:
        self.waiting: Bounded[tuple[str, str], tuple[Observation, ...]] = Bounded(
            limit, weigh=weigh_observations, budget=budget
        )

    def add(self, client: str, observation: Observation, profile: EngineProfile) -> None:
        """Take a completed exchange, if it is a redirect that leads somewhere."""
        exchange = observation.exchange
        response = exchange.delivered
        if response is None or not is_redirect(response):
            return
        followed = response.headers.get(LOCATION) or profile.empty_location is EmptyLocation.FOLLOWED
        target = location_url(response, exchange.request.url) if followed else None
        # Every hop holds the one before it; who follows more redirects than any browser begins a new chain.
        if target is not None and len(observation.hops) <= MAXIMUM_REDIRECTS + 1:
            key = (client, target.partition("#")[0])
            self.waiting[key] = (*self.waiting.get(key, ())[-(_ALIKE - 1) :], observation)

    def take(self, client: str, exchange: Exchange, profile: EngineProfile) -> Observation | None:
        """Return the redirect that the request follows, None for a request of its own. A preflight leaves it for its actual request."""
        if not self.waiting:
            return None
        request = exchange.request
        key = (client, request.url.partition("#")[0])
        hops = self.waiting.get(key)
        if not hops:
            return None
        fitting = [
            hop
            for hop in hops
            if 0 <= request.time - hop.exchange.request.time <= _REDIRECT_SECONDS
            and continues(hop, exchange, profile)
            # Followed at once all the same, it would show a mistake of ours: that stays in sight.
            and (request.time - answered_at(hop) <= AT_ONCE_SECONDS or not is_refused_redirect(hop))
        ]
        if not fitting:
            return None
        hop = just_answered(fitting)
        if request.method != "OPTIONS":
            rest = tuple(other for other in hops if other is not hop)
            if rest:
                self.waiting[key] = rest
            else:
                del self.waiting[key]
        return hop

    def refused(self, client: str, exchange: Exchange) -> list[Observation]:
        """Return the redirects to this URL that no browser follows, oldest first."""
        hops = self.waiting.get((client, exchange.request.url.partition("#")[0]), ())
        return [hop for hop in hops if is_refused_redirect(hop)]
