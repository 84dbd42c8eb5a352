"""What holds traffic is its owner's alone, and is written whole or not at all, through no link and into nobody else's file."""

import contextlib
import os
import socket
import stat
import threading
from pathlib import Path

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
    with pipe(tmp_path / "pipe") as reading:
        write(tmp_path / "pipe")
        assert os.read(reading, 100) == b"new"


@contextlib.contextmanager
def pipe(path):
    """A pipe with a reader: yield what it reads from."""
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield reading
    finally:
        os.close(reading)


@pytest.mark.skipif(os.name == "nt", reason="has no pipes in folders")
@pytest.mark.parametrize("put", [write, write_whole, lambda path, content: write(path, content, "ab")])
def test_a_pipe_that_nothing_reads_is_not_waited_for(tmp_path, put):
    """A proxy whose log it is, or a report's, would stand still."""
    path = tmp_path / "r.json"
    os.mkfifo(path)
    with pytest.raises(OSError, match="is a pipe that nothing reads"):
        put(path, b"new")
    assert stat.S_ISFIFO(path.lstat().st_mode) and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="has no pipes in folders")
def test_a_pipe_that_is_full_is_waited_for(tmp_path):
    """Its reader is there: what is written arrives whole, however slowly it reads."""
    with pipe(tmp_path / "pipe") as reading:
        os.set_blocking(reading, True)
        writer = threading.Thread(target=write_whole, args=(tmp_path / "pipe", bytes(1 << 20)))
        writer.start()
        read = 0
        while read < 1 << 20:
            read += len(os.read(reading, 1 << 12))
        writer.join()


@pytest.mark.parametrize("put", [write, write_whole, lambda path, content: write(path, content, "ab")])
@pytest.mark.parametrize("kind", ["socket", "disk", "folder"])
def test_what_takes_no_text_is_not_replaced(tmp_path, monkeypatch, put, kind):
    """A socket's or a disk's name was taken by the report."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "r.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)  # a whole path may be too long for one
    elif os.geteuid() == 0:
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 200))
    else:
        pytest.skip("only root can make a disk's node")
    before = path.lstat()
    with pytest.raises(OSError, match=f"is a {kind}"):
        put(path, b"new")
    assert path.lstat().st_ino == before.st_ino and list(tmp_path.iterdir()) == [path]


def test_an_own_file_is_replaced_in_place(tmp_path):
    """Cut, and with its mode."""
    path = tmp_path / "r.jsonl"
    path.write_text("something longer")
    path.chmod(0o640)
    write(path)
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_device_or_pipe_is_written_to_and_never_replaced(tmp_path, kind):
    """A report to `/dev/null` left a file there, for everybody on the machine."""
    path = tmp_path / "r.json"
    if kind == "device":
        if os.geteuid() != 0:
            pytest.skip("only root can make a device")
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        write_whole(path, b"new")
    else:
        with pipe(path) as reading:
            write_whole(path, b"new")
            assert os.read(reading, 100) == b"new"
    assert not stat.S_ISREG(path.lstat().st_mode) and list(tmp_path.iterdir()) == [path]


def test_what_the_process_has_open_is_written_to(tmp_path):
    """As a shell's `>(command)` names it."""
    reading, writing = os.pipe()
    write_whole(Path(f"/dev/fd/{writing}"), b"new")
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == b"new"


@pytest.mark.parametrize("put", [write, write_whole, lambda path, content: write(path, content, "ab")])
def test_a_file_with_another_name_keeps_its_content(tmp_path, put):
    """Somebody may have put one of our own files where the output goes; a whole report takes the name alone."""
    target, path = tmp_path / "target", tmp_path / "r.jsonl"
    target.write_text("precious")
    path.hardlink_to(target)
    if put is write_whole:
        put(path, b"new")
    else:
        with pytest.raises(OSError, match="hard links"):
            put(path, b"new")
    assert target.read_text() == "precious"


@needs_root
@pytest.mark.parametrize("put", [write, write_whole])
def test_no_other_users_link_to_a_folder_is_followed(tmp_path, put):
    """Its owner could let it lead to one of our folders; an own link is what its user wants."""
    (tmp_path / "real").mkdir()
    for name in ("own", "theirs"):
        (tmp_path / name).symlink_to(tmp_path / "real")
    os.chown(tmp_path / "theirs", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="another user's link"):
        put(tmp_path / "theirs" / "r.jsonl", b"new")
    assert not list((tmp_path / "real").iterdir())
    put(tmp_path / "own" / "r.jsonl", b"new")
