"""corslens corpus: what it prints and returns, what it does not do twice, and what it says when something is missing."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from corslens.cli import corpus as command
from corslens.cli import main
from corslens.corpus.across import Across
from corslens.corpus.judge import Judged, judge
from corslens.corpus.shards import CaptureSource, Shard, Work, cut

ADDON = Path(__file__).parents[2] / "addon"

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of a few captures of the tests."""

    def cut_small(sources: Sequence[CaptureSource], work: Work, *, size: int) -> list[Shard]:
        return cut(sources, work, size=20_000)

    monkeypatch.setattr(command, "cut", cut_small)


def run(*arguments: object) -> Result:
    """What the command line makes of it."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_it_prints_what_analyze_prints_and_returns_what_it_returns(captures: Path, tmp_path: Path) -> None:
    alone, out = run("analyze", captures), tmp_path / "out"
    found = run("corpus", captures, "--out", out)
    assert (found.stdout, found.exit_code) == (alone.stdout, alone.exit_code)
    assert alone.stderr.splitlines() == found.stderr.splitlines()[1:]
    again = run("corpus", captures, "--out", out, "-o", tmp_path / "r.sarif")
    assert ", 0 to judge" in again.stderr
    run("analyze", captures, "-o", tmp_path / "a.sarif")
    assert (tmp_path / "r.sarif").read_bytes() == (tmp_path / "a.sarif").read_bytes()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    assert modes == {0o600}
    for path in captures.iterdir():
        if path.suffix != ".har":
            path.unlink()
    fewer = run("corpus", captures, "--out", out, "--fail-on", "never")
    assert (fewer.stdout, fewer.exit_code) == (run("analyze", captures).stdout, 0)
    receipts = {path.stem for path in (out / "captures").iterdir()}
    assert receipts == {shard["name"] for shard in json.loads((out / "corpus.json").read_bytes())["shards"]}


@pytest.mark.slow  # judges a corpus more than once
def test_results_are_no_captures_and_captures_no_results(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the results are: within the captures, or so that a table's folder is that of the captures."""
    monkeypatch.chdir(tmp_path)
    for path in captures.iterdir():
        if path.suffix != ".har":
            path.unlink()
    for out in ("captures/out", "."):
        (captures / "requests.parquet").write_bytes(b"the user's")
        runs = [run("corpus", "captures", "--out", out, *(["--across"] if place else [])) for place in range(3)]
        assert len({one.stderr.splitlines()[0].partition(" captures in ")[0] for one in runs}) == 1
        assert all("captures/requests.parquet: is not a Parquet file" in one.stderr for one in runs)
        assert (captures / "requests.parquet").read_bytes() == b"the user's"


@pytest.mark.skipif(sys.platform != "linux", reason="its file systems alone take any name")
def test_captures_of_any_name_are_read(captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "named"
    folder.mkdir()
    monkeypatch.chdir(folder)
    content = (captures / "playwright.har").read_bytes()
    for name in (b"bad\xff.har", "\u00fc \u6f22.har".encode(), b"new\nline.har", b"quo'te*[a].har"):
        Path(os.fsdecode(name)).write_bytes(content)
    Path(os.fsdecode(b"cut\xfe.har")).write_bytes(content[: len(content) // 2])
    alone = run("analyze", ".")
    found = run("corpus", ".", "--out", tmp_path / "out")
    assert (found.stdout, found.stderr.splitlines()[1:]) == (alone.stdout, alone.stderr.splitlines())
    Path(os.fsdecode(b"no\xfe.jsonl")).write_bytes(b"{}\n")
    more = run("corpus", ".", os.fsdecode(b"missing\xfe.har"), "--out", tmp_path / "out")
    assert more.stdout == alone.stdout
    said = [line for line in more.stderr.splitlines()[1:] if line not in alone.stderr.splitlines()]
    assert [line.partition(": ")[0] for line in said] == [r"missing\udcfe.har", r"no\udcfe.jsonl"]


@pytest.mark.slow  # judges a corpus more than once
def test_what_was_not_judged_is_named_and_judged_by_the_next_run(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Shard] = []

    def failing(shard: Shard, work: Work, out: str, across: Across | None = None) -> Judged:
        calls.append(shard)
        if calls[0] is shard:
            raise OSError(5, "Input/output error")
        return judge(shard, work, out, across)

    monkeypatch.setattr(command, "judge", failing)
    first = run("corpus", captures, "--out", tmp_path / "out")
    assert calls[0] is calls[1]  # it was tried again
    assert first.exit_code == 3
    for source in calls[0].sources:
        assert f"{source.name}: was not analyzed: Input/output error" in first.stderr
    done = len({shard.name for shard in calls}) - 1
    monkeypatch.setattr(command, "judge", judge)
    second = run("corpus", captures, "--out", tmp_path / "out")
    assert f" captures in {done + 1} shards, 1 to judge" in second.stderr
    assert second.stdout == run("analyze", captures).stdout


@pytest.mark.slow  # judges a corpus more than once
@pytest.mark.parametrize("across", [[], ["--across"]])
def test_captures_that_are_away_for_a_while_are_judged_when_they_are_back(
    across: list[str], captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk of the network: their names, sizes and dates are the same as before."""

    def unmounted(shard: Shard, work: Work, out: str, across: Across | None = None) -> Judged:
        away = captures.rename(tmp_path / "away")
        try:
            return judge(shard, work, out, across)
        finally:
            away.rename(captures)

    monkeypatch.setattr(command, "judge", unmounted)
    first = run("corpus", captures, "--out", tmp_path / "out", *across)
    assert first.exit_code == 3 and first.stderr.count("cannot be read: No such file or directory") > 10
    monkeypatch.setattr(command, "judge", judge)
    second = run("corpus", captures, "--out", tmp_path / "out", *across)
    assert second.stdout == run("corpus", captures, "--out", tmp_path / "other", *across).stdout


@pytest.mark.slow  # judges a corpus more than once
def test_a_process_that_is_killed_once_costs_nothing(captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadly(shard: Shard, work: Work, out: str, across: Across | None = None) -> Judged:
        mark = tmp_path / "killed"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return judge(shard, work, out, across)

    monkeypatch.setattr(command, "judge", deadly)
    found = run("corpus", captures, "--out", tmp_path / "out", "--jobs", "2")
    assert (tmp_path / "killed").exists()
    alone = run("analyze", captures)
    assert (found.stdout, found.exit_code) == (alone.stdout, alone.exit_code)
    assert found.stderr.splitlines()[1:] == alone.stderr.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="has no process groups")
@pytest.mark.slow  # judges a corpus more than once
def test_nothing_is_left_of_a_run_that_was_killed(captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the folder for what is temporary, nor half of a table, which the next run removes."""
    temporary, out = tmp_path / "temporary", tmp_path / "out"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    command_line = [sys.executable, "-m", "corslens", "corpus", str(captures), "--out", str(out), "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ADDON)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command_line, stdout=quiet, stderr=quiet, start_new_session=True, env=environment)
    try:
        while process.poll() is None and not any(out.glob("exchanges/*")):
            os.sched_yield()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not list(temporary.iterdir())
    (out / "exchanges" / f".{'0' * 32}.parquet.abc").touch()
    again = run("corpus", captures, "--out", out)
    assert again.stdout == run("analyze", captures).stdout
    assert not list(out.rglob(".*"))


@pytest.mark.slow  # judges a corpus more than once
def test_another_corslens_than_the_one_that_planned_judges_nothing(captures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("corpus", captures, "--out", out)
    listing = out / "corpus.json"
    plan = json.loads(listing.read_bytes())
    plan["work"]["version"] = "0.0.1+0"
    listing.write_text(json.dumps(plan))
    assert run("corpus", "--out", out).exit_code == run("analyze", captures).exit_code  # all is judged
    (out / "captures" / f"{plan['shards'][0]['name']}.parquet").unlink()
    result = run("corpus", "--out", out)
    assert result.exit_code == 3
    assert "and the one that planned the work 0.0.1+0; name the captures again" in result.stderr
    assert ", 1 to judge" in run("corpus", captures, "--out", out).stderr


@pytest.mark.slow  # judges a corpus more than once
def test_a_damaged_table_is_a_sentence_that_says_how_to_replace_it(captures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    expected = run("corpus", captures, "--out", out).stdout
    table = sorted((out / "problems").iterdir())[0]
    table.write_bytes(table.read_bytes()[:100])
    for _ in range(2):
        result = run("corpus", "--out", out)
        assert result.exit_code == 2
        assert re.search(rf"Error: .*/problems/{table.name}.*; remove the file of that name in captures/ ", result.stderr)
        table.unlink(missing_ok=True)
    (out / "captures" / table.name).unlink()
    assert run("corpus", "--out", out).stdout == expected


@pytest.mark.slow  # judges a corpus more than once
def test_the_plan_is_enough_for_any_engine(captures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    expected = run("corpus", captures, "--out", out).stdout
    for path in (out / "captures").iterdir():
        path.unlink()
    plan = json.loads((out / "corpus.json").read_bytes())
    shards, work = msgspec.convert(plan["shards"], list[Shard]), msgspec.convert(plan["work"], Work)
    for shard in shards:
        judge(shard, work, str(out))
    reported = run("corpus", "--out", out)
    assert ", 0 to judge" in reported.stderr
    assert reported.stdout == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "nosuch://bucket"], "nosuch"),
        pytest.param(
            ["--out", "out", "--dask", "tcp://127.0.0.1:1"],
            "--dask tcp://127.0.0.1:1: the scheduler cannot be reached",
            marks=pytest.mark.slow,  # imports Dask
        ),
        (["--out", "out", "--dask", "tcp://127.0.0.1:1", "--jobs", "2"], "leave out --jobs"),
        (["--out", "out", "--format", "jsonl"], "column record"),
        (["--out", "out", "--sql", "SELECT 1", "-o", "all.html"], "leave out -o"),
        (["--out", "out", "--memory", "much"], "--memory"),
        (["--out", "out", "--memory", "-1GB"], "--memory -1GB: not a size"),
        (["--out", "out", "--memory", "1MB"], "--memory 1MB: not enough to merge this corpus"),
        (["--out", ""], "--out: must not be empty"),
        (["--out", "http://127.0.0.1:1/out"], "http://127.0.0.1:1/out: "),
        (["nosuch://bucket/a.har", "--out", "out"], "nosuch://bucket/a.har: cannot be listed: "),
    ],
)
def test_wrong_usage_is_a_sentence(
    arguments: list[str], said: str, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("corslens.corpus.on_dask._SECONDS", 1)
    result = run("corpus", captures, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]


@pytest.mark.skipif(os.name == "nt", reason="has no pipes in folders")
@pytest.mark.parametrize("kind", ["file", "pipe", "socket", "loop", "dangling link", "pipe within"])
def test_what_is_not_a_folder_is_left_alone(kind: str, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, whatever the name leads to, and no waiting for who writes into a pipe."""
    monkeypatch.chdir(tmp_path)
    out = Path("out")
    match kind:
        case "file":
            out.write_text("precious")
        case "pipe":
            os.mkfifo(out)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(out))
        case "loop" | "dangling link":
            out.symlink_to(out if kind == "loop" else "nowhere")
        case "pipe within":
            out.mkdir()
            os.mkfifo(out / "corpus.json")
    before = out.lstat()
    result = run("corpus", captures, "--out", out)
    assert result.exit_code == 2
    assert re.fullmatch(r"Error: .*: (is not a f(older|ile)|Too many levels of symbolic links)", result.stderr.splitlines()[-1])
    assert out.lstat().st_ino == before.st_ino
    assert kind != "file" or out.read_text() == "precious"
    assert kind != "pipe within" or [path.name for path in out.iterdir()] == ["corpus.json"]


@pytest.mark.parametrize("package", ["duckdb", "pyarrow", "distributed"])
def test_a_missing_package_is_a_sentence(package: str, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    more = ["--dask", "tcp://127.0.0.1:1"] if package == "distributed" else []
    result = run("corpus", captures, "--out", tmp_path / "out", *more)
    assert result.exit_code == 2
    assert 'is not installed; run: pip install "corslens[corpus]"' in result.stderr.splitlines()[-1]
