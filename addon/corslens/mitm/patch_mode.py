"""Patch mode's switch: for which flows responses are rewritten, and for how long."""

from collections.abc import Callable, Iterator, Sequence

from mitmproxy import command_lexer, http
from msgspec import Struct, structs

from corslens.inspection import Inspection
from corslens.mitm.continuations import Continuations
from corslens.mitm.filters import FlowFilter, as_asked
from corslens.mitm.options import Settings
from corslens.mitm.served_here import ServedHere
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import redact_text
from corslens.patching.injection import Injection
from corslens.patching.policy import ANY_MEANS, PatchPolicy, PreflightMode

REMIND_SECONDS = 300.0
"""mitmproxy has no status line for addons, so its event log says again and again that patching is on."""


class InjectionEffect(Struct):
    """What an injection led to so far."""

    hits: int = 0
    """Responses that it changed."""
    led_to: str = ""
    """The verdict on the last of these, in the engine that counts."""
    refused: str | None = None
    """Why a response was left as it is although the filter matched, the last time."""


class PatchMode:
    """Whether responses are rewritten: patched where a filter matches, or changed by injections.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filter: FlowFilter | None = None
        self._injections: Sequence[Injection] = ()
        self._effects: dict[str, InjectionEffect] = {}
        """By the injection's name."""
        self._text = ""
        self._dry_run = False
        self._until: float | None = None
        self._remind_at = 0.0
        self.served_here = ServedHere()
        self.continuations = Continuations()
        self.policy = PatchPolicy(served_here=self.served_here)
        self.injects_for_anybody = False
        """Whether an injection may change responses to requests that tell no origin."""

    def switch(self, settings: Settings) -> None:
        """Take the settings; when patching is on, its time begins now."""
        self._filter, self._text = settings.patch_filter, settings.patch
        self._injections = (*settings.rule_injections, *settings.line_injections)
        self._effects = {one.name: self._effects.get(one.name, InjectionEffect()) for one in self._injections}
        self._dry_run = settings.dry_run
        self.policy = structs.replace(settings.policy, served_here=self.served_here)
        self.injects_for_anybody = any((injection.origins or self.policy.origins).any for injection in self._injections)
        minutes = settings.patch_minutes
        self._until = self._clock() + 60 * minutes if self.on and minutes else None
        self._remind_at = self._clock() + REMIND_SECONDS

    @property
    def on(self) -> bool:
        """Whether a filter or an injection is set, be its time over or not."""
        return self._filter is not None or bool(self._injections)

    @property
    def filter_text(self) -> str:
        """The filter as the user wrote it; empty when nothing is patched."""
        return self._text

    def injections(self) -> Iterator[tuple[Injection, "InjectionEffect"]]:
        """Yield the injections at work, each with what it led to."""
        for one in () if self.expired else self._injections:
            yield one, self._effects[one.name]

    def pages_of(self, injection: Injection) -> str:
        """Return the origins of the pages whose responses it changes, as the user wrote them."""
        return str(injection.origins or self.policy.origins)

    def note(self, inspection: Inspection) -> None:
        """Take note of what injections did to a response."""
        view = inspection.patch
        if view is None:
            return
        for name in view.patch.by:
            effect = self._effects.get(name)
            if effect is None:
                continue
            if view.patch.refused is not None:
                effect.refused = view.patch.refused
                continue
            effect.hits += 1
            effect.led_to = view.verdicts_after[inspection.headline].words

    @property
    def dry_run(self) -> bool:
        """Whether patches are only shown."""
        return self._dry_run

    @property
    def seconds_left(self) -> float | None:
        """How long patching stays on; None when it has no end."""
        return None if self._until is None else max(0.0, self._until - self._clock())

    @property
    def expired(self) -> bool:
        """Whether patching is on but its time is over."""
        return self._until is not None and self._clock() >= self._until

    def follow_clock(self, by: float) -> None:
        """Take note that the clock was set by so many seconds: patching is not to last longer for that."""
        if self._until is not None:
            self._until += by
        self._remind_at += by

    def reminder_due(self) -> bool:
        """Say, once every five minutes while patching is on, that it is time to say so again."""
        if not self.on or self._clock() < self._remind_at:
            return False
        self._remind_at = self._clock() + REMIND_SECONDS
        return True

    def should_patch(self, flow: http.HTTPFlow, begun: Exchange | None = None) -> bool:
        """Say whether this flow's response may be patched: it is alive, the filter matches, and the time is not over.

        Args:
            begun: what it was when its request was seen; the filter is about that URL, wherever the request was sent then.
        """
        if self._filter is None or not flow.live or self.expired:
            return False
        return bool(self._filter(flow if begun is None else as_asked(flow, begun)))

    def responds_to(self, flow: http.HTTPFlow) -> bool:
        """Say whether this flow gets its response from the proxy, should it be a preflight."""
        return self.policy.preflight is PreflightMode.ANSWER and not self._dry_run and self.should_patch(flow)

    def injections_for(self, flow: http.HTTPFlow) -> Sequence[Injection]:
        """Return the injections that may change this flow's response, if they match it."""
        return self._injections if self._injections and flow.live and not self.expired else ()

    def describe(self) -> str:
        """Return the state in one line for people."""
        if not self.on or self.expired:
            return "patching is off"
        what = [self._text] if self._filter is not None else []
        if self._injections:
            what.append(f"{len(self._injections)} injection{'' if len(self._injections) == 1 else 's'}")
        left = self.seconds_left
        until = "until it is switched off" if left is None else f"{_minutes(left)} left"
        dry = " (dry run: nothing is changed)" if self._dry_run else ""
        return f"patching is on for {' and '.join(what)}, for pages of {self.policy.origins}, {until}{dry}"

    def describe_injections(self) -> Iterator[str]:
        """Yield a line on each injection: what it does, to which responses, for whom, how long, and what it led to."""
        left = self.seconds_left
        until = "until it is stopped" if left is None else f"{_minutes(left)} left"
        for one, effect in self.injections():
            changes = redact_text(", ".join(one.described()))
            led_to = f", then {effect.led_to}" if effect.led_to else ""
            refused = f"; not changed: {redact_text(effect.refused)}" if effect.refused else ""
            where = one.filter_text or "every response"
            stop = f"cors.inject.remove {command_lexer.quote(one.filter_text)} {', '.join({*one.remove, *one.set, *one.add})}"
            yield (
                f"{changes} on {where}, for pages of {self.pages_of(one)}, {until}: {effect.hits} changed{led_to}{refused}"
                + (f"  (stop: {stop})" if one.spec is not None else f"  (rule {one.name})")
            )

    def warnings(self) -> tuple[str, ...]:
        """Return what the user has to be told about what was asked for."""
        return (f"cors_patch_origins: {ANY_MEANS}",) if self.on and self.policy.origins.any else ()


def _minutes(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
