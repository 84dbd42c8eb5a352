"""The cache for functions of text off the wire."""

import pytest
from corslens.fetch.bounded_cache import LONGEST, bounded_cache


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (("short", None), True),
        (("x" * LONGEST, "y"), True),
        (("x" * (LONGEST + 1), "y"), False),
        ((("a", "b"), "c"), True),
        ((("x" * LONGEST, "b"), "c"), False),
    ],
)
def test_results_are_kept_for_short_arguments_only(arguments: tuple[object, object], kept: bool) -> None:
    calls = []

    @bounded_cache(16)
    def function(one: object, other: object) -> int:
        calls.append((one, other))
        return len(calls)

    assert function(*arguments) == 1
    assert (1 if kept else 2) == function(*arguments)


def test_what_was_not_used_for_long_is_dropped() -> None:
    calls = []

    @bounded_cache(2)
    def function(text: str) -> None:
        calls.append(text)

    for text in "abca":
        function(text)
    assert calls == ["a", "b", "c", "a"]
