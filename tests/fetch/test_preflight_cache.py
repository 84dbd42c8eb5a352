"""The preflight cache serves and forgets as https://fetch.spec.whatwg.org/#cors-preflight-cache says, and as each policy departs."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.preflight_cache import CachePolicy, CacheQuery, PreflightCache, lifetime_seconds
from msgspec import structs

from tests.make import API, PAGE, headers

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT
URL = f"{API}/me"
STANDARD = CachePolicy()


def granting(methods: str = "", names: str = "", max_age: str | None = "600") -> list[tuple[str, str]]:
    lines = [("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", names)]
    return lines if max_age is None else [*lines, ("Access-Control-Max-Age", max_age)]


def cache_with(
    *answers: list[tuple[str, str]],
    origin: str = PAGE,
    credentials: CredentialsMode | None = WITHOUT,
    policy: CachePolicy = STANDARD,
) -> PreflightCache:
    cache = PreflightCache(100)
    for number, answer in enumerate(answers):
        cache.store(
            "me",
            URL,
            preflight_id=f"p{number}",
            origin=origin,
            headers=headers(answer),
            credentials=credentials,
            now=100.0,
            policy=policy,
        )
    return cache


def wanted(
    method: str = "PUT", *names: str, mode: CredentialsMode | None = WITHOUT, now: float = 101.0, origin: str = PAGE
) -> CacheQuery:
    return CacheQuery(origin=origin, method=method, unsafe_names=names, mode=mode, now=now)


def found(cache: PreflightCache, wanted: CacheQuery, policy: CachePolicy = STANDARD) -> str | None:
    entry = cache.find("me", URL, wanted, policy)
    return None if entry is None else entry.preflight_id


@pytest.mark.parametrize(
    ("value", "policy", "seconds"),
    [
        pytest.param(None, STANDARD, 5, id="absent gives five seconds"),
        pytest.param("abc", STANDARD, 5, id="unparsable gives five seconds"),
        pytest.param("600", STANDARD, 600, id="as asked"),
        pytest.param("-1", STANDARD, 0, id="negative is not at all"),
        pytest.param("0", STANDARD, 0, id="zero is not at all"),
        pytest.param("99999", CachePolicy(limit_seconds=7200), 7200, id="an engine's cap"),
        pytest.param("abc", CachePolicy(caches_unparsable_max_age=False), 0, id="an engine that caches nothing unparsable"),
        pytest.param(None, CachePolicy(caches_unparsable_max_age=False), 5, id="to it, absent is not unparsable"),
    ],
)
def test_lifetime(value: str | None, policy: CachePolicy, seconds: int) -> None:
    lines = [] if value is None else [("Access-Control-Max-Age", value)]
    assert lifetime_seconds(headers(lines), policy) == seconds


@pytest.mark.parametrize(
    ("answer", "asked", "served"),
    [
        pytest.param(granting("PUT"), wanted("PUT"), True, id="the method was granted"),
        pytest.param(granting("PUT"), wanted("DELETE"), False, id="another was"),
        pytest.param(granting("put"), wanted("PUT"), False, id="case counts in methods"),
        pytest.param(granting("PUT", "x-a"), wanted("PUT", "x-a"), True, id="the header was granted"),
        pytest.param(granting("PUT", "x-a"), wanted("PUT", "x-a", "x-b"), False, id="one of two was"),
        pytest.param(granting(names="x-a"), wanted("POST", "x-a"), True, id="POST needs no entry"),
        pytest.param(granting(names="x-a"), wanted("HEAD", "x-a"), True, id="HEAD needs no entry"),
        pytest.param(granting("*"), wanted("PUT"), True, id="the wildcard serves methods"),
        pytest.param(granting("*", "*"), wanted("PUT", "x-a"), True, id="and headers"),
        pytest.param(granting("*", "*"), wanted("PUT", "authorization"), False, id="but not Authorization"),
        pytest.param(granting("*", "*, authorization"), wanted("PUT", "authorization"), True, id="unless it is named"),
        pytest.param(granting("*"), wanted("PUT", mode=INCLUDE), False, id="the wildcard serves no credentials"),
        pytest.param(granting("PUT"), wanted("PUT", mode=INCLUDE), False, id="made without credentials, wanted with"),
        pytest.param(granting("PUT"), wanted("PUT", mode=None), True, id="an unknown mode has the benefit of the doubt"),
        pytest.param(granting("PUT"), wanted("PUT", origin="https://other.example"), False, id="another origin"),
        pytest.param(granting("PUT"), wanted("PUT", now=700.0), True, id="on its last second"),
        pytest.param(granting("PUT"), wanted("PUT", now=700.1), False, id="too old"),
        pytest.param(granting("PUT"), wanted("PUT", now=99.0), False, id="not made yet"),
        pytest.param(granting("PUT", max_age="0"), wanted("PUT", now=100.0), False, id="never kept"),
        pytest.param(granting("PUT;"), wanted("POST"), False, id="an unparsable answer is not kept"),
        pytest.param(granting("PUT", "x y"), wanted("PUT"), False, id="nor one with unparsable names"),
    ],
)
def test_what_the_standard_serves(answer: list[tuple[str, str]], asked: CacheQuery, served: bool) -> None:
    assert (found(cache_with(answer), asked) is not None) is served


@pytest.mark.parametrize(
    ("policy", "answer", "asked", "standard"),
    [
        pytest.param(CachePolicy(wildcard_matches=False), granting("*"), wanted("PUT"), True, id="no wildcards"),
        pytest.param(
            CachePolicy(wildcard_covers_authorization=True),
            granting(names="*"),
            wanted("GET", "authorization"),
            False,
            id="Authorization under a wildcard",
        ),
        pytest.param(CachePolicy(head_is_exempt=False), granting("PUT"), wanted("HEAD"), True, id="HEAD needs an entry"),
        pytest.param(
            CachePolicy(serves_revalidation=False),
            granting(names="if-none-match"),
            wanted("GET", "if-none-match"),
            True,
            id="no revalidation",
        ),
    ],
)
def test_departures(policy: CachePolicy, answer: list[tuple[str, str]], asked: CacheQuery, standard: bool) -> None:
    """Each turns what the standard does."""
    assert (found(cache_with(answer), asked) is not None) is standard
    assert (found(cache_with(answer, policy=policy), asked, policy) is not None) is not standard


def test_credentials_separate_only_where_the_engine_says_so() -> None:
    cache = cache_with(granting("PUT"), credentials=INCLUDE)
    assert found(cache, wanted()) == found(cache, wanted(mode=INCLUDE)) == "p0"
    assert found(cache, wanted(), CachePolicy(separates_credentials=True)) is None
    assert found(cache, wanted(mode=INCLUDE), CachePolicy(separates_credentials=True)) == "p0"


def test_an_opaque_origin_is_served_unless_the_engine_never_does() -> None:
    cache = cache_with(granting("PUT"), origin="null")
    assert found(cache, wanted(origin="null")) == "p0"
    assert found(cache, wanted(origin="null"), CachePolicy(serves_opaque_origins=False)) is None


def test_several_preflights_add_up_or_replace_each_other() -> None:
    both = granting("PUT"), granting(names="x-a")
    asked = wanted("PUT", "x-a")
    assert found(cache_with(*both), asked) == "p1"
    replacing = CachePolicy(merges_preflights=False)
    assert found(cache_with(*both, policy=replacing), asked, replacing) is None
    assert found(cache_with(granting("PUT"), granting(), policy=replacing), wanted("PUT"), replacing) is None
    assert found(cache_with(granting("PUT"), granting()), wanted("PUT")) == "p0"
    assert found(cache_with(granting("PUT"), granting("PUT")), wanted("PUT")) == "p1"


def test_clearing_takes_one_origin_only() -> None:
    cache = cache_with(granting("PUT"))
    cache.clear("me", URL, "https://other.example")
    assert found(cache, wanted()) == "p0"
    cache.clear("me", URL, PAGE)
    assert found(cache, wanted()) is None
    assert len(cache) == 0


def test_what_is_learnt_later_is_taken() -> None:
    """That the browser refused the preflight, or the credentials mode that it was made for."""
    cache = cache_with(granting("PUT"), credentials=None)
    assert found(cache, wanted(mode=INCLUDE)) == "p0"
    cache.correct("me", URL, "p0", refused=False, credentials=WITHOUT)
    assert found(cache, wanted(mode=INCLUDE)) is None
    cache.correct("me", URL, "other", refused=True, credentials=None)
    assert found(cache, wanted()) == "p0"
    cache.correct("me", URL, "p0", refused=True, credentials=None)
    assert len(cache) == 0


def test_the_cache_is_bounded() -> None:
    """By URL, the oldest ones dropped and counted; and by entries of one URL."""
    cache = PreflightCache(10)
    for number in range(100):
        for origin in range(20):
            cache.store(
                "me", f"{URL}/{number}", preflight_id=f"{number}-{origin}", origin=f"https://{origin}.example",
                headers=headers(granting("PUT")), credentials=None, now=100.0, policy=STANDARD,
            )  # fmt: skip
    assert len(cache) == 10
    assert cache.dropped == 90
    assert cache.find("me", f"{URL}/99", wanted(origin="https://1.example"), STANDARD) is None
    assert cache.find("me", f"{URL}/99", wanted(origin="https://19.example"), STANDARD) is not None


def test_other_clients_and_urls_have_entries_of_their_own() -> None:
    cache = cache_with(granting("PUT"))
    assert cache.find("you", URL, wanted(), STANDARD) is None
    assert cache.find("me", f"{URL}?x", wanted(), STANDARD) is None


def test_policies_are_records() -> None:
    assert structs.replace(STANDARD, limit_seconds=5) == CachePolicy(limit_seconds=5)
