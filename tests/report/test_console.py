"""Colours only on a terminal and without NO_COLOR."""

import io

import pytest
from corslens.report.console import report_console, width_of
from rich.text import Text

BOLD = Text("x", "bold red")


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(file: io.StringIO) -> str:
    report_console(file).print(BOLD)
    return file.getvalue()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in printed(Terminal())
    assert printed(io.StringIO()) == "x\n"


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert printed(Terminal()) == "x\n"


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert width_of(report_console(Terminal())) == 50
    assert width_of(report_console(io.StringIO())) is None
