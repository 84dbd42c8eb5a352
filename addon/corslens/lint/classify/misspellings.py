"""Spelling of CORS header names: which name was meant by one that no browser knows."""

from collections.abc import Mapping
from types import MappingProxyType

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import canonical_name

RESPONSE_NAMES = (
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
    "timing-allow-origin",
    "cross-origin-resource-policy",
)
REQUEST_NAMES = ("access-control-request-method", "access-control-request-headers")
OBSOLETE_NAMES = (
    "access-control-allow-private-network",
    "access-control-allow-local-network",
    "access-control-allow-external",
    "access-control-request-private-network",
    "access-control-request-local-network",
    "access-control-request-external",
    "private-network-access-id",
    "private-network-access-name",
)
_KNOWN = frozenset((*RESPONSE_NAMES, *REQUEST_NAMES, *OBSOLETE_NAMES))
_FARTHEST = 4
_BEGINNINGS = ("access", "acces", "acess", "accsess")
_MIN_NAME_CHARACTERS, _MAX_NAME_CHARACTERS = 15, 39
"""Characters of a name that is held against the known ones."""

_MEANT = {
    "access-control-allow-method": "access-control-allow-methods",
    "access-control-allow-header": "access-control-allow-headers",
    "access-control-allowed-origin": "access-control-allow-origin",
    "access-control-allow-origins": "access-control-allow-origin",
    "access-control-allowed-origins": "access-control-allow-origin",
    "access-control-allowed-methods": "access-control-allow-methods",
    "access-control-allowed-headers": "access-control-allow-headers",
    "access-control-exposed-headers": "access-control-expose-headers",
    "access-control-allow-expose-headers": "access-control-expose-headers",
    "access-control-expose-header": "access-control-expose-headers",
    "access-control-allow-max-age": "access-control-max-age",
    "access-control-maxage": "access-control-max-age",
    "access-control-allow-credential": "access-control-allow-credentials",
    "access-control-credentials": "access-control-allow-credentials",
    "access-control-origin": "access-control-allow-origin",
    "access-control-headers": "access-control-allow-headers",
    "access-control-methods": "access-control-allow-methods",
    "allow-control-allow-origin": "access-control-allow-origin",
    "access-allow-control-origin": "access-control-allow-origin",
    "access-allow-origin": "access-control-allow-origin",
    "allow-access-control-origin": "access-control-allow-origin",
    "x-access-control-allow-origin": "access-control-allow-origin",
    "cors-allow-origin": "access-control-allow-origin",
}
"""Seen in the wild; the others are found by distance."""


_MAX_COMPARED = 16
"""Names of one response that are held against the known ones. There are eight of these; who sends more near misses than two of
each has not misspelled them, and a comparison takes as long as all the rest that is done with a header line."""


@bounded_cache(2048)
def meant_names(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return which of a response's lower-case names were meant to be CORS response headers, and which (in their documented spelling)."""
    found: dict[str, str] = {}
    compared = 0
    for name in names:
        if len(name) > _MAX_NAME_CHARACTERS or name in _KNOWN:
            continue
        meant = _MEANT.get(name)
        if meant is None:
            plain = name.replace("_", "-").replace(" ", "-")
            if plain in RESPONSE_NAMES:
                meant = plain
            elif plain.startswith(_BEGINNINGS) and len(plain) >= _MIN_NAME_CHARACTERS and compared < _MAX_COMPARED:
                compared += 1
                meant = _nearest(plain)
        if meant is not None:
            found[name] = canonical_name(meant)
    return MappingProxyType(found)


@bounded_cache(4096)
def _nearest(name: str) -> str | None:
    best, distance = None, _FARTHEST
    for known in RESPONSE_NAMES:
        found = _distance(name, known, distance)
        if found < distance:
            best, distance = known, found
    return best


def _distance(one: str, other: str, limit: int) -> int:
    """Return the Damerau-Levenshtein distance (adjacent swaps count once), or `limit` when it is at least that."""
    if abs(len(one) - len(other)) >= limit:
        return limit
    same = next((place for place, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs), 0)
    one, other = one[same:], other[same:]
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        row = [i]
        for j, theirs in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (mine != theirs))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) >= limit <= min(above):
            return limit
        before, above = above, row
    return min(above[-1], limit)
