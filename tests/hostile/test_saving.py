"""Saving a session holds no traffic up; `python -m tests.hostile.saving` does it with ten thousand problems."""

import pytest

from tests.hostile.origins import LONGEST_CALL_MS
from tests.hostile.saving import Saved, save

_TRIALS = 3


@pytest.mark.slow
async def test_traffic_passes_while_a_session_is_saved() -> None:
    """In each format: what is done before the file is made, and each call of the proxy meanwhile, by its CPU time.

    The best of some trials: on a busy machine even CPU time grows, now and then; what is slow is so each time.
    """
    slow: list[Saved] = []
    for _ in range(_TRIALS):
        found = await save(300)
        assert {one.form for one in found} >= {"html", "json", "jsonl", "sarif", "xml", "md", "txt"}
        slow = [one for one in found if max(one.begin_ms, one.longest_ms) >= LONGEST_CALL_MS]
        if not slow:
            break
    assert slow == []
