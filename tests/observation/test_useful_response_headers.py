"""The list of headers that pages may want."""

from corslens.fetch.response_headers import CORS_SAFELISTED_RESPONSE_HEADERS, FORBIDDEN_RESPONSE_HEADERS
from corslens.observation.useful_response_headers import USEFUL_RESPONSE_HEADERS


def test_none_is_readable_anyway_or_never() -> None:
    """A safelisted header needs no exposing, and a cookie cannot be exposed; names are lower-case, as they are looked up."""
    assert not USEFUL_RESPONSE_HEADERS & (CORS_SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS)
    assert {name.lower() for name in USEFUL_RESPONSE_HEADERS} == USEFUL_RESPONSE_HEADERS
