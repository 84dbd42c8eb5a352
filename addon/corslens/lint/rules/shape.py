"""Shape: what most exchanges have in common with many others, so that what follows from it is worked out once for all of them."""

from typing import Any

from corslens.bounded_cache import MAX_ARGUMENT_CHARACTERS, bounded_cache
from corslens.fetch.app_origins import is_app_origin
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    NULL,
    WILDCARD,
)
from corslens.fetch.header_names import NameSet
from corslens.fetch.messages import Response
from corslens.fetch.origins import is_same_site, is_serialized_origin, scheme_host_port
from corslens.lint.classify.allow_origin import difference, form_of
from corslens.lint.classify.header_lists import holds_odd_elements
from corslens.lint.classify.hosts import hosting_of, look_alike, place_of
from corslens.lint.facts.fact import Fact
from corslens.observation.observation import Observation, Role
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.direct import direct
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome

type Shape = tuple[Role, Outcome, tuple[Reason, ...], int, frozenset[str], frozenset[str], tuple[object, ...], bool]
"""Role, verdict with its reasons, status (0: no response), the names of the request's and the response's headers, what kind of
origin is allowed, whether the exchange is unusual."""


def shape_of(facts: Any) -> Shape:
    """Return the shape of the exchange that the Facts are about."""
    observation: Observation = facts.observation
    got, verdict = facts.response, facts.verdict
    allowed = facts.response_head.get(ACCESS_CONTROL_ALLOW_ORIGIN)
    return (
        observation.role,
        Outcome.ALLOWED if verdict is None else verdict.outcome,
        () if verdict is None or not verdict.failures else tuple([failure.reason for failure in verdict.failures]),
        0 if got is None else got.status,
        facts.request_head.names.members,
        facts.response_head.names.members,
        () if allowed is None else _kind_of_grant(allowed, observation.origin, observation.target_origin),
        _is_unusual(facts),
    )


def is_steady(fact: Fact[Any], shape: Shape) -> bool:
    """Say whether the fact's value is the same on all exchanges of the shape."""
    if (fact.rare and not shape[7]) or (fact.steady if isinstance(fact.steady, bool) else fact.steady(shape[4], shape[5])):
        return True
    return fact.alone and (
        (fact.message == "request" and fact.header not in shape[4])
        or (fact.message == "response" and fact.header not in shape[5])
    )


def is_short(shape: Shape) -> bool:
    """Say whether a shape is worth remembering: a stranger's header names may be a megabyte."""
    return all(names.__class__ is NameSet or sum(map(len, names)) <= MAX_ARGUMENT_CHARACTERS for names in (shape[4], shape[5]))


@bounded_cache(4096)
def _kind_of_grant(allowed: str, origin: str | None, target: str) -> tuple[object, ...]:
    """Return what is said of a value of Access-Control-Allow-Origin by the facts that are steady and stand on it, origin, and server."""
    named = allowed not in (WILDCARD, NULL) and is_serialized_origin(allowed)
    return (
        allowed in (WILDCARD, origin) and allowed,
        allowed == origin,
        form_of(allowed),
        origin is not None and is_app_origin(origin),
        None if origin is None else difference(allowed, origin, target),
        *(
            (
                scheme_host_port(allowed)[0],
                place_of(allowed),
                hosting_of(allowed),
                look_alike(allowed, target),
                is_same_site(allowed, target),
            )
            if named
            else ()
        ),
    )


def _is_unusual(facts: Any) -> bool:
    """Say whether a fact that is `rare` may have something to say of the exchange."""
    observation: Observation = facts.observation
    got: Response | None = facts.response
    exchange = observation.exchange
    if (
        got is None
        or observation.redirected_from is not None
        or observation.preflights_missed
        or observation.stored_without_cors is not None
        or exchange.probe is not None
        or (exchange.witness is not None and exchange.witness.refusal is not None)
        or facts.past.jsonp
        or facts.evidence.jsonp
    ):
        return True
    methods, names = got.headers.values(ACCESS_CONTROL_ALLOW_METHODS), got.headers.values(ACCESS_CONTROL_ALLOW_HEADERS)
    if (methods or names) and holds_odd_elements(methods, names):
        return True
    outcome = None
    for verdict in facts.verdicts.values():
        if outcome is not None and verdict.outcome is not outcome:
            return True
        outcome = verdict.outcome
    return is_cut(observation) or bool(direct(observation))
