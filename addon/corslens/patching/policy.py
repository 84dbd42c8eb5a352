"""PatchPolicy: which pages a patch may allow, and how preflights are patched.

An origin is allowed only when an entry of the list says so; the word `any` has to be written out, and so has `null`, which is the
origin of every sandboxed frame of every site.
The default is this machine: `localhost`, its loopback addresses, and origins that were seen to be served from a loopback address.
A name alone proves nothing: whoever is on the network can serve `http://app.test`.
"""

import re
from collections.abc import Container, Iterable
from enum import StrEnum
from functools import lru_cache

import ada_url
from msgspec import Struct
from publicsuffixlist import PublicSuffixList

from corslens.fetch.app_origins import is_app_origin
from corslens.fetch.constants import NULL
from corslens.fetch.origins import (
    DEFAULT_PORTS,
    is_ip_address,
    is_loopback,
    is_serialized_origin,
    is_this_machine,
    origin_of,
    scheme_host_port,
)
from corslens.suggest import did_you_mean

ANY = "any"
LOOPBACK = "loopback"
WORDS = (LOOPBACK, NULL, ANY)
"""Entries that are neither a host nor an origin."""

ANY_MEANS = (
    "any: every site open in a browser behind this proxy may read what the patched servers respond, "
    "with the user's cookies where the page includes them (sandboxed frames only if null is listed, too)"
)
"""What a user sees who widens a patch to all origins."""

NOWHERE: Container[str] = frozenset()
"""No origin was seen to be served from this machine."""

_MAXIMUM_MAX_AGE = 86400


class PreflightMode(StrEnum):
    """What becomes of a preflight."""

    FIX = "fix"
    """It is forwarded, and the server's response is patched."""
    ANSWER = "answer"
    """The proxy responds to it; nothing reaches the server."""


class OriginPattern(Struct, frozen=True, kw_only=True):
    """A host with or without what is below it; scheme and port are None when any will do."""

    host: str
    below: bool = False
    """Whether the names below the host are meant, and not the host itself."""
    scheme: str | None = None
    port: str | None = None

    def matches(self, scheme: str, host: str, port: str) -> bool:
        """Say whether an origin of these parts fits; `port` is written out even when it is the scheme's default."""
        if self.below:
            if not host.endswith(f".{self.host}"):
                return False
        elif host != self.host:
            return False
        return self.scheme in (None, scheme) and self.port in (None, port)


class OriginList(Struct, frozen=True, kw_only=True):
    """The origins that may be allowed."""

    entries: tuple[str, ...]
    """As the user wrote them."""
    any: bool = False
    loopback: bool = False
    null: bool = False
    exact: frozenset[str] = frozenset()
    patterns: tuple[OriginPattern, ...] = ()

    def allows(self, serialized_origin: str, served_here: Container[str] = NOWHERE) -> bool:
        """Say whether a page of this origin may be allowed; text that is no serialized origin never is.

        Args:
            served_here: the origins that were served from a loopback address of this machine.
        """
        if serialized_origin == NULL:
            return self.null
        if not is_serialized_origin(serialized_origin):
            return (self.any or serialized_origin in self.exact) and is_app_origin(serialized_origin)
        if self.any or serialized_origin in self.exact:
            return True
        scheme, host, port = scheme_host_port(serialized_origin)
        if self.loopback and (is_this_machine(host) or serialized_origin in served_here):
            return True
        return any(pattern.matches(scheme, host, port) for pattern in self.patterns)

    def __str__(self) -> str:
        return ", ".join(self.entries)


def is_safe_origin(text: str) -> bool:
    """Say whether the text is an Origin header's value that may become part of a response."""
    return text == NULL or is_serialized_origin(text) or is_app_origin(text)


def sounds_local(host: str) -> bool:
    """Say whether a serialized host has a name that developers give to this machine: a hint for messages, and no proof."""
    return is_loopback(host) or host.rstrip(".").endswith((".test", ".local", ".localdev", ".internal"))


@lru_cache(maxsize=1)
def _known_suffixes() -> PublicSuffixList:
    # Unlike the list that tells sites apart, this one knows that `test`, `internal` or `lan` are not open to registration.
    # Built only for an entry that begins with `*.`: it takes 50 ms.
    return PublicSuffixList(accept_unknown=False)


def _parse_pattern(entry: str) -> str | OriginPattern:
    """Return the exact origin, or the pattern, that an entry stands for."""
    scheme, separator, rest = entry.partition("://")
    if not separator:
        scheme, rest = "", entry
    if is_app_origin(entry):
        return entry
    if scheme.lower() not in ("", "http", "https"):
        raise ValueError(f"{entry!r} is not an origin: the scheme is http or https, or an app's like capacitor://localhost")
    if any(character in rest for character in "/?#\\@") or not rest.isprintable() or " " in rest:
        raise ValueError(
            f"{entry!r} is not an origin: it is a scheme, a host and a port, with nothing after them and no user name"
        )
    below = rest.startswith("*.")
    host_and_port = rest.removeprefix("*.")
    if "*" in host_and_port:
        raise ValueError(
            f"{entry!r}: the only wildcard is a leading *. for all names below a host; for all origins write {ANY!r}"
        )
    try:
        # A scheme without a default port keeps :80 and :443 visible.
        parsed = ada_url.URL(f"http://{host_and_port}/")
        written_port = re.search(r":([0-9]+)$", host_and_port)
    except ValueError as error:
        raise ValueError(f"{entry!r} is not an origin: {host_and_port!r} is not a host and port") from error
    host = parsed.hostname
    port = str(int(written_port[1])) if written_port else None
    if not host or host_and_port.endswith(":"):
        raise ValueError(f"{entry!r} is not an origin: {host_and_port!r} is not a host and port")
    if below and is_ip_address(host):
        raise ValueError(f"{entry!r}: there are no names below an address")
    if below and _known_suffixes().is_public(host):
        raise ValueError(f"{entry!r}: anybody can register a name below {host!r}; name the sites, or write {ANY!r}")
    if scheme and not below:
        return origin_of(f"{scheme}://{host}:{port}" if port else f"{scheme}://{host}")
    if scheme and port is None:
        port = str(DEFAULT_PORTS[scheme.lower()])
    return OriginPattern(host=host, below=below, scheme=scheme.lower() or None, port=port)


def parse_origins(entries: Iterable[str]) -> OriginList:
    """Return the origin list that entries stand for; each may hold several, separated by commas.

    An entry is `loopback`, `null` (sandboxed frames, data: and file: pages), `any`, an origin (`https://app.example:8443`), a
    host (any scheme and, without one, any port), or a leading `*.` before a host for all the names below it.

    Raises: ValueError naming the bad entry.
    """
    written = tuple(part.strip() for entry in entries for part in entry.split(",") if part.strip())
    if not written:
        raise ValueError(f"the list of origins is empty: name origins, {LOOPBACK!r}, or {ANY!r}")
    exact: set[str] = set()
    patterns: list[OriginPattern] = []
    for entry in written:
        if entry in WORDS:
            continue
        if entry == "*" or entry.lower() in ("all", "everyone", "everything"):
            raise ValueError(f"{entry!r}: for all origins write {ANY!r}")
        if "." not in entry and ":" not in entry and (hint := did_you_mean(entry, WORDS)):
            raise ValueError(f"{entry!r} is not an origin{hint}")
        parsed = _parse_pattern(entry)
        if isinstance(parsed, str):
            exact.add(parsed)
        else:
            patterns.append(parsed)
    return OriginList(
        entries=written,
        any=ANY in written,
        loopback=LOOPBACK in written,
        null=NULL in written,
        exact=frozenset(exact),
        patterns=tuple(patterns),
    )


DEFAULT_ORIGINS = parse_origins([LOOPBACK])


class PatchPolicy(Struct, frozen=True, kw_only=True):
    """What a patch may do."""

    origins: OriginList = DEFAULT_ORIGINS
    preflight: PreflightMode = PreflightMode.FIX
    max_age_seconds: int = 0
    """Of a patched preflight. 0, because otherwise the browser would remember a patch that is switched off."""
    served_here: Container[str] = NOWHERE
    """The origins that were served from a loopback address of this machine, as far as the proxy saw; they are `loopback`, too."""

    def allows(self, page: str) -> bool:
        """Say whether a page of this serialized origin may be allowed."""
        return self.origins.allows(page, self.served_here)


def parse_policy(*, origins: Iterable[str] = (LOOPBACK,), preflight: str = "fix", max_age_seconds: int = 0) -> PatchPolicy:
    """Return the policy that a user's words stand for.

    Raises: ValueError naming the bad entry.
    """
    try:
        mode = PreflightMode(preflight)
    except ValueError:
        raise ValueError(f"{preflight!r} is not one of {', '.join(PreflightMode)}") from None
    if not 0 <= max_age_seconds <= _MAXIMUM_MAX_AGE:
        raise ValueError(f"{max_age_seconds} is not between 0 and {_MAXIMUM_MAX_AGE} seconds")
    return PatchPolicy(origins=parse_origins(origins), preflight=mode, max_age_seconds=max_age_seconds)
