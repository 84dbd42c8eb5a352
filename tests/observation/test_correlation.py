"""Equal redacted values are seen to be equal, and nothing can be found out about them."""

import pytest
from corslens.observation import correlation
from corslens.observation.correlation import SHORTEST, Correlation
from corslens.observation.redaction import REDACTED

TOKEN, OTHER = "sid=7f3a9c0d2b41", "sid=0000000000000"


def test_equal_values_have_the_same_number_whatever_the_header() -> None:
    session = Correlation()
    assert [session.header(*line) for line in (("Cookie", TOKEN), ("Cookie", OTHER), ("X-Session", TOKEN), ("ETag", TOKEN))] == [
        f"{REDACTED} #1", f"{REDACTED} #2", f"{REDACTED} #1", f"{REDACTED} #1",
    ]  # fmt: skip


def test_numbers_say_nothing_of_the_value() -> None:
    """They count; the same order of other values gives the same numbers, so there is nothing to try guesses on."""
    assert Correlation().header("Cookie", TOKEN) == Correlation().header("Cookie", OTHER)


def test_no_value_and_no_plain_hash_is_kept() -> None:
    sessions = [Correlation() for _ in range(2)]
    for session in sessions:
        session.header("Cookie", TOKEN)
    first, second = (vars(session) for session in sessions)
    assert first["_numbers"] != second["_numbers"] and TOKEN not in repr(first)


@pytest.mark.parametrize("value", ["", "1", "true", "admin", "x" * (SHORTEST - 1)])
def test_short_values_are_not_told_apart(value: str) -> None:
    """A page may send any of them, and compare."""
    assert Correlation().header("X-Role", value) == REDACTED


def test_what_is_shown_has_no_number() -> None:
    assert Correlation().header("Origin", "https://app.example") == "https://app.example"
    assert Correlation().header("WWW-Authenticate", "Negotiate a1b2c3d4e5f6") == f"Negotiate {REDACTED}"


def test_there_are_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation, "MAX_NUMBERS", 2)
    session = Correlation()
    shown = [session.header("Cookie", f"sid={number:020}") for number in (1, 2, 3, 1)]
    assert shown == [f"{REDACTED} #1", f"{REDACTED} #2", REDACTED, f"{REDACTED} #1"]
