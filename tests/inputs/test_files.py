"""Captures are found, told by their content, and expanded within bounds."""

import gzip
import io
import os
import sys
import threading
import zipfile
import zlib
from pathlib import Path

import pytest
from corslens.inputs import archives, files
from corslens.inputs.damage import Damage
from corslens.inputs.files import Capture, find, read
from corslens.inputs.kinds import NEITHER, InputKind

HAR = b'{"log": {"entries": []}}'


def captures(name: str) -> list[tuple[str, InputKind, bytes, str | None]]:
    """What a file holds."""
    found = []
    for capture in read(name):
        assert isinstance(capture, Capture), capture
        damage = None if capture.damage is None else str(capture.damage)
        found.append((capture.name, capture.kind, bytes(capture.data), damage))
    return found


def damages(name: str) -> list[str]:
    """What is said of a file that holds nothing to read."""
    return [str(damage) for damage in read(name) if isinstance(damage, Damage)]


def zipped(**members: bytes) -> bytes:
    """A zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_folder_is_walked_by_name_and_each_file_comes_once(tmp_path: Path) -> None:
    others = ("node_modules/x/e.har", ".git/f.har", "__MACOSX/g.har", "sub/._h.har", "lib/types.js.flow", "notes.txt")
    for name in ("b.har", "a.HAR.gz", "sub/c.mitm", "sub/d.zip", *others):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    expected = [str(tmp_path / name) for name in ("a.HAR.gz", "b.har", "sub/c.mitm", "sub/d.zip")]
    assert list(find([str(tmp_path), str(tmp_path / "b.har")])) == expected


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (found,) = find([str(tmp_path)])
    assert isinstance(found, Damage) and "a folder without captures" in str(found)


TOLD = {
    "har": (HAR, InputKind.HAR, HAR),
    "har with a byte order mark": (b"\xef\xbb\xbf" + HAR, InputKind.HAR, HAR),
    "har with space before": (b" \n" + HAR, InputKind.HAR, b" \n" + HAR),
    "flows": (b"3:abc,", InputKind.FLOWS, b"3:abc,"),
    "gzip": (gzip.compress(HAR), InputKind.HAR, HAR),
    "zlib": (zlib.compress(HAR), InputKind.HAR, HAR),
    "zlib, at its fastest": (zlib.compress(HAR, 1), InputKind.HAR, HAR),
    "utf-16 with a byte order mark": (HAR.decode().encode("utf-16"), InputKind.HAR, HAR),
    "utf-16, big-endian": (b"\xfe\xff" + HAR.decode().encode("utf-16-be"), InputKind.HAR, HAR),
    "utf-16 without one": (HAR.decode().encode("utf-16-le"), InputKind.HAR, HAR),
    "a list": (b"[]", InputKind.HAR, b"[]"),
    "a trace of Playwright's in a zip": (zipped(**{"trace.network": b"{}", "trace.trace": b""}), InputKind.TRACE, b"{}"),
}


@pytest.mark.parametrize(("content", "kind", "data"), TOLD.values(), ids=TOLD)
def test_told_by_content(tmp_path: Path, content: bytes, kind: InputKind, data: bytes) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    ((name, told, found, damage),) = captures(str(path))
    assert (name.removesuffix("/trace.network"), told, found, damage) == (str(path), kind, data, None)


def test_utf_16_that_is_cut_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(HAR.decode().encode("utf-16")[:-1])
    ((_, kind, data, damage),) = captures(str(path))
    assert (kind, data) == (InputKind.HAR, HAR[: len(data)])
    assert damage is not None and damage.endswith("is UTF-16 and cut off")


def test_a_fiddler_archive_is_one_capture(tmp_path: Path) -> None:
    path = tmp_path / "a.saz"
    path.write_bytes(zipped(**{"raw/10_c.txt": b"ten", "raw/2_s.txt": b"2s", "raw/2_c.txt": b"2c", "_index.htm": b""}))
    found = read(str(path))
    capture = next(found)
    assert isinstance(capture, Capture) and capture.kind is InputKind.SAZ
    assert list(capture.parts) == [("raw/2_c.txt", b"2c"), ("raw/2_s.txt", b"2s"), ("raw/10_c.txt", b"ten")]


REFUSED = {
    "empty": (b"", "is empty"),
    "empty gzip": (gzip.compress(b""), "is empty"),
    "no capture": (b"hello", NEITHER),
    "damaged zip": (zipped(a=HAR)[:-30], "is a damaged zip: File is not a zip file"),
    "zip without captures": (
        zipped(readme=b"x"),
        "is a zip without a HAR, flow file, Playwright trace or Fiddler session in it",
    ),
    "damaged gzip": (b"\x1f\x8b" + b"x" * 50, "is compressed and damaged or cut off: Unknown compression method"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    assert damages(str(path)) == [f"{path}: {sentence}"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    assert damages(str(tmp_path / "x.har")) == [f"{tmp_path / 'x.har'}: cannot be read: No such file or directory"]


def test_a_zip_holds_several_captures(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(**{"z.har": HAR, "a/b.har.gz": gzip.compress(HAR), "resource.png": b"x"}))
    assert captures(str(path)) == [
        (f"{path}/a/b.har", InputKind.HAR, HAR, None),
        (f"{path}/z.har", InputKind.HAR, HAR, None),
    ]


def test_a_cut_gzip_gives_what_is_there(tmp_path: Path) -> None:
    content = b"{" + os.urandom(200_000)
    path = tmp_path / "a.har.gz"
    path.write_bytes(gzip.compress(content)[:100_000])
    ((_, kind, data, damage),) = captures(str(path))
    assert kind is InputKind.HAR and len(data) > 90_000 and content.startswith(data)
    assert damage is not None and "damaged or cut off" in damage


@pytest.mark.slow  # packs megabytes
@pytest.mark.parametrize("kind", ["gzip", "zip", "zip of gzip", "zlib", "zip of zlib"])
def test_a_bomb_is_read_to_its_bound(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What grows past the bound is cut there, and said to be."""
    monkeypatch.setattr(archives, "EXPANSION_FLOOR", 1 << 20)
    content = b"{" + b" " * (24 << 20)
    bomb = gzip.compress(content)
    path = tmp_path / "bomb"
    path.write_bytes(
        {
            "gzip": bomb,
            "zip": zipped(**{"a.har": content}),
            "zip of gzip": zipped(**{"a.har.gz": bomb}),
            "zlib": zlib.compress(content),
            "zip of zlib": zipped(**{"a.zhar": zlib.compress(content)}),
        }[kind]
    )
    ((_, _, data, damage),) = captures(str(path))
    assert len(data) <= 8 << 20
    assert damage is not None and "when expanded; the rest was not read" in damage


@pytest.mark.slow  # packs megabytes
def test_many_members_share_one_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand files just below the bound are as much as one far above it; what came first is there."""
    monkeypatch.setattr(archives, "EXPANSION_FLOOR", 1 << 20)
    content = b"{" + b" " * (600 << 10)
    path = tmp_path / "many.zip"
    path.write_bytes(zipped(**{f"{number:03}.har": content for number in range(300)}))
    found = list(files.read(str(path)))
    read = [one for one in found if isinstance(one, files.Capture)]
    told = [str(one) for one in found if not isinstance(one, files.Capture)]
    bound = max(1 << 20, archives.EXPANSION * path.stat().st_size)
    assert sum(len(one.data) for one in read) <= bound
    assert told == [f"{path}: grows to more than {bound >> 20} MiB when expanded; {300 - len(read)} of its files were not read"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(HAR))))
    assert captures("-") == [("stdin", InputKind.HAR, HAR, None)]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """`corslens analyze <(zstd -dc a.har.zst)`: what cannot be mapped is copied first."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(HAR))
    writer.start()
    try:
        assert captures(str(path)) == [(str(path), InputKind.HAR, HAR, None)]
    finally:
        writer.join()
