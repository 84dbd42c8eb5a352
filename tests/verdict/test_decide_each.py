"""The memory of verdicts goes by all that the checks look at."""

from collections.abc import Callable, Iterator, Mapping
from math import inf
from types import MappingProxyType
from typing import Any

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange
from corslens.observation.observation import CORS_ROLES, Observation, Role
from corslens.observation.page_policy import Document, Page
from corslens.verdict import decide_each as memory
from corslens.verdict.decide import decide
from corslens.verdict.decide_each import decide_each
from corslens.verdict.verdict import Outcome, Verdict
from msgspec import structs

from tests.make import PAGE, exchange, preflight, response
from tests.observation.observe import observe
from tests.truth.judged import inspected

NOTHING: Mapping[str, Any] = MappingProxyType({})
_LOOKED_INTO = (Observation, Exchange, Request, Response, HeaderList, Page, Document)


class Read:
    """A record that notes what is read of it, and of the records in it: attributes, and headers by name."""

    def __init__(self, of: Any, notes: dict[str, Any], instead: Mapping[str, Any], path: str = "") -> None:
        """Read a record, some of whose values are others instead."""
        self._of, self._notes, self._instead, self._path = of, notes, instead, path

    def __getattr__(self, name: str) -> Any:
        own = getattr(type(self._of), name, None)
        if isinstance(own, property) and name != "delivered":  # that one is a response like the others
            return own.fget(self)  # type: ignore[misc]  # it has a getter
        value = getattr(self._of, name)
        if isinstance(self._of, HeaderList) and callable(value):
            return lambda header: self._header(header, value(header))
        return self._noted(f"{self._path}.{name}", value)

    def __contains__(self, header: str) -> bool:
        return self._header(header, header in self._of)

    def _header(self, name: str, value: Any) -> Any:
        self._notes[f"{self._path}[{name}]"] = value
        return value

    def _noted(self, path: str, value: Any) -> Any:
        self._notes[path] = value
        value = self._instead.get(path, value)
        if isinstance(value, _LOOKED_INTO):
            return Read(value, self._notes, self._instead, path)
        if isinstance(value, tuple) and value and isinstance(value[0], _LOOKED_INTO):
            return tuple(Read(one, self._notes, self._instead, path) for one in value)
        return value


def _read(observation: Observation, notes: dict[str, Any], instead: Mapping[str, Any] = NOTHING) -> Any:
    return Read(observation, notes, instead)


def _verdicts(
    observation: Observation, notes: dict[str, Any], instead: Mapping[str, Any] = NOTHING
) -> Mapping[Engine, Verdict]:
    read = _read(observation, notes, instead)
    return {engine: decide(read, engine) for engine in Engine}


def _of_samples() -> Iterator[Observation]:
    for rule in load_rules().rules.values():
        for sample in (*rule.bad, *rule.good):
            inspector = Inspector(rules=RuleSet({}))
            for one in sample.exchanges():
                inspector.inspect(one)
            inspector.finish(inf)
            yield from (inspection.observation for inspection in inspector.recent())


def _of_browsers() -> Iterator[Observation]:
    for engine in Engine:
        yield from (inspection.observation for inspection in inspected(engine))


_VALUES = 8
"""Of each attribute, that are tried."""

HARMLESS = {
    *((role, ".credentials") for role in Role if role not in CORS_ROLES),
    (Role.SAME_ORIGIN, ".exchange.delivered.status"),
    (Role.NO_CORS, ".exchange.delivered.status"),
    (Role.NO_CORS, ".page_origin"),
    (Role.NO_CORS, ".target_origin"),
}
"""Read and of no account: the credentials mode where no CORS check is made, the status of what has no Location, and where a response
without a policy came from for a page that requires none."""


@pytest.mark.parametrize("observations", [_of_samples, pytest.param(_of_browsers, marks=pytest.mark.slow)])
def test_what_the_checks_read_is_in_the_key(observations: Callable[[], Iterator[Observation]]) -> None:
    """All that they read the key's maker reads, too; and with any value that it has elsewhere the key is another, or the verdicts the same."""
    seen: set[object] = set()
    unread = set()
    values: dict[str, list[Any]] = {}
    decided: dict[str, tuple[object, Observation, dict[str, Any], Mapping[Engine, Verdict]]] = {}
    for observation in observations():
        of_key: dict[str, Any] = {}
        of_checks: dict[str, Any] = {}
        key = memory._deciding(_read(observation, of_key))
        if key is None or key in seen:  # with nothing read beyond it, the same is read for the same key
            continue
        seen.add(key)
        verdicts = _verdicts(observation, of_checks)
        reasons = [[failure.reason for failure in verdict.failures] for verdict in verdicts.values()]
        decided.setdefault(f"{observation.role} {reasons}", (key, observation, of_checks, verdicts))
        for path, value in of_checks.items():
            if path not in of_key and (observation.role, path) not in HARMLESS:
                unread.add((observation.role.value, path))
            known = values.setdefault(path, [])
            if "[" not in path and len(known) < _VALUES and value not in known:
                known.append(value)
    assert len(seen) > 200
    assert unread == set()
    assert {
        path
        for key, observation, of_checks, verdicts in decided.values()
        for path, own in of_checks.items()
        for value in values[path]
        if value != own and memory._deciding(_read(observation, {}, {path: value})) == key
        if _verdicts(observation, {}, {path: value}) != verdicts
    } == set()


def test_a_preflight_that_the_browser_gave_up_is_remembered_apart() -> None:
    """The proxy had its response ready, and the browser did not wait for it."""
    allowed = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Credentials": "true"}
    granted = response(204, allowed, allow_origin=PAGE)
    made = structs.replace(exchange(preflight("PUT")), response=None, replaced=granted, got_proxy_error_page=True)
    assert {one.outcome for one in decide_each(observe(made)).values()} == {Outcome.ALLOWED}
    left = structs.replace(made, error="Client disconnected.")
    assert {one.outcome for one in decide_each(observe(left)).values()} == {Outcome.ABORTED}
