"""A cache for functions of text off the wire: bounded in entries and in what an entry may hold.

A header value may be a megabyte long; a cache that counts entries only would keep thousands of those.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

MAX_ARGUMENT_CHARACTERS = 1024
"""Characters of an argument up to which a result is kept."""
MAX_CHARACTERS_OF_LAST = 262_144
"""Characters of all arguments up to which the last result is kept."""


def bounded_cache[**P, R](maxsize: int, longest: int = MAX_ARGUMENT_CHARACTERS) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep results by their arguments, unless one of those (a text, texts or lines of texts in a tuple, or None) is too long to be kept.

    Args:
        maxsize: how many results are kept.
        longest: characters, or bytes, of an argument up to which its result is kept.

    Of what is too long only the last result is kept: one exchange is looked at from several sides, for three engines say.
    At `maxsize` everything is dropped at once: what is asked for all the time is soon there again, and nothing has to be kept in order.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: dict[tuple[object, ...], R] = {}
        last: tuple[tuple[object, ...], R] | None = None

        @wraps(function)
        def call(*arguments: Any) -> R:
            # Only what is short was kept, so what is found needs no look at its length.
            try:
                return kept[arguments]
            except KeyError:
                pass
            nonlocal last
            if last is not None and last[0] == arguments:  # soon said: the same exchange comes with the same objects
                return last[1]
            result = function(*arguments)  # type: ignore[call-arg]  # passed on as they came
            lengths = [_length(argument) for argument in arguments if argument is not None]
            if max(lengths, default=0) > longest:
                last = (arguments, result) if sum(lengths) <= MAX_CHARACTERS_OF_LAST else None
                return result
            if len(kept) >= maxsize:
                kept.clear()
            kept[arguments] = result
            return result

        return cast("Callable[P, R]", call)

    return decorate


def _length(argument: Any) -> int:
    if argument.__class__ is not tuple:
        return len(argument)
    return sum(map(len if argument and argument[0].__class__ is str else _length, argument))
