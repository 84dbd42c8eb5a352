"""Example: a page request with a problem, with all that is known of it at hand or put away."""

import copyreg
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from corslens.diagnosis.diagnose import JUDGED, Diagnosis, diagnose
from corslens.engines.engine import Engine
from corslens.inspection import weigh_alone
from corslens.observation.redaction import redact_method, redact_url
from corslens.verdict.verdict import Outcome, Verdict

type Order = tuple[int, str, int, float, str]
"""What puts examples in order: how bad, capture, entry, time, id."""

type PutAway = Callable[[bytes], Callable[[], bytes]]
"""Keeps bytes elsewhere, and returns what brings them back. Raises OSError where there is no room."""


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


# Inspections hold read-only mappings, which pickle does not know.
copyreg.pickle(MappingProxyType, lambda mapping: (_read_only, (dict(mapping),)))


class Example:
    """A page request with the problem."""

    __slots__ = ("_kept", "engines", "method", "order", "page", "weight")

    def __init__(
        self, order: Order, kept: Diagnosis | bytes, method: str, page: str, engines: tuple[Engine, ...], weight: int
    ) -> None:
        self.order = order
        self._kept: Diagnosis | bytes | Callable[[], bytes] = kept
        """The diagnosis; or the page request, from which it is made again."""
        self.method = method
        self.page = page
        """The origin of the page; redacted, empty where no request says it."""
        self.engines = engines
        """The engines that it concerns."""
        self.weight = weight
        """Bytes, estimated."""

    @property
    def diagnosis(self) -> Diagnosis:
        """What is wrong with it."""
        kept = self._kept
        if isinstance(kept, Diagnosis):
            return kept
        import pickle  # late: what one small capture holds stays at hand

        found = self._kept = diagnose(pickle.loads(kept if isinstance(kept, bytes) else kept()))
        return found

    def put_away(self, put: PutAway) -> None:
        """Keep little more than its place among others.

        Raises: OSError as `put` does; then nothing is lost.
        """
        if not callable(self._kept):
            self._kept = put(self._packed())

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as bytes, which most of those that another process finds can stay."""
        return Example, (self.order, self._packed(), self.method, self.page, self.engines, self.weight)

    def _packed(self) -> bytes:
        kept = self._kept
        if isinstance(kept, Diagnosis):
            import pickle  # late, as above

            return pickle.dumps(kept.page_request, pickle.HIGHEST_PROTOCOL)
        return kept if isinstance(kept, bytes) else kept()


def place_of(diagnosis: Diagnosis) -> Order:
    """Return the place of a diagnosis among others."""
    exchange = diagnosis.page_request.members[0].observation.exchange
    source = exchange.source
    return (
        -diagnosis.severity,
        source.file or "",
        -1 if source.index is None else source.index,
        exchange.request.time,
        exchange.id,
    )


def example_of(diagnosis: Diagnosis) -> Example:
    """Return the diagnosis as an example, with its place among others."""
    request = diagnosis.page_request
    page = request.page
    return Example(
        place_of(diagnosis),
        diagnosis,
        redact_method(request.method),
        "" if page is None else redact_url(page),
        concerned_engines(diagnosis),
        sum(map(weigh_alone, request.members)),
    )


def concerned_engines(diagnosis: Diagnosis) -> tuple[Engine, ...]:
    """Return the engines in which the reason of the cause blocks; all of them for a cause that is no check."""
    names = {diagnosis.rule, diagnosis.reason} if diagnosis.word in JUDGED else {diagnosis.rule}
    verdicts = diagnosis.place.verdicts
    named = tuple(
        [
            engine
            for engine, verdict in verdicts.items()
            if verdict.outcome is not Outcome.ALLOWED and not names.isdisjoint(_reasons(verdict))
        ]
    )
    return named or tuple(verdicts)


def _reasons(verdict: Verdict | None) -> Iterator[str]:
    if verdict is not None:
        yield from (failure.reason.value for failure in verdict.failures)
        yield from _reasons(verdict.if_credentialed)
        yield from _reasons(verdict.if_not_credentialed)
