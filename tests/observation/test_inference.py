"""What a proxy cannot see is inferred from what it can, with the proof named, or left unknown."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.fetch.request_headers import STANDARD_SAFELIST
from corslens.observation.exchange import Exchange
from corslens.observation.inference import (
    infer_destination,
    infer_mode,
    page_set_unsafe_names,
    sends_storage_access,
    shows_credentials,
)
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Role

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT, observe

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT
HTML = {"Accept": "text/html,*/*"}


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        pytest.param(
            request(given={"Sec-Fetch-Mode": "no-cors"}), Known("no-cors", ("sec-fetch-mode",)), id="fetch metadata tells"
        ),
        pytest.param(request(given={"Sec-Fetch-Mode": "nonsense"}), Known("cors", ("origin-on-get",)), id="nonsense does not"),
        pytest.param(preflight("PUT"), Known("cors", ("preflight",)), id="a preflight is for mode cors"),
        pytest.param(request(given={"Upgrade": "WebSocket"}), Known("websocket", ("upgrade",)), id="an upgrade"),
        pytest.param(request(given=HTML, origin=None), Known("navigate", ("accept-html",)), id="a navigation without metadata"),
        pytest.param(request("HEAD"), Known("cors", ("origin-on-get",)), id="Origin on GET or HEAD"),
    ],
)
def test_known_modes(asked: Request, mode: Known[str]) -> None:
    assert infer_mode(asked) == mode


@pytest.mark.parametrize("asked", [request("POST"), request(origin=None)])
def test_unknown_modes(asked: Request) -> None:
    """A POST with an Origin may be a beacon or a form; a GET without may be anything."""
    assert isinstance(infer_mode(asked), Unknown)


def test_a_beacon_that_needs_no_preflight_is_no_cors_request() -> None:
    """Over plain http there is no fetch metadata; a capture of the browser says what it was."""
    for kind in ("text/plain;charset=UTF-8", "text/ping", "application/csp-report"):
        beacon = request("POST", given={"Content-Type": kind})
        assert infer_mode(beacon, "ping") == Known("no-cors", ("resource-type",))
        assert isinstance(infer_mode(beacon, "fetch"), Unknown)
    assert isinstance(infer_mode(request("POST", given={"Content-Type": "application/json"}), "ping"), Unknown)


def test_destination() -> None:
    assert infer_destination(request(given={"Sec-Fetch-Dest": "font"})) == Known("font", ("sec-fetch-dest",))
    assert isinstance(infer_destination(request()), Unknown)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        pytest.param({"X-A": "1", "Accept": "*/*"}, ("x-a",), id="only a page sets it"),
        pytest.param({"Authorization": "Basic x"}, (), id="a browser sets Authorization too"),
        pytest.param({"If-None-Match": "x", "Cache-Control": "no-cache", "Range": "bytes=0-"}, (), id="and what caches need"),
        pytest.param({"Cookie": "a=1", "Sec-Fetch-Mode": "cors", "Referer": PAGE}, (), id="forbidden names are no page's"),
        pytest.param({"Content-Type": "application/json"}, ("content-type",), id="by the value"),
        pytest.param({"Content-Type": "application/csp-report"}, (), id="a report that the browser sends"),
    ],
)
def test_page_set_unsafe_names(given: dict[str, str], names: tuple[str, ...]) -> None:
    assert page_set_unsafe_names(request(given=given), STANDARD_SAFELIST) == names


def _role(asked: Request) -> Role:
    return observe(exchange(asked, response())).role


@pytest.mark.parametrize(
    ("asked", "role"),
    [
        pytest.param(preflight("PUT"), Role.PREFLIGHT, id="preflight"),
        pytest.param(request(), Role.SIMPLE, id="a GET with a foreign Origin"),
        pytest.param(request("PUT"), Role.ACTUAL, id="a method that needs a preflight"),
        pytest.param(request(given={"X-A": "1"}), Role.ACTUAL, id="a header that needs a preflight"),
        pytest.param(request(given={"Sec-Fetch-Mode": "no-cors"}), Role.NO_CORS, id="Origin proves no CORS"),
        pytest.param(request(given={"Sec-Fetch-Mode": "navigate"}), Role.NAVIGATION, id="navigation"),
        pytest.param(request("POST", given={"Sec-Fetch-Mode": "navigate"}), Role.NAVIGATION, id="a form"),
        pytest.param(request(given={"Sec-Fetch-Mode": "websocket"}), Role.WEBSOCKET, id="websocket"),
        pytest.param(request(given={"Upgrade": "websocket"}), Role.WEBSOCKET, id="websocket without metadata"),
        pytest.param(request(url=f"{PAGE}/x"), Role.SAME_ORIGIN, id="the page's own origin"),
        pytest.param(
            request(url=f"{PAGE}/x", origin=None, given={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}),
            Role.SAME_ORIGIN,
            id="a same-origin GET has no Origin",
        ),
        pytest.param(request(origin=None, given={"Sec-Fetch-Mode": "same-origin"}), Role.SAME_ORIGIN, id="mode same-origin"),
        pytest.param(
            request(origin=None, given={"Referer": f"{PAGE}/x"}), Role.NO_CORS, id="from elsewhere and without Origin"
        ),
        pytest.param(request(origin=None), Role.SAME_ORIGIN, id="no Origin, and nobody knows from where"),
        pytest.param(request(origin="null"), Role.SIMPLE, id="from an opaque origin"),
        pytest.param(request("OPTIONS"), Role.ACTUAL, id="a page's own OPTIONS"),
    ],
)
def test_roles(asked: Request, role: Role) -> None:
    assert _role(asked) is role


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        pytest.param(request(), PAGE, id="Origin"),
        pytest.param(request(origin="null"), "null", id="an opaque origin is one"),
        pytest.param(
            request(origin="null", given={"Sec-Fetch-Mode": "no-cors", "Referer": f"{PAGE}/x"}),
            PAGE,
            id="a referrer policy made it null",
        ),
        pytest.param(
            request(origin=None, given={"Sec-Fetch-Site": "same-origin"}), API, id="Sec-Fetch-Site says it is the target's"
        ),
        pytest.param(request(origin=None, given={"Referer": f"{PAGE}/x"}), PAGE, id="Referer"),
        pytest.param(request(origin=None), None, id="nothing tells"),
    ],
)
def test_page_origin(asked: Request, page: str | None) -> None:
    assert observe(exchange(asked, response())).page_origin == page


@pytest.mark.parametrize(
    ("engine", "version", "sends"),
    [
        (Engine.CHROMIUM, 133, True),
        (Engine.CHROMIUM, 132, False),
        (Engine.FIREFOX, 153, True),
        (Engine.FIREFOX, 140, False),
        (Engine.WEBKIT, 0, False),
        (None, 999, False),
    ],
)
def test_who_sends_storage_access(engine: Engine | None, version: int, sends: bool) -> None:
    assert sends_storage_access(engine, version) is sends


def test_shows_credentials() -> None:
    assert shows_credentials(request(given={"Cookie": "a=1"}))
    assert shows_credentials(request(given={"Sec-Fetch-Storage-Access": "none"}))
    assert not shows_credentials(request(given={"Authorization": "x"}))


def _asked(agent: str, url: str = f"{API}/me", **given: str) -> Request:
    fields = {name.replace("_", "-"): value for name, value in given.items()}
    return request(url=url, given={"User-Agent": agent, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site", **fields})


@pytest.mark.parametrize(
    ("asked", "credentials"),
    [
        pytest.param(_asked(CHROMIUM, Cookie="a=1"), Known(INCLUDE, ("cookie",)), id="a cookie"),
        pytest.param(
            _asked(CHROMIUM, Sec_Fetch_Storage_Access="none"),
            Known(INCLUDE, ("sec-fetch-storage-access",)),
            id="storage access, any value",
        ),
        pytest.param(_asked(WEBKIT, Sec_Fetch_Dest="font"), Known(WITHOUT, ("font",)), id="a font is loaded without"),
        pytest.param(_asked(CHROMIUM), Known(WITHOUT, ("no-sec-fetch-storage-access",)), id="Chromium would say"),
        pytest.param(_asked(FIREFOX), Known(WITHOUT, ("no-sec-fetch-storage-access",)), id="Firefox would say"),
        pytest.param(
            _asked(CHROMIUM, Origin="null"), Known(WITHOUT, ("no-sec-fetch-storage-access",)), id="from a sandboxed frame too"
        ),
    ],
)
def test_known_credentials(asked: Request, credentials: Known[CredentialsMode]) -> None:
    assert observe(exchange(asked, response())).credentials == credentials


@pytest.mark.parametrize("written", ["font", "Font"])
def test_a_font_is_one_by_its_resource_type_too(written: str) -> None:
    """Recorders on the DevTools protocol list the headers before fetch metadata are added, and call it Font."""
    asked = request(given={"User-Agent": "an app"})
    assert observe(exchange(asked, response(), resource_type=written)).credentials == Known(WITHOUT, ("font",))


@pytest.mark.parametrize("written", ["document", "Document"])
def test_a_form_is_one_by_its_resource_type_too(written: str) -> None:
    sent = exchange(request("POST", origin="null"), response(), resource_type=written)
    assert observe(sent).role is Role.NAVIGATION


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(_asked(WEBKIT), id="WebKit never says"),
        pytest.param(_asked(CHROMIUM, "http://api.example/me"), id="nobody says to plain http"),
        pytest.param(_asked(CHROMIUM, Sec_Fetch_Site="same-site"), id="nobody says to the same site"),
        pytest.param(_asked(CHROMIUM.replace("156", "120")), id="an old Chromium never says"),
        pytest.param(_asked("curl/8"), id="no browser"),
        pytest.param(
            preflight("PUT", given={"User-Agent": CHROMIUM, "Sec-Fetch-Site": "cross-site"}),
            id="Chromium's preflights never say",
        ),
        pytest.param(
            _asked(CHROMIUM, Origin="null", Referer=f"{PAGE}/"),
            id="redirected where nobody saw it: an opaque page sends no Referer",
        ),
    ],
)
def test_unknown_credentials(asked: Request) -> None:
    assert isinstance(observe(exchange(asked, response())).credentials, Unknown)


def test_firefox_says_on_its_preflights() -> None:
    told = preflight("PUT", given={"User-Agent": FIREFOX, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Storage-Access": "none"})
    silent = preflight("PUT", given={"User-Agent": FIREFOX, "Sec-Fetch-Site": "cross-site"})
    assert observe(exchange(told)).credentials == Known(INCLUDE, ("sec-fetch-storage-access",))
    assert observe(exchange(silent)).credentials == Known(WITHOUT, ("no-sec-fetch-storage-access",))


def test_a_browser_that_was_seen_to_say_it_is_known_to_say_it() -> None:
    """Whatever its version: one request with the header makes its absence tell."""
    old = CHROMIUM.replace("156", "120")
    last = observe(exchange(_asked(old, Sec_Fetch_Storage_Access="none"), response()), exchange(_asked(old), response()))
    assert last.credentials == Known(WITHOUT, ("no-sec-fetch-storage-access",))


def _preflight(**given: str) -> Exchange:
    return exchange(
        preflight("PUT", given={"User-Agent": WEBKIT, **given}),
        response(204, {"Access-Control-Allow-Methods": "PUT"}, allow_origin=PAGE, time=0.1),
        id="p",
    )


def test_authorization_that_was_not_asked_for_is_the_browsers() -> None:
    actual = exchange(request("PUT", given={"User-Agent": WEBKIT, "Authorization": "Basic x"}, time=0.2), response(), id="a")
    assert observe(_preflight(), actual).credentials == Known(INCLUDE, ("authorization-not-requested",))


def test_credentials_are_asked_of_cors_requests_only() -> None:
    assert isinstance(
        observe(exchange(request(origin=None, given={"Cookie": "a=1", "Sec-Fetch-Mode": "no-cors"}))).credentials, Unknown
    )
