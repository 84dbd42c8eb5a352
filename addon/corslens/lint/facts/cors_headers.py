"""Facts about the response's CORS headers: what they say, how they are written, and whom they allow."""

from enum import StrEnum

from corslens.fetch.app_origins import is_app_origin
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    NULL,
    TIMING_ALLOW_ORIGIN,
    WILDCARD,
    canonical_name,
)
from corslens.fetch.header_values import extract_token_list
from corslens.fetch.merged_lists import completed_methods
from corslens.fetch.origins import is_same_site, is_serialized_origin, scheme_host_port
from corslens.fetch.preflight import max_age_seconds
from corslens.lint.classify.allow_origin import Difference, Form, difference, form_of
from corslens.lint.classify.header_lists import (
    forbidden_headers,
    forbidden_methods,
    response_headers,
    split_list,
    wrong_case_methods,
)
from corslens.lint.classify.hosts import Hosting, LookAlike, NetworkScope, hosting_of, look_alike, place_of
from corslens.lint.classify.max_age import MaxAgeForm, max_age_form
from corslens.lint.classify.misspellings import OBSOLETE_NAMES, REQUEST_NAMES, meant_names
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.observation import Role

_PREFLIGHT_ONLY = (ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_MAX_AGE)


class Grant(StrEnum):
    """Whom Access-Control-Allow-Origin allows."""

    ANY = "any"
    """`*`"""
    ASKED = "asked"
    """Exactly the request's Origin."""
    OTHER = "other"


class CorsHeaderFacts(FactsBase):
    """`response.allow-*`, `granted.*` and the other CORS headers of the response."""

    @fact("response.headers", steady=True)
    def response_headers(self) -> frozenset[str]:
        """The lower-case names of the response's headers."""
        return self.response_head.names.members

    @fact("response.cors-headers", message="response", steady=True)
    def response_cors_headers(self) -> frozenset[str]:
        """The names of the response's `Access-Control-…` headers, misspelled ones included."""
        return frozenset(name for name in self.response_head.names.ordered if name.startswith("access-control-"))

    @fact("response.allow-origin", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def response_allow_origin(self) -> str | None:
        """Access-Control-Allow-Origin, its lines combined with a comma as browsers do."""
        return self.response_head.get(ACCESS_CONTROL_ALLOW_ORIGIN)

    @fact("response.allow-origin-lines", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def response_allow_origin_lines(self) -> int:
        """How many Access-Control-Allow-Origin lines there are."""
        return len(self.response_head.values(ACCESS_CONTROL_ALLOW_ORIGIN))

    @fact("response.allow-origin-form", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def response_allow_origin_form(self) -> Form | None:
        """What is written in Access-Control-Allow-Origin."""
        value = self.response_allow_origin
        if value is None:
            return None
        # What equals the request's Origin byte for byte is an origin, whatever the scheme.
        return Form.ORIGIN if value == self.observation.origin != NULL and is_app_origin(value) else form_of(value)

    @fact("response.grant", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def response_grant(self) -> Grant | None:
        """Whom Access-Control-Allow-Origin allows: `any` (`*`), `asked` (exactly the request's Origin), `other`."""
        value = self.response_allow_origin
        if value is None:
            return None
        return Grant.ANY if value == WILDCARD else Grant.ASKED if value == self.observation.origin else Grant.OTHER

    @fact("response.allow-origin-difference", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def response_allow_origin_difference(self) -> Difference | None:
        """How the allowed origin differs from the request's Origin."""
        value, origin = self.response_allow_origin, self.observation.origin
        return None if value is None or origin is None else difference(value, origin, self.observation.target_origin)

    @fact("response.allow-credentials", message="response", header=ACCESS_CONTROL_ALLOW_CREDENTIALS)
    def response_allow_credentials(self) -> str | None:
        """Access-Control-Allow-Credentials, its lines combined."""
        return self.response_head.get(ACCESS_CONTROL_ALLOW_CREDENTIALS)

    @fact("response.credentials-allowed", message="response", header=ACCESS_CONTROL_ALLOW_CREDENTIALS)
    def response_credentials_allowed(self) -> bool:
        """Whether Access-Control-Allow-Credentials is exactly `true`."""
        return self.response_head.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true"

    @fact("response.allow-methods", message="response", header=ACCESS_CONTROL_ALLOW_METHODS)
    def response_allow_methods(self) -> frozenset[str] | None:
        """The methods in Access-Control-Allow-Methods, lower-case (matching is another matter: browsers compare case-sensitively)."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_METHODS)
        return split_list(lines) if lines else None

    @fact("response.allow-headers", message="response", header=ACCESS_CONTROL_ALLOW_HEADERS)
    def response_allow_headers(self) -> frozenset[str] | None:
        """The header names in Access-Control-Allow-Headers, lower-case."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS)
        return split_list(lines) if lines else None

    @fact("response.expose-headers-broken", message="response", header=ACCESS_CONTROL_EXPOSE_HEADERS)
    def response_expose_headers_broken(self) -> bool:
        """Whether Access-Control-Expose-Headers is no list of header names, so that it exposes nothing."""
        return extract_token_list(self.response_head.values(ACCESS_CONTROL_EXPOSE_HEADERS)) is None

    @fact("response.expose-headers", message="response", header=ACCESS_CONTROL_EXPOSE_HEADERS)
    def response_expose_headers(self) -> frozenset[str] | None:
        """The header names in Access-Control-Expose-Headers, lower-case."""
        lines = self.response_head.values(ACCESS_CONTROL_EXPOSE_HEADERS)
        return split_list(lines) if lines else None

    @fact("response.forbidden-methods", message="response", header=ACCESS_CONTROL_ALLOW_METHODS, rare=True)
    def response_forbidden_methods(self) -> frozenset[str] | None:
        """Methods in Access-Control-Allow-Methods that no page can send: CONNECT, TRACE, TRACK."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_METHODS)
        return forbidden_methods(lines) if lines else None

    @fact("response.wrong-case-methods", message="response", header=ACCESS_CONTROL_ALLOW_METHODS, rare=True)
    def response_wrong_case_methods(self) -> frozenset[str] | None:
        """Methods in Access-Control-Allow-Methods that match only in uppercase: `put`, `Delete`, `patch` (GET, HEAD and POST need no listing)."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_METHODS)
        return wrong_case_methods(lines) if lines else None

    @fact("response.requested-method-in-wrong-case")
    def response_requested_method_in_wrong_case(self) -> bool:
        """Whether Access-Control-Allow-Methods lists the method that a preflight requests, but not in the same case."""
        wanted = self.request_head.get(ACCESS_CONTROL_REQUEST_METHOD) or ""
        listed = completed_methods(self.response_head.values(ACCESS_CONTROL_ALLOW_METHODS), ())
        return wanted not in listed and wanted.lower() in {method.lower() for method in listed}

    @fact("response.forbidden-request-headers", message="response", header=ACCESS_CONTROL_ALLOW_HEADERS, rare=True)
    def response_forbidden_request_headers(self) -> frozenset[str] | None:
        """Names in Access-Control-Allow-Headers that no page can set (`cookie`, `origin`, …), so that listing them does nothing."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS)
        return forbidden_headers(lines) if lines else None

    @fact("response.response-headers-allowed", message="response", header=ACCESS_CONTROL_ALLOW_HEADERS, rare=True)
    def response_response_headers_allowed(self) -> frozenset[str] | None:
        """Names in Access-Control-Allow-Headers that are response headers (`access-control-allow-…`), so that listing them does nothing."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS)
        return response_headers(lines) if lines else None

    @fact("response.max-age-form", message="response", header=ACCESS_CONTROL_MAX_AGE)
    def response_max_age_form(self) -> MaxAgeForm | None:
        """How Access-Control-Max-Age is written."""
        lines = self.response_head.values(ACCESS_CONTROL_MAX_AGE)
        return max_age_form(lines) if lines else None

    @fact("response.max-age", message="response", header=ACCESS_CONTROL_MAX_AGE)
    def response_max_age(self) -> int | None:
        """Access-Control-Max-Age in seconds, where it can be read; 0 for a negative number, as in today's engines."""
        seconds = max_age_seconds(self.response_head)
        return None if seconds is None else max(0, seconds)

    @fact("response.timing-allow-origin", message="response", header=TIMING_ALLOW_ORIGIN)
    def response_timing_allow_origin(self) -> str | None:
        """Timing-Allow-Origin."""
        return self.response_head.get(TIMING_ALLOW_ORIGIN)

    @fact("response.misspelt-headers", message="response", steady=True)
    def response_misspelt_headers(self) -> frozenset[str]:
        """Header names that were meant to be CORS headers and are not, lower-case."""
        return frozenset(meant_names(self.response_head.names.ordered))

    @fact("response.meant-headers", message=None, steady=True)
    def response_meant_headers(self) -> frozenset[str]:
        """The CORS headers that `response.misspelt-headers` were meant to be, spelled correctly."""
        return frozenset(meant_names(self.response_head.names.ordered).values())

    @fact("response.request-headers", message="response", steady=True)
    def response_request_headers(self) -> frozenset[str]:
        """`Access-Control-Request-…` headers in the response, where they mean nothing."""
        return frozenset(name for name in REQUEST_NAMES if name in self.response_head)

    @fact("response.preflight-only-headers", message="response", steady=True)
    def response_preflight_only_headers(self) -> frozenset[str]:
        """Headers in the response to an actual request that only the response to a preflight needs."""
        if self.observation.role is Role.PREFLIGHT:
            return frozenset()
        return frozenset([canonical_name(name) for name in _PREFLIGHT_ONLY if name in self.response_head])

    @fact("response.obsolete-headers", message="response", steady=True)
    def response_obsolete_headers(self) -> frozenset[str]:
        """Headers of withdrawn drafts (Private Network Access and its forerunners) in the response."""
        return frozenset(name for name in OBSOLETE_NAMES if name in self.response_head)

    @fact("response.private-network-allowed", message="response", header="access-control-allow-private-network")
    def response_private_network_allowed(self) -> bool:
        """Whether the response holds `Access-Control-Allow-Private-Network: true`."""
        return self.response_head.get("access-control-allow-private-network") == "true"

    @fact("response.echoes-requested-headers", message="response", header=ACCESS_CONTROL_ALLOW_HEADERS)
    def response_echoes_requested_headers(self) -> bool:
        """Whether the preflight's response lists exactly the requested header names."""
        asked = split_list(self.request_head.values(ACCESS_CONTROL_REQUEST_HEADERS))
        return bool(asked) and asked == self.response_allow_headers

    @fact("granted.scheme", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def granted_scheme(self) -> str | None:
        """The scheme of the origin that Access-Control-Allow-Origin names."""
        origin = self._granted()
        return None if origin is None else scheme_host_port(origin)[0]

    @fact("granted.place", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def granted_place(self) -> NetworkScope | None:
        """Where the host of the origin is that Access-Control-Allow-Origin names."""
        origin = self._granted()
        return None if origin is None else place_of(origin)

    @fact("granted.hosting", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def granted_hosting(self) -> Hosting | None:
        """Who may put a page on the origin that Access-Control-Allow-Origin names: anyone (`sandbox`), any customer (`shared`), its owner (`own`)."""
        origin = self._granted()
        return None if origin is None else hosting_of(origin)

    @fact("granted.same-site", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def granted_same_site(self) -> bool | None:
        """Whether the origin that Access-Control-Allow-Origin names belongs to the responding server's site."""
        origin = self._granted()
        return None if origin is None else is_same_site(origin, self.observation.target_origin)

    @fact("granted.look-alike", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN, steady=True)
    def granted_look_alike(self) -> LookAlike | None:
        """How the host that Access-Control-Allow-Origin names resembles the server's own, although it belongs to another site."""
        origin = self._granted()
        return None if origin is None else look_alike(origin, self.observation.target_origin)

    def _granted(self) -> str | None:
        value = self.response_allow_origin
        return value if value is not None and value not in (WILDCARD, NULL) and is_serialized_origin(value) else None
