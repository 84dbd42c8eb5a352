"""Checks: page requests and strangers sent to a server, and all that is found gathered in one summary."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, structs

from corslens.asking.asker import Asker, AskResult
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import Input, SessionSummary
from corslens.engines.sending import PageFetch
from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Finding
from corslens.observation.probe import BEHAVIOR, OriginComparison
from corslens.observation.redaction import redact_method, redact_url
from corslens.probing.holes import Hole, allows_everyone, find_holes, is_allowed
from corslens.probing.strangers import Stranger, strangers_for

STRANGER_RULE = "stranger-origin-allowed"
_OF_REFLECTION = frozenset({"origin-reflected", "any-origin-reflected", "any-origin-reflected-with-credentials"})
_TOO_MANY = frozenset({429, 503})

type Sink = Callable[[Inspection, Diagnosis], None]


class Expectation(Struct, frozen=True, kw_only=True):
    """A page request that is to be sent."""

    fetch: PageFetch
    withheld: str | None = None
    """Why only its preflight is sent, the end of a sentence."""


class StrangersResult(Struct, frozen=True, kw_only=True):
    """What strangers showed of one endpoint."""

    tried: int = 0
    holes: tuple[Hole, ...] = ()
    everyone: bool = False
    """`*`: whoever asks may read, without credentials."""
    rejected: int = 0
    """Responses that do not settle the question: 429 or 503."""

    def sentence(self, where: str) -> str:
        """Say what was found, in a sentence."""
        if self.everyone:
            return f"{where} allows every origin with *, which never includes credentials"
        if self.holes:
            found = "; ".join(f"{BEHAVIOR[hole.comparison]} (shortest: {hole.witness.origin})" for hole in self.holes)
            return f"{where} {found}"
        limited = f" ({self.rejected} responses were 429 or 503: lower --rate and check again)" if self.rejected else ""
        return f"{where} refused all {self.tried} strangers' origins{limited}"


class Checks:
    """Asks, judges and gathers.

    Args:
        sinks: called with every inspection that is gathered and the diagnosis of its page request.
    """

    def __init__(self, asker: Asker, summary: SessionSummary, name: str, sinks: Iterable[Sink] = ()) -> None:
        self._asker, self.summary = asker, summary
        self._sinks = tuple(sinks)
        self.input: Input = summary.begin(name)
        self.asked: list[AskResult] = []
        """What became of each page request so far."""
        self.strangers: dict[str, StrangersResult] = {}
        """By URL what strangers showed; without those that did not respond."""

    def check(self, wanted: Sequence[Expectation]) -> None:
        """Send page requests and gather what is found."""
        for one in wanted:
            self._check(one, ())

    def check_against_strangers(self, wanted: Sequence[Expectation]) -> None:
        """Send the page requests, and those to each URL as strangers before them, so that the history of the server is known."""
        by_url: dict[str, list[Expectation]] = {}
        for one in wanted:
            by_url.setdefault(one.fetch.url, []).append(one)
        for url, members in by_url.items():
            origins = list(dict.fromkeys(one.fetch.origin for one in members if one.fetch.origin is not None))
            first = members[0]
            result = self._strangers(first, origins)
            if result is not None:
                self.strangers[url] = result
                self.input.notes.append(result.sentence(redact_url(url.partition("?")[0])))
            covered = (
                _OF_REFLECTION
                if result is not None and any(one.comparison is OriginComparison.ANY for one in result.holes)
                else frozenset[str]()
            )
            for one in members:
                self._check(one, covered)

    def _check(self, wanted: Expectation, covered: Iterable[str]) -> None:
        asked = self._asker.ask(wanted.fetch, withheld=wanted.withheld)
        self._gather([_without(one, frozenset(covered)) for one in asked.inspections])
        if asked.unsent is not None and not asked.blocked:
            url = redact_url(wanted.fetch.url.partition("?")[0])
            request = f"{redact_method(wanted.fetch.method)} {url} from {wanted.fetch.origin}"
            passed = "the preflight passes, but " if asked.passed else ""
            self.input.notes.append(f"{request}: {passed}{asked.unsent}")
        self.asked.append(asked)

    def _strangers(self, wanted: Expectation, origins: Sequence[str]) -> StrangersResult | None:
        """Send the page request as each stranger. Returns: None when the server does not respond at all."""
        fetch = self._sendable(wanted.fetch)
        plain = structs.replace(fetch, origin=None, method="GET", headers=(), credentialed=False)
        if self._asker.ask(plain).response is None:
            return None
        allowed: dict[Stranger, AskResult] = {}
        tried = rejected = 0
        everyone = False
        for stranger in strangers_for(origins, fetch.target):
            asked = self._asker.ask(structs.replace(fetch, origin=stranger.origin), withheld=wanted.withheld)
            tried += 1
            response = asked.response
            if response is not None and response.status in _TOO_MANY:
                rejected += 1
            everyone = everyone or allows_everyone(response)
            if is_allowed(stranger.origin, response):
                allowed[stranger] = asked
        holes = find_holes(allowed)
        for hole in holes:
            confirmed = self._asker.confirm(allowed[hole.witness], hole.probe)
            self._gather([_only_confirmed(one) for one in confirmed])
        return StrangersResult(tried=tried, holes=holes, everyone=everyone and not holes, rejected=rejected)

    def _sendable(self, fetch: PageFetch) -> PageFetch:
        """Return the request in a form that may be sent: a simple request that may change something becomes a GET."""
        stranger = structs.replace(fetch, origin="https://a.invalid")
        if any(True for _ in self._asker.plan(stranger)):
            return fetch
        return structs.replace(fetch, method="GET", headers=())

    def _gather(self, inspections: Iterable[Inspection]) -> None:
        for one in inspections:
            inspection = structs.replace(one, findings=tuple(map(_tried, one.findings)))
            self.summary.add(inspection)
            for sink in self._sinks:
                sink(inspection, self.summary.diagnosis_of(inspection))
        self.input.exchanges = self.summary.exchanges


def _tried(finding: Finding) -> Finding:
    """Return a finding that was certain from the wire with the confidence of what was tried on the server."""
    return structs.replace(finding, confidence=Confidence.CONFIRMED) if finding.confidence is Confidence.HIGH else finding


def _without(inspection: Inspection, rules: frozenset[str]) -> Inspection:
    """Return the inspection without what a stranger confirmed better."""
    if not rules:
        return inspection
    return structs.replace(inspection, findings=tuple(one for one in inspection.findings if one.rule not in rules))


def _only_confirmed(inspection: Inspection) -> Inspection:
    """Return a stranger's inspection with what its being allowed shows, and what that explains."""
    kept = [one for one in inspection.findings if one.rule == STRANGER_RULE]
    explained = {rule for one in kept for rule in one.explains}
    kept += [one for one in inspection.findings if one.rule in explained]
    return structs.replace(inspection, findings=tuple(kept))
