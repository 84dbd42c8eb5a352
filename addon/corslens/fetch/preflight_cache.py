"""The CORS-preflight cache, https://fetch.spec.whatwg.org/#cors-preflight-cache, as far as a proxy can model it.

Time is a parameter: seconds since the epoch.
The network partition key, private windows, eviction and "disable cache" are invisible, so a hit explains a missing preflight;
a miss proves nothing.
"""

from msgspec import Struct, structs

from corslens.bounded import Bounded
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
    merges_preflights: bool = True
    """What several preflights granted adds up; otherwise the latest one replaces those before."""


class CacheEntry(Struct, frozen=True, kw_only=True, gc=False):
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


class CacheQuery(Struct, frozen=True, kw_only=True, gc=False):
    """A request that would do without a preflight of its own."""

    origin: str
    method: str
    unsafe_names: tuple[str, ...]
    """Its CORS-unsafe request-header names, lower-case."""
    mode: CredentialsMode | None
    """None when unknown: it is given the benefit of the doubt."""
    now: float


def is_usable(entry: CacheEntry, wanted: CacheQuery, policy: CachePolicy) -> bool:
    """Say whether the entry may be looked at for this request, whatever it grants.

    Standard: cache entry match, https://fetch.spec.whatwg.org/#concept-cache-match
    """
    if entry.origin != wanted.origin or not entry.made_at <= wanted.now <= entry.expires_at:
        return False
    if wanted.origin == NULL and not policy.serves_opaque_origins:
        return False
    if not policy.serves_revalidation and not REVALIDATION_HEADERS.isdisjoint(wanted.unsafe_names):
        return False
    if wanted.mode is None or entry.credentials is None or entry.credentials is wanted.mode:
        return True
    return not policy.separates_credentials and wanted.mode is not CredentialsMode.INCLUDE


def grants_method(entry: CacheEntry, wanted: CacheQuery, policy: CachePolicy) -> bool:
    """Standard: method cache entry match, https://fetch.spec.whatwg.org/#concept-cache-match-method"""
    method = wanted.method
    if is_cors_safelisted_method(method) and (policy.head_is_exempt or method != "HEAD"):
        return True
    return method in entry.methods or (_wildcard_counts(wanted, policy) and WILDCARD in entry.methods)


def granted_names(entry: CacheEntry, wanted: CacheQuery, policy: CachePolicy) -> frozenset[str]:
    """Return which of the wanted names the entry grants.

    Standard: header-name cache entry match, https://fetch.spec.whatwg.org/#concept-cache-match-header
    """
    granted = frozenset(entry.header_names).intersection(wanted.unsafe_names)
    if WILDCARD not in entry.header_names or not _wildcard_counts(wanted, policy):
        return granted
    covered = frozenset(wanted.unsafe_names)
    if not policy.wildcard_covers_authorization:
        covered -= {CORS_NON_WILDCARD_REQUEST_HEADER_NAME}
    return granted | covered


def _wildcard_counts(wanted: CacheQuery, policy: CachePolicy) -> bool:
    return policy.wildcard_matches and wanted.mode is not CredentialsMode.INCLUDE


def _weigh(entries: tuple[CacheEntry, ...]) -> int:
    return sum(
        512 + 64 * len(names) + len("".join(names)) for entry in entries for names in (entry.methods, entry.header_names)
    )


class PreflightCache:
    """Entries by client and URL, the least recently used ones dropped over the limits."""

    def __init__(self, limit: int, *, budget: int = 16 << 20) -> None:
        """Start empty.

        Args:
            limit: for how many pairs of a client and a URL entries are kept.
            budget: how many bytes, estimated.
        """
        self._entries: Bounded[tuple[str, str], tuple[CacheEntry, ...]] = Bounded(limit, weigh=_weigh, budget=budget)

    @property
    def dropped(self) -> int:
        """For how many pairs entries were dropped because of a limit."""
        return self._entries.dropped

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
        kept = tuple(
            old
            for old in self._entries.get(key, ())
            if old.expires_at >= now and (policy.merges_preflights or old.origin != origin)
        )
        self._entries.pop(key, None)
        self._entries[key] = (*kept[-7:], entry)

    def find(self, client: str, url: str, wanted: CacheQuery, policy: CachePolicy) -> CacheEntry | None:
        """Return the newest entry that (with others, where they add up) spares this request its preflight, None when none does."""
        usable = [entry for entry in self._entries.get((client, url), ()) if is_usable(entry, wanted, policy)]
        missing = set(wanted.unsafe_names)
        method_granted = False
        found: CacheEntry | None = None
        for entry in reversed(usable):
            names = granted_names(entry, wanted, policy)
            grants_it = grants_method(entry, wanted, policy)
            if grants_it and names.issuperset(wanted.unsafe_names):
                return entry
            if found is None and (grants_it or names):
                found = entry
            missing -= names
            method_granted = method_granted or grants_it
        return found if policy.merges_preflights and method_granted and not missing else None

    def correct(self, client: str, url: str, preflight_id: str, *, refused: bool, credentials: CredentialsMode | None) -> None:
        """Take what was learned later of a preflight: that the browser refused it, or its credentials mode."""
        key = (client, url)
        corrected = tuple(
            entry if entry.preflight_id != preflight_id else structs.replace(entry, credentials=credentials)
            for entry in self._entries.get(key, ())
            if not refused or entry.preflight_id != preflight_id
        )
        self._put(key, corrected)

    def clear(self, client: str, url: str, origin: str) -> None:
        """Drop the entries of this origin for this URL. Standard: https://fetch.spec.whatwg.org/#concept-cache-clear"""
        key = (client, url)
        self._put(key, tuple(entry for entry in self._entries.get(key, ()) if entry.origin != origin))

    def _put(self, key: tuple[str, str], entries: tuple[CacheEntry, ...]) -> None:
        if entries:
            self._entries[key] = entries
        else:
            self._entries.pop(key, None)
