"""Shape: what most exchanges have in common with many others, so that what follows from it is worked out once for all of them."""

from typing import Any

from corslens.bounded_cache import LONGEST, bounded_cache
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    WILDCARD,
)
from corslens.fetch.header_names import NameSet
from corslens.fetch.messages import Response
from corslens.fetch.origins import is_serialized_origin
from corslens.lint.classify.allow_origin import difference
from corslens.lint.classify.header_lists import holds_odd_elements
from corslens.lint.classify.hosts import look_alike
from corslens.observation.observation import Observation, Role
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.direct import direct
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome

type Shape = tuple[Role, Outcome, tuple[Reason, ...], int, frozenset[str], frozenset[str], bool]
"""Role, verdict with its reasons, status (0: no response), the names of the request's and the response's headers, whether it is unusual."""


def shape_of(facts: Any) -> Shape:
    """Return the shape of the exchange that the Facts are about."""
    got, verdict = facts.response, facts.verdict
    return (
        facts.observation.role,
        Outcome.ALLOWED if verdict is None else verdict.outcome,
        () if verdict is None or not verdict.failures else tuple([failure.reason for failure in verdict.failures]),
        0 if got is None else got.status,
        facts.request_head.names.members,
        facts.response_head.names.members,
        is_unusual(facts),
    )


def is_short(shape: Shape) -> bool:
    """Say whether a shape is worth remembering: a stranger's header names may be a megabyte."""
    return all(names.__class__ is NameSet or sum(map(len, names)) <= LONGEST for names in (shape[4], shape[5]))


def is_unusual(facts: Any) -> bool:
    """Say whether a fact that is `rare` may have something to say of the exchange."""
    observation: Observation = facts.observation
    got: Response | None = facts.response
    exchange = observation.exchange
    if (
        got is None
        or observation.redirected_from is not None
        or observation.preflights_missed
        or exchange.probe is not None
        or (exchange.witness is not None and exchange.witness.refusal is not None)
        or facts.past.jsonp
        or facts.evidence.jsonp
    ):
        return True
    allowed = got.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)
    if allowed is not None and is_unusual_grant(allowed, observation.origin, observation.target_origin):
        return True
    if holds_odd_elements(got.headers.values(ACCESS_CONTROL_ALLOW_METHODS), got.headers.values(ACCESS_CONTROL_ALLOW_HEADERS)):
        return True
    first, *others = facts.verdicts.values()
    return any(verdict.outcome is not first.outcome for verdict in others) or is_cut(observation) or bool(direct(observation))


@bounded_cache(4096)
def is_unusual_grant(allow_origin: str, origin: str | None, target: str) -> bool:
    """Say whether a value of Access-Control-Allow-Origin is not as written, or not of the server, that one expects."""
    if allow_origin == WILDCARD:
        return False
    if origin is not None and difference(allow_origin, origin, target) is not None:
        return True
    return is_serialized_origin(allow_origin) and look_alike(allow_origin, target) is not None
