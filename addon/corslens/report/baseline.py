"""Baseline: the problems that a team knows of and lives with, by fingerprint; a report names them and a gate lets them pass."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from corslens.diagnosis.problem import Key, Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.report.escape import escape_json
from corslens.report.initiators import SourceRoot

SCHEMA = "corslens-baseline/1"


class _Finding(Struct, frozen=True, kw_only=True):
    fingerprint: str
    rule: str
    endpoint: str


class _Baseline(Struct, frozen=True, kw_only=True):
    schema: str
    findings: tuple[_Finding, ...]


class Gate(Struct, frozen=True, kw_only=True):
    """What makes a run fail: problems at or over a severity that no baseline knows."""

    fail_on: Severity | None = Severity.ERROR
    """None: nothing."""
    known: frozenset[str] = frozenset()
    """Fingerprints of a baseline."""
    source_roots: tuple[SourceRoot, ...] = ()
    """Where the sources of pages are in the repository, for reports that point at lines of code."""

    def fails(self, problem: Problem) -> bool:
        """Say whether the problem makes the run fail, resolved or not: a test that failed first has failed."""
        return self.fail_on is not None and problem.severity >= self.fail_on and not is_known(problem, self.known)

    def fails_on(self, summary: SessionSummary) -> bool:
        """Say whether any problem makes the run fail."""
        fail_on = self.fail_on
        if fail_on is None:
            return False
        if not self.known:
            return any(one.severity >= fail_on for one in summary.standings())
        return any(map(self.fails, summary.problems()))


def is_known(problem: Problem, known: frozenset[str]) -> bool:
    """Say whether a baseline names the problem, and all that is wrong beside it: a new fault is no old one."""
    return bool(known) and all(key.fingerprint in known for key in problem.named())


def parse_baseline(text: bytes) -> Mapping[str, str]:
    """Return what is known: fingerprints, with rule and endpoint for people.

    Raises: ValueError saying what is wrong with it.
    """
    try:
        baseline = msgspec.json.decode(text, type=_Baseline)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no baseline ({error}); --write-baseline creates one") from None
    if baseline.schema != SCHEMA:
        raise ValueError(f'is a baseline of the form "{baseline.schema}", and this version reads "{SCHEMA}"')
    return {finding.fingerprint: f"{finding.rule} {finding.endpoint}" for finding in baseline.findings}


def keys_of(problems: Iterable[Problem]) -> set[Key]:
    """Return what a baseline of these problems names."""
    return {key for problem in problems for key in problem.named()}


def render_baseline(problems: Iterable[Problem]) -> bytes:
    """Return a baseline that knows these problems, in an order that makes for small differences."""
    findings = sorted(
        (_Finding(fingerprint=key.fingerprint, rule=key.rule, endpoint=key.endpoint) for key in keys_of(problems)),
        key=lambda finding: (finding.rule, finding.endpoint, finding.fingerprint),
    )
    encoded = msgspec.json.encode(_Baseline(schema=SCHEMA, findings=tuple(findings)))
    return escape_json(msgspec.json.format(encoded, indent=1)) + b"\n"
