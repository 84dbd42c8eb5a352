"""decide_each: the verdicts of all engines, remembered by what they are decided from.

A page asks the same API over and over: most exchanges are to the checks what an earlier one was.
"""

from collections.abc import Mapping
from types import MappingProxyType

from corslens.engines.engine import Engine
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    CROSS_ORIGIN_RESOURCE_POLICY,
    LOCATION,
)
from corslens.fetch.embedder_policy import EmbedderPolicy
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.stored_responses import is_renewal
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.decide import decide, may_be_exempt
from corslens.verdict.verdict import ALLOWED, Verdict

type Verdicts = Mapping[Engine, Verdict]

_ENGINES = tuple(Engine)
_REMEMBERED = 2048
_MAX_KEY_CHARACTERS = 2048
"""Characters of header values in a key: a hostile megabyte is decided, not remembered."""

_NOTHING_REQUIRED = [EmbedderPolicy.UNSAFE_NONE, EmbedderPolicy.UNSAFE_NONE]

_remembered: dict[tuple[object, ...], Verdicts] = {}
ALL_ALLOWED: Verdicts = MappingProxyType(dict.fromkeys(Engine, ALLOWED))


def decide_each(observation: Observation) -> Verdicts:
    """Return the verdict of every engine, as `decide` gives it."""
    key = _deciding(observation)
    if key is None:
        return _decide(observation)
    verdicts = _remembered.get(key)
    if verdicts is None:
        verdicts = _decide(observation)
        if sum([len("".join(part)) for part in key if isinstance(part, str | tuple)]) > _MAX_KEY_CHARACTERS:
            return verdicts
        if len(_remembered) >= _REMEMBERED:
            _remembered.clear()
        _remembered[key] = verdicts
    return verdicts


def _decide(observation: Observation) -> Verdicts:
    verdicts = {engine: decide(observation, engine) for engine in _ENGINES}
    return ALL_ALLOWED if all(verdict is ALLOWED for verdict in verdicts.values()) else MappingProxyType(verdicts)


def _deciding(observation: Observation) -> tuple[object, ...] | None:
    """Return everything that the checks look at, or None for what is too rare to remember (redirects, chains, no response, a head that was cut).

    What they come to look at and this does not, `tests/verdict/test_decide_each.py` finds.
    """
    exchange = observation.exchange
    if exchange.response is None and (exchange.error is not None or not exchange.made_by_proxy):
        return None
    response = exchange.delivered
    if response is None or observation.redirected_from is not None or is_cut(observation):
        return None
    headers = response.headers
    if LOCATION in headers or may_be_exempt(observation):
        return None
    http2 = observation.exchange.request.http_version.startswith("HTTP/2")
    if http2 and not "".join([value for _, value in headers.lines]).isprintable():
        return None
    role = observation.role
    if role is Role.NO_CORS:
        policy = headers.values(CROSS_ORIGIN_RESOURCE_POLICY)
        page = observation.page
        embedders = () if page is None else tuple({(one.known, one.embedder, one.isolation) for one in page.documents})
        if not policy and all(required == _NOTHING_REQUIRED for _, *required in embedders):
            return (role, None)
        return (role, observation.page_origin, observation.target_origin, policy, frozenset(embedders))
    if not observation.is_cors:
        return (role, None)
    request = observation.exchange.request
    credentials = observation.credentials
    key: tuple[object, ...] = (
        role,
        observation.origin,
        credentials.value if isinstance(credentials, Known) else observation.likely,
        http2,
        response.status,
        response.status == 304 and is_renewal(observation, response),
        exchange.renewed is not None,
        headers.values(ACCESS_CONTROL_ALLOW_ORIGIN),
        headers.values(ACCESS_CONTROL_ALLOW_CREDENTIALS),
    )
    if role is Role.PREFLIGHT:
        key += (observation.page_origin == observation.target_origin,)
        asked = request.headers
        key += (
            headers.values(ACCESS_CONTROL_ALLOW_METHODS),
            headers.values(ACCESS_CONTROL_ALLOW_HEADERS),
            asked.values(ACCESS_CONTROL_REQUEST_METHOD),
            asked.values(ACCESS_CONTROL_REQUEST_HEADERS),
        )
    return key
