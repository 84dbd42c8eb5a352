"""The entries of a HAR are found by the JSON parser, and by brackets alone where that refuses the file."""

import pytest
from corslens.inputs.har_entries import split_entries, split_snapshots


def found(data: bytes) -> tuple[list[tuple[int, bytes]], str, str | None]:
    """Entries, creator, and what is wrong with the whole."""
    entries = split_entries(data)
    return [(index, bytes(raw)) for index, raw in entries], entries.creator, entries.damage


WHOLE = b'{"log": {"creator": {"name": "x"}, "entries": [{"a": "]}"}, {"b": [1, {"c": "\\"["}]}]}}'
ENTRIES = [(0, b'{"a": "]}"}'), (1, b'{"b": [1, {"c": "\\"["}]}')]


def test_sound() -> None:
    assert found(WHOLE) == (ENTRIES, "x", None)


SHAPES = {
    "a log alone": b'{"creator": {"name": "x"}, "entries": [1, 2]}',
    "a list of HARs": b'[{"log": {"creator": {"name": "x"}, "entries": [1]}}, {"log": {"entries": [2]}}]',
    "two in one file": b'{"log": {"creator": {"name": "x"}, "entries": [1]}}\n{"log": {"entries": [2]}}\n',
    "space behind the end": b'{"log": {"creator": {"name": "x"}, "entries": [1, 2]}}\r\n\x00\x00',
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_shapes(data: bytes) -> None:
    assert found(data) == ([(0, b"1"), (1, b"2")], "x", None)


def test_many_hars_in_one_file_take_linear_time() -> None:
    data = b'{"log": {"entries": [1]}}\n' * 5_000
    assert len(found(data)[0]) == 5_000


DAMAGED = {
    "cut behind the entries": (WHOLE[:-3], ENTRIES, "is cut off after entry 1"),
    "cut behind a comma": (WHOLE[: WHOLE.index(b'{"b"')], ENTRIES[:1], "is cut off after entry 0"),
    "cut in an entry": (WHOLE[: WHOLE.index(b"[1")], ENTRIES[:1], "is cut off in entry 1"),
    "cut in a string": (WHOLE[: WHOLE.index(b']}"')], [], "is cut off in entry 0"),
    "cut behind a backslash": (WHOLE[: WHOLE.index(b'\\"[') + 1], ENTRIES[:1], "is cut off in entry 1"),
    "cut before the first": (WHOLE[: WHOLE.index(b'{"a"')], [], "is cut off before the first entry"),
    "more behind the end": (
        WHOLE + b"garbage",
        ENTRIES,
        f"is followed at byte {len(WHOLE)} by something that is not a HAR, which was not read",
    ),
    "another HAR behind it, cut": (
        WHOLE + WHOLE[:-3],
        [*ENTRIES, (2, ENTRIES[0][1]), (3, ENTRIES[1][1])],
        "is cut off after entry 1",
    ),
    "unsound before the entries": (
        WHOLE.replace(b'"x"}', b'"x"},,'),
        ENTRIES,
        "is not sound JSON outside its entries; all of them were read",
    ),
}


@pytest.mark.parametrize(("data", "entries", "damage"), DAMAGED.values(), ids=DAMAGED)
def test_damaged(data: bytes, entries: list[tuple[int, bytes]], damage: str) -> None:
    assert found(data) == (entries, "x", damage)


NO_HAR = {
    "no JSON": b"{hello",
    "another document": b'{"version": 1}',
    "an empty list": b"[]",
    "entries deeper": b'{"log": {"x": {"entries": [1]}}}',
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("data", NO_HAR.values(), ids=NO_HAR)
def test_no_har(data: bytes) -> None:
    assert found(data) == ([], "", "is not a HAR: it has no list log.entries")


def test_entries_named_in_a_body_are_no_entries() -> None:
    """A body that is a HAR itself is one string."""
    data = b'{"log": {"comment": "{\\"log\\": {\\"entries\\": [{}]}}", "entries": [{"x": 1}'
    assert found(data) == ([(0, b'{"x": 1}')], "", "is cut off after entry 0")


def test_what_is_no_object_is_counted() -> None:
    """A position is that in the list, whatever the elements are."""
    data = b'{"log": {"entries": [null, {"a": 1}, 5, "x", {"b": 2}, '
    assert found(data)[0] == [(0, b"null"), (1, b'{"a": 1}'), (2, b"5"), (3, b'"x"'), (4, b'{"b": 2}')]


def test_an_unclosed_string_ends_with_its_line() -> None:
    data = b'{"log": {"entries": [\n{"a": "x,\n"b": 1},\n{"c": 2}\n]}}'
    assert found(data)[0] == [(0, b'{"a": "x,\n"b": 1}'), (1, b'{"c": 2}')]


@pytest.mark.slow
def test_a_long_damaged_file_takes_linear_time() -> None:
    """Many strings that are never closed, in one line."""
    data = b'{"log": {"entries": [' + b'{"a": "' * 200_000
    assert found(data)[2] is not None


def test_a_trace_holds_an_entry_a_line() -> None:
    lines = [
        b'{"type":"resource-snapshot","snapshot":{"a":1}}',
        b'{"type":"other"}',
        b"",
        b'{"type":"resource-snapshot","snapshot":{"b":2}}',
    ]
    entries = split_snapshots(b"\n".join(lines))
    assert ([(index, bytes(raw)) for index, raw in entries], entries.creator, entries.damage) == (
        [(0, b'{"a":1}'), (1, b'{"b":2}')],
        "Playwright",
        None,
    )


def test_a_trace_that_is_cut_off() -> None:
    entries = split_snapshots(b'{"type":"resource-snapshot","snapshot":{"a":1}}\n{"type":"reso')
    assert [bytes(raw) for _, raw in entries] == [b'{"a":1}']
    assert entries.damage == "is cut off or damaged after entry 0"
