"""Facts about the exchanges around this one: its preflight, its redirect chain."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Response
from corslens.fetch.preflight import requested_method
from corslens.lint.fact import fact
from corslens.lint.facts_base import FactsBase
from corslens.lint.oddities import Oddity
from corslens.observation.habits import NEVER_FOLLOWED_HERE, PAGE_INCLUDES, PAGE_OMITS, SAME_PREFLIGHT_FOLLOWED
from corslens.observation.observation import Followed, Role
from corslens.verdict.verdict import Outcome

_WORDS = {
    SAME_PREFLIGHT_FOLLOWED: "the same preflight was followed at another time",
    NEVER_FOLLOWED_HERE: "it was granted several times and never once followed",
    PAGE_INCLUDES: "this page's other requests to this API include credentials",
    PAGE_OMITS: "this page's other requests to this API include no credentials",
}


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

    @fact("preflight.not-followed-because", rank=60)
    def preflight_not_followed_because(self) -> str | None:
        """Of a granted preflight that was not followed: what that comes from as far as evidence speaks, else what it can come from, the likeliest first."""
        if self.observation.role is not Role.PREFLIGHT:
            return None
        likely = self.observation.likely
        if likely is not None and self._may_be_refused():
            why = " and ".join(_WORDS[name] for name in likely.evidence)
            if likely.value is CredentialsMode.INCLUDE:
                return f"most likely the browser refused it because it includes credentials, as {why}; that is a conclusion, the traffic does not show it"
            return f"most likely the page gave it up, as {why}"
        request = self.observation.exchange.request
        method = requested_method(request)
        causes = ["the page gave the request up (an abort, a timeout, a component that went away, a page that was left)"]
        if method in ("GET", "HEAD"):
            causes.append("the browser's HTTP cache responded")
        elif not request.http_version.startswith(("HTTP/2", "HTTP/3")):
            causes.append("the body is a stream, which HTTP/1 cannot carry")
        if self._may_be_refused():
            causes.append("the request includes credentials, which the preflight's response does not allow")
        return ", ".join(causes[:-1]) + f", or {causes[-1]}" if len(causes) > 1 else causes[0]

    def _may_be_refused(self) -> bool:
        """Whether the credentials mode turns the verdict in some engine."""
        return any(verdict.outcome is Outcome.DEPENDS for verdict in self.verdicts.values())

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
