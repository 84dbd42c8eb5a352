"""Edits: for each reason to block, the one header (or the status) that decides it, and what it has to hold instead.

What the server already grants validly is kept and extended, what it repeats is collapsed, what cannot be parsed is dropped.
Text from the request reaches the response here, so only tokens and origins that the policy allows pass.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import structs

from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    CROSS_ORIGIN_RESOURCE_POLICY,
    ORIGIN,
    VARY,
    WILDCARD,
    canonical_name,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import extract_token_list, is_token
from corslens.fetch.merged_lists import completed_methods, completed_names
from corslens.fetch.messages import HeaderList, Response
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.resource_policy import ResourcePolicy
from corslens.fetch.response_headers import CORS_SAFELISTED_RESPONSE_HEADERS, FORBIDDEN_RESPONSE_HEADERS
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.patching.patch import HeaderChange, StatusChange
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

STATUS_WITH_BODY = 200
STATUS_WITHOUT_BODY = 204

_CONTROL_BYTES = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_BROKEN_BYTES = frozenset({Reason.RESPONSE_HEADERS_INVALID, Reason.PREFLIGHT_NETWORK_ERROR})

type Edit = HeaderChange | StatusChange


def edit_for(failure: Failure, observation: Observation, response: Response) -> Edit | None:
    """Return the edit after which this check passes, None when no edit of the response's head can do that."""
    make = _EDITS.get(failure.reason)
    return None if make is None else make(observation, response, failure.reason)


def cleaning_for(failure: Failure, response: Response) -> HeaderChange | None:
    """Return the edit that takes control bytes out of the header that breaks the whole response, None when that is not the failure."""
    if failure.reason not in _BROKEN_BYTES or failure.header is None:
        return None
    name = failure.header.lower()
    clean = [_CONTROL_BYTES.sub("", line) for line in response.headers.values(name)]
    because = f"a control byte in a value ends the connection over HTTP/2 [{failure.reason}]"
    return structs.replace(_change(response.headers, name, clean[0], because), more=tuple(clean[1:]))


def companions(
    observation: Observation, response: Response, edits: Iterable[HeaderChange], max_age: int
) -> tuple[HeaderChange, ...]:
    """Return the changes that these edits entail although no check asks for them.

    `Vary` because the response now depends on the origin; `Access-Control-Max-Age` because a patched preflight must not be
    remembered; `Access-Control-Expose-Headers` because `*` exposes nothing to a page that sends credentials.
    """
    changed = {edit.header.lower() for edit in edits}
    entailed: list[HeaderChange | None] = []
    if ACCESS_CONTROL_ALLOW_ORIGIN in changed:
        entailed.append(_vary(response.headers))
    if observation.role is Role.PREFLIGHT:
        entailed.append(_max_age(response.headers, max_age))
    elif may_have_credentials(observation):
        entailed.append(_expose(response.headers))
    return tuple(change for change in entailed if change is not None)


def may_have_credentials(observation: Observation) -> bool:
    """Say whether the credentials mode is known to be `include`, or not known."""
    mode = observation.credentials
    return not (isinstance(mode, Known) and mode.value is CredentialsMode.SAME_ORIGIN_OR_OMIT)


def _change(headers: HeaderList, name: str, after: str | None, because: str) -> HeaderChange:
    return HeaderChange(header=canonical_name(name), before=headers.values(name), after=after, because=because)


def _tokens(lines: Iterable[str]) -> list[str]:
    """Return what is a token in comma lists, in order."""
    elements = (element.strip(" \t") for line in lines for element in line.split(","))
    return [element for element in elements if is_token(element)]


def _allow_origin(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    if observation.origin is None:
        return None
    because = f"the request's origin is {observation.origin}"
    return _change(response.headers, ACCESS_CONTROL_ALLOW_ORIGIN, observation.origin, f"{because} [{reason}]")


def _allow_credentials(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    because = "the page sends credentials" if isinstance(observation.credentials, Known) else "the page may send credentials"
    return _change(response.headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true", f"{because} [{reason}]")


def _allow_methods(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    asked = requested_method(observation.exchange.request)
    if not is_token(asked):
        return None
    value = ", ".join(completed_methods(response.headers.values(ACCESS_CONTROL_ALLOW_METHODS), (asked,)))
    return _change(response.headers, ACCESS_CONTROL_ALLOW_METHODS, value, f"the page requests {asked} [{reason}]")


def _allow_headers(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    asked = requested_header_names(observation.exchange.request)
    if not all(map(is_token, asked)):
        return None
    names = completed_names(response.headers.values(ACCESS_CONTROL_ALLOW_HEADERS), asked)
    because = f"the page requests {', '.join(asked)}" if asked else "the present value cannot be parsed"
    return _change(response.headers, ACCESS_CONTROL_ALLOW_HEADERS, ", ".join(names) or None, f"{because} [{reason}]")


def _status(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    # What ends the message must stay: a 304 has no body whatever its headers say, any other status has the one they announce.
    after = STATUS_WITHOUT_BODY if response.status == 304 else STATUS_WITH_BODY
    return StatusChange(
        before=response.status, after=after, because=f"a preflight needs a 2xx status and no redirect [{reason}]"
    )


def _resource_policy(observation: Observation, response: Response, reason: Reason) -> Edit | None:
    because = f"the page that embeds it is {observation.page_origin} [{reason}]"
    return _change(response.headers, CROSS_ORIGIN_RESOURCE_POLICY, ResourcePolicy.CROSS_ORIGIN.value, because)


def _vary(headers: HeaderList) -> HeaderChange | None:
    lines = [_CONTROL_BYTES.sub("", line) for line in headers.values(VARY)]
    names = [name.lower() for name in _tokens(lines)]
    if WILDCARD in names or ORIGIN in names:
        return None
    value = ", ".join([*filter(None, map(_ascii_elements, lines)), canonical_name(ORIGIN)])
    return _change(headers, VARY, value, "the response now varies by origin, and caches must know")


def _ascii_elements(line: str) -> str:
    """Return the line without the elements that name no header in any case; only a patch's own lines are sent in ASCII alone."""
    if line.isascii():
        return line
    return ", ".join(element.strip(" \t") for element in line.split(",") if element.isascii())


def _max_age(headers: HeaderList, seconds: int) -> HeaderChange | None:
    if headers.values(ACCESS_CONTROL_MAX_AGE) == (str(seconds),):
        return None
    because = "a patched preflight must not stay in the preflight cache" if seconds == 0 else "as the patch policy says"
    return _change(headers, ACCESS_CONTROL_MAX_AGE, str(seconds), because)


def _expose(headers: HeaderList) -> HeaderChange | None:
    exposed = extract_token_list(headers.values(ACCESS_CONTROL_EXPOSE_HEADERS))
    if not exposed or WILDCARD not in exposed:
        return None
    unexposable = CORS_SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS
    present = [
        name
        for name in headers.names.ordered
        if is_token(name) and name not in unexposable and not name.startswith("access-control-")
    ]
    listed = {name.lower() for name in exposed}
    missing = [name for name in present if name not in listed]
    if not missing:
        return None
    value = ", ".join([*dict.fromkeys(exposed), *missing])
    return _change(
        headers, ACCESS_CONTROL_EXPOSE_HEADERS, value, "the server exposes every header, but * does not with credentials"
    )


_EDITS: Mapping[Reason, Callable[[Observation, Response, Reason], Edit | None]] = {
    Reason.PREFLIGHT_ACAO_MISSING: _allow_origin,
    Reason.PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS: _allow_origin,
    Reason.PREFLIGHT_ACAO_MULTIPLE: _allow_origin,
    Reason.PREFLIGHT_ACAO_INVALID: _allow_origin,
    Reason.PREFLIGHT_ACAO_MISMATCH: _allow_origin,
    Reason.PREFLIGHT_ACAC_NOT_TRUE: _allow_credentials,
    Reason.PREFLIGHT_STATUS_NOT_OK: _status,
    Reason.PREFLIGHT_REDIRECT: _status,
    Reason.PREFLIGHT_ACAM_UNPARSABLE: _allow_methods,
    Reason.PREFLIGHT_METHOD_NOT_ALLOWED: _allow_methods,
    Reason.PREFLIGHT_ACAH_UNPARSABLE: _allow_headers,
    Reason.PREFLIGHT_HEADER_NOT_ALLOWED: _allow_headers,
    Reason.PREFLIGHT_AUTHORIZATION_NOT_COVERED_BY_WILDCARD: _allow_headers,
    Reason.ACAO_MISSING: _allow_origin,
    Reason.ACAO_WILDCARD_WITH_CREDENTIALS: _allow_origin,
    Reason.ACAO_MULTIPLE: _allow_origin,
    Reason.ACAO_INVALID: _allow_origin,
    Reason.ACAO_MISMATCH: _allow_origin,
    Reason.ACAC_NOT_TRUE: _allow_credentials,
    Reason.CORP_NOT_SAME_ORIGIN: _resource_policy,
    Reason.CORP_NOT_SAME_SITE: _resource_policy,
    Reason.CORP_REQUIRED_BY_EMBEDDER: _resource_policy,
}
