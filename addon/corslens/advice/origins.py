"""Who is allowed: the origins that the user names, or those of the API's site that the server allows already; the others are reported, with reasons."""

import re
from collections.abc import Sequence

from msgspec import Struct

from corslens.advice.needs import ValueCounts
from corslens.fetch.app_origins import is_app_origin
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, NULL, WILDCARD
from corslens.fetch.origins import (
    host_of,
    is_loopback,
    is_schemelessly_same_site,
    is_serialized_origin,
    is_this_machine,
    origin_of,
    scheme_host_port,
)
from corslens.observation.observation import Observation
from corslens.observation.redaction import endpoint_path, public_url

_PLAIN_ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
"""What every configuration language can hold; the URL standard lets hosts have more (`'`, `$`, `{`), which nobody needs."""


_SHOWN_PATHS = 3


class Choice(Struct, frozen=True):
    """The origins of one API's policy."""

    allowed: dict[str, str]
    """Serialized origin → why."""
    counted: frozenset[str]
    """Origins whose needs count: those allowed, and pages on this machine while the user names others."""
    counts: ValueCounts
    warnings: tuple[str, ...]


def parse_allow_origin(text: str) -> str:
    """Return the serialized origin that a user means.

    Raises: ValueError that says what is wanted.
    """
    text = text.strip()
    if text == WILDCARD:
        raise ValueError("--allow-origin *: name origins instead; a policy that allows everyone needs no advice")
    if text == NULL:
        raise ValueError("--allow-origin null: any sandboxed frame of any site has that origin, so it cannot be yours")
    if WILDCARD in text:
        raise ValueError(f"--allow-origin {text!r}: list each origin; a pattern allows anyone who registers a matching name")
    if is_app_origin(text):
        return text
    origin = origin_of(text)
    if origin == NULL or not _PLAIN_ORIGIN.fullmatch(origin):
        raise ValueError(f"--allow-origin {text!r}: not an origin; write scheme and host, for instance https://app.example")
    if text.lower() not in (origin, f"{origin}/") and not _is_default_port(text.lower(), origin):
        raise ValueError(f"--allow-origin {text!r}: an origin has no path; did you mean {origin}?")
    return origin


def _is_default_port(text: str, origin: str) -> bool:
    scheme, _, port = scheme_host_port(origin)
    return text.rstrip("/") == f"{origin}:{port}" and scheme in ("http", "https")


def choose_origins(target: str, observations: Sequence[Observation], named: Sequence[str]) -> Choice:
    """Say which of the origins that requested an API its policy allows.

    Those that the user names; and when none are named, those of the API's own site that the server allows today. An endpoint that
    allows whoever requests it vouches for nobody, and an origin of another site is never allowed on a server's word alone.
    """
    asked = ValueCounts()
    public = False
    tainted = False
    endpoints: dict[str, _Endpoint] = {}
    for each in observations:
        origin = each.origin or NULL
        asked.add(origin, each.id)
        tainted = tainted or (origin == NULL and each.tainted)
        response = each.exchange.response
        lines = response.headers.values(ACCESS_CONTROL_ALLOW_ORIGIN) if response is not None else ()
        endpoint = endpoints.setdefault(endpoint_path(each.exchange.request.url), _Endpoint())
        endpoint.asked.add(origin)
        if lines == (origin,):
            endpoint.granted.add(origin)
        public = public or lines == (WILDCARD,)
    granted = {path: endpoint for path, endpoint in endpoints.items() if endpoint.granted}
    reflecting = {path: endpoint.granted for path, endpoint in granted.items() if endpoint.reflects(target)}
    vouched = {origin for path, endpoint in granted.items() if path not in reflecting for origin in endpoint.granted}
    allowed: dict[str, str] = {}
    warnings: list[str] = []
    for origin in named:
        refusal = _refuse_scheme(target, origin)
        if refusal:
            warnings.append(f"{target}: {refusal}")
        else:
            allowed[origin] = (
                "named as yours" if origin in asked.values else "named as yours, though it sent no request in this traffic"
            )
    for origin in asked.values:
        if origin in allowed or origin in named:
            continue
        by = tuple(path for path, origins in reflecting.items() if origin in origins)
        today = origin in vouched or bool(by)
        why = _why_not(target, origin, today=today, vouched=origin in vouched, by=by, named=bool(named), tainted=tainted)
        if why is None:
            allowed[origin] = "the server allows it today"
        else:
            warnings.append(f"{target}: {why}")
    if public:
        warnings.append(
            f"{target}: responses allow `*` today, at least some of them; these settings list origins instead, "
            "because `*` allows everyone and does not apply to requests with credentials"
        )
    counted = frozenset(allowed) | {
        origin
        for origin in asked.values
        if named and origin != NULL and is_serialized_origin(origin) and is_this_machine(host_of(origin))
    }
    return Choice(allowed=allowed, counted=counted, counts=asked, warnings=tuple(warnings))


class _Endpoint:
    """Who requested an endpoint, and whom it allowed by name."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.granted: set[str] = set()

    def reflects(self, target: str) -> bool:
        """Say whether it may allow whoever requests it: several asked, nobody was refused, and one of them is of another site."""
        return (
            self.granted == self.asked and len(self.granted) > 1 and any(not is_own_site(one, target) for one in self.granted)
        )


def is_own_site(origin: str, target: str) -> bool:
    """Say whether an origin is of the same site as an API, or both are on the machine that this runs on."""
    if not is_serialized_origin(origin):
        return False
    return is_schemelessly_same_site(origin, target) or (is_this_machine(host_of(origin)) and is_this_machine(host_of(target)))


def suppose_own_origins(target: str, observations: Sequence[Observation]) -> tuple[str, ...]:
    """Return the origins that requested an API, if they are of one site, so that they are most likely the user's own; else nothing.

    For places where nobody can be asked, such as a report's fix box. Only those of the API's own site (`is_own_site`) may be
    written into settings there, and what is written has to say that it was supposed.
    """
    asked = dict.fromkeys(
        each.origin
        for each in observations
        if each.target_origin == target
        and each.is_cors
        and each.origin is not None
        and _PLAIN_ORIGIN.fullmatch(each.origin)
        and not _refuse_scheme(target, each.origin)
    )
    first = next(iter(asked), None)
    return tuple(asked) if all(is_schemelessly_same_site(origin, first or origin) for origin in asked) else ()


def _refuse_scheme(target: str, origin: str) -> str | None:
    """Say why an origin without TLS may not be allowed by an API with TLS: whoever is on the network speaks in its name."""
    if target.startswith("https:") and origin.startswith("http:") and not is_loopback(host_of(origin)):
        return f"{origin} is left out: it is http and the API is https, so anyone on the user's network can act as that origin"
    return None


def _why_not(
    target: str, origin: str, *, today: bool, vouched: bool, by: Sequence[str], named: bool, tainted: bool
) -> str | None:
    """Say why an origin is left out, None when it is not.

    Args:
        by: the paths of the endpoints that allowed it and may allow anybody.
    """
    if origin == NULL:
        if tainted:
            return "`null` is left out: a redirect to another origin caused it; request the final URL from the page"
        return "`null` is left out: every sandboxed frame and local file has that origin"
    if not is_app_origin(origin) and (not is_serialized_origin(origin) or not _PLAIN_ORIGIN.fullmatch(origin)):
        return f"{public_url(origin)!r} is left out: it is not an origin that a setting can name"
    add = f"add --allow-origin {origin} if it is yours"
    if named:
        return f"{origin} sent requests{' (the server allows it today)' if today else ''} but was not named as yours; {add}"
    if by and not vouched:
        more = f" and {len(by) - _SHOWN_PATHS} more" if len(by) > _SHOWN_PATHS else ""
        return f"{origin} is left out: only {', '.join(by[:_SHOWN_PATHS])}{more} allowed it, and {'they seem' if len(by) > 1 else 'it seems'} to allow any origin; {add}"
    if not today:
        return f"{origin} sent requests and is not allowed today; {add}"
    if not is_own_site(origin, target):
        return f"{origin} is left out although the server allows it today: it is cross-site to the API; {add}"
    return _refuse_scheme(target, origin)
