"""Oddities: marks of what is out of the ordinary, found with one cheap look at each exchange.

Most facts are empty on most exchanges. Those that are name the mark without which they are, and rules are indexed by it, so that an
ordinary exchange is not asked for any of them.
"""

from enum import StrEnum

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    WILDCARD,
)
from corslens.lint.classify.allow_origin import Form, difference, form_of
from corslens.lint.classify.header_lists import holds_odd_elements, is_by_hand
from corslens.lint.classify.hosts import Hosting, NetworkScope, hosting_of, look_alike, place_of
from corslens.lint.classify.misspellings import OBSOLETE_NAMES, REQUEST_NAMES, RESPONSE_NAMES, meant_names
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.useful_response_headers import USEFUL_RESPONSE_HEADERS
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.direct import direct


class Oddity(StrEnum):
    """What is out of the ordinary about an exchange."""

    CUT = "cut"
    """What of a head was beyond the limits was not looked at."""
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    """The browser itself says that it refused the request or kept its response."""
    ERROR = "error"
    """A status of 400 or more."""
    REDIRECT = "redirect"
    """A status from 300 to 399."""
    REDIRECTED = "redirected"
    """A redirect led here."""
    DISAGREEMENT = "disagreement"
    """The engines' verdicts are not the same."""
    NO_PREFLIGHT = "no-preflight"
    """A preflight was needed and not seen."""
    PREFLIGHT_BY_HAND = "preflight-by-hand"
    REQUEST_HEADERS = "request-headers"
    """The request carries a header that only responses have, a client hint, or one of a withdrawn draft."""
    HEADER_NAMES = "header-names"
    """The response holds a name that looks like a CORS header's and is no response header."""
    HEADER_LISTS = "header-lists"
    """A list of methods or headers holds what does nothing there."""
    WANTED_HEADERS = "wanted-headers"
    """The response holds headers that pages usually want to read."""
    PREFLIGHT_HEADERS = "preflight-headers"
    """The response holds headers that only responses to preflights need."""
    GRANT = "grant"
    """Access-Control-Allow-Origin is neither `*` nor the page's own origin, or that one is not an ordinary public https origin."""
    PROBED = "probed"
    """`corslens check` sent the request as a stranger, and it was allowed."""
    SEVERAL_ORIGINS = "several-origins"
    """The endpoint has returned its own name to more than one origin."""
    VARIES = "varies"
    """The endpoint has responded with `Vary: Origin`."""
    DIRECT = "direct"
    """Without the proxy the browser would not do the same."""
    JSONP = "jsonp"
    """The endpoint was also loaded as a script with a callback."""


CLIENT_HINTS = frozenset({"dpr", "save-data", "device-memory", "downlink", "ect", "rtt", "viewport-width", "width"})
"""Safelisted request headers in Chromium only."""
RESPONSE_ONLY = frozenset(name for name in RESPONSE_NAMES if name.startswith("access-control-"))
PREFLIGHT_ONLY = (ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_MAX_AGE)

_ORDINARY: frozenset[Oddity] = frozenset()
_NEVER_IN_RESPONSES = frozenset((*OBSOLETE_NAMES, *REQUEST_NAMES))
_PRIVATE_NETWORK = "access-control-request-private-network"


@bounded_cache(4096)
def _in_response_names(names: tuple[str, ...]) -> frozenset[Oddity]:
    """Return what the names of the response's headers tell; servers send the same few sets of names over and over."""
    found = set()
    if not _NEVER_IN_RESPONSES.isdisjoint(names) or meant_names(names):
        found.add(Oddity.HEADER_NAMES)
    if not USEFUL_RESPONSE_HEADERS.isdisjoint(names):
        found.add(Oddity.WANTED_HEADERS)
    if any(name in names for name in PREFLIGHT_ONLY):
        found.add(Oddity.PREFLIGHT_HEADERS)
    return frozenset(found)


@bounded_cache(4096)
def _in_request_names(names: tuple[str, ...]) -> frozenset[Oddity]:
    """Return what the names of the request's headers tell; browsers send the same few sets of names over and over."""
    found = set()
    if not (RESPONSE_ONLY | CLIENT_HINTS).isdisjoint(names) or _PRIVATE_NETWORK in names:
        found.add(Oddity.REQUEST_HEADERS)
    if ACCESS_CONTROL_REQUEST_METHOD in names and ("cookie" in names or "authorization" in names):
        found.add(Oddity.PREFLIGHT_BY_HAND)
    return frozenset(found)


@bounded_cache(4096)
def is_odd_grant(allow_origin: str, origin: str | None, target: str) -> bool:
    """Say whether anything about a value of Access-Control-Allow-Origin is out of the ordinary."""
    if allow_origin == WILDCARD:
        return False
    if form_of(allow_origin) is not Form.ORIGIN or (
        origin is not None and difference(allow_origin, origin, target) is not None
    ):
        return True
    return (
        not allow_origin.startswith("https://")
        or place_of(allow_origin) is not NetworkScope.PUBLIC
        or hosting_of(allow_origin) is not Hosting.OWN
        or look_alike(allow_origin, target) is not None
    )


class OddityFacts(FactsBase):
    """`exchange.*`."""

    @fact("exchange.cut", rank=50, only_if=Oddity.CUT)
    def cut(self) -> str | None:
        """What of the heads was beyond the limits and was not looked at: `response: 8,490 header lines`."""
        heads = (("request", self.request.cut), ("response", None if self.response is None else self.response.cut))
        return "; ".join(f"{head}: {cut}" for head, cut in heads if cut is not None) or None

    @fact("exchange.oddities", rank=1)
    def oddities(self) -> frozenset[Oddity]:
        """What is out of the ordinary; other facts are only looked at where their mark is here."""
        observation, evidence = self.observation, self.evidence
        sent, got = self.request_head, self.response
        found = _in_request_names(sent.names.ordered)
        if got is None:
            found |= {Oddity.UNANSWERED}
        else:
            headers = got.headers
            found |= _in_response_names(headers.names.ordered)
            if got.status >= 300:
                found |= {Oddity.ERROR if got.status >= 400 else Oddity.REDIRECT}
            allow_origin = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)
            if allow_origin is not None and is_odd_grant(allow_origin, observation.origin, observation.target_origin):
                found |= {Oddity.GRANT}
            if Oddity.PREFLIGHT_HEADERS in found and holds_odd_elements(
                headers.values(ACCESS_CONTROL_ALLOW_METHODS), headers.values(ACCESS_CONTROL_ALLOW_HEADERS)
            ):
                found |= {Oddity.HEADER_LISTS}
        witness = observation.exchange.witness
        if witness is not None and witness.refusal is not None:
            found |= {Oddity.REFUSED}
        if observation.exchange.probe is not None:
            found |= {Oddity.PROBED}
        asked = sent.values(ACCESS_CONTROL_REQUEST_HEADERS)
        if asked:
            if is_by_hand(asked):
                found |= {Oddity.PREFLIGHT_BY_HAND}
            if "access-control-" in ",".join(asked).lower():
                found |= {Oddity.REQUEST_HEADERS}
        if is_cut(observation):
            found |= {Oddity.CUT}
        if observation.redirected_from is not None:
            found |= {Oddity.REDIRECTED}
        if observation.preflights_missed:
            found |= {Oddity.NO_PREFLIGHT}
        if len({verdict.outcome for verdict in self.verdicts.values()}) > 1:
            found |= {Oddity.DISAGREEMENT}
        if len(evidence.granted_origins) > 1:
            found |= {Oddity.SEVERAL_ORIGINS}
        if evidence.vary_present:
            found |= {Oddity.VARIES}
        if direct(observation):
            found |= {Oddity.DIRECT}
        if evidence.jsonp:
            found |= {Oddity.JSONP}
        return found or _ORDINARY
