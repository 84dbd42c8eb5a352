"""corslens analyze: files in; standard output, standard error, files and an exit code out."""

import gzip
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from corslens.analysis import collect
from corslens.cli import main
from corslens.exits import Exit

from tests.inputs.make_har import at, encoded, entry
from tests.make import API, PAGE

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = entry(
    answer=[("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin"), ("Access-Control-Allow-Credentials", "true")]
)


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    """Run the command."""
    result = CliRunner().invoke(main, ["analyze", *map(str, arguments)], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def records(result: Result) -> list[dict[str, Any]]:
    """The records on standard output."""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A capture with a blocked request."""
    path = tmp_path / "blocked.har"
    path.write_bytes(encoded(entry(), ALLOWED))
    return path


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    """A capture with nothing wrong."""
    path = tmp_path / "fine.har"
    path.write_bytes(encoded(entry(given=())))
    return path


def test_text(blocked: Path) -> None:
    result = run(blocked)
    assert result.exit_code == Exit.FOUND
    first, *_ = result.stdout.splitlines()
    assert first == f"BLOCKED  GET {API}/me  Missing Access-Control-Allow-Origin  [acao-missing]"
    assert "2 page requests: 1 blocked, 1 allowed\n1 problem, 1 cause, 1 resolved; 2 exchanges, 2 CORS" in result.stdout
    assert "\x1b" not in result.stdout and result.stderr == ""


def test_jsonl_is_a_record_an_exchange(blocked: Path) -> None:
    found = records(run(blocked, "--format", "jsonl"))
    assert [record["source"] for record in found] == [{"file": str(blocked), "index": 0}, {"file": str(blocked), "index": 1}]
    assert [record["id"] for record in found] == ["blocked:0", "blocked:1"]
    assert [record["verdicts"]["webkit"]["outcome"] for record in found] == ["blocked", "allowed"]


@pytest.mark.parametrize("form", ["text", "jsonl", "json", "html", "sarif", "junit", "markdown"])
def test_every_format(form: str, blocked: Path, tmp_path: Path) -> None:
    printed = run(blocked, "--format", form)
    assert printed.exit_code == Exit.FOUND and "acao-missing" in printed.stdout
    assert run(blocked, "--format", form).stdout == printed.stdout


ENDINGS = [".txt", ".jsonl", ".json", ".html", ".sarif", ".xml", ".md"]


def test_several_reports_at_once(blocked: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"report{ending}" for ending in ENDINGS]
    result = run(blocked, *(part for path in outputs for part in ("-o", path)))
    assert result.exit_code == Exit.FOUND and result.stdout.startswith("BLOCKED")
    assert [path.name for path in outputs if "acao-missing" not in path.read_text()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["blocked.har", *(path.name for path in outputs)])


def test_what_is_printed_does_not_depend_on_what_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(*[entry(url=f"{API}/{letter}") for letter in "abcdef"], ALLOWED))
    for form in ("text", "sarif", "junit", "markdown"):
        alone = run(tmp_path / "a.har", "--format", form).stdout
        beside = run(tmp_path / "a.har", "--format", form, "-o", tmp_path / "b.html", "-o", tmp_path / "b.json").stdout
        assert beside == alone


def test_top_is_how_many_problems_are_listed_everywhere(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(*[entry(url=f"{API}/{letter}") for letter in "abcdef"]))
    result = run(tmp_path / "a.har", "--top", 2, "-o", tmp_path / "a.json")
    assert result.stdout.count("BLOCKED  ") == 2 and "6 exchanges, 6 CORS" in result.stdout
    said = "2 of 6 problems; these are the worst. List all with --top 6."
    assert said in result.stdout
    document = json.loads((tmp_path / "a.json").read_bytes())
    assert (len(document["problems"]), document["problems_left_out"], document["summary"]["problems"]) == (2, said, 6)


GATE = [("error", Exit.FOUND), ("warning", Exit.FOUND), ("info", Exit.FOUND), ("never", Exit.OK)]


@pytest.mark.parametrize(("threshold", "code"), GATE)
def test_fail_on(threshold: str, code: Exit, blocked: Path, fine: Path) -> None:
    assert run(blocked, "--fail-on", threshold).exit_code == code
    assert run(fine, "--fail-on", threshold).exit_code == Exit.OK


def test_a_baseline_lets_known_findings_pass(blocked: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    assert run(blocked, "--write-baseline", baseline).exit_code == Exit.OK
    known = run(blocked, "--baseline", baseline, "--fail-on", "info")
    assert known.exit_code == Exit.OK and "known: in the baseline" in known.stdout
    assert "Baseline: 1 known, 0 new.\n" in known.stderr
    worse = tmp_path / "worse.har"
    worse.write_bytes(encoded(entry(), entry(url=f"{API}/other")))
    assert run(worse, "--baseline", baseline).exit_code == Exit.FOUND


def test_a_baseline_that_knows_too_much_is_told(blocked: Path, fine: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    run(blocked, "--write-baseline", baseline)
    result = run(fine, "--baseline", baseline)
    assert result.exit_code == Exit.OK
    assert f"A finding in the baseline no longer occurs: acao-missing {API}/me" in result.stderr


def test_files_are_sessions_of_their_own(tmp_path: Path) -> None:
    """A preflight in one file covers nothing in the next."""
    asked = entry(
        "OPTIONS",
        given=[("Origin", PAGE), ("Access-Control-Request-Method", "PUT")],
        status=204,
        answer=[
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Max-Age", "600"),
        ],
    )
    put = entry("PUT", started=at(1), answer=[("Access-Control-Allow-Origin", PAGE)])
    for name, entries in (("a", [asked, put]), ("b", [put])):
        (tmp_path / f"{name}.har").write_bytes(encoded(*entries))
    found = {record["id"]: record for record in records(run(tmp_path, "--format", "jsonl"))}
    assert found["a:1"]["preflight"]["id"] == "a:0"
    assert found["b:0"]["preflight"] is None


@pytest.mark.parametrize("form", ["jsonl", "json", "text", "sarif", "html", "junit", "markdown"])
@pytest.mark.slow
def test_jobs_change_nothing(form: str, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.har").write_bytes(encoded(*[entry(url=f"{API}/p{number}/{n}") for n in range(5)], ALLOWED))
    (tmp_path / "5.har").write_bytes(b"hello")
    one, two = (run(tmp_path, "--format", form, "--jobs", jobs) for jobs in (1, 2))
    assert (one.exit_code, one.stdout, one.stderr) == (two.exit_code, two.stdout, two.stderr)
    assert one.exit_code == Exit.UNREADABLE


@pytest.mark.slow
@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="another process does not see what a test patches")
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_a_process_that_is_killed_costs_one_capture(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(name: str, *arguments: Any, **named: Any) -> None:
        collect(name, *arguments, **named)
        if name.endswith("3.har"):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("corslens.cli.work.collect", kill)
    for number in range(8):
        (tmp_path / f"{number}.har").write_bytes(encoded(entry(url=f"{API}/p{number}")))
    result = run(tmp_path, "--format", form, "--jobs", 2, "--fail-on", "never")
    assert result.exit_code == Exit.UNREADABLE
    assert result.stderr.splitlines() == [
        f"{tmp_path / '3.har'}: was not analyzed: the process that read it was killed (SIGKILL); "
        "if memory is short, use fewer --jobs"
    ]
    listed = records(result) if form == "jsonl" else json.loads(result.stdout)["exchanges"]
    assert [Path(record["source"]["file"]).name for record in listed] == [f"{n}.har" for n in range(8) if n != 3]


@pytest.mark.slow
def test_standard_input_is_read_with_several_jobs(blocked: Path) -> None:
    result = run("-", blocked, "--jobs", 2, "--format", "jsonl", stdin=encoded(entry()))
    assert [record["id"] for record in records(result)] == ["stdin:0", "blocked:0", "blocked:1"]


def test_same_stems_get_ids_of_their_own(tmp_path: Path) -> None:
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.har").write_bytes(encoded(entry()))
    ids = [record["id"] for record in records(run(tmp_path, "--format", "jsonl"))]
    assert len(set(ids)) == 2 and ids[0] == "a:0"


def test_standard_input() -> None:
    result = run("-", "--format", "jsonl", stdin=gzip.compress(encoded(entry())))
    assert [(record["id"], record["source"]["file"]) for record in records(result)] == [("stdin:0", "stdin")]


def test_include_and_exclude_report_less_and_judge_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(encoded(entry(), entry(url="https://cdn.example/x"), entry("POST")))
    urls = [
        record["url"]
        for record in records(run(path, "--format", "jsonl", "--include", "~d api.example", "--exclude", "~m POST"))
    ]
    assert urls == [f"{API}/me"]


def test_engine_is_the_headline(blocked: Path) -> None:
    assert {record["engine"] for record in records(run(blocked, "--format", "jsonl", "--engine", "webkit"))} == {"webkit"}


WRONG: dict[str, tuple[Iterable[object], str]] = {
    "no file": ((), "Missing argument 'FILES...'"),
    "format": (("x.har", "--format", "pdf"), "'pdf' is not one of"),
    "threshold": (("x.har", "--fail-on", "fatal"), "'fatal' is not one of"),
    "filter": (("x.har", "--include", "~~"), "--include: '~~' is not a flow filter"),
    "ending": (("x.har", "-o", "report.pdf"), "-o report.pdf: the ending selects the format"),
    "folder": (("x.har", "-o", "no/such/report.json"), "there is no folder no/such"),
    "rules": (("x.har", "--rules", "no/such.yaml"), "no such file or folder"),
    "baseline": (
        ("x.har", "--baseline", "no.json"),
        "--baseline no.json: no such file; --write-baseline no.json creates it from the current findings",
    ),
    "jobs": (("x.har", "--jobs", "0"), "0 is not in the range"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_usage(arguments: Iterable[object], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == Exit.USAGE
    assert sentence in result.stderr


def test_a_broken_rule_file_is_told(fine: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text("title: x\nunknown-field: 1\n")
    result = run(fine, "--rules", rules)
    assert result.exit_code == Exit.USAGE
    assert "mine.yaml:2" in result.stderr and "unknown-field" in result.stderr


def test_a_baseline_that_is_none_is_told(fine: Path, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("[]")
    result = run(fine, "--baseline", tmp_path / "b.json")
    assert result.exit_code == Exit.USAGE and "is no baseline" in result.stderr


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(blocked: Path) -> None:
    command = f"{sys.executable} -m corslens analyze {blocked} --format json --fail-on never | head -c 1"
    found = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "addon"), "PATH": "/usr/bin:/bin"},
    )
    assert "Traceback" not in found.stderr and "Exception" not in found.stderr


@pytest.mark.slow
def test_colours_only_where_they_belong(blocked: Path) -> None:
    def colours(**env: str) -> bool:
        found = subprocess.run(
            [sys.executable, "-m", "corslens", "analyze", str(blocked)],
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(ROOT / "addon"), **env},
        )
        return "\x1b[" in found.stdout

    assert colours(FORCE_COLOR="1", TERM="xterm-256color")
    assert not colours(FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color")
    assert not colours(TERM="xterm-256color")


def test_a_filter_that_leaves_nothing_is_told(blocked: Path) -> None:
    result = run(blocked, "--include", "~u nothing")
    assert result.exit_code == Exit.OK and "0 exchanges" in result.stdout
    assert "leave out all 2 exchanges, so there is nothing to report" in result.stderr
    assert run(blocked, "--include", "~u /me").stderr == ""


def test_a_filter_does_not_make_a_file_cookieless(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    cookie = entry(url=f"{PAGE}/", given=[("Cookie", "a=1")])
    path.write_bytes(encoded(entry(answer=[("Access-Control-Allow-Origin", "*")]), cookie))
    assert "no cookie" not in run(path, "--include", "~u /me").stdout
    path.write_bytes(encoded(entry(answer=[("Access-Control-Allow-Origin", "*")])))
    assert "no cookie" in run(path, "--include", "~u /me").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="has no modes")
@pytest.mark.parametrize("ending", ["jsonl", "html", "json"])
def test_a_report_is_its_owners_alone_and_keeps_the_mode_that_it_has(blocked: Path, ending: str) -> None:
    made = blocked.with_name(f"out.{ending}")
    run(blocked, "-o", made)
    assert made.stat().st_mode & 0o777 == 0o600
    made.chmod(0o644)
    run(blocked, "-o", made)
    assert made.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("how", ["itself", "another spelling", "a symbolic link", "a hard link", "in a folder"])
@pytest.mark.parametrize("option", ["-o", "--write-baseline"])
def test_no_output_overwrites_an_input(tmp_path: Path, option: str, how: str) -> None:
    """A slip of the keyboard does not cost a recording, whatever name the file has."""
    capture = tmp_path / "a.har.json"
    capture.write_bytes(encoded(entry()))
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(capture, folder / "b.har")
    path, given = {
        "itself": (capture, capture),
        "another spelling": (folder / ".." / capture.name, capture),
        "a symbolic link": (tmp_path / "link.json", capture),
        "a hard link": (tmp_path / "hard.json", capture),
        "in a folder": (folder / "b.json", folder),
    }[how]
    if how == "a symbolic link":
        path.symlink_to(capture)
    elif how == "a hard link":
        path.hardlink_to(capture)
    elif how == "in a folder":
        path.hardlink_to(folder / "b.har")
    before = path.read_bytes()
    result = run(given, option, path)
    assert result.exit_code == Exit.USAGE and "is an input, and would be overwritten" in result.output
    assert path.read_bytes() == before
