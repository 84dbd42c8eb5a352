"""Habits: what speaks for a credentials mode that no exchange of a fetch proves. Bounded; never more than a likelihood.

A page asks one API mostly in one way. And of a preflight that was granted and not followed, its own kind tells: where the same one was
followed moments before or after, the page gave this request up; where it never was, the browser most likely refused it.
"""

from msgspec import Struct

from corslens.bounded import Bounded
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.preflight import requested_method
from corslens.observation.endpoint import path_template
from corslens.observation.known import Known, Likely
from corslens.observation.observation import Observation, Role

SAME_PREFLIGHT_FOLLOWED = "same-preflight-followed"
"""The endpoint's preflight for this method was granted to this page, and followed, at another time."""
NEVER_FOLLOWED_HERE = "granted-several-times-and-never-followed"
FAILED_AFTER_IT = "request-failed-after-it"
"""The browser recorded that the request failed, tells no reason, and the preflight allows it without credentials only."""
PAGE_INCLUDES = "page-includes-credentials-here"
"""Every request of this page to this API whose mode is known has the mode `include`."""
PAGE_OMITS = "page-includes-no-credentials-here"

REQUEST_FOLLOWED = "actual-request-followed"
REDIRECT_FOLLOWED = "redirect-followed"
BROWSER_READ_IT = "browser-read-it"
BROWSER_REPORTED_NO_REFUSAL = "browser-reported-no-refusal"
_BY_PASSING = frozenset({REQUEST_FOLLOWED, REDIRECT_FOLLOWED, BROWSER_READ_IT, BROWSER_REPORTED_NO_REFUSAL})
"""Evidence for a mode from what passed, as it would not in the other one."""

_INCLUDE = CredentialsMode.INCLUDE
_OMIT = CredentialsMode.SAME_ORIGIN_OR_OMIT
_MAX_ORIGIN_CHARACTERS = 1_024
"""Characters of two origins whose habits are remembered: a name has 253 at most."""
_SEVERAL = 2
_OCCASION_SECONDS = 1.0
"""Preflights given up together, when a page is left, are one occasion."""


class _Fates(Struct):
    """What became of an endpoint's granted preflights for one method."""

    followed: int = 0
    never: int = 0
    """Occasions, not preflights."""
    latest: float = float("-inf")
    """When one of the latter was asked."""


class _Modes(Struct):
    """How often a page's requests to an API were known to include credentials, and not to."""

    included: int = 0
    omitted: int = 0
    abandoned: int = 0
    """Occasions on which preflights to the API were granted and not followed: where it allows no credentials, those of requests with
    credentials, which then are never seen."""


class Habits:
    """What one session's pages were seen to do."""

    def __init__(self, limit: int) -> None:
        self.fates: Bounded[tuple[str, str, str, str, str], _Fates] = Bounded(limit)
        """By client, page, API origin, path shape and method."""
        self.modes: Bounded[tuple[str, str, str], _Modes] = Bounded(limit)
        """By client, page and API origin."""

    def note_mode(self, client: str, observation: Observation) -> None:
        """Count a request (no preflight) whose credentials mode is known."""
        known, page = observation.credentials, observation.page_origin
        destination = observation.destination
        # Fonts never include credentials, whatever else the page does.
        if (
            page is None
            or len(page) + len(observation.target_origin) > _MAX_ORIGIN_CHARACTERS
            or not isinstance(known, Known)
            or (isinstance(destination, Known) and destination.value == "font")
        ):
            return
        if known.value is _OMIT and not _BY_PASSING.isdisjoint(known.evidence):
            return  # where credentials are refused, only requests without them pass: that says nothing of the page's others
        modes = self._modes(client, page, observation.target_origin)
        if known.value is _INCLUDE:
            modes.included += 1
        else:
            modes.omitted += 1

    def _modes(self, client: str, page: str, target: str) -> _Modes:
        key = (client, page, target)
        modes = self.modes.get(key)
        if modes is None:
            modes = self.modes[key] = _Modes()
        return modes

    def note_fate(self, client: str, preflight: Observation, *, followed: bool) -> None:
        """Count a granted preflight whose fate is known."""
        key = _endpoint(client, preflight)
        if sum(map(len, key[1:3])) > _MAX_ORIGIN_CHARACTERS:
            return
        fates = self.fates.get(key)
        if fates is None:
            fates = self.fates[key] = _Fates()
        if followed:
            fates.followed += 1
        else:
            asked = preflight.exchange.request.time
            if asked - fates.latest >= _OCCASION_SECONDS:
                fates.never += 1
                self._modes(client, key[1], preflight.target_origin).abandoned += 1
            fates.latest = max(fates.latest, asked)

    def likely_mode(self, client: str, observation: Observation) -> Likely[CredentialsMode] | None:
        """Return the mode that the page's other requests to this API speak for, None when they do not agree or there are none."""
        page = observation.page_origin
        modes = None if page is None else self.modes.get((client, page, observation.target_origin))
        if modes is None or bool(modes.included) is bool(modes.omitted):
            return None
        if modes.omitted and modes.abandoned >= _SEVERAL:
            return None
        return Likely(_INCLUDE, (PAGE_INCLUDES,)) if modes.included else Likely(_OMIT, (PAGE_OMITS,))

    def likely_of_abandoned(self, client: str, preflight: Observation) -> Likely[CredentialsMode] | None:
        """Return the mode that speaks from the fate of a preflight that was granted and not followed.

        `include` where the browser most likely refused what was granted to requests without credentials; the other one where it
        most likely took the grant and the page gave its request up.
        """
        fates = self.fates.get(_endpoint(client, preflight)) or _Fates()
        if fates.followed:
            return Likely(_OMIT, (SAME_PREFLIGHT_FOLLOWED,))
        by_page = self.likely_mode(client, preflight)
        if by_page is not None and by_page.value is _OMIT:
            return by_page
        evidence = () if by_page is None else by_page.evidence
        if fates.never >= _SEVERAL:
            evidence = (*evidence, NEVER_FOLLOWED_HERE)
        return Likely(_INCLUDE, evidence) if evidence else None


def _endpoint(client: str, preflight: Observation) -> tuple[str, str, str, str, str]:
    request = preflight.exchange.request
    page = preflight.page_origin or ""
    return client, page, preflight.target_origin, path_template(request.url), requested_method(request)


def is_of_habit(observation: Observation) -> bool:
    """Say whether a request's mode counts: that of a CORS request, no preflight."""
    return observation.role in (Role.ACTUAL, Role.SIMPLE)
