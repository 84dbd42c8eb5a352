"""pytest plugin: the fixture `cors`, the option `--cors-fail-on`, and what was found in the report.

pytest loads it by its entry point with every run of an environment that corslens is installed in, so nothing else is imported before
a test wants the fixture.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from corslens.testing.assertions import Cors

_NEVER = "never"
_CHOICES = ("error", "warning", "info", _NEVER)
_SECTION = "CORS"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option, and the same for the configuration file."""
    text = "Fail a test that uses the fixture cors on any finding at or above this severity"
    parser.getgroup("corslens").addoption("--cors-fail-on", choices=_CHOICES, default=None, help=f"{text}.")
    parser.addini("cors_fail_on", f"{text}: {', '.join(_CHOICES)}.", default=_NEVER)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a wrong word in the configuration file."""
    if _fail_on(config) not in _CHOICES:
        raise pytest.UsageError(f"cors_fail_on: {_fail_on(config)!r} is not one of {', '.join(_CHOICES)}")


@pytest.fixture
def cors() -> "Cors":
    """Assertions on what an app allows: `cors.allows`, `cors.refuses`, `cors.refuses_everyone_but`; and `cors.watch`, the proxy."""
    from corslens.testing.assertions import Cors

    return Cors()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """After the test, fail it or keep for the report what was found."""
    outcome = yield
    found = getattr(item, "funcargs", {}).get("cors")
    if found is None or not hasattr(found, "diagnoses"):
        return outcome  # another fixture of this name, or none
    from corslens.lint.finding import Severity

    word = _fail_on(item.config)
    if word != _NEVER and (failing := found.diagnoses(Severity[word.upper()])):
        pytest.fail("\n\n".join([f"found at or above --cors-fail-on {word}:", *failing]), pytrace=False)
    if blocks := found.diagnoses(Severity.WARNING):
        item.add_report_section("call", _SECTION, "\n\n".join(blocks))
    return outcome


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was found in tests that passed; of the others pytest prints it itself."""
    found: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("passed"):
        for title, text in report.sections:
            if title == f"Captured {_SECTION} call":
                for block in text.split("\n\n"):
                    found.setdefault(block, []).append(report.nodeid)
    if not found:
        return
    terminalreporter.section(_SECTION)
    for block, nodes in found.items():
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        terminalreporter.write_line(f"{block}\n  in {nodes[0]}{more}\n")


def _fail_on(config: pytest.Config) -> str:
    return str(config.getoption("--cors-fail-on") or config.getini("cors_fail_on"))
