"""The log holds whole lines, and its failures stop nothing."""

import errno
import os
from pathlib import Path

import pytest
from corslens.mitm.logfile import LogFile


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_append(tmp_path):
    """An existing log is continued; each line is there as soon as it is written."""
    path = tmp_path / "x.jsonl"
    path.write_text("old\n")
    log = LogFile(path)
    log.write(b"new\n")
    assert path.read_text() == "old\nnew\n"
    log.close()


def test_only_its_owner_may_read_a_new_log(tmp_path):
    """Traffic is nobody else's business."""
    log = LogFile(tmp_path / "x.jsonl")
    log.close()
    assert (tmp_path / "x.jsonl").stat().st_mode & 0o077 == 0


def test_removed_while_running(tmp_path, caplog):
    """It is begun anew, which is told once."""
    path = tmp_path / "x.jsonl"
    log = LogFile(path)
    for line in (b"1\n", b"2\n", b"3\n"):
        path.unlink()
        log.write(line)
        assert path.read_bytes() == line
    log.close()
    assert errors(caplog) == [f"cors_log: {path}: it was removed, so a new file was started"]


def test_folder_removed_while_running(tmp_path, caplog):
    """Nothing is raised, the loss is told once, and when the folder is back the log goes on."""
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "x.jsonl"
    log = LogFile(path)
    path.unlink()
    folder.rmdir()
    log.write(b"1\n")
    log.write(b"2\n")
    folder.mkdir()
    log.write(b"3\n")
    log.close()
    assert path.read_bytes() == b"3\n"
    assert [error for error in errors(caplog) if "No such file" in error] == [
        f"cors_log: {path}: No such file or directory; records are being lost"
    ]


def test_disk_full(tmp_path, caplog, monkeypatch):
    """Half a line is told once, and the next one begins on a line of its own."""
    path = tmp_path / "x.jsonl"
    log = LogFile(path)
    room = [7]
    real = os.write

    def write(file, data):
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(room[0], len(data))
        room[0] -= taken
        return real(file, data[:taken])

    monkeypatch.setattr(os, "write", write)
    for line in (b'{"a":1}\n', b'{"b":1}\n', b'{"c":1}\n'):
        log.write(line)
    room[0] = 1000
    log.write(b'{"d":1}\n')
    log.close()
    assert path.read_bytes() == b'{"a":1}\n{"d":1}\n'
    *told, last = errors(caplog)
    assert len(told) == 2
    assert all("records are being lost" in error for error in told)
    assert last == f"cors_log: {path}: 2 records were lost in all."


@pytest.mark.parametrize("other", [False, True])
def test_half_a_line_is_completed_when_there_is_room_again(tmp_path, caplog, monkeypatch, other):
    """So that nothing is lost; unless another proxy has written behind it, which must not be mixed up with it."""
    path = tmp_path / "x.jsonl"
    log = LogFile(path)
    real, room = os.write, [3]
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[: room[0]]))
    log.write(b'{"a":1}\n')
    room[0] = 1000
    if other:
        with path.open("ab") as file:
            file.write(b"?\n")
    log.write(b'{"b":1}\n')
    log.close()
    assert path.read_bytes() == (b'{"a?\n\n{"b":1}\n' if other else b'{"a":1}\n{"b":1}\n')
    assert len(errors(caplog)) == 2 if other else 1


def test_after_a_proxy_that_was_killed(tmp_path):
    """What it left of a line stays what it is, and the next record has a line of its own."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a":1}\n{"b"')
    log = LogFile(path)
    log.write(b'{"c":1}\n')
    log.write(b'{"d":1}\n')
    log.close()
    assert path.read_bytes() == b'{"a":1}\n{"b"\n{"c":1}\n{"d":1}\n'


def test_a_device_has_no_last_line(caplog):
    """And when it takes nothing, that is told once, and how much was lost at the end."""
    log = LogFile(Path("/dev/full"))
    for _ in range(3):
        log.write(b"1\n")
    log.close()
    assert errors(caplog) == [
        "cors_log: /dev/full: No space left on device; records are being lost",
        "cors_log: /dev/full: 3 records were lost in all.",
    ]


def test_a_path_that_cannot_be_opened(tmp_path):
    with pytest.raises(OSError):
        LogFile(tmp_path)
