"""Shapes: what exchanges of one shape have in common, and what makes an exchange unusual."""

from collections.abc import Callable, Iterable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest
from corslens.analysis import open_capture
from corslens.engines.engine import Engine
from corslens.inputs import files
from corslens.inputs.damage import Damage
from corslens.inspector import Inspector
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.linter import NOTHING, LintResult
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.sample import Step
from corslens.lint.rules.shape import Shape, is_steady, shape_of
from corslens.observation.exchange import Exchange
from corslens.observation.known import Unknown
from msgspec import structs

from tests.cases.sessions import write_session
from tests.cases.test_healthy import WRITTEN
from tests.inputs.test_captures import FOLDER
from tests.lint.make import facts, preflight
from tests.truth.recorded import exchanges, scenarios

STAR = {"access-control-allow-origin": "*"}
NAMED = {"access-control-allow-origin": "https://app.example", "vary": "Origin"}

UNUSUAL: dict[str, Callable[[], Facts]] = {
    "no response": lambda: facts(error="connection refused"),
    "a preflight was missed": lambda: facts(
        STAR,
        method="DELETE",
        before=(Step(method="PUT", url="https://api.example/other", preflight=(204, STAR), response=STAR),),
    ),
    "lists with what does nothing there": lambda: preflight({**STAR, "access-control-allow-methods": "put"}),
    "engines disagree": lambda: facts({"access-control-allow-origin": ("", "*")}, version="HTTP/2.0"),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual(what: str) -> None:
    assert shape_of(UNUSUAL[what]())[-1]


@pytest.mark.parametrize(
    "headers", [{}, STAR, NAMED, {**STAR, "content-type": "text/css", "cache-control": "max-age=5"}, {**STAR, "etag": "x"}]
)
def test_an_ordinary_exchange_is_not(headers: dict[str, str]) -> None:
    assert not shape_of(facts(headers))[-1]


SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in load_rules().rules.values() for sample in (*rule.bad, *rule.good)}


def _is_nothing(value: Any) -> bool:
    return value is None or isinstance(value, Unknown) or not value


type Session = Iterable[Exchange | Damage]


def _samples(_: Path) -> Iterator[Session]:
    yield from (sample.exchanges() for sample in SAMPLES.values())


def _broken_off(_: Path) -> Iterator[Session]:
    """The samples, each response with an error behind its head."""
    for sample in SAMPLES.values():
        yield [structs.replace(one, error=one.error or "net::ERR_FAILED") for one in sample.exchanges()]


def _captures(_: Path) -> Iterator[Session]:
    for file in sorted(FOLDER.iterdir()):
        if file.suffix != ".md":
            yield from _exchanges(file)


def _healthy_sessions(folder: Path) -> Iterator[Session]:
    for session, writer in WRITTEN:
        yield from _exchanges(write_session(session, writer, folder))


def _exchanges(file: Path) -> Iterator[Session]:
    for capture in files.read(str(file)):
        if not isinstance(capture, Damage):
            yield open_capture(capture, "x")


def _of_browsers(_: Path) -> Iterator[Session]:
    yield from (exchanges(scenario) for engine in Engine for scenario in scenarios(engine))


@pytest.mark.parametrize(
    "sessions",
    [_samples, _broken_off, _captures, _healthy_sessions, pytest.param(_of_browsers, marks=pytest.mark.slow)],
)
def test_steady_facts_are_the_same_on_all_exchanges_of_a_shape(
    sessions: Callable[[Path], Iterator[Session]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their sessions, whenever they are inspected: this is what lets the index ask for them once a shape.

    What is steady because the exchange is usual, or lacks a header, is nothing there.
    """
    seen: dict[tuple[Shape, str], Any] = {}
    usual = 0
    differing: dict[str, tuple[Any, Any, str]] = {}

    def look(_: object, made: Facts, *_more: object) -> LintResult:
        nonlocal usual
        shape = shape_of(made)
        usual += not shape[-1]
        for one in VOCABULARY.values():
            if is_steady(one, shape):
                value = getattr(made, one.attribute)
                first = seen.setdefault((shape, one.name), value)
                if value != first or not (one.steady or _is_nothing(value)):
                    differing[one.name] = (first, value, made.observation.exchange.request.url)
        return NOTHING

    monkeypatch.setattr("corslens.inspector.run", look)
    for session in sessions(tmp_path):
        inspector = Inspector(rules=load_rules())
        for exchange in session:
            if not isinstance(exchange, Damage):
                inspector.inspect(exchange)
        inspector.finish(inf)
    assert usual > 50
    assert differing == {}
