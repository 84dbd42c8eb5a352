"""Fields: header lines as mitmproxy has them, and what is made of a request's, remembered.

A page sends the very same lines with request after request; looking them up takes a quarter of the time that reading them takes.
"""

from collections.abc import Callable
from functools import wraps

type Fields = tuple[tuple[bytes, bytes], ...]

REMEMBERED = 512
LONGEST = 4096
"""Bytes of header lines up to which they are remembered."""


def remembered[R](function: Callable[[Fields], R]) -> Callable[[Fields], R]:
    """Keep the results for the header lines of requests."""
    kept: dict[Fields, R] = {}

    @wraps(function)
    def call(fields: Fields) -> R:
        try:
            return kept[fields]
        except KeyError:
            pass
        result = function(fields)
        if sum([len(name) + len(value) for name, value in fields]) <= LONGEST:
            if len(kept) >= REMEMBERED:
                kept.clear()
            kept[fields] = result
        return result

    return call
