"""The policy is the least that allows what was legitimately asked."""

import pytest
from corslens.advice.policy import Policy, draw_policies, path_group
from corslens.observation.known import Unknown

from tests.advice.observed import INCLUDE, Seen, preflight, simple
from tests.make import API, PAGE


def drawn(*seen: Seen, allow: tuple[str, ...] = (PAGE,), **options: object) -> tuple[Policy, tuple[str, ...]]:
    """The one policy of one API, and the warnings."""
    result = draw_policies(seen, allow_origins=allow, **options)  # type: ignore[arg-type]  # options are the caller's
    (policy,) = result.policies
    return policy, result.warnings


def values(items: object) -> list[str]:
    """What a tuple of items allows."""
    return [item.value for item in items]  # type: ignore[attr-defined]  # items are Items


def test_each_item_has_its_evidence() -> None:
    """Methods, headers and origins say how often and in which exchanges they were asked for."""
    one, other = preflight("PUT", "content-type,x-a"), simple("PUT", unsafe=["content-type"])
    policy, _ = drawn(one, other)
    assert (
        values(policy.methods),
        values(policy.request_headers),
        values(policy.origins),
    ) == (["PUT"], ["content-type", "x-a"], [PAGE])
    assert (2, (one.observation.id, other.observation.id)) == (policy.methods[0].times, policy.methods[0].exchanges)
    assert policy.request_headers[0].times == 2
    assert policy.request_headers[1].times == 1
    assert policy.origins[0].because == "named as yours"


def test_a_later_observation_replaces_the_earlier_one() -> None:
    """The same exchange twice counts once."""
    one = preflight()
    assert drawn(one, one)[0].methods[0].times == 1


def test_nobody_is_allowed_for_having_been_seen() -> None:
    """An origin that is neither named nor allowed today stays out, with the word to say otherwise."""
    policy, warnings = drawn(simple(origin="https://other.example"), allow=())
    assert policy.origins == ()
    assert policy.methods == ()
    assert any("--allow-origin https://other.example" in warning for warning in warnings)


def test_a_stranger_opens_no_method_and_no_header() -> None:
    """What a stranger's preflight asks for is no need of ours."""
    policy, _ = drawn(simple(), preflight("DELETE", "x-evil", origin="https://evil.example"))
    assert (values(policy.methods), values(policy.request_headers)) == (["GET"], [])


OWN = "https://www.api.example"


def test_without_names_those_of_the_apis_site_that_are_allowed_today_stay() -> None:
    """The server's own grant is taken over."""
    policy, _ = drawn(simple(origin=OWN, allow_origin=OWN), simple(origin="https://evil.example"), allow=())
    assert values(policy.origins) == [OWN]
    assert policy.origins[0].because == "the server allows it today"


def test_an_origin_of_another_site_is_allowed_only_by_name() -> None:
    """A server's word is no proof whose page it is; on 2991aa5 a grant was enough."""
    policy, warnings = drawn(simple(allow_origin=PAGE), simple(origin="https://evil.example"), allow=())
    assert policy.origins == () and policy.credentials is None
    assert any(f"{PAGE} is left out although the server allows it today" in warning for warning in warnings)
    assert values(drawn(simple(allow_origin=PAGE), allow=(PAGE,))[0].origins) == [PAGE]


def test_pages_and_api_on_this_machine_belong_together() -> None:
    """By address, not by a name that others can choose."""
    api, page = "http://127.0.0.1:8000/me", "http://localhost:3000"
    assert values(drawn(simple(url=api, origin=page, allow_origin=page), allow=())[0].origins) == [page]
    for stranger in ("http://gossip.localhost:3000", "http://evil.test", "http://localhost.:3000"):
        assert drawn(simple(url=api, origin=stranger, allow_origin=stranger), allow=())[0].origins == ()


def test_with_names_a_grant_alone_is_not_enough() -> None:
    """The user's word stands above what a (perhaps reflecting) server does, and the difference is told."""
    policy, warnings = drawn(simple(), simple(origin="https://b.example", allow_origin="https://b.example"))
    assert values(policy.origins) == [PAGE]
    assert any("https://b.example sent requests (the server allows it today)" in warning for warning in warnings)


def test_an_endpoint_that_reflects_vouches_for_nobody() -> None:
    """When all who ask are allowed and some are of other sites, even the API's own site is no exception there; elsewhere it is."""
    strangers = [simple(origin=origin, allow_origin=origin) for origin in ("https://one.test", "https://two.test")]
    own = simple(origin=OWN, allow_origin=OWN)
    policy, warnings = drawn(*strangers, own, allow=())
    assert policy.origins == ()
    assert sum("only /me allowed it, and it seems to allow any origin" in warning for warning in warnings) == 3
    vouched = simple(url=f"{API}/orders", origin=OWN, allow_origin=OWN)
    assert values(drawn(*strangers, own, vouched, allow=())[0].origins) == [OWN]


def test_each_endpoint_is_judged_apart() -> None:
    """That one endpoint refuses somebody says nothing of another one; on 2991aa5 it did."""
    stranger = "https://evil.test"
    reflected = [simple(url=f"{API}/echo", origin=origin, allow_origin=origin) for origin in (stranger, OWN)]
    refused = simple(url=f"{API}/orders", origin=stranger)
    policy, warnings = drawn(*reflected, refused, allow=())
    assert policy.origins == ()
    assert any(f"{OWN} is left out: only /echo allowed it" in warning for warning in warnings)
    listed = [simple(url=f"{API}/list", origin=OWN, allow_origin=OWN), simple(url=f"{API}/list", origin=stranger)]
    assert values(drawn(*listed, allow=())[0].origins) == [OWN]


def test_null_is_never_allowed() -> None:
    """Neither when it is granted today nor when it is named."""
    policy, warnings = drawn(simple(origin="null", allow_origin="null"), simple())
    assert values(policy.origins) == [PAGE]
    assert any("`null` is left out" in warning for warning in warnings)
    with pytest.raises(ValueError, match="null"):
        draw_policies([], allow_origins=["null"])


def test_null_behind_a_redirect_has_its_own_advice() -> None:
    """The page should ask for the final URL."""
    _, warnings = drawn(simple(origin="null", tainted=True), simple())
    assert any("redirect" in warning for warning in warnings)


def test_http_origins_stay_out_of_https_apis() -> None:
    """Even named ones; loopback is a machine's own and may be named."""
    policy, warnings = drawn(
        simple(origin="http://app.example"), simple(), allow=(PAGE, "http://app.example", "http://localhost:3000")
    )
    assert values(policy.origins) == [PAGE, "http://localhost:3000"]
    assert any("http://app.example is left out: it is http" in warning for warning in warnings)


def test_an_http_api_may_have_http_origins() -> None:
    """There is nothing to lose that is not lost."""
    policy, _ = drawn(simple(url="http://api.test/me", origin="http://app.test"), allow=("http://app.test",))
    assert values(policy.origins) == ["http://app.test"]


def test_a_developers_page_shows_needs_without_being_allowed() -> None:
    """Recorded on localhost, configured for production."""
    policy, _ = drawn(preflight("PATCH", "x-a", origin="http://localhost:5173"))
    assert (values(policy.origins), values(policy.methods), values(policy.request_headers)) == ([PAGE], ["PATCH"], ["x-a"])


def test_the_star_is_told_and_not_written() -> None:
    """`*` lets everyone in."""
    policy, warnings = drawn(simple(allow_origin="*"))
    assert values(policy.origins) == [PAGE]
    assert any("responses allow `*` today" in warning for warning in warnings)


def test_credentials_only_when_they_were_seen() -> None:
    """Known to be included: allowed. Known not to be: not. Unknown: only when the server allows them already, and else told."""
    assert drawn(simple(credentials=INCLUDE))[0].credentials is not None
    assert drawn(simple())[0].credentials is None
    policy, warnings = drawn(simple(credentials=Unknown("same-site")))
    assert policy.credentials is None
    assert any("does not show" in warning for warning in warnings)
    allowed = {"Access-Control-Allow-Credentials": "true"}
    assert drawn(simple(credentials=Unknown("same-site"), allow_origin=PAGE, answer=allowed))[0].credentials is not None


def test_exposed_are_headers_that_pages_want() -> None:
    """What a page may want or the server exposes today, and is sent; not the safelisted ones, not infrastructure, not cookies."""
    answer = {
        "ETag": '"1"', "X-Total-Count": "2", "Content-Type": "a/b", "X-Powered-By": "x", "Set-Cookie": "a=b", "X-Own": "1",
        "Access-Control-Expose-Headers": "X-Own, X-Unsent",
    }  # fmt: skip
    assert values(drawn(simple(answer=answer))[0].exposed_headers) == ["etag", "x-own", "x-total-count"]


@pytest.mark.parametrize(
    ("value", "kept"), [("60", "60"), ("7200", "7200"), ("86400", "7200"), ("-1", "600"), ("x", "600"), (None, "600")]
)
def test_the_servers_own_max_age_stays_within_what_browsers_keep(value: str | None, kept: str) -> None:
    """Ten minutes unless the server says something sane."""
    answer = {} if value is None else {"Access-Control-Max-Age": value}
    assert kept == drawn(preflight(answer=answer))[0].max_age.value


@pytest.mark.parametrize("method", ["*", "TRACE", "CONNECT", "P U T", 'PUT"', "PUT\r\nX: y", ""])
def test_methods_that_no_page_sends_are_left_out(method: str) -> None:
    """A wildcard and a line break are values like any other to whoever forges traffic."""
    policy, warnings = drawn(preflight(method), simple())
    assert values(policy.methods) == ["GET"]
    assert any("is left out" in warning for warning in warnings)


@pytest.mark.parametrize("name", ["*", "cookie", "x y", "x\ny", "x{y}", 'x"', "sec-fetch-mode", "é"])
def test_request_headers_that_no_page_sends_are_left_out(name: str) -> None:
    """Among good ones, which stay."""
    policy, warnings = drawn(preflight("PUT", f"{name},x-good"))
    assert values(policy.request_headers) == ["x-good"]
    assert any("is left out" in warning for warning in warnings)


def test_a_lower_case_patch_is_told() -> None:
    """`patch` is another method than `PATCH`; it is allowed as asked, and the page is to be mended."""
    policy, warnings = drawn(preflight("patch"))
    assert values(policy.methods) == ["patch"]
    assert any("'PATCH'" in warning for warning in warnings)


def test_paths_that_differ_in_credentials_get_policies_of_their_own() -> None:
    """The public part does not allow credentials because the private part has to."""
    account, public = f"{API}/account/me", f"{API}/public/news"
    result = draw_policies([simple(url=account, credentials=INCLUDE), simple(url=public)], allow_origins=[PAGE])
    assert {policy.paths: policy.credentials is not None for policy in result.policies} == {
        ("/account",): True,
        ("/public",): False,
    }


def test_paths_that_differ_in_methods_alone_stay_together() -> None:
    """A policy for every endpoint would be a second router."""
    policy, _ = drawn(simple(url=f"{API}/a/1"), preflight("PUT", url=f"{API}/b/1"))
    assert (policy.paths, values(policy.methods)) == ((), ["GET", "PUT"])


def test_a_server_with_one_policy_gets_the_sum_and_a_warning() -> None:
    """And the user knows that it is wider than needed."""
    seen = (simple(url=f"{API}/account/me", credentials=INCLUDE), simple(url=f"{API}/public/news"))
    policy, warnings = drawn(*seen, by_path=False)
    assert (policy.paths, policy.credentials is not None) == ((), True)
    assert any("it covers all of them" in warning for warning in warnings)


def test_apis_are_apart() -> None:
    """Each origin that is asked has its own policy, and one can be picked."""
    seen = [simple(url="https://a.example/x"), simple(url="https://b.example/x")]
    assert [each.api for each in draw_policies(seen, allow_origins=[PAGE]).policies] == [
        "https://a.example",
        "https://b.example",
    ]
    assert [each.api for each in draw_policies(seen, allow_origins=[PAGE], api="https://b.example").policies] == [
        "https://b.example"
    ]


@pytest.mark.parametrize(
    ("url", "group"),
    [
        (f"{API}/a/b?c=/d", "/a"), (f"{API}/a-b_1", "/a-b_1"), (API, ""), (f"{API}/", ""), (f"{API}/%2e/x", ""),
        (f"{API}/a$b/x", ""), (f"{API}/a;b/x", ""), (f"{API}/{{x}}/y", ""), (f"{API}?a/b", ""),
    ],
)  # fmt: skip
def test_only_plain_segments_name_a_group(url: str, group: str) -> None:
    """A path is written into languages with patterns in paths."""
    assert group == path_group(url)
