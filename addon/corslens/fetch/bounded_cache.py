"""A cache for functions of text off the wire: bounded in entries and in what an entry may hold.

A header value may be a megabyte long; a cache that counts entries only would keep thousands of those.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import cast

LONGEST = 1024
"""Characters of an argument up to which a result is kept."""


def bounded_cache[**P, R](maxsize: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the results for the arguments used last, unless one of them (a text, texts in a tuple, or None) is too long to be kept."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        cached = lru_cache(maxsize)(function)

        @wraps(function)
        def call(*arguments: object) -> R:
            for argument in arguments:
                if argument.__class__ is tuple:
                    argument = "".join(argument)
                if isinstance(argument, str) and len(argument) > LONGEST:
                    return function(*arguments)  # type: ignore[call-arg, arg-type]  # passed on as they came
            return cached(*arguments)

        return cast("Callable[P, R]", call)

    return decorate
