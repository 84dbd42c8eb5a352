"""What the exchanges of some pages with one API needed: methods, request headers, readable headers, credentials."""

from collections.abc import Iterable

from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    WILDCARD,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import extract_token_list, is_token
from corslens.fetch.methods import is_forbidden_method
from corslens.fetch.preflight import LONGEST_MAX_AGE_SECONDS, max_age_seconds
from corslens.fetch.request_headers import is_forbidden_request_header
from corslens.fetch.response_headers import CORS_SAFELISTED_RESPONSE_HEADERS, FORBIDDEN_RESPONSE_HEADERS
from corslens.observation.known import Known, Unknown
from corslens.observation.mcp import MCP_METHODS, MCP_REQUEST_HEADERS, MCP_SESSION
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import redact_method, redact_name
from corslens.observation.useful_response_headers import USEFUL_RESPONSE_HEADERS

_KEPT_IDS = 5
_NO_NAME = "it does not consist of words, so it may be a secret; add it yourself if it is a header name"
_OF_MCP = "every client of an MCP server sends it (Streamable HTTP transport)"
_METHOD_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ValueCounts:
    """Values in order, each with the exchanges that asked for it."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = {}
        self._times: dict[str, int] = {}
        self.notes: dict[str, str] = {}

    def add(self, value: str, id: str, note: str | None = None) -> None:
        """Count one exchange for a value; a preflight and its request are two."""
        ids = self._ids.setdefault(value, [])
        if len(ids) < _KEPT_IDS and id not in ids:
            ids.append(id)
        self._times[value] = self._times.get(value, 0) + 1
        if note is not None:
            self.notes.setdefault(value, note)

    @property
    def values(self) -> tuple[str, ...]:
        """The values, in order of first appearance."""
        return tuple(self._ids)

    def sorted(self, order: Iterable[str] = ()) -> "ValueCounts":
        """Return the same counts, in this order first and by name after that."""
        rank = {value: index for index, value in enumerate(order)}
        ordered = ValueCounts()
        for value in sorted(self._ids, key=lambda value: (rank.get(value, len(rank)), value)):
            ordered._ids[value] = self._ids[value]
            ordered._times[value] = self._times[value]
        ordered.notes = self.notes
        return ordered

    def times(self, value: str) -> int:
        """How many exchanges asked for it."""
        return self._times.get(value, 0)

    def exchanges(self, value: str) -> tuple[str, ...]:
        """The ids of the first exchanges that did."""
        return tuple(self._ids.get(value, ()))


class Needs:
    """What was needed, and what is refused."""

    def __init__(self) -> None:
        self.methods = ValueCounts()
        self.request_headers = ValueCounts()
        self.exposed_headers = ValueCounts()
        self.credentials = ValueCounts()
        self.credentials_unknown = 0
        self.max_ages = ValueCounts()
        self.warnings: list[str] = []

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> "Needs":
        """Gather the needs of CORS exchanges."""
        needs = cls()
        for observation in observations:
            needs._add(observation)
        needs._add_mcp()
        needs.methods = needs.methods.sorted(_METHOD_ORDER)
        needs.request_headers = needs.request_headers.sorted()
        needs.exposed_headers = needs.exposed_headers.sorted()
        needs.warnings = list(dict.fromkeys(needs.warnings))
        return needs

    def _add(self, observation: Observation) -> None:
        request = observation.exchange.request
        if observation.role is Role.PREFLIGHT:
            self._method(request.headers.get(ACCESS_CONTROL_REQUEST_METHOD) or "", observation)
            for line in request.headers.values(ACCESS_CONTROL_REQUEST_HEADERS):
                for name in line.split(","):
                    self._request_header(name.strip(" \t"), observation)
            self._max_age(observation)
        else:
            self._method(request.method, observation)
            for name in observation.need.header_names if observation.need else ():
                self._request_header(name, observation)
            self._exposed(observation)
        self._credentials(observation)

    def _add_mcp(self) -> None:
        """Add what every client of an MCP server sends, where one of them was seen: a first request that fails shows no more."""
        seen = [
            name for name in MCP_REQUEST_HEADERS if name in self.request_headers.values or name in self.exposed_headers.values
        ]
        if not seen:
            return
        id = next(iter((*self.request_headers.exchanges(seen[0]), *self.exposed_headers.exchanges(seen[0]))), "")
        for method in MCP_METHODS:
            if method not in self.methods.values:
                self.methods.add(method, id, _OF_MCP)
        for name in MCP_REQUEST_HEADERS:
            if name not in self.request_headers.values:
                self.request_headers.add(name, id, _OF_MCP)
        if MCP_SESSION not in self.exposed_headers.values:
            self.exposed_headers.add(MCP_SESSION, id, "MCP clients read their session ID from it")

    def _refuse(self, observation: Observation, what: str) -> None:
        self.warnings.append(f"{observation.target_origin}: {what}")

    def _method(self, method: str, observation: Observation) -> None:
        if not is_token(method) or method == WILDCARD or is_forbidden_method(method):
            self._refuse(observation, f"method {redact_method(method)!r} is left out: no page can send it")
            return
        if redact_method(method) != method:
            self._refuse(observation, f"method {redact_method(method)!r} is left out: {_NO_NAME}")
            return
        if method != method.upper() and method.upper() in _METHOD_ORDER:
            self._refuse(observation, f"a page uses the method {method!r}, which is not {method.upper()!r}: fix the page")
        self.methods.add(method, observation.id)

    def _request_header(self, name: str, observation: Observation) -> None:
        if not name:
            return
        if not is_token(name) or name == WILDCARD or is_forbidden_request_header(name.lower()):
            self._refuse(observation, f"request header {redact_name(name)!r} is left out: no page can send it")
            return
        if redact_name(name) != name:
            self._refuse(observation, f"request header {redact_name(name)!r} is left out: {_NO_NAME}")
            return
        self.request_headers.add(name.lower(), observation.id)

    def _exposed(self, observation: Observation) -> None:
        response = observation.exchange.response
        if response is None:
            return
        exposed = {name.lower() for name in extract_token_list(response.headers.values(ACCESS_CONTROL_EXPOSE_HEADERS)) or ()}
        for name in response.headers.names.ordered:
            if name in CORS_SAFELISTED_RESPONSE_HEADERS or name in FORBIDDEN_RESPONSE_HEADERS or not is_token(name):
                continue
            if name in exposed and redact_name(name) != name:
                self._refuse(observation, f"response header {redact_name(name)!r} is left out: {_NO_NAME}")
            elif name in exposed and name != WILDCARD:
                self.exposed_headers.add(name, observation.id, "the server exposes it today")
            elif name in USEFUL_RESPONSE_HEADERS:
                self.exposed_headers.add(name, observation.id)

    def _credentials(self, observation: Observation) -> None:
        match observation.credentials:
            case Known(value=CredentialsMode.INCLUDE, evidence=evidence):
                note = f"requests with credentials were seen ({', '.join(evidence)})" if evidence else None
                self.credentials.add("true", observation.id, note)
            case Unknown():
                response = observation.exchange.response
                if response is not None and _grants_credentials(observation):
                    self.credentials.add("true", observation.id, "the server allows them today, and pages may depend on it")
                elif observation.role is not Role.PREFLIGHT:
                    self.credentials_unknown += 1

    def _max_age(self, observation: Observation) -> None:
        response = observation.exchange.response
        seconds = None if response is None else max_age_seconds(response.headers)
        if seconds is not None and 0 < seconds < LONGEST_MAX_AGE_SECONDS:
            self.max_ages.add(str(seconds), observation.id)


def _grants_credentials(observation: Observation) -> bool:
    response = observation.exchange.response
    return (
        response is not None
        and response.headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true"
        and response.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) == observation.origin
    )
