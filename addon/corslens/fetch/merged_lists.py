"""Completed lists: what Access-Control-Allow-Methods, -Allow-Headers and -Expose-Headers hold, with what is missing put behind it.

What a server already grants stays granted: a `*` too, which means every name for requests without credentials.
"""

from collections.abc import Iterable

from corslens.fetch.header_values import is_token


def completed_methods(lines: Iterable[str], asked: Iterable[str]) -> tuple[str, ...]:
    """Return the methods that are listed and those that are asked for, in this order, without repeats and what is no token.

    Methods are compared with their case: `patch` is not `PATCH`.
    """
    return tuple(dict.fromkeys(_tokens(lines, asked)))


def completed_names(lines: Iterable[str], asked: Iterable[str]) -> tuple[str, ...]:
    """Return the header names that are listed and those that are asked for, in this order, without repeats and what is no token."""
    names: dict[str, str] = {}
    for name in _tokens(lines, asked):
        names.setdefault(name.lower(), name)
    return tuple(names.values())


def _tokens(lines: Iterable[str], asked: Iterable[str]) -> Iterable[str]:
    for line in lines:
        for element in line.split(","):
            token = element.strip(" \t")
            if is_token(token):
                yield token
    yield from filter(is_token, asked)
