"""A cache for functions of text off the wire: bounded in entries and in what an entry may hold.

A header value may be a megabyte long; a cache that counts entries only would keep thousands of those.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

LONGEST = 1024
"""Characters of an argument up to which a result is kept."""


def bounded_cache[**P, R](maxsize: int, longest: int = LONGEST) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep results by their arguments, unless one of those (a text, texts or lines of texts in a tuple, or None) is too long to be kept.

    Args:
        maxsize: how many results are kept.
        longest: characters, or bytes, of an argument up to which its result is kept.

    At `maxsize` everything is forgotten at once: what is asked for all the time is soon there again, and nothing has to be kept in order.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: dict[tuple[object, ...], R] = {}

        @wraps(function)
        def call(*arguments: Any) -> R:
            # Only what is short was kept, so what is found needs no look at its length.
            try:
                return kept[arguments]
            except KeyError:
                pass
            result = function(*arguments)  # type: ignore[call-arg]  # passed on as they came
            for argument in arguments:
                if argument is not None and _length(argument) > longest:
                    return result
            if len(kept) >= maxsize:
                kept.clear()
            kept[arguments] = result
            return result

        return cast("Callable[P, R]", call)

    return decorate


def _length(argument: Any) -> int:
    return sum(map(_length, argument)) if argument.__class__ is tuple else len(argument)
