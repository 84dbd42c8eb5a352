"""Each check fails for its reason, names the header line that decided, and says what would have passed."""

import pytest
from corslens.engines.chromium import CHROMIUM
from corslens.engines.engine import Engine
from corslens.engines.gecko import GECKO
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Response
from corslens.observation.exchange import Exchange
from corslens.verdict.decide import decide, decide_under
from corslens.verdict.verdict import Outcome

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import observe
from tests.verdict.judge import INCLUDE, WITHOUT, reasons

ALL = [STANDARD, CHROMIUM, GECKO, WEBKIT]
OTHER = "https://other.example"


def simple(*values: str, credentials: str | None = None, status: int = 200, http: str = "HTTP/1.1", **given: str) -> Exchange:
    lines = [("Access-Control-Allow-Origin", value) for value in values]
    if credentials is not None:
        lines.append(("Access-Control-Allow-Credentials", credentials))
    asked = request()
    return exchange(
        type(asked)(method="GET", url=asked.url, headers=asked.headers, http_version=http),
        response(status, [*lines, *((name.replace("_", "-"), value) for name, value in given.items())]),
    )


@pytest.mark.parametrize(
    ("answer", "mode", "expected"),
    [
        pytest.param(simple(PAGE), WITHOUT, [], id="the origin"),
        pytest.param(simple("*"), WITHOUT, [], id="the wildcard"),
        pytest.param(simple(PAGE, credentials="true"), INCLUDE, [], id="the origin with credentials"),
        pytest.param(simple(), WITHOUT, ["acao-missing"], id="nothing"),
        pytest.param(simple(), INCLUDE, ["acao-missing", "acac-not-true"], id="nothing with credentials: both are told"),
        pytest.param(simple(OTHER), WITHOUT, ["acao-mismatch"], id="another origin"),
        pytest.param(
            simple("*", credentials="true"), INCLUDE, ["acao-wildcard-with-credentials"], id="the wildcard with credentials"
        ),
        pytest.param(
            simple("*"), INCLUDE, ["acao-wildcard-with-credentials", "acac-not-true"], id="two wrongs, the wildcard first"
        ),
        pytest.param(simple(PAGE, credentials="True"), INCLUDE, ["acac-not-true"], id="True is not true"),
        pytest.param(simple(PAGE, credentials="false"), WITHOUT, [], id="false is nothing without credentials"),
        pytest.param(simple(PAGE, status=500), WITHOUT, [], id="the status of an answer does not count"),
        pytest.param(simple(status=304), WITHOUT, [], id="a bare 304 is judged by what was stored"),
        pytest.param(simple(OTHER, status=304), WITHOUT, ["acao-mismatch"], id="a 304 that brings the header is judged by it"),
    ],
)
@pytest.mark.parametrize("profile", ALL, ids=["standard", "chromium", "firefox", "webkit"])
def test_the_cors_check_is_the_same_everywhere(
    answer: Exchange, mode: CredentialsMode, expected: list[str], profile: EngineProfile
) -> None:
    assert reasons(answer, mode, profile) == expected


@pytest.mark.parametrize(
    ("answer", "chromium", "firefox", "webkit"),
    [
        pytest.param(simple(f"{PAGE}, {PAGE}"), "acao-multiple", "acao-mismatch", "acao-multiple", id="a list"),
        pytest.param(simple(f"{PAGE} {PAGE}"), "acao-multiple", "acao-mismatch", "acao-mismatch", id="a space"),
        pytest.param(simple(PAGE, PAGE), "acao-multiple", "acao-multiple", "acao-multiple", id="two lines"),
        pytest.param(
            simple("*", "*", http="HTTP/2.0"), "acao-multiple", "acao-mismatch", "acao-multiple", id="two lines over HTTP/2"
        ),
        pytest.param(simple("app.example"), "acao-invalid", "acao-mismatch", "acao-mismatch", id="no URL"),
        pytest.param(simple(""), "acao-invalid", "acao-mismatch", "acao-mismatch", id="empty"),
        pytest.param(simple("null"), "acao-mismatch", "acao-mismatch", "acao-mismatch", id="null is a value"),
        pytest.param(simple("https://*.example"), "acao-mismatch", "acao-mismatch", "acao-mismatch", id="a pattern"),
    ],
)
def test_engines_call_a_wrong_origin_by_different_names(answer: Exchange, chromium: str, firefox: str, webkit: str) -> None:
    assert [reasons(answer, WITHOUT, profile) for profile in (CHROMIUM, GECKO, WEBKIT)] == [[chromium], [firefox], [webkit]]
    assert reasons(answer) == ["acao-mismatch"]


def test_firefox_loses_empty_lines_over_http2() -> None:
    assert reasons(simple("", "*", http="HTTP/2.0"), WITHOUT, GECKO) == []
    assert reasons(simple("", "*"), WITHOUT, GECKO) == ["acao-multiple"]
    assert reasons(simple("", "*", http="HTTP/2.0"), WITHOUT, CHROMIUM) == ["acao-multiple"]


def test_a_control_byte_breaks_http2_in_chromium() -> None:
    for http, profile, expected in (
        ("HTTP/2.0", CHROMIUM, ["response-headers-invalid"]),
        ("HTTP/1.1", CHROMIUM, []),
        ("HTTP/2.0", GECKO, []),
    ):
        assert reasons(simple(PAGE, http=http, X_A="a\x01b"), WITHOUT, profile) == expected


def asked(method: str = "PUT", names: str = "x-a", status: int = 204, location: str | None = None, **given: str) -> Exchange:
    lines = {"Access-Control-Allow-Origin": PAGE, "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "x-a"}
    lines |= {f"Access-Control-Allow-{name.capitalize()}": value for name, value in given.items()}
    if location is not None:
        lines["Location"] = location
    return exchange(
        preflight(method, unsafe=names), response(status, {name: value for name, value in lines.items() if value != "absent"})
    )


@pytest.mark.parametrize(
    ("answer", "mode", "expected"),
    [
        pytest.param(asked(), WITHOUT, [], id="all granted"),
        pytest.param(asked(status=200), WITHOUT, [], id="200 is ok"),
        pytest.param(asked(status=299), WITHOUT, [], id="so is 299"),
        pytest.param(asked(status=300), WITHOUT, ["preflight-status-not-ok"], id="300 is not"),
        pytest.param(asked(status=404), WITHOUT, ["preflight-status-not-ok"], id="nor is 404, with every header right"),
        pytest.param(asked(status=304), WITHOUT, ["preflight-status-not-ok"], id="nor is 304"),
        pytest.param(asked(status=307, location="/x"), WITHOUT, ["preflight-redirect"], id="a redirect"),
        pytest.param(asked(status=307), WITHOUT, ["preflight-status-not-ok"], id="a redirect to nowhere is a wrong status"),
        pytest.param(asked(origin="absent"), WITHOUT, ["preflight-acao-missing"], id="no origin"),
        pytest.param(asked(origin=OTHER), WITHOUT, ["preflight-acao-mismatch"], id="another origin"),
        pytest.param(
            asked(origin="*"),
            INCLUDE,
            ["preflight-acao-wildcard-with-credentials", "preflight-acac-not-true"],
            id="the wildcard with credentials",
        ),
        pytest.param(asked(), INCLUDE, ["preflight-acac-not-true"], id="credentials not allowed"),
        pytest.param(asked(credentials="true"), INCLUDE, [], id="credentials allowed"),
        pytest.param(asked(methods="DELETE"), WITHOUT, ["preflight-method-not-allowed"], id="another method"),
        pytest.param(asked(methods="absent"), WITHOUT, ["preflight-method-not-allowed"], id="no methods"),
        pytest.param(asked("POST", methods="absent"), WITHOUT, [], id="POST need not be listed"),
        pytest.param(asked("patch", methods="PATCH"), WITHOUT, ["preflight-method-not-allowed"], id="patch is not PATCH"),
        pytest.param(asked(methods="*"), WITHOUT, [], id="any method"),
        pytest.param(
            asked(methods="*", credentials="true"),
            INCLUDE,
            ["preflight-method-not-allowed"],
            id="any method, but not with credentials",
        ),
        pytest.param(asked(headers="absent"), WITHOUT, ["preflight-header-not-allowed"], id="no headers"),
        pytest.param(asked(headers="X-A"), WITHOUT, [], id="names compare without case"),
        pytest.param(asked(headers="*"), WITHOUT, [], id="any header"),
        pytest.param(
            asked(headers="*", credentials="true"),
            INCLUDE,
            ["preflight-header-not-allowed"],
            id="any header, but not with credentials",
        ),
        pytest.param(
            asked(headers="x a"), WITHOUT, ["preflight-acah-unparsable", "preflight-header-not-allowed"], id="no list of names"
        ),
    ],
)
@pytest.mark.parametrize("profile", ALL, ids=["standard", "chromium", "firefox", "webkit"])
def test_the_preflight_check_is_the_same_everywhere(
    answer: Exchange, mode: CredentialsMode, expected: list[str], profile: EngineProfile
) -> None:
    assert reasons(answer, mode, profile) == expected


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        pytest.param(
            asked(status=404, origin="absent"),
            ["preflight-acao-missing", "preflight-acao-missing", "preflight-status-not-ok"],
            id="404 without CORS headers",
        ),
        pytest.param(
            asked(status=307, location="/x", origin="absent"),
            ["preflight-redirect", "preflight-acao-missing", "preflight-redirect"],
            id="a redirect without CORS headers",
        ),
        pytest.param(asked(methods="x y", headers="x y"), ["preflight-acam-unparsable"] * 3, id="two bad lists"),
        pytest.param(
            asked(methods="DELETE", headers="x y"),
            ["preflight-acah-unparsable", "preflight-method-not-allowed", "preflight-acah-unparsable"],
            id="a bad list and a wrong method",
        ),
        pytest.param(
            asked(methods="DELETE", headers="x-b"), ["preflight-method-not-allowed"] * 3, id="wrong method and header"
        ),
    ],
)
def test_what_each_engine_reports_first(answer: Exchange, first: list[str]) -> None:
    assert [reasons(answer, WITHOUT, profile)[0] for profile in (CHROMIUM, GECKO, WEBKIT)] == first
    assert len({frozenset(reasons(answer, WITHOUT, profile)) for profile in ALL}) == 1, "every engine tells every failure"


def test_the_wildcard_covers_authorization_against_the_standard() -> None:
    answer = asked("GET", "authorization", headers="*")
    assert reasons(answer) == ["preflight-authorization-not-covered-by-wildcard"]
    for profile in (CHROMIUM, GECKO, WEBKIT):
        assert reasons(answer, WITHOUT, profile) == []
        assert reasons(asked("GET", "authorization", headers="*", credentials="true"), INCLUDE, profile) == [
            "preflight-header-not-allowed"
        ]


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
@pytest.mark.parametrize("profile", ALL, ids=["standard", "chromium", "firefox", "webkit"])
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
    assert [reasons(hop, WITHOUT, profile) for profile in ALL] == [[], [], [], ["redirect-location-unparsable"]]


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
    assert reasons(exchange(request(), error="refused", answered_by_proxy=True)) == ["acao-missing"]
    broken = exchange(preflight("PUT"), error="refused", answered_by_proxy=True)
    assert reasons(broken, WITHOUT, CHROMIUM)[0] == "preflight-acao-missing"
    assert reasons(broken, WITHOUT, WEBKIT)[0] == "preflight-status-not-ok"


def test_an_opaque_origin_is_matched_as_null() -> None:
    asked = request(origin="null")
    assert reasons(exchange(asked, response(allow_origin="null"))) == []
    assert reasons(exchange(asked, Response(status=200))) == ["acao-missing"]


def test_non_ascii_is_invalid_to_chromium() -> None:
    own = simple("https://b\xc3\xbccher.example")
    assert reasons(own, WITHOUT, CHROMIUM) == ["acao-invalid"]
    assert reasons(own, WITHOUT, GECKO) == ["acao-mismatch"]


def test_firefox_makes_no_cors_check_on_a_preflight_back_home() -> None:
    """own -> API -> own: what the preflight grants is looked at, whom it lets in is not."""
    there, back = "https://api.example/x", f"{PAGE}/back"
    hop = exchange(request("PUT", there, time=0.0), response(307, {"Location": back}, allow_origin=PAGE, time=0.01))
    asked = exchange(
        preflight("PUT", back, origin=PAGE, time=0.02), response(204, {"Access-Control-Allow-Methods": "PUT"}, time=0.03)
    )
    assert reasons(asked, WITHOUT, GECKO, hop) == []
    assert reasons(asked, WITHOUT, CHROMIUM, hop)[0] == "preflight-acao-missing"


def test_an_empty_line_and_a_wildcard_over_http2_turn_on_credentials_in_firefox() -> None:
    own = observe(simple("", "*", credentials="true", http="HTTP/2.0"))
    assert decide(own, Engine.FIREFOX).outcome is Outcome.DEPENDS
