"""A cache for functions of text off the wire: bounded in entries and in what an entry may hold.

A header value may be a megabyte long; a cache that counts entries only would keep thousands of those.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from inspect import signature
from typing import cast

LONGEST = 1024
"""Characters of an argument up to which a result is kept."""


def bounded_cache[**P, R](maxsize: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the results for the arguments used last, unless one of them (a text, bytes, texts in a tuple, or None) is too long to be kept."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        given = tuple(parameter.annotation for parameter in signature(function).parameters.values())
        guard = _GUARDS.get(given, _of_anything)
        return cast("Callable[P, R]", wraps(function)(guard(function, lru_cache(maxsize)(function))))

    return decorate


def _of_a_text(function: Callable[..., object], cached: Callable[..., object]) -> Callable[[str], object]:
    def call(text: str) -> object:
        return cached(text) if len(text) <= LONGEST else function(text)

    return call


def _of_two_texts(function: Callable[..., object], cached: Callable[..., object]) -> Callable[[str, str], object]:
    def call(one: str, other: str) -> object:
        return cached(one, other) if len(one) <= LONGEST and len(other) <= LONGEST else function(one, other)

    return call


def _of_texts(function: Callable[..., object], cached: Callable[..., object]) -> Callable[[tuple[str, ...]], object]:
    def call(texts: tuple[str, ...]) -> object:
        return cached(texts) if sum(map(len, texts)) <= LONGEST else function(texts)

    return call


def _of_anything(function: Callable[..., object], cached: Callable[..., object]) -> Callable[..., object]:
    def call(*arguments: str | bytes | tuple[str, ...] | None) -> object:
        for argument in arguments:
            if argument is not None and len(argument) > LONGEST:
                return function(*arguments)
            if argument.__class__ is tuple and sum(map(len, argument)) > LONGEST:
                return function(*arguments)
        return cached(*arguments)

    return call


type _Guard = Callable[[Callable[..., object], Callable[..., object]], Callable[..., object]]

# Most are functions of one text, and are asked many times an exchange.
_GUARDS: dict[tuple[object, ...], _Guard] = {
    (str,): _of_a_text,
    (str, str): _of_two_texts,
    (tuple[str, ...],): _of_texts,
}
