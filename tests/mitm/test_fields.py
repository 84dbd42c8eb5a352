"""What is made of a request's header lines is remembered, within limits."""

import pytest
from corslens.bounded_cache import bounded_cache
from corslens.mitm.fields import LONGEST, REMEMBERED, Fields


@pytest.mark.parametrize(("size", "times"), [(10, 2), (LONGEST + 1, 6)])
def test_the_same_lines_are_read_once_unless_too_long(size: int, times: int) -> None:
    calls = []

    @bounded_cache(REMEMBERED, LONGEST)
    def count(lines: Fields) -> int:
        calls.append(lines)
        return len(lines)

    for _ in range(3):
        assert count(((b"Accept", b"a" * size),)) == 1
        assert count(((b"Accept", b"b" * size),)) == 1
    assert len(calls) == times


def test_no_more_is_kept_than_the_limit() -> None:
    calls = []

    @bounded_cache(2, LONGEST)
    def value(lines: Fields) -> bytes:
        calls.append(lines)
        return lines[0][1]

    for text in (b"a", b"b", b"c", b"a"):
        assert value(((b"X", text),)) == text
    assert len(calls) == 4
