"""Colours only on a terminal and without NO_COLOR."""

import io

import pytest
from corslens.report.console import ReportConsole
from corslens.report.styled_text import StyledText, joined
from rich.console import Console
from rich.text import Text

BOLD = StyledText("x", "bold red")


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(file: io.StringIO) -> str:
    ReportConsole(file).print(BOLD)
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
    assert ReportConsole(Terminal()).width == 50
    assert ReportConsole(io.StringIO()).width is None


def test_styles_are_richs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal gets is what rich makes of the same text: a style for all of it, styles for parts, several texts as one."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    ours = joined(
        "\n\n", (StyledText("A", "bold red").append(" b", "default not bold").append(" c"), StyledText("d").stylize("dim", 0))
    )
    theirs = Text("\n\n").join((Text("A", "bold red").append(" b", "default not bold").append(" c"), Text("d", "dim")))
    printed, wanted = Terminal(), Terminal()
    ReportConsole(printed).print(ours)
    Console(file=wanted, highlight=False, soft_wrap=True).print(theirs)
    assert printed.getvalue() == wanted.getvalue()
    assert "\x1b[" in wanted.getvalue()
