"""What is made of a request's header lines is remembered, within limits."""

import pytest
from corslens.mitm import fields
from corslens.mitm.fields import LONGEST, remembered


@pytest.mark.parametrize(("size", "times"), [(10, 1), (LONGEST + 1, 3)])
def test_the_same_lines_are_read_once_unless_too_long(size: int, times: int) -> None:
    calls = []

    @remembered
    def count(lines: fields.Fields) -> int:
        calls.append(lines)
        return len(lines)

    for _ in range(3):
        assert count(((b"Accept", b"a" * size),)) == 1
    assert len(calls) == times


def test_no_more_is_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "REMEMBERED", 2)
    calls = []

    @remembered
    def value(lines: fields.Fields) -> bytes:
        calls.append(lines)
        return lines[0][1]

    for text in (b"a", b"b", b"c", b"a"):
        assert value(((b"X", text),)) == text
    assert len(calls) == 4
