"""What a long analysis puts away comes back as it was."""

from pathlib import Path

import pytest
from corslens.cli.work import PutAway


def test_what_is_put_away_comes_back() -> None:
    put = PutAway()
    contents = [b"", b"a", b"b" * 100_000, b"c"]
    fetch = [put(content) for content in contents]
    assert [each() for each in reversed(fetch)] == contents[::-1]
    assert fetch[1]() == b"a"


def test_nobody_else_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert PutAway()(b"secret")() == b"secret"
    assert list(tmp_path.iterdir()) == []
