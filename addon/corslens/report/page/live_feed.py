"""The page's data on a session: counts, origin pairs and problems, all of them or what changed since a version."""

from collections.abc import Iterable, Mapping

from corslens.diagnosis.diagnose import JUDGED, worst_word
from corslens.diagnosis.matrix import Cell
from corslens.diagnosis.problem import Key, Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Finding, Stage
from corslens.observation.background import is_browser_background
from corslens.observation.observation import Role
from corslens.observation.redaction import redact_url
from corslens.report.formats.jsonl import finding_record
from corslens.report.initiators import requested_by
from corslens.report.page.exchange_detail import Json
from corslens.report.plain import without_origin

_SHOWN_NAMES = 50


def changes(summary: SessionSummary, since: int = 0, *, limit: int | None = None) -> Json:
    """Return the counts, and the origin pairs and problems that changed after that version; all when it is too long ago.

    Args:
        limit: how many pairs, and problems, are returned at most, the oldest changes first; more where one exchange changed them all.
    Returns: `version`, up to which it is complete: what to ask for next; and `more` when there is a reason to ask at once.
    """
    anew = since < summary.complete_since or since > summary.version
    if anew:
        since = 0
    cells, cells_to = _changed(summary.cells(), since, limit)
    problems, problems_to = _changed(summary.changed_problems(), since, limit)
    version = min(to for to in (cells_to, problems_to, summary.version) if to is not None)
    return {
        "version": version,
        "anew": anew,
        "more": version < summary.version,
        "counts": _counts(summary),
        "cells": [_cell(key, cell) for key, cell in cells if cell.version <= version],
        "problems": [_problem(key, problem) for key, problem in problems if problem.version <= version],
        "gone": [] if anew else summary.gone(since),
    }


def whole(summary: SessionSummary, problems: Iterable[Problem], pairs: int) -> Json:
    """Return what a report holds that is over: the counts, of all, and these problems; in the form of `changes`.

    Args:
        pairs: how many origin pairs it holds at most, the worst and busiest; the others are counted.
    """
    worst, every = summary.worst_cells(pairs)
    cells = [_cell(key, cell) for key, cell in worst]
    return {
        "version": 0,
        "anew": True,
        "more": False,
        "counts": _counts(summary),
        "cells": cells,
        "cells_left_out": every - len(cells),
        "problems": [_problem(problem.key, problem) for problem in problems],
        "gone": [],
    }


def example_ids(problem: Problem) -> list[str]:
    """Return the ids of the exchanges that serve as its examples."""
    return [example.diagnosis.place.id for example in problem.examples]


def _changed[K, V: (Cell, Problem)](
    items: Mapping[K, V], since: int, limit: int | None
) -> tuple[list[tuple[K, V]], int | None]:
    """Return what changed, oldest change first, and the version of the last one where not all fit."""
    changed: list[tuple[K, V]] = []
    for item in reversed(items.items()):  # type: ignore[call-overload]  # of an OrderedDict; what changed last comes last
        if item[1].version <= since:
            break
        changed.append(item)
    changed.reverse()
    if limit is None or len(changed) <= limit:
        return changed, None
    to = changed[limit - 1][1].version
    return [item for item in changed if item[1].version <= to], to


def _counts(summary: SessionSummary) -> Json:
    counts: Json = {
        "exchanges": summary.exchanges,
        "cors": summary.cors,
        "preflights": summary.counts[Role.PREFLIGHT],
        "requests": summary.counts["page requests"],
        "suppressed": summary.counts["suppressed"],
        **{word.lower(): summary.number(word) for word in ("BLOCKED", "DEPENDS", "PATCHED", "ABORTED")},
        "unjudged": summary.counts["not judged"],
    }
    named = sum(counts[word] for word in ("blocked", "depends", "patched", "aborted", "unjudged"))
    counts["allowed"] = max(0, counts["requests"] - named)
    kept = {name: count for name, count in counts.items() if count}
    said = [f"{engine.label} agreed with {agreed:,} of {total:,}" for engine, agreed, total in summary.agreement()]
    return {**kept, "agreement": ", ".join(said)} if said else kept


def _cell(key: tuple[str, str], cell: Cell) -> Json:
    worst = worst_word(cell.words)
    return {
        "page": redact_url(key[0]),
        "api": redact_url(key[1]),
        "worst": worst.lower(),
        "count": sum(count for count in cell.words.values() if count > 0),
        "bad": cell.words[worst],
    }


def _problem(key: Key, problem: Problem) -> Json:
    diagnosis = problem.diagnosis
    cause, word = diagnosis.cause, problem.word
    return {
        "id": key.id,
        "rule": key.rule,
        "title": problem.title,
        "word": word.lower(),
        "state": problem.state,
        "severity": problem.severity.word,
        "confidence": "high" if cause is None else cause.confidence,
        "message": without_origin(diagnosis, problem.message),
        "requested_by": requested_by(diagnosis),
        "fixes": () if cause is None else finding_record(cause, diagnosis).fixes,
        "explained": _titles(diagnosis.explained),
        "beside": [finding_record(finding, diagnosis) for finding in diagnosis.beside],
        "api": key.api_origin,
        "path": key.path,
        "pages": list(problem.pages)[:_SHOWN_NAMES],
        "methods": list(problem.methods)[:_SHOWN_NAMES],
        "engines": [engine.value for engine, count in problem.engines.items() if count > 0],
        "patchable": word in JUDGED and (cause is None or cause.stage is not Stage.NO_RESPONSE),
        "background": is_browser_background(key.api_origin, problem.pages),
        "count": problem.count,
        "first": problem.first,
        "last": problem.last,
        "examples": example_ids(problem),
    }


def _titles(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.title or finding.rule for finding in findings))
