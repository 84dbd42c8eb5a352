"""Only who follows a patched redirect can prove it, once, soon, and for the URL that it leads to."""

import pytest
from corslens.fetch.messages import HeaderList, Response
from corslens.mitm.continuations import LIFETIME_SECONDS, PARAMETER, Continuations, next_url, unmarked
from corslens.mitm.convert import response_of
from corslens.mitm.fields import glance
from corslens.mitm.heads import FlowResponseHead
from mitmproxy import http
from mitmproxy.test import tflow

PAGE = "http://localhost:3000"
TARGET = "https://api.example/data"


def request(url: str, method: str = "GET", *, client: str = "127.0.0.1", **headers: str) -> http.HTTPFlow:
    lines = {"Origin": "null", "User-Agent": "x", **headers}
    made = tflow.tflow(
        req=http.Request.make(method, url, headers=[(name.encode(), value.encode()) for name, value in lines.items()])
    )
    made.client_conn.peername = (client, 50_000)
    return made


def redirect(location: str = TARGET, *, client: str = "127.0.0.1") -> http.HTTPFlow:
    made = request("http://hop.example/", client=client, Origin=PAGE)
    made.response = http.Response.make(302, headers={"Location": location})
    return made


def take(known: Continuations, flow: http.HTTPFlow) -> str | None:
    """What the hook takes out of a request."""
    return known.take(flow, glance(flow.request.headers.fields)[1])


class Watch:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def marked(known: Continuations, target: str = TARGET, **kwargs: str) -> str:
    """The Location that the browser gets."""
    flow = redirect(target, **kwargs)
    known.mark(flow, target, page=PAGE)
    assert flow.response is not None
    return str(flow.response.headers["location"])


@pytest.mark.parametrize("target", [TARGET, f"{TARGET}?a=1", "https://api.example/", f"{TARGET}?"])
def test_a_request_that_brings_the_secret_back_is_the_pages(target: str) -> None:
    known = Continuations()
    flow = request(marked(known, target))
    assert take(known, flow) == PAGE
    assert flow.request.pretty_url == target
    assert take(known, request(marked(known, target))) == PAGE


def test_a_fragment_stays_the_browsers() -> None:
    known = Continuations()
    location = marked(known, f"{TARGET}#part")
    assert location.endswith("#part") and PARAMETER in location
    assert take(known, request(location.partition("#")[0])) == PAGE


def test_it_counts_once_and_once_more_for_the_preflight_before_it() -> None:
    known = Continuations()
    location = marked(known)
    asks = {"Access-Control-Request-Method": "PUT"}
    found = [
        take(known, request(location, method, **extra))
        for method, extra in (("OPTIONS", asks), ("OPTIONS", asks), ("PUT", {}), ("PUT", {}), ("OPTIONS", asks))
    ]
    assert found == [PAGE, None, PAGE, None, None]


@pytest.mark.parametrize(
    ("change", "headers"),
    [
        ({"client": "192.0.2.9"}, {}), ({}, {"User-Agent": "another"}), ({}, {"Origin": "https://evil.example"}), ({}, {"Origin": "http://localhost:3000"}),
    ],
)  # fmt: skip
def test_it_counts_for_the_client_that_got_it(change: dict[str, str], headers: dict[str, str]) -> None:
    known = Continuations()
    location = marked(known)
    assert take(known, request(location, **change, **headers)) is None
    assert take(known, request(location)) is None, "a secret that was tried is spent"


@pytest.mark.parametrize(
    "url", ["https://api.example/other", "https://evil.example/data", "http://api.example/data", "https://api.example/data?x=1"]
)
def test_it_counts_for_its_url(url: str) -> None:
    known = Continuations()
    secret = marked(known).partition(f"{PARAMETER}=")[2]
    flow = request(f"{url}{'&' if '?' in url else '?'}{PARAMETER}={secret}")
    assert take(known, flow) is None
    assert flow.request.pretty_url == url


def test_it_counts_for_a_short_time() -> None:
    clock = Watch()
    known = Continuations(clock)
    first, second = marked(known), marked(known)
    clock.now += LIFETIME_SECONDS - 1
    assert take(known, request(first)) == PAGE
    clock.now += 1
    assert take(known, request(second)) is None


def test_no_server_sees_one_that_proves_nothing() -> None:
    """Of an earlier start of the proxy, used up, made up: its form is enough to take it out, in the Referer, too."""
    flow = request(f"{TARGET}?a=1&{PARAMETER}={'x' * 43}", Referer=f"https://api.example/style.css?{PARAMETER}={'x' * 43}")
    assert take(Continuations(), flow) is None
    assert flow.request.pretty_url == f"{TARGET}?a=1"
    assert flow.request.headers["referer"] == "https://api.example/style.css"


@pytest.mark.parametrize(
    "rest", [f"?{PARAMETER}=1", f"?{PARAMETER}={'x' * 43}&a=1", f"/{PARAMETER}={'x' * 43}", f"?x{PARAMETER}={'x' * 43}"]
)
def test_what_is_not_ours_stays(rest: str) -> None:
    flow = request(f"{TARGET}{rest}")
    assert take(Continuations(), flow) is None
    assert flow.request.pretty_url == f"{TARGET}{rest}"


def test_secrets_are_bounded_and_no_two_alike() -> None:
    known = Continuations()
    locations = [marked(known) for _ in range(1_001)]
    assert len(set(locations)) == 1_001
    assert take(known, request(locations[0])) is None and take(known, request(locations[1])) == PAGE


def test_a_stored_redirect_brings_none_back() -> None:
    flow = redirect()
    Continuations().mark(flow, TARGET, page=PAGE)
    assert flow.response is not None and flow.response.headers["cache-control"] == "no-store"


def test_what_was_recorded_behind_the_proxy_is_read_without_it() -> None:
    flow = redirect(f"{TARGET}?a=1")
    Continuations().mark(flow, f"{TARGET}?a=1", page=PAGE)
    assert flow.response is not None
    assert response_of(FlowResponseHead.of(flow.response)).headers.get("location") == f"{TARGET}?a=1"
    plain = Response(status=302, headers=HeaderList([("Location", TARGET)]))
    assert unmarked(plain) is plain


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "https://a.example/x"),
        (TARGET, TARGET),
        ("ftp://b.example/", None),
        ("https://u:p@b.example/", None),
        ("javascript:1", None),
    ],
)
def test_next_url(location: str, url: str | None) -> None:
    assert next_url(Response(status=302, headers=HeaderList([("Location", location)])), "https://a.example/") == url
