"""PatchSummary: what the servers still lack, collected from the patches that pages needed.

A patch is a loan. This is the bill: per API origin and endpoint, each header that the server itself would have to send.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from corslens.bounded import Bounded
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    NULL,
    VARY,
    WILDCARD,
)
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import endpoint_path, redact_header, redact_url
from corslens.patching.patch import HeaderChange, Patch

STATUS = "status"
"""Stands where a header's name would, for a preflight's status."""

REDIRECT = "redirect"
"""Stands where a header's name would, for the redirect behind which the origin is `null`."""
PAGE = "page"
"""The same for a page whose origin is `null` by itself."""

_FOR_ORIGIN = frozenset({ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS, VARY})
"""What a patch sends for one origin. A server that sent it for `null` would allow every sandboxed frame."""
_LISTS = frozenset({ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, VARY})
_SHOWN_VALUES = 12
_VALUES = 200
"""Values of one missing header that are told apart."""


class Half(StrEnum):
    """Which response lacks something."""

    PREFLIGHT = "preflight"
    RESPONSE = "response"


class MissingHeader(Struct, frozen=True, kw_only=True):
    """One thing that a server does not send, on one endpoint."""

    api: str
    """The server's origin."""
    path: str
    """Of the endpoint."""
    half: Half
    header: str
    """In the spelling of the standard, or `status`, `redirect` or `page`."""
    wanted: tuple[str, ...]
    """Values, or elements of a list, that pages needed; most often needed first."""
    more: int
    """How many further values there were, of those that were told apart."""
    exchanges: int
    """How many exchanges had to be patched for it."""
    asked: bool
    """Whether the server was asked at all; False when the proxy responded to every such preflight itself."""
    example: str
    """The redacted URL of the first one."""
    only_with_credentials: bool = False
    """Whether only a page that includes credentials needs it, and none was seen to."""

    @property
    def sentence(self) -> str:
        """What the server has to do, without saying where."""
        return f"{self._what} (only if the page sends credentials)" if self.only_with_credentials else self._what

    @property
    def _what(self) -> str:
        values = ", ".join(self.wanted) + (f" and {self.more} more" if self.more else "")
        name = self.header
        match name.lower():
            case "status":
                return f"respond with a 2xx instead of {values}" if self.asked else "respond with a 2xx"
            case "redirect":
                return 'respond without the redirect, or redirect within one origin: it made the origin "null", which any site can obtain and which must not be allowed'
            case "page":
                return (
                    'nothing: the page\'s origin is "null", which any site can obtain; serve the page from an origin of its own'
                )
            case header if header in _LISTS:
                return f"list {values} in {name}" if values else f"send a valid list in {name}, or none"
            case header if header == ACCESS_CONTROL_ALLOW_ORIGIN:
                return f"send the requesting page's origin in {name}: {values}"
            case header if header == ACCESS_CONTROL_ALLOW_CREDENTIALS:
                return f"send {name}: true, exactly as written"
            case _:
                return f"send {name}: {values}"


class _Entry:
    """A MissingHeader in the making."""

    __slots__ = ("asked", "certain", "example", "exchanges", "values")

    def __init__(self, example: str) -> None:
        self.example = example
        self.exchanges = 0
        self.asked = False
        self.certain = False
        """Whether some page needed it whatever its credentials mode."""
        self.values: Counter[str] = Counter()


class PatchSummary:
    """Collects patches; bounded, the least recently patched goes first."""

    def __init__(self, limit: int = 1000) -> None:
        self._entries: Bounded[tuple[str, str, Half, str], _Entry] = Bounded(limit)
        self._values_dropped = 0

    @property
    def dropped(self) -> int:
        """How many missing headers, and further values of one, were dropped because of a limit."""
        return self._entries.dropped + self._values_dropped

    def record(self, observation: Observation, patch: Patch, *, asked: bool = True) -> None:
        """Take note of a patch that was made, or would have been in a dry run.

        Args:
            asked: whether the server was asked; not so when the proxy responded to the preflight.
        """
        half = Half.PREFLIGHT if observation.role is Role.PREFLIGHT else Half.RESPONSE
        url = observation.exchange.request.url
        place = (observation.target_origin, endpoint_path(url), half)
        if patch.status is not None:
            self._note((*place, STATUS), url, [str(patch.status.before)], asked)
        included = isinstance(observation.credentials, Known)
        opaque = observation.origin == NULL and any(change.after == NULL for change in patch.changes)
        if opaque:
            self._note((*place, REDIRECT if observation.tainted else PAGE), url, (), asked)
        for change in patch.changes:
            if opaque and change.header.lower() in _FOR_ORIGIN:
                continue
            # Nothing that the server should send: the proxy only keeps its own patch from being remembered.
            if change.header.lower() != ACCESS_CONTROL_MAX_AGE:
                self._note(
                    (*place, change.header), url, _needed(change), asked, certain=included or not _for_credentials(change)
                )

    def _note(
        self, key: tuple[str, str, Half, str], url: str, values: Iterable[str], asked: bool, *, certain: bool = True
    ) -> None:
        entry = self._entries.pop(key, None) or _Entry(redact_url(url))
        self._entries[key] = entry
        entry.exchanges += 1
        entry.asked |= asked
        entry.certain |= certain
        for value in values:
            if value in entry.values or len(entry.values) < _VALUES:
                entry.values[value] += 1
            else:
                self._values_dropped += 1

    def missing_headers(self) -> tuple[MissingHeader, ...]:
        """Return what the servers still lack, by API, endpoint path and half."""
        found = []
        for key in sorted(self._entries):
            api, path, half, header = key
            entry = self._entries[key]
            values = [value for value, _ in entry.values.most_common()]
            found.append(
                MissingHeader(
                    api=api,
                    path=path,
                    half=half,
                    header=header,
                    wanted=tuple(
                        value if header == STATUS else redact_header(header, value) for value in values[:_SHOWN_VALUES]
                    ),
                    more=max(len(values) - _SHOWN_VALUES, 0),
                    exchanges=entry.exchanges,
                    asked=entry.asked,
                    example=entry.example,
                    only_with_credentials=not entry.certain,
                )
            )
        return tuple(found)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._entries.dropped = self._values_dropped = 0


def render_missing_headers(headers: Iterable[MissingHeader]) -> tuple[str, ...]:
    """Return the plain list, a headline and a line each; not yet escaped for any output. Empty when nothing is missing."""
    lines: list[str] = []
    place = None
    count = 0
    for missing in headers:
        count += 1
        if place != (missing.api, missing.path):
            place = (missing.api, missing.path)
            lines.append(f"  {missing.api}{missing.path}")
        not_asked = "" if missing.asked else ", the proxy responded: the request did not reach the server"
        lines.append(f"    {missing.half}: {missing.sentence}  ({missing.exchanges}×{not_asked})")
    if not count:
        return ()
    return (f"{count} {'change' if count == 1 else 'changes'} still needed on your servers:", *lines)


def _for_credentials(change: HeaderChange) -> bool:
    """Say whether only credentials make the change necessary: the header itself, or a name in the place of `*`."""
    if change.header.lower() == ACCESS_CONTROL_ALLOW_CREDENTIALS:
        return True
    return change.header.lower() != VARY and [line.strip() for line in change.before] == [WILDCARD]


def _needed(change: HeaderChange) -> Iterable[str]:
    """Return what the server did not have: the added elements of a list, else the whole value."""
    if change.after is None:
        return ()
    if change.header.lower() not in _LISTS:
        return (change.after,)
    # Only methods are compared with their case: `patch` is not `PATCH`.
    fold = str if change.header.lower() == ACCESS_CONTROL_ALLOW_METHODS else str.lower
    had = {fold(element.strip(" \t")) for line in change.before for element in line.split(",")}
    return tuple(element for element in change.after.split(", ") if fold(element) not in had)
