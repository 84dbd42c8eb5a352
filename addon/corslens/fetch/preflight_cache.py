"""The CORS-preflight cache, https://fetch.spec.whatwg.org/#cors-preflight-cache, as far as a proxy can model it.

Time is a parameter: seconds since the epoch.
The network partition key, private windows, eviction and "disable cache" are invisible, so a hit explains a missing preflight;
a miss proves nothing.
"""

from collections import OrderedDict

from msgspec import Struct

from corslens.fetch.constants import NULL, WILDCARD
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.preflight import DEFAULT_MAX_AGE_SECONDS, grants, max_age_seconds
from corslens.fetch.request_headers import CORS_NON_WILDCARD_REQUEST_HEADER_NAME


class CachePolicy(Struct, frozen=True, kw_only=True):
    """Where an engine's cache is not the standard's; the defaults are the standard (which leaves the cap to the engine)."""

    limit_seconds: int = 2**31
    caches_unparsable_max_age: bool = True
    """A malformed Access-Control-Max-Age gives the default of 5 seconds."""
    wildcard_matches: bool = True
    wildcard_covers_authorization: bool = False
    separates_credentials: bool = False
    """An entry made with credentials does not serve a request without."""
    serves_opaque_origins: bool = True
    head_is_exempt: bool = True
    """HEAD needs no method entry, as GET and POST do not."""
    serves_revalidation: bool = True
    """An entry also serves a request with a page-set If-None-Match (or another header of revalidation)."""
    dropped_by_failed_actual: bool = True
    """Standard: main fetch, clearing the cache on a network error."""


class CacheEntry(Struct, frozen=True, kw_only=True):
    """What one preflight put into the cache."""

    preflight_id: str
    origin: str
    made_at: float
    expires_at: float
    methods: tuple[str, ...]
    header_names: tuple[str, ...]
    credentials: CredentialsMode | None
    """Of the request that it was made for; None when unknown."""


REVALIDATION_HEADERS = frozenset({"if-none-match", "if-modified-since", "if-unmodified-since", "if-match", "if-range"})
"""A page-set one of these makes the request's cache mode `no-store`, https://fetch.spec.whatwg.org/#http-network-or-cache-fetch"""


def lifetime_seconds(headers: HeaderList, policy: CachePolicy) -> int:
    """Return how long a preflight's response may be reused under the policy; 0 is not at all.

    Standard: CORS-preflight fetch, step 7.8 and 7.9, https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
    """
    asked = max_age_seconds(headers)
    if asked is None:
        if "access-control-max-age" in headers and not policy.caches_unparsable_max_age:
            return 0
        return DEFAULT_MAX_AGE_SECONDS
    return max(0, min(asked, policy.limit_seconds))


def serves(
    entry: CacheEntry,
    *,
    origin: str,
    method: str,
    unsafe_names: tuple[str, ...],
    mode: CredentialsMode | None,
    now: float,
    policy: CachePolicy,
) -> bool:
    """Say whether the entry spares this request its preflight. An unknown credentials mode is given the benefit of the doubt."""
    if entry.origin != origin or now > entry.expires_at or now < entry.made_at:
        return False
    if origin == NULL and not policy.serves_opaque_origins:
        return False
    if not policy.serves_revalidation and not REVALIDATION_HEADERS.isdisjoint(unsafe_names):
        return False
    if (
        mode is not None
        and entry.credentials is not None
        and entry.credentials is not mode
        and (policy.separates_credentials or mode is CredentialsMode.INCLUDE)
    ):
        return False
    wildcard = policy.wildcard_matches and mode is not CredentialsMode.INCLUDE
    if not (
        method in entry.methods
        or (wildcard and WILDCARD in entry.methods)
        or (is_cors_safelisted_method(method) and (policy.head_is_exempt or method != "HEAD"))
    ):
        return False
    for name in unsafe_names:
        covered = wildcard and WILDCARD in entry.header_names
        if covered and name == CORS_NON_WILDCARD_REQUEST_HEADER_NAME and not policy.wildcard_covers_authorization:
            covered = False
        if not covered and name not in entry.header_names:
            return False
    return True


class PreflightCache:
    """Entries by client and URL, the least recently used ones dropped over the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[tuple[str, str], tuple[CacheEntry, ...]] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def store(
        self, client: str, url: str, *, preflight_id: str, origin: str, headers: HeaderList,
        credentials: CredentialsMode | None, now: float, policy: CachePolicy,
    ) -> None:  # fmt: skip
        """Keep what a passed preflight's response grants, for as long as the policy lets it live."""
        lifetime = lifetime_seconds(headers, policy)
        granted = grants(headers)
        if lifetime <= 0 or granted.methods is None or granted.header_names is None:
            return
        entry = CacheEntry(
            preflight_id=preflight_id, origin=origin, made_at=now, expires_at=now + lifetime,
            methods=granted.methods, header_names=granted.header_names, credentials=credentials,
        )  # fmt: skip
        key = (client, url)
        kept = tuple(old for old in self._entries.get(key, ()) if old.expires_at >= now and old.preflight_id != preflight_id)
        self._entries[key] = (*kept[-7:], entry)
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)
            self.dropped += 1

    def find(
        self, client: str, url: str, *, origin: str, method: str, unsafe_names: tuple[str, ...],
        mode: CredentialsMode | None, now: float, policy: CachePolicy,
    ) -> CacheEntry | None:  # fmt: skip
        """Return the newest entry that serves this request, None when there is none."""
        for entry in reversed(self._entries.get((client, url), ())):
            if serves(entry, origin=origin, method=method, unsafe_names=unsafe_names, mode=mode, now=now, policy=policy):
                return entry
        return None

    def clear(self, client: str, url: str, origin: str) -> None:
        """Drop the entries of this origin for this URL. Standard: https://fetch.spec.whatwg.org/#concept-cache-clear"""
        key = (client, url)
        kept = tuple(entry for entry in self._entries.get(key, ()) if entry.origin != origin)
        if kept:
            self._entries[key] = kept
        else:
            self._entries.pop(key, None)
