"""Each check fails for its reason, names the header line that decided, and says what would have passed."""

import pytest
from corslens.engines.chromium import CHROMIUM
from corslens.engines.engine import Engine
from corslens.engines.gecko import GECKO
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.verdict.decide import decide, decide_under
from corslens.verdict.verdict import Outcome

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import observe
from tests.verdict.judge import INCLUDE, PROFILES, WITHOUT, asked, reasons, simple

OTHER = "https://other.example"


def test_a_control_byte_breaks_http2_in_chromium() -> None:
    for http, profile, expected in (
        ("HTTP/2.0", CHROMIUM, ["response-headers-invalid"]),
        ("HTTP/1.1", CHROMIUM, []),
        ("HTTP/2.0", GECKO, []),
    ):
        assert reasons(simple(PAGE, http=http, X_A="a\x01b"), WITHOUT, profile) == expected


def _failure(exchange: Exchange, mode: CredentialsMode = WITHOUT) -> tuple[str | None, str | None, str | None]:
    failure = decide_under(observe(exchange), CHROMIUM, mode).failures[0]
    return failure.header, failure.value, failure.wanted


@pytest.mark.parametrize(
    ("answer", "mode", "told"),
    [
        (simple(), WITHOUT, ("Access-Control-Allow-Origin", None, PAGE)),
        (simple(OTHER), WITHOUT, ("Access-Control-Allow-Origin", OTHER, PAGE)),
        (simple(PAGE, credentials="1"), INCLUDE, ("Access-Control-Allow-Credentials", "1", "true")),
        (asked(status=405), WITHOUT, (None, "405", "200 to 299")),
        (asked(methods="DELETE"), WITHOUT, ("Access-Control-Allow-Methods", "DELETE", "PUT")),
        (asked(names="x-b,x-a,x-c"), WITHOUT, ("Access-Control-Allow-Headers", "x-a", "x-b, x-c")),
        (asked(methods="PUT, x y"), WITHOUT, ("Access-Control-Allow-Methods", "PUT, x y", "tokens between commas, not 'x y'")),
        (asked(status=302, location="/x"), WITHOUT, ("Location", "/x", "a response that is not a redirect")),
        (exchange(request(), error="reset"), WITHOUT, (None, "reset", "a response")),
    ],
)
def test_failures_name_what_was_found_and_what_was_wanted(
    answer: Exchange, mode: CredentialsMode, told: tuple[str | None, ...]
) -> None:
    assert _failure(answer, mode) == told


def _hop(location: str, *, own: bool = False, credentials: str = "", cookie: bool = False) -> Exchange:
    url = f"{PAGE}/a" if own else f"{API}/a"
    answer = {"Location": location, **({"Access-Control-Allow-Credentials": credentials} if credentials else {})}
    asked = request(
        url=url,
        given={
            **({"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"} if own else {}),
            **({"Cookie": "sid=1"} if cookie else {}),
        },
        origin=None if own else PAGE,
    )
    return exchange(asked, response(302, answer, allow_origin=None if own else PAGE))


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        pytest.param(_hop(f"{OTHER}/x"), [], id="followed"),
        pytest.param(_hop("http://"), ["redirect-location-unparsable"], id="no URL"),
        pytest.param(_hop("data:,x"), ["redirect-scheme-not-http"], id="another scheme"),
        pytest.param(_hop("https://u:p@other.example/"), ["redirect-has-credentials"], id="with credentials"),
        pytest.param(
            _hop("https://u:p@app.example/"), ["redirect-has-credentials"], id="with credentials, home from elsewhere"
        ),
        pytest.param(_hop("https://u:p@app.example/", own=True), [], id="with credentials, at home"),
        pytest.param(
            _hop("https://u:p@other.example/", own=True), ["redirect-has-credentials"], id="with credentials, away from home"
        ),
    ],
)
@pytest.mark.parametrize("profile", PROFILES, ids=["standard", "chromium", "firefox", "webkit"])
def test_redirects(hop: Exchange, expected: list[str], profile: EngineProfile) -> None:
    assert reasons(hop, WITHOUT, profile) == expected


@pytest.mark.parametrize(
    ("destination", "location", "expected"),
    [
        pytest.param("empty", "http://other.example/", ["mixed-content"], id="a fetch"),
        pytest.param("image", "http://other.example/", [], id="images are upgraded instead"),
        pytest.param("empty", "http://localhost:3000/", [], id="this machine is trustworthy"),
        pytest.param("empty", "https://other.example/", [], id="https stays https"),
        pytest.param(None, "http://other.example/", [], id="nothing is said where the destination is unknown"),
    ],
)
def test_a_secure_page_is_not_redirected_to_an_insecure_url(
    destination: str | None, location: str, expected: list[str]
) -> None:
    given = {} if destination is None else {"Sec-Fetch-Dest": destination}
    assert reasons(exchange(request(given=given), response(302, {"Location": location}, allow_origin="*"))) == expected
    insecure = request(given=given, origin="http://app.example")
    assert reasons(exchange(insecure, response(302, {"Location": location}, allow_origin="*"))) == []


def test_a_redirect_needs_the_cors_check_itself() -> None:
    hop = exchange(request(), response(302, {"Location": "data:,x"}))
    assert reasons(hop) == ["acao-missing", "redirect-scheme-not-http"]


def test_the_twenty_first_redirect_is_refused() -> None:
    hops = [
        exchange(request(url=f"{API}/{n}", time=n / 10), response(302, {"Location": f"/{n + 1}"}, allow_origin="*"))
        for n in range(21)
    ]  # fmt: skip
    assert reasons(hops[19], WITHOUT, STANDARD, *hops[:19]) == []
    assert reasons(hops[20], WITHOUT, STANDARD, *hops[:20]) == ["redirect-limit-exceeded"]


def test_what_an_empty_location_is() -> None:
    hop = _hop("")
    assert [reasons(hop, WITHOUT, profile) for profile in PROFILES] == [[], [], [], ["redirect-location-unparsable"]]


def test_webkit_wants_credentials_of_a_redirect_behind_the_pages_own_origin() -> None:
    """Of a page that had some for its own origin; with none to show, it may be of the mode `omit`, which is checked as everywhere."""
    own = _hop(f"{API}/a", own=True, cookie=True)
    for target in (f"{PAGE}/x", f"{OTHER}/x", "/x"):
        assert reasons(_hop(target), WITHOUT, WEBKIT, own) == ["acac-not-true"]
        assert reasons(_hop(target), WITHOUT, WEBKIT, _hop(f"{API}/a", own=True)) == []
        assert decide(observe(_hop(f"{API}/a", own=True), _hop(target)), Engine.WEBKIT).outcome is Outcome.DEPENDS
        assert reasons(_hop(target, credentials="true"), WITHOUT, WEBKIT, own) == []
        assert reasons(_hop(target), WITHOUT, CHROMIUM, own) == []
    assert reasons(_hop(f"{OTHER}/x"), WITHOUT, WEBKIT) == [], "only behind the page's own"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("same-origin", ["corp-not-same-origin"]),
        ("same-site", ["corp-not-same-site"]),
        ("cross-origin", []),
        ("SAME-ORIGIN", []),
        (None, []),
    ],
)
def test_no_cors_answers_are_held_to_their_resource_policy(policy: str | None, expected: list[str]) -> None:
    asked = request(origin=None, url="https://api.elsewhere.test/x", given={"Sec-Fetch-Mode": "no-cors", "Referer": f"{PAGE}/"})
    answer = response(200, {} if policy is None else {"Cross-Origin-Resource-Policy": policy})
    assert reasons(exchange(asked, answer)) == expected


@pytest.mark.parametrize("mode", ["navigate", "websocket"])
def test_no_check_is_made_on_navigations_and_websockets(mode: str) -> None:
    assert reasons(exchange(request(given={"Sec-Fetch-Mode": mode}), response())) == []


@pytest.mark.parametrize(
    ("asked", "reason"), [(request(), "actual-network-error"), (preflight("PUT"), "preflight-network-error")]
)
def test_no_answer_at_all(asked: object, reason: str) -> None:
    assert reasons(exchange(asked, error="reset")) == [reason]  # type: ignore[arg-type]  # both are requests


def test_whoever_left_checks_nothing() -> None:
    assert reasons(exchange(request(), error="Client disconnected.")) == []


def test_the_proxys_own_error_page_is_what_the_browser_judges() -> None:
    assert reasons(exchange(request(), error="refused", got_proxy_error_page=True)) == ["acao-missing"]
    broken = exchange(preflight("PUT"), error="refused", got_proxy_error_page=True)
    assert reasons(broken, WITHOUT, CHROMIUM)[0] == "preflight-acao-missing"
    assert reasons(broken, WITHOUT, WEBKIT)[0] == "preflight-status-not-ok"
