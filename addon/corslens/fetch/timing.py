"""Timing-Allow-Origin: the TAO check, https://fetch.spec.whatwg.org/#concept-tao-check (never blocks)"""

from corslens.fetch.constants import TIMING_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.header_values import get_decode_and_split
from corslens.fetch.messages import Response


def tao_check(response: Response, serialized_origin: str) -> bool:
    """Say whether the page may see this hop's timing in detail."""
    combined = response.headers.get(TIMING_ALLOW_ORIGIN)
    if combined is None:
        return False
    values = get_decode_and_split(combined)
    return WILDCARD in values or serialized_origin in values
