"""Patch mode's switch: for which flows it is on, and for how long."""

from collections.abc import Callable

from mitmproxy import flowfilter, http

from corslens.mitm.options import Settings
from corslens.patching.policy import ANY_MEANS, PatchPolicy, PreflightMode


class PatchMode:
    """Whether patching is on.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filter: flowfilter.TFilter | None = None
        self._text = ""
        self._dry_run = False
        self._until: float | None = None
        self.policy = PatchPolicy()

    def switch(self, settings: Settings) -> None:
        """Take the settings; when patching is on, its time begins now."""
        self._filter, self._text = settings.patch_filter, settings.patch
        self._dry_run = settings.dry_run
        self.policy = settings.policy
        minutes = settings.patch_minutes
        self._until = self._clock() + 60 * minutes if self.on and minutes else None

    @property
    def on(self) -> bool:
        """Whether a filter is set, be its time over or not."""
        return self._filter is not None

    @property
    def filter_text(self) -> str:
        """The filter as the user wrote it; empty when patching is off."""
        return self._text

    @property
    def dry_run(self) -> bool:
        """Whether patches are only shown."""
        return self._dry_run

    @property
    def answers_preflights(self) -> bool:
        """Whether preflights are answered by the proxy."""
        return self.policy.preflight is PreflightMode.ANSWER and not self._dry_run

    @property
    def seconds_left(self) -> float | None:
        """How long patching stays on; None when it has no end."""
        return None if self._until is None else max(0.0, self._until - self._clock())

    @property
    def expired(self) -> bool:
        """Whether patching is on but its time is over."""
        return self._until is not None and self._filter is not None and self._clock() >= self._until

    def wants(self, flow: http.HTTPFlow) -> bool:
        """Say whether this flow's response may be rewritten: it is alive, the filter matches, and the time is not over."""
        return self._filter is not None and flow.live and not self.expired and bool(self._filter(flow))

    def describe(self) -> str:
        """Return the state in one line for people."""
        if not self.on or self.expired:
            return "patching is off"
        left = self.seconds_left
        until = "until it is switched off" if left is None else f"{_minutes(left)} left"
        verb = "would be patched (dry run)" if self._dry_run else "patching is on"
        start = f"responses to {self._text} {verb}" if self._dry_run else f"{verb} for {self._text}"
        return f"{start}, for pages of {self.policy.origins}, {until}"

    def warnings(self) -> tuple[str, ...]:
        """Return what the user has to be told about what was asked for."""
        return (f"cors_patch_origins: {ANY_MEANS}",) if self.on and self.policy.origins.any else ()


def _minutes(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
