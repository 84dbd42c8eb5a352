"""The library: what `from corslens import …` offers to programs. Stable: names and types here change with a version only."""

from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from typing import Literal

from corslens.analysis import Judging, collect_found, load_user_rules
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs.files import find
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange, within_limits
from corslens.report.formats.registry import Format, render
from corslens.verdict.headline import AUTO, HeadlinePolicy

_LIMIT = 1_000_000

type EngineName = Literal["chromium", "firefox", "webkit", "all"]
type ReportFormat = Literal["text", "jsonl", "json", "html", "sarif", "junit", "markdown"]


class Analysis:
    """What was found in captured traffic."""

    def __init__(self, summary: SessionSummary, rules: RuleSet) -> None:
        self._summary = summary
        self._rules = rules

    def __iter__(self) -> Iterator[Inspection]:
        """Yield the inspections in order: of every CORS exchange, and of any other with a finding."""
        return self._summary.inspections()

    @property
    def exchanges(self) -> int:
        """How many exchanges were read, those without CORS included."""
        return self._summary.exchanges

    @property
    def problems(self) -> list[Problem]:
        """The problems, each one cause at one endpoint, worst first."""
        return list(self._summary.problems())

    @property
    def damages(self) -> list[str]:
        """What could not be read, a sentence each; empty when all was."""
        return [sentence for one in self._summary.inputs for sentence in one.damages]

    @property
    def notes(self) -> list[str]:
        """What the captures could not show, a sentence each."""
        return [sentence for one in self._summary.inputs for sentence in one.notes]

    def report(self, form: ReportFormat, *, top: int | None = None) -> str:
        """Return a report, as `corslens analyze --format` prints it.

        Args:
            top: how many problems it lists, the worst; None for what suits the format. Counts are of all.
        """
        return render(Format(form), self._summary, self._rules, top=top).decode()


def analyze(
    *paths: str | PathLike[str], engine: EngineName | None = None, rules: Iterable[str | PathLike[str]] = ()
) -> Analysis:
    """Judge captured traffic: HAR and mitmproxy flow files, compressed ones, folders of them. Each capture is a session of its own.

    Args:
        engine: whose verdict counts; None for the browser that sent each request, `all` for the first that blocks.
        rules: rule files or folders of your own, added to the shipped ones.
    Raises: ValueError with every mistake in the rule files. What is wrong with a capture is in `Analysis.damages` instead.
    """
    settings = Judging(engine=engine or AUTO, rule_paths=tuple(fspath(path) for path in rules)).settings()
    summary = SessionSummary(hold=_LIMIT, everything=True)
    collect_found(find([fspath(path) for path in paths]), settings, summary)
    return Analysis(summary, settings.rules)


def inspect_exchange(
    exchange: Exchange,
    *,
    preflight: Exchange | None = None,
    engine: EngineName | None = None,
    rules: Iterable[str | PathLike[str]] = (),
) -> Inspection:
    """Judge one exchange.

    Args:
        preflight: the CORS-preflight request that went before it.
        engine: whose verdict counts; None for the browser that sent the request, `all` for the first that blocks.
        rules: rule files or folders of your own, added to the shipped ones.
    Raises: ValueError with every mistake in the rule files.
    """
    inspector = Inspector(
        rules=load_user_rules(tuple(fspath(path) for path in rules)), headline=HeadlinePolicy.parse(engine or AUTO)
    )
    if preflight is not None:
        inspector.inspect(within_limits(preflight))
    found = inspector.inspect(within_limits(exchange))[0]
    return next((later for later in inspector.finish() if later.id == found.id), found)
