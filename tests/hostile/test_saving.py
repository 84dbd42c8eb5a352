"""Saving a session holds no traffic up; `python -m tests.hostile.saving` does it with ten thousand problems."""

import pytest

from tests.hostile.origins import LONGEST_CALL_MS
from tests.hostile.saving import save


@pytest.mark.slow
async def test_traffic_passes_while_a_session_is_saved() -> None:
    """In each format: what is done before the file is made, and each call of the proxy meanwhile, by its CPU time."""
    found = await save(300)
    assert {one.form for one in found} >= {"html", "json", "jsonl", "sarif", "xml", "md", "txt"}
    for one in found:
        assert max(one.begin_ms, one.longest_ms) < LONGEST_CALL_MS, one
