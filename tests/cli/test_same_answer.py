"""The same capture gives the same answer, whatever the format, the filter or the number of outputs."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.report.formats.registry import Format

from tests.inputs.make_har import at, encoded, entry
from tests.make import API, PAGE

pytestmark = pytest.mark.slow

OWN = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]
NAVIGATION = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")]

CAPTURES = {
    "blocked": [entry()],
    "allowed": [entry(answer=[("Access-Control-Allow-Origin", "*")])],
    "misspelled on the page's own origin": [
        entry("GET", f"{PAGE}/a", given=OWN, answer=[("Acces-Control-Allow-Origin", "*")]),
        entry(answer=[("Access-Control-Allow-Origin", PAGE)]),
    ],
    "the endpoint's own page, without Vary": [
        entry("GET", f"{API}/me", given=NAVIGATION, answer=[("Cache-Control", "max-age=60")]),
        entry(
            "GET", f"{API}/me", started=at(1), answer=[("Access-Control-Allow-Origin", PAGE), ("Cache-Control", "max-age=60")]
        ),
        entry("GET", f"{API}/me", started=at(2), given=NAVIGATION, answer=[("Cache-Control", "max-age=60")]),
    ],
    "a cookie of the page's own": [
        entry("GET", f"{API}/", given=[*NAVIGATION, ("Cookie", "a=1")]),
        entry(started=at(1), answer=[("Access-Control-Allow-Origin", PAGE)]),
    ],
    "nothing of CORS": [entry("GET", f"{PAGE}/a", given=OWN), entry("GET", f"{PAGE}/", given=NAVIGATION)],
}
FILTERS: dict[str, list[str]] = {
    "no filter": [],
    "all that is there": ["--include", "~all"],
    "nothing left out": ["--exclude", "~d no.test"],
}


def run(path: Path, *arguments: object) -> tuple[int, str]:
    """The exit code and what is printed."""
    result = CliRunner().invoke(main, ["analyze", str(path), *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def found(lines: Iterable[str]) -> dict[str, list[str]]:
    """The rules of the findings by exchange; of an id that comes again, the last record counts."""
    last = {record["id"]: record for record in map(json.loads, lines)}
    return {id: [one["rule"] for one in record["findings"]] for id, record in last.items() if record["findings"]}


@pytest.mark.parametrize("entries", CAPTURES.values(), ids=CAPTURES)
@pytest.mark.parametrize("threshold", ["error", "warning", "info"])
def test_the_exit_code_is_the_same_in_every_format_with_every_filter(
    entries: list[dict[str, object]], threshold: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(encoded(*entries))
    codes = {
        (form.value, name): run(path, "--format", form.value, "--fail-on", threshold, *filters)[0]
        for form in Format
        for name, filters in FILTERS.items()
    }
    assert len(set(codes.values())) == 1, codes


@pytest.mark.parametrize("entries", CAPTURES.values(), ids=CAPTURES)
def test_what_is_found_is_the_same_however_much_is_written(entries: list[dict[str, object]], tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(encoded(*entries))
    every = found(run(path, "--format", "jsonl")[1].splitlines())
    listed = json.loads(run(path, "--format", "json")[1])["exchanges"]
    assert {one["id"]: [rule["rule"] for rule in one["findings"]] for one in listed if one["findings"]} == every
