"""Our verdicts on recorded exchanges, held against what the browsers did.

Each request of a recorded page is judged like this: all its exchanges but the last must be allowed (a preflight that was followed, a
redirect that was followed), the last one's verdict must be what the browser reported, outcome and first reason.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from math import inf
from typing import Any

from corslens.engines.engine import Engine
from corslens.engines.profile import EngineProfile
from corslens.engines.profiles import PROFILES
from corslens.fetch.credentials import CredentialsMode
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.observation import Followed, Observation, Role
from corslens.verdict.checks import wants_own_credentials
from corslens.verdict.decide import decide_under
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome, Verdict
from msgspec import Struct

from tests.truth.recorded import exchanges, flows_of_step, reasons_called, scenarios

LOADED = frozenset({"allowed", "opaque", "opaqueredirect", "loaded-no-cors", "sent"})

NETWORK_REASONS = frozenset({
    Reason.ACTUAL_NETWORK_ERROR, Reason.PREFLIGHT_NETWORK_ERROR, Reason.RESPONSE_HEADERS_INVALID,
    Reason.REDIRECT_HAS_CREDENTIALS, Reason.REDIRECT_SCHEME_NOT_HTTP, Reason.REDIRECT_LIMIT_EXCEEDED,
    Reason.REDIRECT_LOCATION_UNPARSABLE,
})  # fmt: skip
"""What ends a fetch without any engine calling it CORS: the recordings say `failed`, without the engine's word for it."""


class Kind(StrEnum):
    """How a verdict compares."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    DEPENDS = "depends"
    """Allowed and blocked pages send the same bytes; a twin proves it."""
    DEPENDS_ON_REASON = "reason depends"
    """Blocked either way, but the check that failed first in the browser is the first one with credentials only."""
    NEVER_FOLLOWED = "granted and not followed"
    """Depends, too: a page that gave its request up sends the same bytes. Counted apart: no twin is needed to prove that."""
    UNSEEN = "unseen"
    """No exchange reached the proxy: there is nothing to judge."""


class Judged(Struct, frozen=True, kw_only=True):
    """One request of a recorded page, with our verdict."""

    engine: Engine
    scenario: dict[str, Any]
    step: int
    kind: Kind
    why: str = ""
    """Why it disagrees, or why there is nothing to judge."""
    inspections: tuple[Inspection, ...] = ()
    """Of its exchanges, in order."""

    @property
    def name(self) -> str:
        """Engine, scenario and number of the request."""
        return f"{self.engine} {self.scenario['scenario']['id']} {self.step}"

    @property
    def asked(self) -> dict[str, Any]:
        """What the page was told to do."""
        asked: dict[str, Any] = self.scenario["scenario"]["steps"][self.step]
        return asked

    @property
    def outcome(self) -> dict[str, Any]:
        """What the browser did."""
        outcome: dict[str, Any] = self.scenario["outcome"][self.step]
        return outcome

    @property
    def last(self) -> Observation:
        """The exchange that carries the verdict."""
        return self.inspections[-1].observation

    @property
    def verdict(self) -> Verdict:
        """Ours, for the engine that was recorded."""
        return self.inspections[-1].verdicts[self.engine]

    @property
    def flows(self) -> list[dict[str, Any]]:
        """The recorded exchanges, as recorded."""
        return [self.scenario["flows"][int(inspection.id)] for inspection in self.inspections]

    @property
    def turns_on_credentials(self) -> bool:
        """Whether the verdict (the outcome, or which check fails first) has two branches."""
        return bool(self.inspections) and self.verdict.if_credentialed is not None

    @property
    def used_mode(self) -> CredentialsMode:
        """The credentials mode that the page really used."""
        return used_mode(self.asked)


def used_mode(asked: dict[str, Any]) -> CredentialsMode:
    """Return the credentials mode of a request that a page was told to make."""
    match asked["api"]:
        case "fetch" | "xhr" | "eventsource":
            included = asked.get("credentials") == "include"
        case "beacon":
            included = True
        case _:
            included = asked.get("crossorigin") == "use-credentials"
    return CredentialsMode.INCLUDE if included else CredentialsMode.SAME_ORIGIN_OR_OMIT


def checked_mode(asked: dict[str, Any], observation: Observation, profile: EngineProfile) -> CredentialsMode:
    """Return the mode by which an engine checks an exchange: behind the page's own origin `same-origin` may count as `include`."""
    if asked.get("credentials") != "omit" and wants_own_credentials(observation, profile):
        return CredentialsMode.INCLUDE
    return used_mode(asked)


def branch(observation: Observation, engine: Engine, mode: CredentialsMode) -> Verdict:
    """Return the verdict on the same bytes, had a page with that credentials mode sent them."""
    return decide_under(observation, PROFILES[engine], mode)


def failed_after_cors(asked: dict[str, Any], observation: Observation) -> str | None:
    """Return why the page got an error although CORS passed, None when nothing of that kind is to be seen."""
    response = observation.exchange.delivered
    if "integrity" in asked:
        return "the body is not what `integrity` says"
    if response is None or asked["api"] in ("fetch", "xhr"):
        return None
    if not 200 <= response.status <= 299:
        return f"this API takes an answer of status {response.status} for an error"
    if asked["api"] == "module" and "javascript" not in (response.headers.get("content-type") or ""):
        return "a module script has to be JavaScript"
    return None


def disagreement(
    engine: Engine, asked: dict[str, Any], outcome: dict[str, Any], last: Observation, verdict: Verdict
) -> str | None:
    """Return what a verdict (which is not `depends`) says otherwise than the browser, None when they agree."""
    result = outcome["result"]
    if result in LOADED or (result == "failed" and failed_after_cors(asked, last) is not None):
        return None if verdict.allowed else f"the browser let it pass ({result}), we say {verdict.outcome} {verdict.reason}"
    if result not in ("blocked", "failed"):
        return f"no verdict can be held against the result {result!r}"
    names = reasons_called(engine, outcome["cors_error"]) if result == "blocked" else NETWORK_REASONS
    if verdict.blocked and verdict.reason in names:
        return None
    return f"the browser blocked it ({outcome.get('cors_error')}), we say {verdict.outcome} {verdict.reason}"


def unseen_because(engine: Engine, steps: list[dict[str, Any]], step: int, outcome: dict[str, Any]) -> str | None:
    """Return why a request of a page left no exchange, None when one should be there."""
    asked = steps[step]
    if outcome["result"] == "refused":
        return "the API threw before anything was sent"
    if asked.get("mode") == "same-origin":
        return "the mode same-origin forbids the request before it is sent"
    if engine is Engine.WEBKIT and (asked.get("body") or {}) == {"kind": "stream"}:
        return "WebKit sends no streaming body"
    if any(earlier["url"] == asked["url"] for earlier in steps[:step]):
        return "answered from the HTTP cache"
    return None


@cache
def judged(engine: Engine) -> tuple[Judged, ...]:
    """Return every recorded request of an engine, judged."""
    return tuple(_judge_all(engine))


@cache
def inspected(engine: Engine) -> tuple[Inspection, ...]:
    """Return the Inspection of every recorded exchange of an engine."""
    return tuple(inspection for scenario in scenarios(engine) for inspection in _inspect(scenario))


def _inspect(scenario: dict[str, Any]) -> tuple[Inspection, ...]:
    inspector = Inspector(rules=RuleSet({}))
    for exchange in exchanges(scenario):
        inspector.inspect(exchange)
    inspector.finish(inf)  # the page had reported how its requests ended before the recording did
    return tuple(inspector.recent())


def _judge_all(engine: Engine) -> Iterator[Judged]:
    for scenario in scenarios(engine):
        inspections = {inspection.id: inspection for inspection in _inspect(scenario)}
        for step, outcome in enumerate(scenario["outcome"]):
            own = tuple(inspections[str(index)] for index in flows_of_step(scenario, step))
            kind, why = _judge(engine, scenario["scenario"]["steps"], step, outcome, own)
            yield Judged(engine=engine, scenario=scenario, step=step, kind=kind, why=why, inspections=own)


def _judge(
    engine: Engine, steps: list[dict[str, Any]], step: int, outcome: dict[str, Any], inspections: tuple[Inspection, ...]
) -> tuple[Kind, str]:
    if not inspections:
        why = unseen_because(engine, steps, step, outcome)
        return (Kind.UNSEEN, why) if why is not None else (Kind.DISAGREED, "no exchange was recorded, and no cause is known")
    for hop in inspections[:-1]:
        verdict = hop.verdicts[engine]
        if not verdict.allowed:
            return Kind.DISAGREED, f"exchange {hop.id} was followed up, we say {verdict.outcome} {verdict.reason}"
    last, verdict = inspections[-1].observation, inspections[-1].verdicts[engine]
    if verdict.outcome is Outcome.DEPENDS:
        never = last.role is Role.PREFLIGHT and last.followed is Followed.NEVER
        return Kind.NEVER_FOLLOWED if never else Kind.DEPENDS, ""
    why = disagreement(engine, steps[step], outcome, last, verdict)
    if why is None:
        return Kind.AGREED, ""
    if (
        verdict.if_credentialed is not None
        and disagreement(engine, steps[step], outcome, last, verdict.if_credentialed) is None
    ):
        return Kind.DEPENDS_ON_REASON, ""
    return Kind.DISAGREED, why
