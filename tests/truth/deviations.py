"""What goes wrong on the recordings when an engine's profile is changed: the measure of whether a departure is real."""

from collections.abc import Iterator
from typing import Any

from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.profiles import PROFILES
from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method, normalize_method
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.preflight_cache import CachePolicy, CacheQuery, PreflightCache
from corslens.fetch.request_headers import cors_unsafe_request_header_names, is_forbidden_request_header
from corslens.observation.known import Known
from corslens.observation.observation import Followed, Observation, Role
from corslens.observation.pairing import Pairing
from corslens.verdict.decide import AUTHORIZATION_COVERED_BY_WILDCARD, decide_under
from corslens.verdict.verdict import Verdict
from msgspec import Struct, structs

from tests.truth.judged import checked_mode, disagreement, used_mode
from tests.truth.recorded import exchanges, flows_of_step, scenarios


class Replayed(Struct, frozen=True):
    """One recorded request, observed under a profile."""

    name: str
    asked: dict[str, Any]
    outcome: dict[str, Any]
    mode: CredentialsMode
    observations: tuple[Observation, ...]


class Wrong(Struct, frozen=True, kw_only=True):
    """How often a profile contradicts the recordings, by kind."""

    verdicts: int = 0
    """The first failing check, with the credentials mode known, is not the browser's."""
    notes: int = 0
    """The browser's note on Authorization under a wildcard, or its absence."""
    cache: int = 0
    """Preflights that the cache should have spared, or should not have."""
    unexplained: int = 0
    """Actual requests without a preflight, and preflights that were followed by no request though they passed."""
    needs: int = 0
    """Preflights that what the page set does not call for, or that it does and that were not made, or asked for other names."""
    unlinked: int = 0
    """Requests behind a redirect whose hop before was not found."""
    unknown: int = 0
    """CORS exchanges whose credentials mode stays unknown. No fault, but less than could be known."""
    mistaken: int = 0
    """CORS exchanges whose credentials mode was taken for the other one."""

    def worse_than(self, other: "Wrong") -> bool:
        """Say whether any kind of fault is more frequent."""
        return any(ours > theirs for ours, theirs in zip(structs.astuple(self), structs.astuple(other), strict=True))


def measure(engine: Engine, profile: EngineProfile | None = None) -> Wrong:
    """Count what the profile (by default the engine's own) gets wrong on the engine's recordings."""
    profile = PROFILES[engine] if profile is None else profile
    replayed = tuple(_replay(engine, profile))
    cors = [(request, o) for request in replayed for o in request.observations if o.is_cors]
    return Wrong(
        verdicts=sum(_verdict_is_wrong(engine, profile, request) for request in replayed),
        notes=sum(_note_is_wrong(profile, request) for request in replayed),
        cache=len(cache_faults(replayed, profile.cache)),
        unexplained=sum(o.role is Role.ACTUAL and o.preflight is None for _, o in cors)
        + sum(_lost_its_request(request, index) for request in replayed for index in range(len(request.observations))),
        needs=len(need_faults(engine, replayed, profile)),
        unlinked=sum(_is_unlinked(request) for request in replayed),
        unknown=sum(not isinstance(o.credentials, Known) for _, o in cors),
        mistaken=sum(isinstance(o.credentials, Known) and o.credentials.value is not request.mode for request, o in cors),
    )


def _replay(engine: Engine, profile: EngineProfile) -> Iterator[Replayed]:
    for scenario in scenarios(engine):
        pairing = Pairing(1000, {**PROFILES, engine: profile})
        observations: dict[str, Observation] = {}
        for exchange in exchanges(scenario):
            for changed in pairing.begin(exchange):
                observations[changed.id] = changed
            observations[exchange.id] = pairing.complete(exchange)
        for step, outcome in enumerate(scenario["outcome"]):
            asked = scenario["scenario"]["steps"][step]
            own = tuple(observations[str(index)] for index in flows_of_step(scenario, step))
            if own:
                yield Replayed(f"{scenario['scenario']['id']} {step}", asked, outcome, used_mode(asked), own)


def _verdict(profile: EngineProfile, observation: Observation, mode: CredentialsMode) -> Verdict:
    return decide_under(observation, profile, mode)


def _verdict_is_wrong(engine: Engine, profile: EngineProfile, request: Replayed) -> bool:
    *hops, last = request.observations
    if any(not _verdict(profile, hop, checked_mode(request.asked, hop, profile)).allowed for hop in hops):
        return True
    verdict = _verdict(profile, last, checked_mode(request.asked, last, profile))
    return disagreement(engine, request.asked, request.outcome, last, verdict) is not None


def _note_is_wrong(profile: EngineProfile, request: Replayed) -> bool:
    noted = any(AUTHORIZATION_COVERED_BY_WILDCARD in _verdict(profile, o, request.mode).notes for o in request.observations)
    words = {"AuthorizationCoveredByWildcard", "CORSAllowHeaderFromPreflightDeprecation"}
    return noted is words.isdisjoint(request.outcome.get("issues", ()))


def _lost_its_request(request: Replayed, index: int) -> bool:
    """Say whether a preflight was followed by the next recorded exchange, and pairing did not see that."""
    preflight = request.observations[index]
    if preflight.role is not Role.PREFLIGHT or index + 1 == len(request.observations):
        return False
    return preflight.followed is not Followed.FOLLOWED


def _is_unlinked(request: Replayed) -> bool:
    """Say whether the last exchange comes behind a redirect of this request and does not know."""
    redirected = any(
        o.exchange.response is not None and 300 <= o.exchange.response.status < 309 and o.role is not Role.PREFLIGHT
        for o in request.observations[:-1]
    )
    return redirected and request.observations[-1].redirected_from is None


def cache_faults(requests: tuple[Replayed, ...], policy: CachePolicy) -> list[str]:
    """Return where the modelled cache, filled with what is known to have passed, contradicts the preflights that were made."""
    faults: list[str] = []
    cache = PreflightCache(10_000)
    for request in requests:
        for index, observation in enumerate(request.observations):
            before = request.observations[index - 1] if index else None
            followed = index + 1 < len(request.observations)
            faults += (
                f"{request.name}: {fault}" for fault in _cache_step(cache, policy, request, observation, before, followed)
            )
    return faults


def need_faults(engine: Engine, requests: tuple[Replayed, ...], profile: EngineProfile) -> list[str]:
    """Return where the safelists, asked about what a page's script set, contradict the preflight that was made or not made."""
    faults: list[str] = []
    fresh: set[str] = set()
    for request in requests:
        scenario, first, asked = request.name.partition(" ")[0], request.observations[0], request.asked
        if scenario in fresh or not first.is_cors or asked["api"] not in ("fetch", "xhr") or asked.get("mode") == "no-cors":
            continue
        fresh.add(scenario)  # later requests of a page may be spared theirs by the cache
        lines = [(name, value) for name, value in asked.get("headers", ()) if not is_forbidden_request_header(name, value)]
        body: dict[str, Any] = given if isinstance(given := asked.get("body"), dict) else {}
        if body.get("type") and not any(name.lower() == "content-type" for name, _ in lines):
            lines.append(("content-type", body["type"]))
        names = cors_unsafe_request_header_names(lines, profile.safelist)
        method = normalize_method(asked["method"])
        forced = "upload" in asked or (body.get("kind") == "stream" and engine is Engine.CHROMIUM)
        needed = bool(names) or forced or not is_cors_safelisted_method(method)
        made = first.exchange.request if first.role is Role.PREFLIGHT else None
        if (made is not None) is not needed:
            faults.append(f"{request.name}: preflighted is {made is not None}")
        elif made is not None and (tuple(sorted(requested_header_names(made))), requested_method(made)) != (names, method):
            faults.append(f"{request.name}: asked for other names or another method")
    return faults


def _cache_step(
    cache: PreflightCache,
    policy: CachePolicy,
    request: Replayed,
    observation: Observation,
    before: Observation | None,
    followed: bool,
) -> Iterator[str]:
    exchange, origin = observation.exchange, observation.origin or ""
    client, url = request.name.partition(" ")[0], exchange.request.url
    response = exchange.delivered
    if observation.role is Role.PREFLIGHT:
        if cache.find(client, url, _wanted(observation, request.mode), policy) is not None:
            yield "a preflight was made that the cache should have spared"
        if followed and response is not None:
            cache.store(
                client, url, preflight_id=exchange.id, origin=origin, headers=response.headers,
                credentials=request.mode, now=response.time, policy=policy,
            )  # fmt: skip
    elif observation.role is Role.ACTUAL:
        own = before is not None and before.role is Role.PREFLIGHT
        if not own and cache.find(client, url, _wanted(observation, request.mode), policy) is None:
            yield "the cache does not explain why no preflight was made"
        failed = response is None or cors_check(response.headers, origin, request.mode) is not None
        if failed and policy.dropped_by_failed_actual:
            cache.clear(client, url, origin)


def _wanted(observation: Observation, mode: CredentialsMode) -> CacheQuery:
    request = observation.exchange.request
    preflight = observation.role is Role.PREFLIGHT
    return CacheQuery(
        origin=observation.origin or "",
        method=requested_method(request) if preflight else request.method,
        unsafe_names=requested_header_names(request)
        if preflight
        else observation.need.header_names
        if observation.need
        else (),
        mode=mode,
        now=request.time,
    )


def deviations(engine: Engine) -> Iterator[tuple[str, EngineProfile]]:
    """Yield each departure of an engine by its (dotted) name, with the profile that lacks it: the standard's value in its place."""
    profile = PROFILES[engine]
    for field in structs.fields(EngineProfile):
        own, standard = getattr(profile, field.name), getattr(STANDARD, field.name)
        if field.name == "engine" or own == standard:
            continue
        if not isinstance(own, Struct):
            yield field.name, structs.replace(profile, **{field.name: standard})
            continue
        for part in structs.fields(type(own)):
            if getattr(own, part.name) != getattr(standard, part.name):
                without = structs.replace(own, **{part.name: getattr(standard, part.name)})
                yield f"{field.name}.{part.name}", structs.replace(profile, **{field.name: without})
