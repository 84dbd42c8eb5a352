"""corslens diff: what changed between two captures."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from corslens.cli import main
from corslens.exits import Exit

from tests.cli.test_analyze import ALLOWED
from tests.inputs.make_har import encoded, entry
from tests.make import API, PAGE


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def captures(folder: Path) -> tuple[Path, Path]:
    good, bad = folder / "good.har", folder / "bad.har"
    good.write_bytes(encoded(ALLOWED))
    bad.write_bytes(encoded(entry()))
    return good, bad


def test_a_deployment_that_broke_something(tmp_path: Path) -> None:
    result = run(*captures(tmp_path))
    assert result.exit_code == Exit.FOUND
    assert f"WORSE  GET {API}/me  from {PAGE}" in result.stdout
    assert "allowed  →  blocked (acao-missing)" in result.stdout and "+ error: acao-missing" in result.stdout


def test_a_deployment_that_resolved_it(tmp_path: Path) -> None:
    good, bad = captures(tmp_path)
    result = run(bad, good, "--format", "json")
    assert result.exit_code == Exit.OK
    (change,) = json.loads(result.stdout)["changes"]
    assert (change["kind"], change["gone_findings"][0]) == ("resolved", "acao-missing")


def test_no_difference(tmp_path: Path) -> None:
    good, _ = captures(tmp_path)
    result = run(good, good)
    assert (result.exit_code, result.stdout.strip()) == (
        Exit.OK,
        "1 endpoint in both: 0 worse, 0 resolved, 0 better, 0 changed",
    )


def test_a_side_that_cannot_be_read(tmp_path: Path) -> None:
    good, _ = captures(tmp_path)
    for sides in ((good, tmp_path / "no.har"), (tmp_path / "no.har", good)):
        result = run(*sides)
        assert result.exit_code == Exit.UNREADABLE and "no.har: cannot be read" in result.stderr
        assert result.stdout == "" and "Nothing was compared" in result.stderr


def test_a_test_server_on_another_port(tmp_path: Path) -> None:
    """It is the same endpoint, and the help says so."""
    sides = [tmp_path / f"{port}.har" for port in (58080, 41234)]
    for side in sides:
        side.write_bytes(encoded(entry(url=f"http://localhost:{side.stem}/me")))
    assert run(*sides).stdout.startswith("1 endpoint in both")
    assert "Ports of this machine (localhost, 127.0.0.1) are ignored" in " ".join(run("--help").stdout.split())
