"""Our verdict on each request of a page, from cors_log's records, beside what the browser said of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from corslens.verdict.reasons import NAMES, Reason
from msgspec import Struct

from tests.browser.kit.mitmdump import Record

CLOCK_SECONDS = 0.005
"""How far the clocks of page and proxy may seem apart: one machine, but browsers round theirs."""
CORS_ROLES = frozenset({"preflight", "actual", "simple"})
PASSED_BY = frozenset({"navigation", "websocket"})


class Said(Struct, frozen=True, kw_only=True):
    """What we say of one request of a page: its preflight, its redirects and itself taken together."""

    outcome: str
    """`allowed`, `blocked`, `depends`, or `not-cors` when no exchange of it is CORS' business."""
    reason: str | None = None
    record: Record | None = None
    """The exchange that decided."""
    mended: str | None = None
    """The reason for which it would have been blocked, had the answer not been patched."""
    findings: tuple[tuple[str, str], ...] = ()
    """The rule and the severity of each, worst first."""

    def names(self) -> tuple[str, ...]:
        """Return the names that Chromium has for the reason."""
        return () if self.reason is None else NAMES[Reason(self.reason)].chromium


def split_by_start(records: Iterable[Record], starts: Sequence[float]) -> list[list[Record]]:
    """Return the records of each of a page's requests, which the page made one after another from these times on (epoch seconds)."""
    return split((record for record in records if record["role"] not in PASSED_BY), starts, time_of)


def split[T](things: Iterable[T], starts: Sequence[float], time_of: Callable[[T], float]) -> list[list[T]]:
    """Return the things that belong to each start, in the order of their times: those from it on and before the next."""
    parts: list[list[T]] = [[] for _ in starts]
    for thing in sorted(things, key=time_of):
        at = max((number for number, start in enumerate(starts) if start <= time_of(thing) + CLOCK_SECONDS), default=None)
        if at is not None:
            parts[at].append(thing)
    return parts


def time_of(record: Record) -> float:
    """Return when the exchange's request was seen, in epoch seconds."""
    return datetime.fromisoformat(record["time"]).timestamp()


def what_we_say(records: Sequence[Record], engine: str = "chromium") -> Said:
    """Return our verdict on a request from the records of its exchanges, in the order in which they were made.

    Where an answer was patched, it is the verdict on what the browser got.
    """
    severities = {"error": 0, "warning": 1, "info": 2}
    found = dict.fromkeys((finding["rule"], finding["severity"]) for record in records for finding in record["findings"])
    findings = tuple(sorted(found, key=lambda finding: severities[finding[1]]))
    undecided: Record | None = None
    mended: str | None = None
    for record in records:
        verdict = record["verdicts"][engine]
        patch = record["patch"]
        if patch is not None and patch["applied"]:
            mended = mended or verdict["reason"]
            verdict = patch["verdicts_after"][engine]
        if verdict["outcome"] == "blocked":
            return Said(outcome="blocked", reason=verdict["reason"], record=record, mended=mended, findings=findings)
        if verdict["outcome"] == "depends":
            undecided = undecided or record
    if undecided is not None:
        return Said(outcome="depends", record=undecided, mended=mended, findings=findings)
    if not any(record["role"] in CORS_ROLES for record in records):
        return Said(outcome="not-cors", findings=findings)
    return Said(outcome="allowed", record=records[-1], mended=mended, findings=findings)
