"""How a server seems to compare Origin, from which strangers' origins it allowed."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.messages import Response
from corslens.fetch.origins import host_of
from corslens.observation.evidence import site_of
from corslens.observation.probe import OriginComparison, Probe
from corslens.probing.strangers import UNRELATED, Stranger

_Is = OriginComparison
_EXPLAINS: Mapping[OriginComparison, frozenset[OriginComparison]] = MappingProxyType({
    _Is.SUBSTRING: frozenset({
        _Is.PREFIX, _Is.SUFFIX, _Is.DOT, _Is.PART, _Is.CHARACTER, _Is.SCHEME, _Is.SUBDOMAIN, _Is.PORT,
    }),
    _Is.PREFIX: frozenset({_Is.CHARACTER, _Is.PORT}),
    _Is.SUFFIX: frozenset({_Is.DOT, _Is.PART, _Is.SCHEME, _Is.SUBDOMAIN}),
})  # fmt: skip
"""What else a comparison allows, of the same site."""


class Hole(Struct, frozen=True, kw_only=True):
    """A careless comparison, and the shortest of the strangers' origins that shows it."""

    comparison: OriginComparison
    witness: Stranger

    @property
    def probe(self) -> Probe:
        """What the witness's exchange shows."""
        return Probe(comparison=self.comparison, own_site=self.witness.own_site)


def is_allowed(origin: str, response: Response | None) -> bool:
    """Say whether the response names this origin. `*` names no one."""
    return response is not None and response.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) == origin


def allows_everyone(response: Response | None) -> bool:
    """Say whether the response allows every origin, openly and without credentials."""
    return response is not None and response.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) == WILDCARD


def find_holes(allowed: Collection[Stranger]) -> tuple[Hole, ...]:
    """Return what the allowed strangers show, the widest first; what a wider comparison of the same origin explains is left out."""
    origins = {one.origin for one in allowed}
    if any(origins.issuperset(pair) for pair in UNRELATED):
        return (
            Hole(
                comparison=OriginComparison.ANY,
                witness=_shortest([one for one in allowed if one.comparison is OriginComparison.ANY]),
            ),
        )
    by_site: dict[str, list[Stranger]] = {}
    for one in allowed:
        by_site.setdefault(site_of(one.imitates), []).append(one)
    order = tuple(OriginComparison)
    holes = [hole for members in by_site.values() for hole in _of_site(members)]
    unique: dict[tuple[OriginComparison, bool], Hole] = {}
    for hole in sorted(holes, key=lambda hole: (order.index(hole.comparison), len(hole.witness.origin), hole.witness.origin)):
        unique.setdefault((hole.comparison, hole.witness.own_site), hole)
    return tuple(unique.values())


def _of_site(allowed: Collection[Stranger]) -> Iterator[Hole]:
    found: dict[OriginComparison, list[Stranger]] = {}
    for one in allowed:
        found.setdefault(one.comparison, []).append(one)
    if _Is.DOT in found and all(host_of(one.origin).startswith("a-") for one in found.get(_Is.SUFFIX, ()) if not one.own_site):
        found[_Is.SUFFIX] = [one for one in found.get(_Is.SUFFIX, ()) if one.own_site]  # the dot matched the hyphen
        if not found[_Is.SUFFIX]:
            del found[_Is.SUFFIX]
    # What stays within the site of its owner explains no stranger from elsewhere.
    wide = {comparison for comparison, members in found.items() if any(not one.own_site for one in members)}
    every_subdomain = any(not host_of(one.origin).endswith(f".{host_of(one.imitates)}") for one in found.get(_Is.SUBDOMAIN, ()))
    for comparison, members in found.items():
        witness = _shortest(members)
        explaining = [other for other in found if comparison in _EXPLAINS.get(other, ())]
        if any(other in wide or (witness.own_site and not every_subdomain) for other in explaining):
            continue
        if not (every_subdomain and witness.own_site and comparison not in (_Is.SUBDOMAIN, _Is.PORT)):
            yield Hole(comparison=comparison, witness=witness)


def _shortest(strangers: Collection[Stranger]) -> Stranger:
    """Return the stranger to show: one that anyone can be before one of the owner's own, then the shortest."""
    return min(strangers, key=lambda one: (one.own_site, len(one.origin)))
