"""What mitmdump and mitmweb print: each problem once, a line when it is resolved, and a summary at the end."""

from collections.abc import Iterable
from typing import TextIO

from corslens.bounded import Bounded
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Key, Problem, key_of
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.report.console import ReportConsole
from corslens.report.formats.text import render_lines, render_problem, render_resolved, render_summary
from corslens.report.styled_text import StyledText
from corslens.verdict.verdict import Outcome

REMEMBERED = 2_000
"""Problems that are known again; an older one is printed anew."""

type _Said = tuple[Key, str, str, str | None]


class Terminal:
    """Print diagnoses as they come.

    Args:
        out: where to; standard output unless given.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._console: ReportConsole | None = None
        self._seen: Bounded[_Said, None] = Bounded(REMEMBERED)
        self._printed: Bounded[str, str] = Bounded(REMEMBERED)
        """Page requests that were printed, with the word that stood before them."""

    def show_problem(self, diagnosis: Diagnosis) -> None:
        """Print a page request that went wrong, if that is news: the same on the same endpoint is printed once."""
        if not _is_news(diagnosis):
            return
        request = diagnosis.page_request
        said = (key_of(diagnosis), diagnosis.word, request.method, request.page)
        # Of a patched one it was printed what changed; that more would have been missing is no news.
        patched = diagnosis.word == "PATCHED" == self._printed.get(request.id)
        if said not in self._seen and not patched:
            self._say(diagnosis)
        _remember(self._seen, said, None)
        _remember(self._printed, request.id, diagnosis.word)

    def show(self, diagnosis: Diagnosis) -> None:
        """Print a page request, whatever became of it, once it is known."""
        request = diagnosis.page_request
        known = request.outcome is not Outcome.NOT_JUDGED or diagnosis.is_loud
        if known and (request.is_cors or diagnosis.cause) and self._printed.get(request.id) != diagnosis.word:
            self._say(diagnosis)
            _remember(self._printed, request.id, diagnosis.word)

    def show_resolved(self, problems: Iterable[Problem]) -> None:
        """Print a line for each problem that is resolved now; should it come again, it is news again."""
        for problem in problems:
            if problem.state is ProblemState.RESOLVED and _is_news(problem.diagnosis):
                self._print(render_resolved(problem, self._get_console().width))
                for said in [said for said in self._seen if said[0] == problem.key]:
                    del self._seen[said]

    def summarize(self, summary: SessionSummary) -> None:
        """Print what was seen in all, unless there was nothing."""
        if summary.exchanges:
            self._print(StyledText())
            self._print(render_summary(summary, self._get_console().width))

    def clear(self) -> None:
        """Print again what was printed."""
        self._seen.clear()
        self._printed.clear()

    def say(self, lines: Iterable[str]) -> None:
        """Print lines, escaped and whole within the terminal."""
        text = render_lines(lines, self._get_console().width)
        if text:
            self._print(text)

    def _say(self, diagnosis: Diagnosis) -> None:
        self._print(render_problem(diagnosis, self._get_console().width))

    def _print(self, text: StyledText) -> None:
        self._get_console().print(text)

    def _get_console(self) -> ReportConsole:
        if self._console is None:
            self._console = ReportConsole(self._out)
        return self._console


def _is_news(diagnosis: Diagnosis) -> bool:
    """Say whether a page request is worth interrupting somebody for.

    Not every problem is: not that a verdict depends on a credentials mode which nobody can see, nor that a browser left (or somebody
    killed the flow) before there was a response.
    """
    exchange = diagnosis.place.observation.exchange
    abandoned = exchange.error is not None and exchange.delivered is None
    if abandoned or not diagnosis.is_loud:
        return False
    if diagnosis.cause is None and diagnosis.page_request.verdict.outcome is Outcome.DEPENDS:
        return False
    return diagnosis.word != "DEPENDS" or diagnosis.severity > Severity.INFO


def _remember[K, V](remembered: Bounded[K, V], key: K, value: V) -> None:
    remembered.pop(key, None)
    remembered[key] = value
