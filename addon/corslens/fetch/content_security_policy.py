"""Content Security Policy of a document: its directives, and whether one lets the page request a URL. https://www.w3.org/TR/CSP3/"""

import re
from collections.abc import Callable

import ada_url

from corslens.bounded_cache import bounded_cache
from corslens.fetch.origins import DEFAULT_PORTS, origin_of, scheme_host_port

type Directives = dict[str, tuple[str, ...]]
"""Source expressions by directive; of a directive given twice the first one counts."""
type Directive = tuple[str, ...]
"""Its name, then its source expressions."""

_MAX_POLICY_CHARACTERS = 32_768
"""Characters of all lines. What a limit cuts is left out policy by policy: half a policy would block what the whole one allows."""
_POLICIES = 32
_DIRECTIVES = 64
"""Of one policy, empty ones included. There are some thirty names."""
_SOURCES = 1_000
"""Of all policies of a response."""
_FALLBACKS = {
    "empty": ("connect-src",),
    "image": ("img-src",),
    "font": ("font-src",),
    "audio": ("media-src",),
    "video": ("media-src",),
    "track": ("media-src",),
    "manifest": ("manifest-src",),
    "script": ("script-src-elem", "script-src"),
    "style": ("style-src-elem", "style-src"),
}
"""By a request's destination the directives that may hold for it, before `default-src`; https://www.w3.org/TR/CSP3/#directive-fallback-list"""

_HOST_SOURCE = re.compile(
    r"(?:([a-z][a-z0-9+.-]*)://)?(\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::(\d+|\*))?(/[^?#]*)?"
)
_SCHEME_SOURCE = re.compile(r"([a-z][a-z0-9+.-]*):")
_UPGRADES = {"http": ("http", "https"), "ws": ("ws", "wss", "http", "https"), "wss": ("wss", "https")}
_ELSEWHERE = ("'strict-dynamic'", "'nonce-", "'sha256-", "'sha384-", "'sha512-")
"""These allow by what the element carries, which the wire does not show: a directive with one of them blocks nothing here."""


@bounded_cache(512)
def parse_policies(lines: tuple[str, ...]) -> tuple[Directives, ...]:
    """Return the policies of a response's Content-Security-Policy lines; each of them has to allow a request.

    Standard: parse a response's Content Security Policies, https://www.w3.org/TR/CSP3/#parse-response-csp
    """
    text = ",".join(lines)
    whole = text[:_MAX_POLICY_CHARACTERS].split(",", _POLICIES)[:_POLICIES]
    if len(text) >= _MAX_POLICY_CHARACTERS:
        whole.pop()
    policies, room = [], _SOURCES
    for serialized in whole:
        policy: Directives = {}
        directives = serialized.split(";", _DIRECTIVES)
        if len(directives) > _DIRECTIVES:
            continue
        for directive in directives:
            name, *sources = directive.split(None, room + 1) or [""]
            room -= len(sources)
            if name and name.isascii():
                hidden = any(source.lower().startswith(_ELSEWHERE) for source in sources)
                policy.setdefault(name.lower(), ("*",) if hidden else tuple(sources))
        if room < 0:
            break
        if policy:
            policies.append(policy)
    return tuple(policies)


def directives_for(policies: tuple[Directives, ...], destination: str) -> tuple[Directive, ...]:
    """Return the directives that have to let a request of this destination pass; each policy has at most one."""
    names = _FALLBACKS.get(destination)
    if names is None:
        return ()
    found = []
    for policy in policies:
        name = next((name for name in (*names, "default-src") if name in policy), None)
        if name is not None:
            found.append((name, *policy[name]))
    return tuple(found)


def blocking_directive(directives: tuple[Directive, ...], url: str, *, page_origin: str, redirected: bool) -> str | None:
    """Return the directive that does not let the page request the URL (`connect-src 'self'`), None where all do.

    Args:
        redirected: a redirect led to the URL: then no path counts.
    Standard: does url match source list, https://www.w3.org/TR/CSP3/#match-url-to-source-list
    """
    matching = matcher(url, page_origin, redirected=redirected)
    for directive in directives:
        if not any(map(matching, directive[1:])):
            return " ".join(directive)
    return None


def matcher(url: str, page_origin: str, *, redirected: bool = False) -> Callable[[str], bool]:
    """Return what says whether a source expression matches the URL; `'self'` is `page_origin`.

    Standard: https://www.w3.org/TR/CSP3/#match-url-to-source-expression
    """
    scheme, host, port = scheme_host_port(origin_of(url))
    own_scheme, own_host, own_port = scheme_host_port(page_origin)
    pathname = None if redirected else ada_url.URL(url).pathname
    default_port = _default_port(scheme)

    def matches(source: str) -> bool:
        lowered = source.lower()
        if lowered == "*":
            return scheme in ("http", "https", "ws", "wss") or scheme == own_scheme
        if lowered == "'self'":
            if (scheme, host, port) == (own_scheme, own_host, own_port):
                return True
            return (
                host == own_host
                and scheme in _UPGRADES.get(own_scheme, (own_scheme, "wss"))
                and _is_default(own_port, own_scheme, port, scheme)
            )
        if scheme_source := _SCHEME_SOURCE.fullmatch(lowered):
            return scheme in _UPGRADES.get(scheme_source[1], (scheme_source[1],))
        found = _HOST_SOURCE.fullmatch(lowered)
        if found is None:
            return False
        wanted_scheme, wanted_host, wanted_port, _ = found.groups()
        wanted = wanted_scheme or own_scheme
        if scheme not in _UPGRADES.get(wanted, (wanted,)) and not (wanted_scheme is None and scheme in ("wss", "https")):
            return False
        if wanted_host == "*":
            pass
        elif wanted_host.startswith("*."):
            if not host.endswith(wanted_host[1:]):
                return False
        elif host != wanted_host:
            return False
        if wanted_port is None:
            if port != default_port:
                return False
        elif (
            wanted_port != "*"
            and wanted_port != port
            and not (wanted_port == "80" and port == "443" and scheme in ("https", "wss"))
        ):
            return False
        path = None if found[4] is None else source[found.start(4) : found.end(4)]  # case counts in it
        if pathname is None or not path or path == "/":
            return True
        return pathname.startswith(path) if path.endswith("/") else pathname == path

    return matches


def _is_default(own_port: str, own_scheme: str, port: str, scheme: str) -> bool:
    return own_port == port or (own_port == _default_port(own_scheme) and port == _default_port(scheme))


def _default_port(scheme: str) -> str:
    return str(DEFAULT_PORTS.get(scheme, ""))
