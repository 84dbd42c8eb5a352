"""Records: what logs and reports hold of an exchange.

The structs are the schema: field names and types here are what `corslens/2` promises to readers.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from corslens.diagnosis.page_request import ProblemState
from corslens.engines.engine import Engine
from corslens.observation.evidence import OriginOutcome
from corslens.observation.observation import Role
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome

SCHEMA = "corslens/2"


class SourceRecord(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Where the exchange was captured: a file and the position in it, or a live flow."""

    file: str | None = None
    index: int | None = None
    flow: str | None = None


class PreflightRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The preflight that let an actual request be sent."""

    id: str
    from_cache: bool
    age: float


class CredentialsRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The credentials mode and what proves it."""

    mode: str
    evidence: tuple[str, ...] = ()


class FailureRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A check that failed; `value` is null when the header was absent."""

    reason: Reason
    header: str | None = None
    value: str | None = None
    wanted: str | None = None


class BranchRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What a verdict that depends on the credentials mode would be in one mode."""

    outcome: Outcome
    reason: Reason | None = None
    failures: tuple[FailureRecord, ...] = ()


class LikelyRecord(Struct, frozen=True, kw_only=True, gc=False):
    """Which branch of a verdict that depends evidence speaks for; no proof."""

    branch: Literal["if_credentialed", "if_not_credentialed"]
    evidence: tuple[str, ...]


class VerdictRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The outcome in one engine; `reason` is what that browser reports."""

    outcome: Outcome
    reason: Reason | None = None
    failures: tuple[FailureRecord, ...] = ()
    if_credentialed: BranchRecord | None = None
    if_not_credentialed: BranchRecord | None = None
    likely: LikelyRecord | None = None
    notes: tuple[str, ...] = ()
    confirmed: bool | UnsetType = UNSET
    """Whether the browser that sent the request agrees, where it was listened to and said so."""


class EvidenceRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A header line that made a rule fire; `value` is null when its absence did."""

    message: str
    header: str
    value: str | None = None


class FixRecord(Struct, frozen=True, kw_only=True, gc=False):
    """One way to fix a finding: who can, what to do, and exact header lines where header lines do it."""

    side: str
    text: str
    headers: tuple[str, ...] = ()


class FindingRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A rule that fired. The first of the fixes is the one to show."""

    rule: str
    severity: str
    confidence: str
    title: str
    message: str
    evidence: tuple[EvidenceRecord, ...] = ()
    fixes: tuple[FixRecord, ...] = ()
    explains: tuple[str, ...] = ()
    """Rules that fired on the same page request and follow from this one; they are no findings of their own."""


class PageRequestRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What the page did, of which the exchange is a part."""

    id: str
    """The id of its first exchange."""
    outcome: Outcome
    """In the engine that counts."""
    cause: str | None
    """The rule, or the browser's reason, that says what is wrong."""
    state: ProblemState | None
    """Null where nothing is wrong."""


class ChangeRecord(Struct, frozen=True, kw_only=True, gc=False):
    """One header of the response, before and after; `to` is null when it was removed."""

    header: str
    before: tuple[str, ...] = field(name="from")
    after: str | None = field(name="to")
    because: str


class StatusRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The status of a preflight's response, before and after."""

    before: int = field(name="from")
    after: int = field(name="to")
    because: str


class PatchRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A patch that was made, or would be."""

    applied: bool
    by: str
    """`patch`; `injection`, on purpose and whatever the verdict; or `proxy`, which responded to the preflight itself."""
    changes: tuple[ChangeRecord, ...] = ()
    status: StatusRecord | None = None
    refused: str | None = None
    beyond: tuple[Reason, ...] = ()
    verdicts_after: Mapping[Engine, VerdictRecord] = {}


class MispredictionRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A verdict of corslens' own that what came later contradicts."""

    engine: Engine
    verdict: VerdictRecord
    seen: str


class DirectRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What an engine would do without the proxy, where that is something else: `depends` on the user's permission, or `blocked`."""

    outcome: Outcome
    reason: Reason


class CookieRecord(Struct, frozen=True, kw_only=True, gc=False):
    """A cookie that the browser did not send, by its name, and the browser's word for why."""

    name: str
    reason: str


class InitiatorRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The code that asked."""

    url: str
    line: int | None = None
    column: int | None = None
    function: str | None = None
    generated: "InitiatorRecord | UnsetType" = UNSET
    """The place in the bundle, where a source map names the original."""


class WitnessRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What the browser itself says became of the request: `read`, `passed` (a preflight), `failed`, or `unknown`."""

    outcome: str
    reason: str | None = None
    """Its own word for a failure, a CORS error's name where it tells one."""
    from_cache: str | None = None
    initiator: InitiatorRecord | None = None
    explained_by: str | None = None
    """The id of the preflight or redirect whose response shows why it refused."""
    cookies_withheld: tuple[CookieRecord, ...] | UnsetType = UNSET


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """One exchange with its context, verdicts and findings. A later record with the same `id` replaces this one."""

    schema: str = SCHEMA
    id: str
    source: SourceRecord
    time: str
    client: str
    engine: Engine
    role: Role
    origin: str | None
    method: str
    url: str
    status: int | None
    error: str | None
    preflight: PreflightRecord | None
    actual: str | None
    followed: str | None
    redirected_from: str | None
    credentials: CredentialsRecord
    verdicts: Mapping[Engine, VerdictRecord]
    page_request: PageRequestRecord
    findings: tuple[FindingRecord, ...]
    suppressed: tuple[str, ...]
    patch: PatchRecord | None
    mistake: MispredictionRecord | None = None
    witness: WitnessRecord | None = None
    direct: Mapping[Engine, DirectRecord] | None = None
    # What to group and join many records by, so that nobody has to take URLs and headers apart.
    api: str
    """The URL's origin."""
    path: str
    """The endpoint's path: with `*` for what differs from request to request."""
    page: str | None
    """The origin of the page, where a request of the page request says it."""
    asked: OriginOutcome | None
    """Whether the response names the request's Origin (`granted`) or not (`refused`), or there was none; null without a response."""
    allow_origin: str | None
    """Access-Control-Allow-Origin."""
    allow_credentials: bool
    """Access-Control-Allow-Credentials is `true`."""
    vary_origin: bool
    """Vary names Origin."""
    jsonp: bool | UnsetType = UNSET
    """True where a script was requested with the name of a callback."""
