"""What a cache may do with an answer."""

import pytest
from corslens.lint.classify.caching import is_from_cache, is_storable

from tests.make import response


@pytest.mark.parametrize(
    ("headers", "storable"),
    [
        ({"cache-control": "max-age=60"}, True),
        ({"cache-control": "public, s-maxage=60"}, True),
        ({"cache-control": "max-age=0"}, False),
        ({"cache-control": "no-store"}, False),
        ({"cache-control": "no-cache, max-age=60"}, False),
        ({"expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, True),
        ({"expires": "0"}, False),
        ({"last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}, True),
        ({"etag": "x"}, False),
        ({}, False),
    ],
)
def test_storable(headers: dict[str, str], storable: bool) -> None:
    assert is_storable("GET", response(200, headers)) is storable
    assert not is_storable("POST", response(200, headers))


@pytest.mark.parametrize(
    ("headers", "cached"),
    [
        ({"age": "30"}, True),
        ({"age": "0"}, False),
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "Miss from cloudfront"}, False),
        ({"cf-cache-status": "HIT"}, True),
        ({"cache-status": "edge; hit"}, True),
        ({}, False),
    ],
)
def test_from_cache(headers: dict[str, str], cached: bool) -> None:
    assert is_from_cache(response(200, headers)) is cached
