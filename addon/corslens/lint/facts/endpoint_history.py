"""Facts over many exchanges to the same endpoint (API origin and path shape), this one included."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, NULL, WILDCARD
from corslens.fetch.origins import host_of, is_loopback, registrable_domain, scheme_host_port
from corslens.lint.classify.hosts import Hosting, hosting_of, is_test_origin
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.evidence import Level, OriginOutcome, names_origin_in_vary, site_of
from corslens.observation.observation import Role

_NEAR = 3
FORBIDDEN = 403
"""The one error status that is a usual response to an origin that is not listed."""


class HistoryFacts(FactsBase):
    """`history.*`."""

    @fact("history.origins-granted")
    def history_origins_granted(self) -> frozenset[str]:
        """Origins that were allowed by their exact origin (at most 16 are remembered)."""
        return frozenset(self.evidence.granted_origins)

    @fact("history.unrelated-sites-granted")
    def history_unrelated_sites_granted(self) -> int:
        """How many different sites, none of them the server's own, were allowed by their exact origin."""
        if len(self.evidence.granted_origins) < 2:
            return len(self.evidence.granted_origins)
        return len(self.evidence.granted_sites - {site_of(self.observation.target_origin)})

    @fact("history.unrelated-sites-granted-credentials")
    def history_unrelated_sites_granted_credentials(self) -> int:
        """How many of them were allowed credentials too."""
        sites = {site_of(origin) for origin in self.evidence.credentials_granted}
        return len(sites - {site_of(self.observation.target_origin)})

    @fact("history.unrelated-sites-granted-by-server")
    def history_unrelated_sites_granted_by_server(self) -> int:
        """How many different sites, none of them its own, the server allowed by their exact origin, at whatever path."""
        return len({*map(site_of, self.past.server.evidence.granted_origins)} - {site_of(self.observation.target_origin)})

    @fact("history.origins-refused")
    def history_origins_refused(self) -> int:
        """How many origins were not allowed at this endpoint, or at another one and never by this server: there is an allowlist, then.

        Elsewhere redirects and errors do not count, unless they depend on Origin: they come without the headers for other reasons.
        """
        here, server = self.evidence, self.past.server.evidence
        elsewhere = {origin for origin in server.refused_origins if origin not in server.granted_origins}
        return len(elsewhere.union(here.refused_origins))

    @fact("history.origin-granted")
    def history_origin_granted(self) -> bool:
        """Whether the server was seen to allow this page's origin: by its exact name at any path, or everyone at this endpoint."""
        origin, here = self.observation.origin, self.evidence
        if origin == NULL and here.null_granted:
            return True
        return origin in self.past.server.evidence.granted_origins or WILDCARD in here.allow_origins

    @fact("history.foreign-refused")
    def history_foreign_refused(self) -> bool:
        """Whether an allowlist works: the response does not allow an origin that the server was never seen to allow and that is same-site with none of those it allows.

        Others are allowed by their exact origin at this endpoint (and this is no error page that lost its headers), or elsewhere on the server and the response depends on Origin.
        """
        observation, server = self.observation, self.past.server.evidence
        origin, granted = observation.origin, server.granted_origins
        if origin is None or self.response is None or not granted or granted.more or observation.tainted:
            return False
        allowed = self.response_head.get(ACCESS_CONTROL_ALLOW_ORIGIN)
        if allowed in (origin, WILDCARD) or origin in granted:
            return False
        if origin != NULL and site_of(origin) in {site_of(observation.target_origin), *map(site_of, granted)}:
            return False
        if allowed in granted or names_origin_in_vary(self.response):
            return True
        return bool(self.evidence.granted_origins) and (self.response.status < 400 or self.response.status == FORBIDDEN)

    @fact("history.test-origin-allowed")
    def history_test_origin_allowed(self) -> bool:
        """Whether an origin that no server lists was allowed with credentials: one made up to try it out (`evil`, `attacker`, `.invalid`), or a code playground."""
        return any(map(is_test_origin, self.evidence.credentials_granted))

    @fact("history.subdomains-granted")
    def history_subdomains_granted(self) -> int:
        """How many hosts of the server's own site were allowed by their exact origin."""
        if len(self.evidence.granted_origins) < 2:
            return 0
        own = site_of(self.observation.target_origin)
        return len({host_of(origin) for origin in self.evidence.granted_origins if site_of(origin) == own})

    @fact("history.shared-hosting-granted")
    def history_shared_hosting_granted(self) -> int:
        """How many different sites below one shared hosting name (`github.io`, `vercel.app`) were allowed by their exact origin."""
        if len(self.evidence.granted_origins) < 2:
            return 0
        below: dict[str, set[str]] = {}
        for origin in self.evidence.granted_origins:
            if hosting_of(origin) is not Hosting.OWN:
                host = host_of(origin)
                below.setdefault(host.partition(".")[2], set()).add(registrable_domain(host) or host)
        return max((len(sites) for sites in below.values()), default=0)

    @fact("history.null-granted")
    def history_null_granted(self) -> bool:
        """Whether the origin `null` was allowed by its exact name."""
        return self.evidence.null_granted

    @fact("history.varies")
    def history_varies(self) -> bool:
        """Whether responses to different origins were seen to differ in Access-Control-Allow-Origin."""
        return self.evidence.varies

    @fact("history.vary-missing-on")
    def history_vary_missing_on(self) -> frozenset[OriginOutcome]:
        """Kinds of responses without `Vary: Origin`: `granted` (the origin is named), `refused`, `origin-less` (requested without Origin)."""
        return frozenset(self.evidence.vary_missing)

    @fact("history.vary-present-on")
    def history_vary_present_on(self) -> frozenset[OriginOutcome]:
        """Kinds of responses with `Vary: Origin`."""
        return frozenset(self.evidence.vary_present)

    @fact("history.vary-here")
    def history_vary_here(self) -> OriginOutcome | None:
        """What kind of response this one is."""
        response, origin = self.response, self.observation.origin
        if response is None or self.observation.role is Role.PREFLIGHT:
            return None
        if origin is None:
            return OriginOutcome.ORIGINLESS
        return (
            OriginOutcome.GRANTED if self.response_head.get("access-control-allow-origin") == origin else OriginOutcome.REFUSED
        )

    @fact("history.grants-on")
    def history_grants_on(self) -> frozenset[Level]:
        """Kinds of statuses (`success`, `redirect`, `error`) whose responses had Access-Control-Allow-Origin, preflights apart."""
        return frozenset(self.evidence.granted_levels)

    @fact("history.plain-on")
    def history_plain_on(self) -> frozenset[Level]:
        """Kinds of statuses whose responses to an Origin had none."""
        return frozenset(self.evidence.plain_levels)

    @fact("history.preflights")
    def history_preflights(self) -> int:
        """How many preflights were sent to the endpoint."""
        return self.past.preflights

    @fact("history.preflight-repeats")
    def history_preflight_repeats(self) -> int:
        """How many of them asked what the same origin had asked of the same URL before, and had been granted."""
        return self.past.preflight_repeats

    @fact("history.preflights-without-max-age")
    def history_preflights_without_max_age(self) -> int:
        """How many of them had no Access-Control-Max-Age."""
        return self.past.preflights_without_max_age

    @fact("history.jsonp", rare=True)
    def history_jsonp(self) -> int:
        """How often a script with a callback's name was loaded from the endpoint."""
        return max(self.past.jsonp, int(self.evidence.jsonp))  # in another session it was loaded once at least

    @fact("history.granted-elsewhere")
    def history_granted_elsewhere(self) -> bool:
        """Whether the server allowed this page's exact origin at another path, and never at this one."""
        origin = self.observation.origin
        here = self.evidence.granted_origins
        return origin in self.past.server.evidence.granted_origins and origin not in here and not here.more

    @fact("history.other-allow-origins")
    def history_other_allow_origins(self) -> frozenset[str]:
        """Other values of Access-Control-Allow-Origin that the endpoint gave; `no header` stands for none."""
        mine = self.response_head.get("access-control-allow-origin")
        return frozenset(value or "no header" for value in self.evidence.allow_origins if value != mine)

    @fact("history.listening-near", rare=True)
    def history_listening_near(self) -> frozenset[str]:
        """Of a server of this machine that did not respond: the others that did in this session, those with the nearest ports, three at most."""
        target = self.observation.target_origin
        host = host_of(target)
        if self.response is not None or not is_loopback(host):
            return frozenset()
        others = [origin for origin in self.past.server.listening if origin != target]
        return frozenset(sorted(others, key=lambda origin: (abs(_port(origin) - _port(target)), origin))[:_NEAR])


def _port(origin: str) -> int:
    port = scheme_host_port(origin)[2]
    return int(port) if port.isdigit() else 0
