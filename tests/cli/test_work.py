"""What a long analysis puts away comes back as it was."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from corslens.cli.work import UnnamedFile


def test_what_is_put_away_comes_back() -> None:
    put = UnnamedFile()
    contents = [b"", b"a", b"b" * 100_000, b"c"]
    fetch = [put(content) for content in contents]
    assert [each() for each in reversed(fetch)] == contents[::-1]
    assert fetch[1]() == b"a"


def test_nobody_else_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert UnnamedFile()(b"secret")() == b"secret"
    assert list(tmp_path.iterdir()) == []


def test_it_stays_as_long_as_somebody_may_fetch_it(tmp_path: Path) -> None:
    """A descriptor that is closed is soon another file's."""
    fetch = UnnamedFile()(b"kept")
    (tmp_path / "other").write_bytes(b"not ")
    with (tmp_path / "other").open("rb"):
        assert fetch() == b"kept"


def test_others_have_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What filled the disk would cost the report, and what it is put away for is only memory."""
    monkeypatch.setattr("os.fstatvfs", lambda _: SimpleNamespace(f_bavail=10, f_frsize=4))
    put = UnnamedFile()
    fetch = put(b"a" * 10)
    with pytest.raises(OSError, match="No space left"):
        put(b"b")
    assert fetch() == b"a" * 10


def test_where_the_system_cannot_everything_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.pwrite")
    with pytest.raises(OSError, match="not implemented"):
        UnnamedFile()(b"a")
