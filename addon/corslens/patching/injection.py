"""Injection: response headers set, added or removed on purpose, to try a policy before a server has it, or to break a page.

An injected response is what the server "sent": it is judged as it then stands, and not patched afterwards.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from corslens.fetch.constants import canonical_name
from corslens.fetch.messages import HeaderList
from corslens.lint.rules.rule import ExchangeFilter
from corslens.observation.observation import Observation
from corslens.patching.patch import HeaderChange, Patch
from corslens.patching.policy import OriginList, PatchPolicy, is_safe_origin
from corslens.patching.propose import page_of

ORIGIN_PLACEHOLDER = "{origin}"
"""Stands in a value for the request's own origin."""


class Injection(Struct, frozen=True, kw_only=True):
    """One rule: which responses, and what happens to their headers. Removes, then sets, then adds."""

    name: str
    because: str = ""
    filter_text: str = ""
    """As the user wrote it; empty for every flow."""
    matches: ExchangeFilter | None = None
    origins: OriginList | None = None
    """Of the pages whose responses are changed; None for those that the patch policy allows."""
    remove: tuple[str, ...] = ()
    set: Mapping[str, tuple[str, ...]] = {}
    """Lines by header name; they take the place of all that were there."""
    add: Mapping[str, tuple[str, ...]] = {}
    """Lines by header name; they come after those that were there."""
    spec: str | None = None
    """The line that it was given in, where it is none of a file."""

    @property
    def title(self) -> str:
        """What it is called before people."""
        return f"injection {self.name!r}" if self.spec is None else f"cors_inject on {self.filter_text or 'every response'}"

    def described(self) -> tuple[str, ...]:
        """Return what it does to headers: `Name: value` of each line, or `no Name`."""
        lines = [f"{name}: {value}" for kept in (self.set, self.add) for name, values in kept.items() for value in values]
        return (*(f"no {name}" for name in self.remove), *lines)


def inject(
    rules: Iterable[Injection], observation: Observation, policy: PatchPolicy, *, proven_page: str | None = None
) -> Patch:
    """Return what the rules change in the exchange's response.

    Empty when no rule matches. `refused` when one matches but its origins, or the policy's, leave the page out, and no other rule
    changed anything.
    """
    response = observation.exchange.response
    if response is None:
        return Patch()
    page = page_of(observation, proven_page)
    headers = response.headers
    because: dict[str, str] = {}
    refused: str | None = None
    kept_out: list[str] = []
    by: dict[str, str] = {}
    for rule in rules:
        if rule.matches is not None and not rule.matches(observation.exchange):
            continue
        origins = rule.origins or policy.origins
        if not (origins.any if page is None else origins.allows(page, policy.served_here)):
            whose = f"the page's origin {page}" if page is not None else "a request that shows no origin"
            refused = refused or f"{whose} is not one of the origins that injections apply to ({origins})"
            kept_out.append(rule.name)
            continue
        for name, lines in _after(rule, headers, _safe_origin(observation)).items():
            headers = headers.with_header(name, lines)
            because[name] = rule.title + (f": {rule.because}" if rule.because else "")
            by[name] = rule.name
    changed = {
        name: change
        for name, reason in because.items()
        if (change := _change(name, response.headers, headers, reason)) is not None
    }
    if changed:
        return Patch(changes=tuple(changed.values()), by=tuple(dict.fromkeys(by[name] for name in changed)))
    return Patch(refused=refused, by=tuple(kept_out))


def _after(rule: Injection, headers: HeaderList, origin: str | None) -> Mapping[str, tuple[str, ...]]:
    """Return the lines that each header named by the rule has afterwards, by lower-case name."""
    after: dict[str, tuple[str, ...]] = {name.lower(): () for name in rule.remove}
    for name, lines in rule.set.items():
        after[name.lower()] = _filled(lines, origin)
    for name, lines in rule.add.items():
        lowered = name.lower()
        after[lowered] = (*after.get(lowered, headers.values(lowered)), *_filled(lines, origin))
    return after


def _filled(lines: Iterable[str], origin: str | None) -> tuple[str, ...]:
    """Return the lines with the origin in its place; a line that wants one is left out when there is none."""
    filled = (line if ORIGIN_PLACEHOLDER not in line else origin and line.replace(ORIGIN_PLACEHOLDER, origin) for line in lines)
    return tuple(line for line in filled if line is not None)


def _safe_origin(observation: Observation) -> str | None:
    """Return the request's origin when it is one: it is about to become part of a response."""
    origin = observation.origin
    return origin if origin is not None and is_safe_origin(origin) else None


def _change(name: str, before: HeaderList, after: HeaderList, because: str) -> HeaderChange | None:
    had, has = before.values(name), after.values(name)
    if had == has:
        return None
    first, more = (has[0], has[1:]) if has else (None, ())
    return HeaderChange(header=canonical_name(name), before=had, after=first, more=more, because=because)
