"""Problem: the page requests of a session that failed for one cause at one endpoint."""

from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from copy import copy
from hashlib import sha256

from msgspec import Struct

from corslens.diagnosis.diagnose import JUDGED, WORDS, Diagnosis, worst_word
from corslens.diagnosis.example import Example, Order, PutAway
from corslens.diagnosis.names import NameCounts
from corslens.diagnosis.page_request import ProblemState, Signature
from corslens.diagnosis.unexplained import sentence_of, title_of
from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Finding, Severity, Stage
from corslens.observation.network_error import NetworkError, network_error
from corslens.observation.redaction import public_endpoint, redact_header

EXAMPLES = 5
"""Page requests that a problem names: those of the worst severity, of these the first ones of the first capture."""

NAMES = 1_000
"""Methods, and pages, that a problem names."""
_LIVES = 200
"""Kinds of page requests whose state a problem follows."""

_PROBLEM_BYTES = 4_096
_NAME_BYTES = 128
_LIFE_BYTES = 256
_TIME_BYTES = 32

_WHOLE_SERVER = frozenset(
    {NetworkError.REFUSED, NetworkError.DNS, NetworkError.CERTIFICATE, NetworkError.NOT_TLS, NetworkError.TLS}
)
"""What makes every endpoint of a server fail in the same way."""

_LOOPBACK = (
    "http://localhost:",
    "https://localhost:",
    "http://127.0.0.1:",
    "https://127.0.0.1:",
    "http://[::1]:",
    "https://[::1]:",
)


class Key(Struct, frozen=True, order=True):
    """What makes diagnoses the same problem: the cause, the API's origin, the endpoint's path."""

    rule: str
    api_origin: str
    path: str
    """With what differs from request to request left out; empty where the whole server is the endpoint."""

    @property
    def endpoint(self) -> str:
        """The URL without what differs from request to request."""
        return f"{self.api_origin}{self.path}"

    @property
    def fingerprint(self) -> str:
        """A name that stays the same from run to run: 32 hexadecimal digits.

        A loopback server's port is left out, for tests start it anywhere.
        """
        parts = (self.rule, without_loopback_port(self.api_origin), self.path)
        return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def id(self) -> str:
        """A name within one session."""
        return (
            "p" + sha256("\n".join((self.rule, self.api_origin, self.path)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        )


def _place(example: Example) -> Order:
    return example.order


class Problem:
    """Diagnoses with the same cause at the same endpoint."""

    def __init__(self, key: Key, first: Example) -> None:
        self.key = key
        self.version = 0
        """When it changed last, in the summary's own counting."""
        self.taken = 0
        """How many snapshots of the summary had been taken when it was made."""
        self.count = 0
        """Page requests."""
        self.words: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()
        self.beside: Counter[tuple[str, Severity]] = Counter()
        """Rules of what else is wrong on these page requests."""
        self.engines: Counter[Engine] = Counter()
        """The engines that it concerns."""
        self.methods = NameCounts(NAMES)
        self.pages = NameCounts(NAMES)
        """The origins of the pages; redacted."""
        self.examples: list[Example] = []
        self._fallback = first
        self._times: list[float] = []
        """Of the page requests that may be taken back yet, in order."""
        self._settled: tuple[float, ...] = ()
        """The first and the last time of the others."""
        self._lives: OrderedDict[Signature, ProblemState] = OrderedDict()
        self._lives_weight = 0
        self._states: Counter[ProblemState] = Counter()
        """Of merged sessions."""
        self._taken_back: tuple[str, Signature, ProblemState] | None = None
        """The last one that was: when it comes again as it stood, what became of its like since then stays."""

    @property
    def diagnosis(self) -> Diagnosis:
        """The first of the worst diagnoses: it speaks for all."""
        return (self.examples[0] if self.examples else self._fallback).diagnosis

    @property
    def cause(self) -> Finding | None:
        """The cause as it was found there; None where no rule says why a browser blocks."""
        return self.diagnosis.cause

    @property
    def severity(self) -> Severity:
        """The worst that was found on its page requests."""
        return max((severity for severity, count in self.severities.items() if count > 0), default=Severity.INFO)

    @property
    def first(self) -> float:
        """When the first of its page requests was sent."""
        return min(self._ends())

    @property
    def last(self) -> float:
        """When the last one was."""
        return max(self._ends())

    @property
    def word(self) -> str:
        """The worst of the words that stand before its page requests."""
        return worst_word(self.words)

    @property
    def state(self) -> ProblemState:
        """Open while any kind of its page requests is, resolved once all pass."""
        lives, others = self._lives.values(), self._states
        return next(
            (state for state in (ProblemState.OPEN, ProblemState.PATCHED) if state in lives or others[state]),
            ProblemState.RESOLVED,
        )

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        if self.cause is not None:
            return self.cause.message
        lines = "; ".join(self._injected)
        if not lines:
            return sentence_of(self.diagnosis)
        words = (self.diagnosis.reason or "").replace("-", " ")
        return f"The proxy injected {lines}, and browsers block the response ({words})"

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        if self.cause is not None:
            return self.cause.title or self.key.rule
        if self._injected:
            return "An injected header blocks the response"
        return title_of(self.diagnosis) or self.key.rule.replace("-", " ")

    @property
    def _injected(self) -> list[str]:
        """The header lines that an injection left in the response, where it is that which a browser blocks."""
        view = self.diagnosis.place.patch
        if view is None or not view.injected or not view.applied:
            return []
        changes = ((one.header, one.combined) for one in view.patch.changes)
        return [f"no {name}" if value is None else f"{name}: {redact_header(name, value)}" for name, value in changes]

    def weight(self) -> int:
        """Return how many bytes it takes, estimated."""
        names = self.methods.characters + self.pages.characters + _NAME_BYTES * (len(self.methods) + len(self.pages))
        fallback = self._fallback
        examples = fallback.weight
        for example in self.examples:
            if example is not fallback:
                examples += example.weight
        times = _TIME_BYTES * len(self._times)
        return _PROBLEM_BYTES + len(self.key.endpoint) + examples + names + times + self._lives_weight

    def states(self) -> Counter[ProblemState]:
        """Return how many kinds of page requests stand how."""
        return self._states + Counter(self._lives.values())

    def named(self) -> Iterator[Key]:
        """Yield its key, and those of what else is wrong there, be it known by itself or not."""
        yield self.key
        for rule in sorted({rule for (rule, _), count in self.beside.items() if count > 0}):
            yield Key(rule, self.key.api_origin, self.key.path)

    def add(self, example: Example) -> None:
        """Add a page request's diagnosis."""
        diagnosis = example.diagnosis
        self._count(example, 1)
        insort(self._times, _time_of(example))
        self.methods.add(example.method)
        self.pages.add(example.page)
        insort(self.examples, example, key=_place)
        del self.examples[EXAMPLES:]
        signature = diagnosis.page_request.signature
        before, self._taken_back = self._taken_back, None
        if before == (diagnosis.page_request.id, signature, diagnosis.state) and signature in self._lives:
            return
        if self._lives.pop(signature, None) is None:
            self._lives_weight += _weigh_signature(signature)
        self._lives[signature] = diagnosis.state
        if len(self._lives) > _LIVES:
            oldest, state = self._lives.popitem(last=False)
            self._states[state] += 1
            self._lives_weight -= _weigh_signature(oldest)

    def take_back(self, example: Example) -> None:
        """Take a diagnosis back: more is known of the page request now."""
        diagnosis = example.diagnosis
        self._count(example, -1)
        self._take_time(example)
        self.methods.take_back(example.method)
        self.pages.take_back(example.page)
        id = diagnosis.page_request.id
        self._fallback = example
        self._taken_back = id, diagnosis.page_request.signature, diagnosis.state
        self.examples = [one for one in self.examples if one.diagnosis.page_request.id != id]

    def settle(self, example: Example) -> None:
        """Take note that this page request is not taken back any more."""
        if self._take_time(example):
            times = _time_of(example), *self._settled
            self._settled = min(times), max(times)

    def resolve(self, signature: Signature) -> bool:
        """Take note that a page request of this kind passed, and say whether that changed anything."""
        # What blocked nothing is not over because a request passes: it passed before.
        if self.word not in JUDGED or self._lives.get(signature, ProblemState.RESOLVED) is ProblemState.RESOLVED:
            return False
        self._lives[signature] = ProblemState.RESOLVED
        return True

    def resolve_all(self) -> bool:
        """Take note that the server responds again, and say whether that changed anything."""
        return sum(self.resolve(signature) for signature in list(self._lives)) > 0

    def snapshot(self) -> "Problem":
        """Return the problem as it is now."""
        other = copy(self)
        other.words, other.severities, other.beside = Counter(self.words), Counter(self.severities), Counter(self.beside)
        other.engines, other._states = Counter(self.engines), Counter(self._states)
        other.methods, other.pages = self.methods.copy(), self.pages.copy()
        other.examples, other._times, other._lives = list(self.examples), list(self._times), OrderedDict(self._lives)
        return other

    def absorb(self, other: "Problem") -> None:
        """Add the same problem of another session."""
        self.count += other.count
        self.words += other.words
        self.severities += other.severities
        self.beside += other.beside
        self.engines += other.engines
        self.methods.absorb(other.methods)
        self.pages.absorb(other.pages)
        self._settled = min(self.first, other.first), max(self.last, other.last)
        self._times.clear()
        self.examples = sorted((*self.examples, *other.examples), key=_place)[:EXAMPLES]
        self._fallback = min(self._fallback, other._fallback, key=_place)
        self._states = self.states() + other.states()
        self._lives.clear()
        self._lives_weight = 0

    def put_away(self, put: PutAway) -> None:
        """Keep of its examples little more than their places.

        Raises: OSError as `put` does; then nothing is lost.
        """
        for example in (*self.examples, self._fallback):
            example.put_away(put)

    def _ends(self) -> tuple[float, ...]:
        """Return times among which are the first and the last."""
        times = self._times
        return (*times[:1], *times[-1:], *self._settled) or (_time_of(self._fallback),)

    def _take_time(self, example: Example) -> bool:
        """Drop the time of a page request, and say whether it was there."""
        times, time = self._times, _time_of(example)
        place = bisect_left(times, time)
        found = place < len(times) and times[place] == time
        if found:
            del times[place]
        return found

    def _count(self, example: Example, by: int) -> None:
        diagnosis = example.diagnosis
        self.count += by
        self.words[diagnosis.word] += by
        self.severities[diagnosis.severity] += by
        for finding in diagnosis.beside:
            self.beside[finding.rule, finding.severity] += by
        for engine in example.engines:
            self.engines[engine] += by


def _time_of(example: Example) -> float:
    return example.diagnosis.place.observation.exchange.request.time


def key_of(diagnosis: Diagnosis) -> Key:
    """Return the problem that the diagnosis belongs to. It has a rule or a reason."""
    api, path = endpoint_of(diagnosis.place)
    cause, exchange = diagnosis.cause, diagnosis.place.observation.exchange
    if cause is not None and cause.stage is Stage.NO_RESPONSE and exchange.error is not None and not exchange.refused:
        path = "" if network_error(exchange.error) in _WHOLE_SERVER else path
    elif cause is not None and cause.whole_host:
        path = ""
    return Key(diagnosis.rule or "", api, path)


def endpoint_of(inspection: Inspection) -> tuple[str, str]:
    """Return the API's origin and the path without what differs from request to request; redacted, whatever the user chose to see."""
    observation = inspection.observation
    return public_endpoint(observation.target_origin, observation.exchange.request.url)


def without_loopback_port(origin: str) -> str:
    """Return the origin, of a loopback server without the port: two runs of a test rarely get the same one."""
    return origin.rpartition(":")[0] if origin.startswith(_LOOPBACK) else origin


def _weigh_signature(signature: Signature) -> int:
    return _LIFE_BYTES + len(signature.page) + sum([_NAME_BYTES + len(name) for name in signature.header_names])


def worst_first[P: Problem](problems: Iterable[P]) -> list[P]:
    """Return problems in the order of every output: what is resolved last, by what browsers do, by severity, then the newest first.

    Problems of the same cause stand together, at the place of the newest of them.
    """
    rows = [((one.state is ProblemState.RESOLVED, WORDS.index(one.word), -one.severity), one) for one in problems]
    newest: dict[tuple[object, str], float] = {}
    for rank, one in rows:
        group = rank, one.key.rule
        newest[group] = max(newest.get(group, one.last), one.last)
    rows.sort(key=lambda row: (row[0], -newest[row[0], row[1].key.rule], row[1].key.rule, -row[1].last, row[1].key))
    return [one for _, one in rows]
