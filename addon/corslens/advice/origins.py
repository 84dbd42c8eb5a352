"""Who is let in: the origins that the user names, or those that the server lets in already; the others are told, with reasons."""

import re
from collections.abc import Sequence

from msgspec import Struct

from corslens.advice.needs import Tally
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, NULL, WILDCARD
from corslens.fetch.origins import (
    host_of,
    is_loopback,
    is_schemelessly_same_site,
    is_serialized_origin,
    origin_of,
    registrable_domain,
    scheme_host_port,
)
from corslens.observation.observation import Observation

_PLAIN_ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
"""What every configuration language can hold; the URL standard lets hosts have more (`'`, `$`, `{`), which nobody needs."""


class Choice(Struct, frozen=True):
    """The origins of one API's policy."""

    let_in: dict[str, str]
    """Serialized origin → why."""
    counted: frozenset[str]
    """Origins whose needs count: those let in, and pages on this machine while the user names others."""
    tally: Tally
    warnings: tuple[str, ...]


def parse_allow_origin(text: str) -> str:
    """Return the serialized origin that a user means.

    Raises: ValueError that says what is wanted.
    """
    text = text.strip()
    if text == WILDCARD:
        raise ValueError("--allow-origin *: name origins; a policy for everyone needs no advice")
    if text == NULL:
        raise ValueError("--allow-origin null: any sandboxed frame of any site has that origin, so it cannot be yours")
    if WILDCARD in text:
        raise ValueError(f"--allow-origin {text!r}: name each origin; patterns let in whoever gets a name that matches")
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
    """Say which of the origins that asked an API its policy lets in."""
    asked, granted = Tally(), Tally()
    public = False
    tainted = False
    for each in observations:
        origin = each.origin or NULL
        asked.add(origin, each.id)
        tainted = tainted or (origin == NULL and each.tainted)
        response = each.exchange.response
        lines = response.headers.values(ACCESS_CONTROL_ALLOW_ORIGIN) if response is not None else ()
        if lines == (origin,):
            granted.add(origin, each.id)
        public = public or lines == (WILDCARD,)
    let_in: dict[str, str] = {}
    warnings: list[str] = []
    for origin in named:
        refusal = _refuse_scheme(target, origin)
        if refusal:
            warnings.append(f"{target}: {refusal}")
        else:
            let_in[origin] = (
                "named as yours" if origin in asked.values else "named as yours, though it did not ask in this traffic"
            )
    suspects = _reflected(target, asked, granted)
    for origin in asked.values:
        if origin in let_in or origin in named:
            continue
        why = _why_not(target, origin, granted=granted, named=bool(named), suspect=origin in suspects, tainted=tainted)
        if why is None:
            let_in[origin] = "the server lets it in today"
        else:
            warnings.append(f"{target}: {why}")
    if public:
        warnings.append(
            f"{target}: `*` is what it says today, at least at times; these settings name origins instead, "
            "because `*` lets everyone in and is refused by browsers beside credentials"
        )
    counted = frozenset(let_in) | {
        origin
        for origin in asked.values
        if named and origin != NULL and is_serialized_origin(origin) and is_loopback(host_of(origin))
    }
    return Choice(let_in=let_in, counted=counted, tally=asked, warnings=tuple(warnings))


def suppose_own_origins(target: str, observations: Sequence[Observation]) -> tuple[str, ...]:
    """Return the origins that asked an API, if they are of one site, so that they are most likely the user's own; else nothing.

    For places where nobody can be asked, such as a report's fix box; what is written from it has to say that it was supposed.
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
    """Say why an origin without TLS may not be let in by an API with TLS: whoever is on the network speaks in its name."""
    if target.startswith("https:") and not origin.startswith("https:") and not is_loopback(host_of(origin)):
        return f"{origin} is left out: it is http and the API is https, so anyone on the user's network could speak as it"
    return None


def _why_not(target: str, origin: str, *, granted: Tally, named: bool, suspect: bool, tainted: bool) -> str | None:
    if origin == NULL:
        if tainted:
            return "`null` is left out: a redirect to another origin made it so; let the page ask for the final URL"
        return "`null` is left out: any sandboxed frame or local file of anyone has that origin"
    if not is_serialized_origin(origin) or not _PLAIN_ORIGIN.fullmatch(origin):
        return f"{origin!r} is left out: it is not an origin that a setting can name"
    today = " (the server lets it in today)" if origin in granted.values else ""
    if named:
        return f"{origin} asked{today} and is not named as yours; add --allow-origin {origin} if it is"
    if not today:
        return f"{origin} asked and is not let in today; if it is yours, say --allow-origin {origin}"
    if suspect:
        return f"{origin} is left out: the server seems to let in whoever asks; if it is yours, say --allow-origin {origin}"
    if is_loopback(host_of(origin)) and not is_loopback(host_of(target)):
        return (
            f"{origin} is left out: a page on a developer's machine; say --allow-origin {origin} if these settings are for it"
        )
    return _refuse_scheme(target, origin)


def _reflected(target: str, asked: Tally, granted: Tally) -> frozenset[str]:
    """Return origins of other sites that may have been let in by mere reflection: nobody was refused, and they have nothing in common."""
    foreign = [
        origin
        for origin in granted.values
        if origin == NULL or not (is_schemelessly_same_site(origin, target) or is_loopback(host_of(origin)))
    ]
    sites = {origin if origin == NULL else registrable_domain(host_of(origin)) or host_of(origin) for origin in foreign}
    if len(sites) >= 2 and set(granted.values) == set(asked.values):
        return frozenset(foreign)
    return frozenset()
