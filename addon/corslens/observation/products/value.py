"""Value patterns: what a mark may ask of a header's value, a host or a path. No regular expressions: none can hang on a hostile value."""

from collections.abc import Callable

type ValueTest = Callable[[str], bool]
"""Of a value in lowercase."""


def value_test(pattern: str) -> ValueTest:
    """Return the test that a pattern stands for: text that equals, with `*` for anything. Case is ignored."""
    first, *rest = pattern.lower().split("*")
    if not rest:
        return lambda value: value == first
    *inner, last = rest
    if not any(inner):
        shortest = len(first) + len(last)
        return lambda value: value.startswith(first) and value.endswith(last) and len(value) >= shortest

    def test(value: str) -> bool:
        if not value.startswith(first):
            return False
        place = len(first)
        for part in inner:
            place = value.find(part, place)
            if place < 0:
                return False
            place += len(part)
        return value.endswith(last) and len(value) - len(last) >= place

    return test


def any_of(tests: tuple[ValueTest, ...]) -> ValueTest:
    """Return the test that holds where one of these does."""
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)
