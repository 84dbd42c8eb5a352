"""Facts about the exchanges around this one: its preflight, its redirect chain."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.messages import Response
from corslens.lint.fact import fact
from corslens.lint.facts_base import FactsBase
from corslens.lint.oddities import Oddity
from corslens.observation.observation import Followed


class PairFacts(FactsBase):
    """`preflight.*`, `redirect.*`."""

    @fact("preflight.seen", rank=30)
    def preflight_seen(self) -> bool:
        """Whether the preflight that let this request be sent was seen."""
        return self.observation.preflight is not None

    @fact("preflight.from-cache", rank=31)
    def preflight_from_cache(self) -> bool:
        """Whether an earlier preflight, kept in the browser's preflight cache, let this request be sent."""
        return self.observation.preflight is not None and self.observation.preflight.from_cache

    @fact("preflight.missed", rank=31, only_if=Oddity.NO_PREFLIGHT)
    def preflight_missed(self) -> bool:
        """Whether a request that needs a preflight came without one, in traffic that shows preflights."""
        return self.observation.preflights_missed

    @fact("preflight.followed", rank=31)
    def preflight_followed(self) -> Followed | None:
        """Of a preflight: whether its actual request came."""
        return self.observation.followed

    @fact("preflight.allow-origin", message="preflight.response", header=ACCESS_CONTROL_ALLOW_ORIGIN, rank=35)
    def preflight_allow_origin(self) -> str | None:
        """Access-Control-Allow-Origin of the preflight's response."""
        response = self._preflight_response()
        return None if response is None else response.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)

    @fact("preflight.granted", message="preflight.response", header=ACCESS_CONTROL_ALLOW_ORIGIN, rank=36)
    def preflight_granted(self) -> bool:
        """Whether the preflight's response let the origin in, by name or by `*`."""
        allowed = self.preflight_allow_origin
        return allowed is not None and allowed in (WILDCARD, self.observation.origin)

    @fact("preflight.credentials-allowed", message="preflight.response", header=ACCESS_CONTROL_ALLOW_CREDENTIALS, rank=36)
    def preflight_credentials_allowed(self) -> bool:
        """Whether the preflight's response allows credentials."""
        response = self._preflight_response()
        return response is not None and response.headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true"

    @fact("redirect.followed", rank=31, only_if=Oddity.REDIRECTED)
    def redirect_followed(self) -> bool:
        """Whether a redirect led to this request."""
        return self.observation.redirected_from is not None

    @fact("redirect.tainted", message="request", header="origin", rank=32, only_if=Oddity.REDIRECTED)
    def redirect_tainted(self) -> bool:
        """Whether Origin is `null` because a redirect led from one foreign origin to another."""
        return self.observation.tainted

    @fact("redirect.authorization-dropped", rank=32, only_if=Oddity.REDIRECTED)
    def redirect_authorization_dropped(self) -> bool:
        """Whether the hop before carried Authorization, and this one, on another origin, does not."""
        before = self.observation.redirected_from
        if before is None or before.target_origin == self.observation.target_origin:
            return False
        return "authorization" in before.exchange.request.headers and "authorization" not in self.sent_headers

    @fact("redirect.first-url", rank=60, only_if=Oddity.REDIRECTED)
    def redirect_first_url(self) -> str | None:
        """The URL that the page asked for, before any redirect."""
        hop = self.observation.redirected_from
        while hop is not None and hop.redirected_from is not None:
            hop = hop.redirected_from
        return None if hop is None else hop.exchange.request.url

    def _preflight_response(self) -> Response | None:
        preflight = self.observation.preflight
        return None if preflight is None else preflight.exchange.response
