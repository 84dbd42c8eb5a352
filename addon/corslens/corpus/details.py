"""Details: the exchanges of a problem's examples as they are stored, with nothing in them that no report shows.

What is stored is inspections whose header values, URLs and texts are redacted already. Redacting them once more changes nothing, so
reports make of them what they would have made of the captures.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct, structs

from corslens.diagnosis.page_request import PageRequest
from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspection import Inspection
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation
from corslens.observation.redaction import (
    redact_header,
    redact_method,
    redact_name,
    redact_part,
    redact_symbol,
    redact_text,
    redact_url,
)
from corslens.verdict.verdict import Failure, Verdict
from corslens.witness.witness import Witness

_HOPS = 32
"""Redirects before an exchange that are stored; browsers follow 20."""


class _Stored(Struct, frozen=True):
    id: str
    members: tuple[Inspection, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def encode(request: PageRequest) -> bytes:
    """Return the page request as it is stored."""
    return _encoder.encode(_Stored(request.id, tuple(map(_inspection, request.members))))


def decode(stored: bytes) -> PageRequest:
    """Return a page request that was stored.

    Raises: msgspec.MsgspecError for anything else.
    """
    found = _decoder.decode(stored)
    return PageRequest(id=found.id, members=found.members)


def _inspection(inspection: Inspection) -> Inspection:
    missed = inspection.misprediction
    return structs.replace(
        inspection,
        observation=_observation(inspection.observation),
        verdicts=_verdicts(inspection.verdicts),
        patch=None,  # nobody patches what was captured
        misprediction=None if missed is None else structs.replace(missed, verdict=_verdict(missed.verdict)),
    )


def _observation(observation: Observation, hops: int = _HOPS) -> Observation:
    previous, preflight, need = observation.redirected_from, observation.preflight, observation.need
    return structs.replace(
        observation,
        exchange=_exchange(observation.exchange),
        client="",  # holds the User-Agent, and is of use while traffic is paired
        origin=_url(observation.origin),
        page_origin=_url(observation.page_origin),
        target_origin=redact_url(observation.target_origin),
        mode=_known(observation.mode),
        destination=_known(observation.destination),
        need=None
        if need is None
        else structs.replace(
            need,
            method=None if need.method is None else redact_method(need.method),
            header_names=tuple(map(redact_name, need.header_names)),
        ),
        preflight=None if preflight is None else structs.replace(preflight, exchange=_exchange(preflight.exchange)),
        redirected_from=None if previous is None or hops == 0 else _observation(previous, hops - 1),
        page=None,
    )


def _exchange(exchange: Exchange) -> Exchange:
    return structs.replace(
        exchange,
        client=redact_text(exchange.client),
        request=_request(exchange.request),
        response=_response(exchange.response),
        renewed=_response(exchange.renewed),
        replaced=_response(exchange.replaced),
        error=None if exchange.error is None else redact_text(exchange.error),
        server_address=None,
        resource_type=None if exchange.resource_type is None else redact_text(exchange.resource_type),
        connection=None,
        witness=None if exchange.witness is None else _witness(exchange.witness),
        probe=None,
    )


def _request(request: Request) -> Request:
    return structs.replace(
        request, method=redact_method(request.method), url=redact_url(request.url), headers=_headers(request.headers)
    )


def _response(response: Response | None) -> Response | None:
    return None if response is None else structs.replace(response, headers=_headers(response.headers))


def _headers(headers: HeaderList) -> HeaderList:
    return HeaderList(tuple([(redact_name(name), redact_header(name, value)) for name, value in headers.lines]))


def _witness(witness: Witness) -> Witness:
    initiator = witness.initiator
    return structs.replace(
        witness,
        code=None if witness.code is None else redact_text(witness.code),
        reason=None if witness.reason is None else redact_text(witness.reason),
        page=_url(witness.page),
        from_cache=None if witness.from_cache is None else redact_text(witness.from_cache),
        initiator=None
        if initiator is None
        else structs.replace(
            initiator,
            url=redact_url(initiator.url),
            function=None if initiator.function is None else redact_symbol(initiator.function),
            callers=(),
        ),
    )


def _verdicts(verdicts: Mapping[Engine, Verdict]) -> Mapping[Engine, Verdict]:
    return {engine: _verdict(verdict) for engine, verdict in verdicts.items()}


def _verdict(verdict: Verdict) -> Verdict:
    if not verdict.failures and verdict.if_credentialed is None and verdict.if_not_credentialed is None:
        return verdict
    return structs.replace(
        verdict,
        failures=tuple(map(_failure, verdict.failures)),
        if_credentialed=None if verdict.if_credentialed is None else _verdict(verdict.if_credentialed),
        if_not_credentialed=None if verdict.if_not_credentialed is None else _verdict(verdict.if_not_credentialed),
    )


def _failure(failure: Failure) -> Failure:
    value, wanted = (redact_part(failure.header, text) for text in (failure.value, failure.wanted))
    return structs.replace(failure, value=value, wanted=wanted)


def _known(fact: Known[str] | Unknown) -> Known[str] | Unknown:
    return structs.replace(fact, value=redact_text(fact.value)) if isinstance(fact, Known) else fact


def _url(url: str | None) -> str | None:
    return None if url is None else redact_url(url)
