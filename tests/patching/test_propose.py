"""propose: sound in every engine, minimal in the one that asked, and nothing else touched."""

from collections.abc import Iterable

import pytest
from corslens.engines.engine import Engine
from corslens.observation.observation import Observation, Role
from corslens.patching.patch import Patch, apply
from corslens.patching.policy import parse_policy
from corslens.patching.propose import askers, page_of, propose, with_response
from corslens.verdict.decide import decide
from corslens.verdict.reasons import Reason
from hypothesis import given, settings
from msgspec import structs

from tests import make
from tests.patching.generated import USER_AGENTS, observations
from tests.patching.seen import COOKIE, PAGE, chain, seen

pytestmark = pytest.mark.slow  # thousands of generated cases

ANY = parse_policy(origins=["any", "null"])

BEYOND = {
    Reason.REDIRECT_HAS_CREDENTIALS,
    Reason.REDIRECT_LIMIT_EXCEEDED,
    Reason.REDIRECT_LOCATION_UNPARSABLE,
    Reason.REDIRECT_SCHEME_NOT_HTTP,
}
"""What no edit of a response's head can mend, of all that the generator makes."""

COMPANIONS = {"Vary", "Access-Control-Max-Age", "Access-Control-Expose-Headers"}


def allowed(observation: Observation, engines: Iterable[Engine] = Engine) -> bool:
    """Whether each of the engines certainly allows the exchange."""
    return all(decide(observation, engine).allowed for engine in engines)


def patched(observation: Observation, patch: Patch) -> Observation:
    """The observation after the patch."""
    assert observation.exchange.response is not None
    return with_response(observation, apply(patch, observation.exchange.response))


def without_each_edit(patch: Patch) -> Iterable[tuple[str, bool, Patch]]:
    """The patch with one edit taken out, that edit's name, and whether it takes out a control byte that breaks one engine alone.

    What merely accompanies an edit stays.
    """
    if patch.status is not None:
        yield "status", False, structs.replace(patch, status=None)
    for change in patch.changes:
        if change.header not in COMPANIONS:
            rest = tuple(other for other in patch.changes if other is not change)
            yield change.header, "control byte" in change.because, structs.replace(patch, changes=rest)


def engines_agree(observation: Observation) -> bool:
    """Whether the engines find fault with the same headers, in either credentials mode."""
    return (
        len(
            {
                frozenset(
                    failure.header
                    for verdict in (decide(observation, engine),)
                    for branch in (verdict, verdict.if_credentialed, verdict.if_not_credentialed)
                    if branch is not None
                    for failure in branch.failures
                )
                for engine in Engine
            }
        )
        == 1
    )


@settings(max_examples=1500)
@given(observations())
def test_mended_in_every_engine_and_each_edit_is_necessary(observation: Observation) -> None:
    """What can be mended is allowed everywhere after the patch; taking an edit out blocks the browser that asked."""
    patch = propose(observation, ANY)
    if allowed(observation, askers(observation)):
        assert patch == Patch()
        return
    if patch.empty:
        assert patch.beyond, "blocked, and neither mended nor explained"
        assert set(patch.beyond) <= BEYOND
        return
    # An empty Location, for one, is beyond mending in the engines that follow it, and mended in Chromium, which does not.
    assert set(patch.beyond) <= BEYOND
    assert allowed(patched(observation, patch), askers(observation) if patch.beyond else Engine)
    for name, cleans, rest in without_each_edit(patch):
        # Sound in all engines comes first: where they differ (control bytes and empty lines over HTTP/2, WebKit's way home), an
        # edit may be necessary only in another engine than the one that asked.
        engines = askers(observation) if engines_agree(observation) and not cleans else Engine
        assert not allowed(patched(observation, rest), engines), f"{name} was not necessary"
    assert propose(patched(observation, patch), ANY) == Patch()


@settings(max_examples=500)
@given(observations())
def test_nothing_else_is_touched(observation: Observation) -> None:
    """Other headers stay, in their order; the status changes on preflights only, and to a 2xx."""
    response = observation.exchange.response
    assert response is not None
    patch = propose(observation, ANY)
    after = apply(patch, response)
    changed = {change.header.lower() for change in patch.changes}
    assert len(changed) == len(patch.changes)
    assert [line for line in response.headers.lines if line[0].lower() not in changed] == [
        line for line in after.headers.lines if line[0].lower() not in changed
    ]
    assert changed <= {
        "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
        "access-control-allow-headers", "access-control-max-age", "access-control-expose-headers", "vary",
        *(name.lower() for name, value in response.headers.lines if not value.isprintable()),
    }  # fmt: skip
    if observation.role is Role.PREFLIGHT:
        assert patch.status is None or 200 <= patch.status.after <= 299
    else:
        assert patch.status is None
    if any(change.after == "*" and change.header == "Access-Control-Allow-Origin" for change in patch.changes):
        raise AssertionError("a patch never answers with the wildcard")


@given(observations())
def test_policy_without_the_origin_changes_nothing(observation: Observation) -> None:
    """A page that the policy does not name is never let in; the patch says so instead."""
    patch = propose(observation, parse_policy(origins=["https://nobody.example"]))
    assert patch.empty
    assert patch.refused is not None or allowed(observation, askers(observation))


def edits(patch: Patch) -> dict[str, str | None]:
    """Header names and what they hold after the patch."""
    return {change.header: change.after for change in patch.changes}


LOOPBACK = parse_policy()


def test_simple_request_without_credentials_known() -> None:
    """A font is known to go without credentials: the origin is echoed, with Vary, and no credentials are allowed."""
    observation = seen(make.request(given={"Sec-Fetch-Dest": "font"}, origin=PAGE), make.response(200))
    assert edits(propose(observation, LOOPBACK)) == {"Access-Control-Allow-Origin": PAGE, "Vary": "Origin"}


def test_credentials_known_from_a_cookie() -> None:
    """The wildcard gives way to the origin, and credentials are allowed."""
    observation = seen(make.request(given=COOKIE, origin=PAGE), make.response(200, allow_origin="*"))
    assert edits(propose(observation, LOOPBACK)) == {
        "Access-Control-Allow-Origin": PAGE, "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
    }  # fmt: skip


def test_only_credentials_lack() -> None:
    """Where the server itself echoed the origin, Vary is its own business."""
    observation = seen(make.request(given=COOKIE, origin=PAGE), make.response(200, allow_origin=PAGE))
    assert edits(propose(observation, LOOPBACK)) == {"Access-Control-Allow-Credentials": "true"}


def test_error_response_keeps_its_status() -> None:
    """A 404 becomes a readable 404."""
    observation = seen(make.request("HEAD", origin=PAGE), make.response(404, {"Content-Type": "text/plain"}))
    patch = propose(observation, LOOPBACK)
    assert patch.status is None
    assert edits(patch)["Access-Control-Allow-Origin"] == PAGE


def test_preflight_that_knows_no_options() -> None:
    """The commonest failure: a 404 without a single CORS header."""
    observation = seen(make.preflight("PUT", unsafe="content-type", origin=PAGE), make.response(404))
    patch = propose(observation, LOOPBACK)
    assert patch.status is not None and (patch.status.before, patch.status.after) == (404, 200)
    assert edits(patch) == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "content-type",
        "Vary": "Origin",
        "Access-Control-Max-Age": "0",
    }
    assert patch.beyond == ()


def test_redirected_preflight_is_answered() -> None:
    """The status is rewritten; where it pointed stays in Location, which nobody follows any more."""
    lines = {"Location": "/login", "Access-Control-Allow-Origin": PAGE, "Access-Control-Allow-Credentials": "true"}
    observation = seen(make.preflight("POST", unsafe="content-type", origin=PAGE), make.response(302, lines))
    patch = propose(observation, LOOPBACK)
    assert patch.status is not None and patch.status.after == 200
    assert "Location" not in edits(patch)


def test_each_redirect_hop_is_fixed_and_null_counts_for_its_page_where_that_is_proven() -> None:
    """A hop gets the origin that it was requested with: the page's, then `null`.

    On 2991aa5 it was enough that the requests looked like a chain.
    """
    first = make.exchange(
        make.request(url="https://a.test/", origin=PAGE), make.response(302, {"Location": "https://b.test/"}, time=0.01)
    )
    second = make.exchange(
        make.request(url="https://b.test/", origin="null", time=0.02),
        make.response(302, {"Location": "https://c.test/"}, time=0.03),
    )
    last = make.exchange(make.request(url="https://c.test/", origin="null", time=0.04), make.response(200))
    hops = chain(first, second, last)
    assert all(hop.tainted for hop in hops[1:])
    proven = [edits(propose(hop, LOOPBACK, proven_page=PAGE))["Access-Control-Allow-Origin"] for hop in hops]
    assert proven == [PAGE, "null", "null"]
    assert [propose(hop, LOOPBACK).empty for hop in hops] == [False, True, True]
    assert "nothing proves which page" in (propose(hops[1], LOOPBACK).refused or "")
    stranger = "https://evil.example"
    assert all(propose(hop, LOOPBACK, proven_page=stranger).empty for hop in hops[1:])


def test_proof_does_not_outweigh_what_the_browser_says() -> None:
    """An origin that the request names is the page's own, whatever is proven of another one."""
    stranger = seen(make.request(origin="https://evil.example"), make.response(200))
    assert propose(stranger, LOOPBACK, proven_page=PAGE).refused is not None
    assert page_of(stranger, PAGE) == "https://evil.example"


def test_page_without_an_origin_header_is_the_referrers() -> None:
    """The browser writes Referer; a redirect chain that pairing supposes counts for nothing."""
    told = seen(make.request(given={"Referer": "http://localhost:3000/x"}, origin=None), make.response(200))
    assert page_of(told) == "http://localhost:3000"
    assert page_of(seen(make.request(origin=None), make.response(200))) is None


def test_opaque_page_is_allowed_only_by_name() -> None:
    """Everybody can make a page whose origin is `null`."""
    observation = seen(make.request(origin="null"), make.response(200))
    assert (
        propose(observation, LOOPBACK).refused
        == "the page's origin null is not among those that the proxy may allow (loopback)"
    )
    assert edits(propose(observation, parse_policy(origins=["null"])))["Access-Control-Allow-Origin"] == "null"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://user:pass@b.test/", Reason.REDIRECT_HAS_CREDENTIALS),
        ("ftp://b.test/", Reason.REDIRECT_SCHEME_NOT_HTTP),
        ("http://[", Reason.REDIRECT_LOCATION_UNPARSABLE),
    ],
)
def test_beyond_any_proxy(location: str, reason: Reason) -> None:
    """Where no edit helps nothing is edited, and the reason is named."""
    observation = seen(make.request(origin=PAGE), make.response(302, {"Location": location}))
    assert propose(observation, LOOPBACK) == Patch(beyond=(reason,))


def test_without_response_there_is_nothing_to_patch() -> None:
    """mitmproxy's own error page cannot be replaced: it is said what happened instead."""
    for request, reason in (
        (make.request(origin=PAGE), Reason.ACTUAL_NETWORK_ERROR),
        (make.preflight(origin=PAGE), Reason.PREFLIGHT_NETWORK_ERROR),
    ):
        for answered in (False, True):
            observation = seen(request, None, error="connection refused", got_proxy_error_page=answered)
            assert propose(observation, LOOPBACK) == Patch(beyond=(reason,))
        assert propose(seen(request, None, error="Client disconnected."), LOOPBACK) == Patch()


def test_a_304_is_patched_itself() -> None:
    """Its headers replace those of the stored response, which was not seen here; one that brings a wrong origin is patched, too."""
    request = make.request(given={"If-None-Match": '"1"', "Sec-Fetch-Dest": "font"}, origin=PAGE)
    bare = propose(seen(request, make.response(304)), LOOPBACK)
    assert {change.header: change.after for change in bare.changes} == {"Access-Control-Allow-Origin": PAGE, "Vary": "Origin"}
    wrong = propose(seen(request, make.response(304, allow_origin="https://b.test")), LOOPBACK)
    assert edits(wrong) == {"Access-Control-Allow-Origin": PAGE, "Vary": "Origin"}
    assert wrong.status is None


def test_resource_policy_of_an_embedded_response() -> None:
    """A no-cors response that its resource policy blocks is opened to other origins, for a page that is let in."""
    lines = {"Sec-Fetch-Mode": "no-cors", "Referer": f"{PAGE}/"}
    answer = make.response(200, {"Cross-Origin-Resource-Policy": "same-origin"})
    observation = seen(make.request(given=lines, origin=None), answer)
    assert edits(propose(observation, LOOPBACK)) == {"Cross-Origin-Resource-Policy": "cross-origin"}
    unknown = seen(make.request(given={"Sec-Fetch-Mode": "no-cors"}, origin=None), answer)
    assert propose(unknown, LOOPBACK).empty


def test_nothing_is_mended_that_the_browser_which_asked_allows() -> None:
    """Firefox joins an empty line away over HTTP/2; that Chromium would not is no reason to touch Firefox's answer."""
    answer = make.response(200, [("Access-Control-Allow-Origin", ""), ("Access-Control-Allow-Origin", "*")])
    for user_agent, empty in ((USER_AGENTS[2], True), (USER_AGENTS[1], False)):
        given_ = {"User-Agent": user_agent, "Sec-Fetch-Dest": "font"}
        request = structs.replace(make.request(given=given_, origin=PAGE), http_version="HTTP/2.0")
        assert propose(seen(request, answer), LOOPBACK).empty is empty


def test_each_change_says_why() -> None:
    """A change names the origin, method or header that asked for it, and the reason under which the catalog explains it."""
    observation = seen(make.preflight("PUT", unsafe="x-a", origin=PAGE), make.response(405))
    patch = propose(observation, LOOPBACK)
    because = {change.header: change.because for change in patch.changes}
    assert because["Access-Control-Allow-Origin"] == f"the request's origin is {PAGE} [preflight-acao-missing]"
    assert because["Access-Control-Allow-Methods"] == "the page requests PUT [preflight-method-not-allowed]"
    assert because["Access-Control-Allow-Headers"] == "the page requests x-a [preflight-header-not-allowed]"
    assert because["Access-Control-Allow-Credentials"] == "the page may send credentials [preflight-acac-not-true]"
    assert all(because.values())
