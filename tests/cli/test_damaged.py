"""Damaged captures: what can be read is analysed and printed, a sentence names the rest, and the exit code is 3."""

import gzip
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from corslens.exits import Exit

from tests.cli.test_analyze import ROOT, records, run
from tests.hostile.peer import assert_escaped
from tests.inputs.make_har import at, encoded, entry

pytestmark = pytest.mark.slow

ENTRIES = 20
SOUND = encoded(*(entry(started=at(n)) for n in range(ENTRIES)))


@pytest.mark.parametrize("percent", range(1, 100))
def test_truncated_anywhere(percent: int, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(SOUND[: len(SOUND) * percent // 100])
    result = run(path, "--format", "jsonl")
    assert result.exit_code == Exit.UNREADABLE
    assert len(result.stderr.splitlines()) == 1 and result.stderr.startswith(f"{path}: is ")
    assert [record["source"]["index"] for record in records(result)] == list(range(len(records(result))))
    assert len(records(result)) >= ENTRIES * percent // 100 - 2


@pytest.mark.parametrize("percent", range(5, 100, 5))
def test_truncated_gzip(percent: int, tmp_path: Path) -> None:
    path = tmp_path / "a.har.gz"
    packed = gzip.compress(SOUND)
    path.write_bytes(packed[: len(packed) * percent // 100])
    result = run(path, "--format", "jsonl")
    assert result.exit_code == Exit.UNREADABLE
    assert "damaged or cut off" in result.stderr


BAD = {
    "empty": (b"", "is empty"),
    "no JSON": (b"hello", "is not a capture that corslens reads: a HAR"),
    "JSON, no HAR": (b'{"a": 1}', "is not a HAR: it has no list log.entries"),
    "entries of a wrong type": (b'{"log": {"entries": 5}}', "is not a HAR: it has no list log.entries"),
    "log of a wrong type": (b'{"log": []}', "is not a HAR: it has no list log.entries"),
    "cut in the first entry": (SOUND[:200], "is cut off in entry 0"),
    "deep nesting": (b'{"log": ' + b"[" * 500_000, "is not a HAR: it has no list log.entries"),
    "deep nesting of objects": (b'{"a":' * 300_000, "is not a HAR: it has no list log.entries"),
    "a damaged flow file": (b"5:hello,9999999999:", "is damaged or cut off"),
    "a flow that is none": (b"7:3:abc,}", "is damaged"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_nothing_to_read(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.har"
    path.write_bytes(content)
    result = run(path)
    assert result.exit_code == Exit.UNREADABLE
    assert result.stderr.startswith(f"{path}: ") and sentence in result.stderr


def test_an_entry_without_a_response_and_one_with_odd_headers(tmp_path: Path) -> None:
    """Both are read: a request without a response, and a value that is a number."""
    path = tmp_path / "a.har"
    path.write_bytes(encoded(entry(), entry(response=None), entry(given=[("Origin", 7)]), entry()))
    result = run(path, "--format", "jsonl", "--fail-on", "never")
    assert {record["source"]["index"] for record in records(result)} == {0, 1, 2, 3}


def test_one_bad_file_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(SOUND)
    (tmp_path / "b.har").write_bytes(b"hello")
    result = run(tmp_path, "--format", "jsonl")
    assert (result.exit_code, len(records(result))) == (Exit.UNREADABLE, ENTRIES)


ODD_VALUES = {
    "not UTF-8": "caf\udce9",
    "a control character": "a\x00b\x1b[2J",
    "1 MB": "x" * 1_000_000,
    "a line break": "a\r\nSet-Cookie: x",
}


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
@pytest.mark.parametrize("form", ["text", "jsonl", "json", "sarif", "junit", "markdown", "html"])
def test_odd_header_values_are_shown_and_do_nothing(value: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(encoded(entry(answer=[("Access-Control-Allow-Origin", value)]), entry()))
    result = run(path, "--format", form)
    assert result.exit_code == Exit.FOUND
    assert "\x1b" not in result.stdout and "\x00" not in result.stdout


def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    """What expands to 200 times its size and more: what is read of it is bounded, on disk, and never in memory as a whole."""
    head, one = SOUND.partition(b'{"startedDateTime"')[0], json.dumps(entry()).encode() + b","
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("bomb.har", "w") as member:
        member.write(head)
        chunk = one + b" " * (1 << 20)
        for _ in range(300):
            member.write(chunk)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (400 << 20,) * 2);"
        f"from corslens.cli import main; main(['analyze', {str(path)!r}])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "addon")}
    )
    assert found.returncode == Exit.UNREADABLE, found.stderr
    (sentence,) = found.stderr.splitlines()
    assert re.fullmatch(r".*/bomb\.har: grows to more than \d+ MiB when expanded; the rest was not read", sentence)
    assert "BLOCKED" in found.stdout


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07\u202eb.har", "bad\udcff.har", "two\nlines.har"])
def test_a_files_name_is_no_text(name: str, tmp_path: Path) -> None:
    """Whoever made a capture named it, too: what stands in a report is spelled out, and bytes of no encoding stop nothing."""
    (tmp_path / name).write_bytes(SOUND)
    (tmp_path / f"no-{name}").write_bytes(b"hello")
    endings = ("jsonl", "json", "html", "sarif", "xml", "md", "txt")
    outputs = [part for ending in endings for part in ("-o", str(tmp_path / f"r.{ending}"))]
    result = run(tmp_path / name, tmp_path / f"no-{name}", *outputs)
    assert result.exit_code == Exit.UNREADABLE, result.exception
    assert "is not a capture" in result.stderr
    for ending in endings:
        assert_escaped((tmp_path / f"r.{ending}").read_text(encoding="utf-8"))
