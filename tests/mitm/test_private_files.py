"""What holds traffic is its owner's alone, and is written whole or not at all, through no link and into nobody else's file."""

import os
import stat
import threading

import pytest
from corslens.mitm.private_files import open_private, write_whole

NOBODY = 65534
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file to another user")


def test_write_whole(tmp_path):
    """The file's content is replaced, and nothing else is left in the folder."""
    path = tmp_path / "r.json"
    path.write_text("old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    """A target that cannot be replaced keeps its content, and no temporary file stays."""
    target = tmp_path / "folder.json"
    target.mkdir()
    with pytest.raises(OSError):
        write_whole(target, b"new")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="has no modes")
def test_a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path):
    """It holds URLs and headers."""
    path = tmp_path / "r.json"
    write_whole(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    write_whole(path, b"newer")
    assert path.stat().st_mode & 0o777 == 0o640


def write(path, content=b"new", mode="wb"):
    """Write as JSONL reports are."""
    with open(path, mode, opener=open_private) as file:  # a Path's own takes no opener
        file.write(content)


@pytest.mark.parametrize("put", [write, write_whole, lambda path, content: write(path, content, "ab")])
@pytest.mark.parametrize("there", [True, False])
def test_no_link_is_followed(tmp_path, put, there):
    """Neither to a file that would be overwritten, nor to one that would be made."""
    target, path = tmp_path / "target", tmp_path / "r.jsonl"
    if there:
        target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(OSError, match="is a symbolic link"):
        put(path, b"new")
    assert path.is_symlink() and target.exists() is there and (not there or target.read_text() == "precious")
    assert len(list(tmp_path.iterdir())) == 1 + there


@needs_root
@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_nothing_goes_into_another_users_file(tmp_path, mode):
    """Who would read it, whatever its mode says of the rest; it stays as it was."""
    path = tmp_path / "r.jsonl"
    path.write_text("theirs")
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="is another user's file"):
        write(path, mode=mode)
    assert path.read_text() == "theirs"


@needs_root
def test_another_users_pipe_is_not_waited_for(tmp_path):
    """Opened, it would stand still until its owner reads."""
    path = tmp_path / "r.jsonl"
    os.mkfifo(path, 0o666)
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(PermissionError):
        write(path)


@needs_root
def test_another_users_mode_is_not_taken_over(tmp_path):
    """A file that stands ready with mode 0666 does not open ours to everybody."""
    path = tmp_path / "r.json"
    path.write_text("theirs")
    path.chmod(0o666)
    os.chown(path, NOBODY, NOBODY)
    write_whole(path, b"new")
    status = path.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode), path.read_bytes()) == (0, 0o600, b"new")


def test_what_is_open_already_and_devices_and_own_pipes_will_do(tmp_path):
    """A log to standard error, to nowhere, or to a reader."""
    write("/dev/null")
    write("/dev/stderr", b"", "ab")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write(path)
    reader.join()
    assert got == [b"new"]


def test_an_own_file_is_replaced_in_place(tmp_path):
    """Cut, and with its mode."""
    path = tmp_path / "r.jsonl"
    path.write_text("something longer")
    path.chmod(0o640)
    write(path)
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o640
