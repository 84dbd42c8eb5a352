"""Group: the same mistake on many exchanges is one line of a report, with a count and examples."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from msgspec import Struct, field

from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Evidence, Finding, Severity
from corslens.observation.exchange import Source
from corslens.observation.redaction import endpoint_path, public_url, redact_url

EXAMPLES = 5
"""Exchanges that a group names; the first ones."""

_NAMES = 1_000
"""Methods, and pages, that a group names; what it has more of is only counted."""

_LOOPBACK = (
    "http://localhost:",
    "https://localhost:",
    "http://127.0.0.1:",
    "https://127.0.0.1:",
    "http://[::1]:",
    "https://[::1]:",
)


class Key(Struct, frozen=True, order=True):
    """What makes findings the same one: the rule, the API's origin, the shape of the path."""

    rule: str
    api_origin: str
    path: str

    @property
    def endpoint(self) -> str:
        """The URL without what differs from request to request."""
        return f"{self.api_origin}{self.path}"

    @property
    def fingerprint(self) -> str:
        """A name that stays the same from run to run; a loopback server's port is left out, for tests start it anywhere."""
        parts = (self.rule, without_loopback_port(self.api_origin), self.path)
        return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Example(Struct, frozen=True):
    """An exchange on which the rule fired."""

    id: str
    source: Source
    method: str
    url: str


class Group(Struct, kw_only=True):
    """The findings of one rule on one endpoint. Text is redacted and not escaped."""

    key: Key
    severity: Severity
    confidence: Confidence
    message: str
    """Of the worst one, the first among equals."""
    fix: str
    evidence: tuple[Evidence, ...]
    first: float
    last: float
    count: int = 0
    methods: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    """The origins that asked."""
    unnamed: int = 0
    """Exchanges from pages, or with methods, that are not among those."""
    examples: list[Example] = field(default_factory=list)
    cause: bool = False
    """It names what happened in the place of CORS."""
    accepted: str = ""
    """Of silenced ones: who silenced the first of them and why."""
    rank: Severity = Severity.INFO
    """Of a cause the worst that was found beside it, of any other its own severity."""


def without_loopback_port(origin: str) -> str:
    """Return the origin, of a loopback server without the port: two runs of a test rarely get the same one."""
    return origin.rpartition(":")[0] if origin.startswith(_LOOPBACK) else origin


def key_of(inspection: Inspection, finding: Finding) -> Key:
    """Return the group that the finding belongs to."""
    return Key(finding.rule, *endpoint_of(inspection))


def endpoint_of(inspection: Inspection) -> tuple[str, str]:
    """Return the API's origin and the shape of the path."""
    observation = inspection.observation
    return public_url(observation.target_origin), endpoint_path(observation.exchange.request.url)


def fold(
    groups: dict[Key, Group], inspections: Iterable[Inspection], *, limit: int | None = None, silenced: bool = False
) -> int:
    """Add the findings of the exchanges to the groups.

    Args:
        silenced: those that a user silenced, instead of the others.
        limit: how many groups there may be; None for any number.
    Returns: how many findings were left out because of it.
    """
    left_out = 0
    for inspection in inspections:
        for finding in inspection.silenced if silenced else inspection.findings:
            left_out += not _add(groups, inspection, finding, limit)
    return left_out


def join(groups: dict[Key, Group], key: Key, other: Group) -> None:
    """Add a whole group to the groups."""
    group = groups.setdefault(key, other)
    if group is other:
        return
    if other.severity > group.severity:
        group.severity, group.confidence = other.severity, other.confidence
        group.message, group.fix, group.evidence = other.message, other.fix, other.evidence
    group.rank = max(group.rank, other.rank)
    group.count += other.count
    group.first, group.last = min(group.first, other.first), max(group.last, other.last)
    group.unnamed += other.unnamed
    for method in other.methods:
        _name(group, group.methods, method)
    for page in other.pages:
        _name(group, group.pages, page)
    group.examples = (group.examples + other.examples)[:EXAMPLES]


def worst_first(groups: Iterable[Group]) -> list[Group]:
    """Return the groups in the order of every report: by severity, a cause before what follows from it, then rule, API and path."""
    return sorted(groups, key=lambda group: (-group.rank, not group.cause, group.key))


def _name(group: Group, names: set[str], name: str) -> None:
    if len(names) < _NAMES or name in names:
        names.add(name)
    else:
        group.unnamed += 1


def _add(groups: dict[Key, Group], inspection: Inspection, finding: Finding, limit: int | None) -> bool:
    """Add the finding, and say whether there was room for it."""
    exchange = inspection.observation.exchange
    key = key_of(inspection, finding)
    group = groups.get(key)
    if group is None:
        if limit is not None and len(groups) >= limit:
            return False
        group = groups[key] = Group(
            key=key,
            severity=finding.severity,
            confidence=finding.confidence,
            message=finding.message,
            fix=finding.advice,
            evidence=finding.evidence,
            first=exchange.request.time,
            last=exchange.request.time,
            cause=finding.cause,
            accepted=finding.accepted,
        )
    elif finding.severity > group.severity:
        group.severity, group.confidence = finding.severity, finding.confidence
        group.message, group.fix, group.evidence = finding.message, finding.advice, finding.evidence
    beside = inspection.findings if finding.cause else (finding,)
    group.rank = max([group.rank, *(one.severity for one in beside)])
    group.count += 1
    group.first, group.last = min(group.first, exchange.request.time), max(group.last, exchange.request.time)
    _name(group, group.methods, exchange.request.method)
    page = inspection.observation.page_origin or inspection.observation.origin
    if page is not None:
        _name(group, group.pages, redact_url(page))
    if len(group.examples) < EXAMPLES:
        group.examples.append(Example(exchange.id, exchange.source, exchange.request.method, redact_url(exchange.request.url)))
    return True


def examples_text(group: Group) -> Iterator[str]:
    """Say where the examples are: `a.har entry 12`."""
    for example in group.examples:
        source = example.source
        yield example.id if source.file is None else f"{source.file} entry {source.index}"
