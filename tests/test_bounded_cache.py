"""The cache for functions of text off the wire."""

from collections.abc import Callable

import pytest
from corslens.bounded_cache import MAX_ARGUMENT_CHARACTERS, MAX_CHARACTERS_OF_LAST, bounded_cache


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (("short", None), True),
        (("x" * MAX_ARGUMENT_CHARACTERS, "y"), True),
        (("x" * (MAX_ARGUMENT_CHARACTERS + 1), "y"), False),
        ((("a", "b"), "c"), True),
        ((("x" * MAX_ARGUMENT_CHARACTERS, "b"), "c"), False),
        (("x", b"y" * MAX_ARGUMENT_CHARACTERS), True),
        (("x", b"y" * (MAX_ARGUMENT_CHARACTERS + 1)), False),
    ],
)
def test_results_are_kept_for_short_arguments_only(arguments: tuple[object, object], kept: bool) -> None:
    calls = []

    @bounded_cache(16)
    def function(one: object, other: object) -> int:
        calls.append((one, other))
        return len(calls)

    assert function(*arguments) == 1
    assert function(*arguments) == 1
    assert function("z" * (MAX_ARGUMENT_CHARACTERS + 1), None) == 2  # only the last one of those that are too long is kept
    assert (1 if kept else 3) == function(*arguments)


def test_what_is_far_too_long_is_not_even_the_last() -> None:
    cached = bounded_cache(4)(one_text)
    assert cached("x" * MAX_CHARACTERS_OF_LAST) is cached("x" * MAX_CHARACTERS_OF_LAST)
    assert cached("x" * (MAX_CHARACTERS_OF_LAST + 1)) is not cached("x" * (MAX_CHARACTERS_OF_LAST + 1))


def one_text(text: str) -> list[str]:
    return [text]


def two_texts(one: str, other: str) -> list[str]:
    return [one, other]


def texts(lines: tuple[str, ...]) -> list[str]:
    return list(lines)


LONG = "x" * MAX_ARGUMENT_CHARACTERS


@pytest.mark.parametrize(
    ("function", "short", "long"),
    [
        (one_text, (LONG,), (LONG + "x",)),
        (two_texts, (LONG, LONG), ("x", LONG + "x")),
        (two_texts, ("x", "y"), (LONG + "x", "y")),
        (texts, (("x", LONG[1:]),), (("x", LONG),)),
        (texts, ((),), (("x",) * (MAX_ARGUMENT_CHARACTERS + 1),)),
    ],
)
def test_each_signature_has_its_guard(
    function: Callable[..., list[str]], short: tuple[object, ...], long: tuple[object, ...]
) -> None:
    """What is kept is the very same object the next time; what is not is equal."""
    cached = bounded_cache(4)(function)
    assert cached(*short) is cached(*short)
    found = cached(*long)
    assert found is cached(*long)
    cached(*[(f"{LONG}yz",) if isinstance(part, tuple) else f"{LONG}yz" for part in long])
    assert found is not cached(*long)
    assert found == function(*long)
    assert cached.__name__ == function.__name__


def test_what_was_not_used_for_long_is_dropped() -> None:
    calls = []

    @bounded_cache(2)
    def function(text: str) -> None:
        calls.append(text)

    for text in "abca":
        function(text)
    assert calls == ["a", "b", "c", "a"]
