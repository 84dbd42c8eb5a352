"""Facts for fixes: the lists of the response as they have to be, whole, so that nobody who follows a fix takes away what works."""

from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    VARY,
    canonical_name,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.merged_lists import completed_methods, completed_names
from corslens.fetch.preflight import requested_header_names
from corslens.lint.facts.endpoint_history import HistoryFacts
from corslens.lint.facts.exposure import ExposureFacts
from corslens.lint.facts.fact import fact
from corslens.lint.facts.response import ResponseFacts
from corslens.observation.known import Known, Unknown
from corslens.observation.mcp import MCP_REQUEST_HEADERS

_MAX_LIST_CHARACTERS = 800
"""Characters of a list that is written out; no reader copies a longer one."""
_TOO_LONG = Unknown("the list is too long to be copied")


class CompletedFacts(ResponseFacts, ExposureFacts, HistoryFacts):
    """`completed.*`."""

    @property
    def _asked_method(self) -> tuple[str, ...]:
        method = self.request_head.get(ACCESS_CONTROL_REQUEST_METHOD)
        return () if method is None else (method,)

    @fact("completed.allow-origin", header="access-control-allow-origin")
    def completed_allow_origin(self) -> str | None:
        """The request's origin; nothing where the server has an allowlist, which decides whether to name it."""
        return None if self.history_foreign_refused else self.observation.origin

    @fact("completed.allow-credentials")
    def completed_allow_credentials(self) -> str | None:
        """`true` where the wire shows that credentials are included; nothing where it does not show."""
        credentials = self.observation.credentials
        return "true" if isinstance(credentials, Known) and credentials.value is CredentialsMode.INCLUDE else None

    @fact("completed.allow-methods")
    def completed_allow_methods(self) -> str | Unknown | None:
        """Access-Control-Allow-Methods as the preflight needs it: what the response lists, then the requested method where it is missing."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_METHODS)
        return _written(completed_methods(lines, self._asked_method))

    @fact("completed.allow-headers")
    def completed_allow_headers(self) -> str | Unknown | None:
        """Access-Control-Allow-Headers as the preflight needs it: what the response lists, then the requested names that are missing."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS)
        return _written(completed_names(lines, requested_header_names(self.request)))

    @fact("completed.mcp-allow-headers")
    def completed_mcp_allow_headers(self) -> str | Unknown | None:
        """`completed.allow-headers` with what every client of an MCP server sends."""
        lines = self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS)
        names = (*requested_header_names(self.request), "content-type", "authorization", *MCP_REQUEST_HEADERS)
        return _written(completed_names(lines, [canonical_name(name) for name in names]))

    @fact("completed.vary")
    def completed_vary(self) -> str | Unknown | None:
        """Vary with what the response names, then Origin where it is missing."""
        lines = self.response_head.values(VARY)
        return _written(completed_names(lines, ("Origin",)))

    @fact("completed.expose-headers")
    def completed_expose_headers(self) -> str | Unknown | None:
        """Access-Control-Expose-Headers with what the response exposes, then what the page shows to need, else `response.unreadable-headers`."""
        lines = self.response_head.values(ACCESS_CONTROL_EXPOSE_HEADERS)
        return _written(completed_names(lines, sorted(self.response_needed_headers or self.response_unreadable_headers)))


def _written(completed: tuple[str, ...]) -> str | Unknown | None:
    """Return the list, None when nothing belongs into it."""
    whole = ", ".join(completed)
    return _TOO_LONG if len(whole) > _MAX_LIST_CHARACTERS else whole or None
