"""What mitmdump and mitmweb print: each problem once, a count of its repeats, and a summary at the end."""

import sys
from collections import OrderedDict
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.mitm.options import Show
from corslens.report.as_text import render_lines, render_problem, render_summary
from corslens.report.console import report_console, width_of
from corslens.report.problems import dead_server, is_problem, label, problem_key
from corslens.report.tally import Tally

REMEMBERED = 2_000
"""Problems that are known again; an older one is printed anew."""


class Terminal:
    """Print inspections as they come.

    Args:
        out: where to; standard output unless given.
    """

    def __init__(self, out: TextIO | None = None, *, history: int = 10_000) -> None:
        self._out = out
        self._console: Console | None = None
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._shown: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._dead: OrderedDict[str, None] = OrderedDict()
        """Servers of which it was told that they do not answer."""
        self._history = history
        self.tally = Tally(history)

    def count(self, inspection: Inspection) -> None:
        """Count the inspection for the summary."""
        self.tally.add(inspection)

    def show(self, inspection: Inspection, what: Show) -> None:
        """Count the inspection, and print it if it is of the kind to be shown and says something new."""
        self.count(inspection)
        if inspection.observation.exchange.response is not None:
            self._dead.pop(inspection.observation.target_origin, None)
        wanted = _is_loud(inspection) or (what is Show.CORS and (inspection.observation.is_cors or inspection.findings))
        if what is Show.NONE or not wanted:
            return
        key = problem_key(inspection)
        if not _is_told(self._shown.pop(inspection.id, None), key):
            if what is Show.CORS or key not in self._seen:
                server = dead_server(inspection)
                self._say(inspection, brief=server in self._dead)
                if server is not None:
                    self._dead[server] = None
            self._seen.pop(key, None)
            self._seen[key] = None
        self._shown[inspection.id] = key
        for remembered in (self._seen, self._shown, self._dead):
            if len(remembered) > REMEMBERED:
                remembered.popitem(last=False)

    def summarise(self) -> None:
        """Print what was seen in all, unless there was nothing."""
        if self.tally.exchanges:
            self._print("")
            self._print(render_summary(self.tally, width_of(self._get_console())))

    def clear(self) -> None:
        """Forget what was seen."""
        self._seen.clear()
        self._shown.clear()
        self._dead.clear()
        self.tally = Tally(self._history)

    def say(self, lines: Iterable[str]) -> None:
        """Print lines, escaped and whole within the terminal."""
        text = render_lines(lines, width_of(self._get_console()))
        if text:
            self._print(text)

    def say_inspection(self, inspection: Inspection) -> None:
        """Print one exchange."""
        self._say(inspection, brief=False)

    def _say(self, inspection: Inspection, *, brief: bool) -> None:
        self._print(render_problem(inspection, width_of(self._get_console()), brief=brief))

    def _print(self, text: str | Text) -> None:
        console = self._get_console()
        console.print(text)
        console.file.flush()  # into a pipe as soon as onto a terminal

    def _get_console(self) -> Console:
        if self._console is None:
            self._console = report_console(self._out or sys.stdout)
        return self._console


def _is_told(before: tuple[str, ...] | None, key: tuple[str, ...]) -> bool:
    """Say whether what was printed of the exchange tells this, too: of a patched one what was changed, whatever else it would have mended."""
    return before is not None and (before == key or before[0] == key[0] == "PATCHED")


def _is_loud(inspection: Inspection) -> bool:
    """Say whether the exchange is worth interrupting somebody for.

    Not every problem is: not that a verdict depends on a credentials mode which nobody can see, nor that a browser left (or somebody
    killed the flow) before there was an answer.
    """
    exchange = inspection.observation.exchange
    abandoned = exchange.error is not None and exchange.response is None and not exchange.answered_by_proxy
    if abandoned or not is_problem(inspection):
        return False
    worst = inspection.worst
    return label(inspection) in ("BLOCKED", "PATCHED") or (worst is not None and worst > Severity.INFO)
