"""Captured files through the pipeline: each capture is a session of its own, and nothing leaks from one into the next."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.inputs import files
from corslens.inputs.har import read_har
from corslens.inputs.problem import Problem
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.loader import RuleSet
from corslens.observation.exchange import Exchange

type Filter = Callable[[Exchange], bool]


class Settings(Struct, frozen=True, kw_only=True):
    """How captures are judged."""

    rules: RuleSet
    engine: Engine | None = None
    """Whose verdict is the headline; None: the engine that sent the request."""
    include: Filter | None = None
    """Only inspections of these exchanges are yielded; the others still count as context (preflights, caches)."""
    exclude: Filter | None = None


def inspect_files(paths: Iterable[str], settings: Settings) -> Iterator[Inspection | Problem]:
    """Yield an inspection for each exchange of each capture, and a problem for what could not be read.

    An inspection with the id of an earlier one replaces it.
    """
    prefixes: set[str] = set()
    for name in files.find(paths):
        if isinstance(name, Problem):
            yield name
            continue
        for capture in files.read(name):
            if isinstance(capture, Problem):
                yield capture
            else:
                yield from inspect_capture(capture, _prefix(capture.name, prefixes), settings)


def inspect_capture(capture: files.Capture, prefix: str, settings: Settings) -> Iterator[Inspection | Problem]:
    """Yield what one capture holds, as one session."""
    inspector = Inspector(rules=settings.rules, engine=settings.engine)
    for exchange in read_exchanges(capture, prefix):
        if isinstance(exchange, Problem):
            yield exchange
        else:
            yield from _wanted(inspector.inspect(exchange), settings)
    yield from _wanted(inspector.finish(), settings)
    if capture.problem is not None:
        yield capture.problem


def read_exchanges(capture: files.Capture, prefix: str) -> Iterator[Exchange | Problem]:
    """Yield a capture's exchanges in the order in which their requests were sent."""
    if capture.kind is files.Kind.HAR:
        return read_har(capture.data, capture.name, prefix)
    # Late, because importing mitmproxy takes longer than analysing a small HAR.
    from corslens.mitm.flowfiles import read_flows

    return read_flows(capture.data, capture.name, prefix)


def _wanted(inspections: Iterable[Inspection], settings: Settings) -> Iterator[Inspection]:
    for inspection in inspections:
        exchange = inspection.observation.exchange
        if settings.include is not None and not settings.include(exchange):
            continue
        if settings.exclude is not None and settings.exclude(exchange):
            continue
        yield inspection


def _prefix(name: str, taken: set[str]) -> str:
    """Return what the ids of a capture's exchanges begin with: the file's stem, or its whole name where that is taken."""
    stem = PurePath(name).name
    for ending in (*files.ENDINGS[1::-1], *files.ENDINGS[2:]):
        stem = stem.removesuffix(ending)
    prefix = name if stem in taken or not stem else stem
    taken.add(prefix)
    return prefix
