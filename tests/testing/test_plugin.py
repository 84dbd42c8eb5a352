"""The pytest plugin, in test runs of its own."""

import os
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
SUITE = """
from tests.testing.planted import ADMIN, APP, App

RIGHT = App(name="right")
MISSPELLED = App(name="misspelled", common=(("Vary", "Origin"), ("Access-Control-Expose-Header", "ETag")))

def test_right(cors): cors.refuses_everyone_but(RIGHT, [APP, ADMIN], credentials=True)
def test_found(cors): cors.allows(MISSPELLED, APP, credentials=True)
def test_found_again(cors): cors.allows(MISSPELLED, APP, credentials=True)
def test_blocked(cors): cors.allows(RIGHT, APP, "PATCH", credentials=True)
def test_without(): assert True
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'addon'}{os.pathsep}{ROOT}")
    pytester.makepyfile(test_suite=SUITE)
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return suite.runpytest_subprocess("-p", "corslens.pytest_plugin", "-q", *arguments)


@pytest.mark.slow  # starts pytest
def test_what_was_found_stands_in_the_report(suite: pytest.Pytester) -> None:
    """Once, with where; a failed test's message is the diagnosis, and is not printed again."""
    result = run(suite)
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        ["E*BLOCKED  PATCH https://testserver/*", "*= CORS =*", "WARNING  GET https://testserver/*", "  in test_suite.py::test_found and 1 more"]
    )  # fmt: skip
    assert result.stdout.str().count("WARNING  GET") == 1


@pytest.mark.slow  # starts pytest
def test_the_gate(suite: pytest.Pytester) -> None:
    result = run(suite, "--cors-fail-on", "warning")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["found at or above --cors-fail-on warning:", "", "WARNING  GET https://testserver/*"])


@pytest.mark.slow  # starts pytest
def test_a_wrong_word_is_refused(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\ncors_fail_on = loud\n")
    result = run(suite)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cors_fail_on: 'loud' is not one of error, warning, info, never"])


def test_it_is_registered() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert pyproject["project"]["entry-points"]["pytest11"] == {"corslens": "corslens.pytest_plugin"}
