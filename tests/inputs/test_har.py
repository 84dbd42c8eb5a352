"""HAR as browsers, proxies and test runners write it becomes the exchanges that were on the wire."""

import json
from collections.abc import Iterable

import pytest
from corslens.fetch.messages import HeaderList
from corslens.inputs.damage import Damage
from corslens.inputs.har import HarReader
from corslens.observation.exchange import Exchange

from tests.each import each
from tests.inputs.make_har import START, Json, at, encoded, entry, har, lines
from tests.make import API, PAGE

NOON = 1_769_860_800.0


def read(data: bytes) -> tuple[list[Exchange], list[str]]:
    """The exchanges and the sentences about what could not be read."""
    found = list(HarReader(data, "a.har", "a"))
    return [one for one in found if isinstance(one, Exchange)], [str(one) for one in found if isinstance(one, Damage)]


def only(*entries: object, creator: str = "somebody") -> Exchange:
    """The one exchange of a HAR without damages."""
    exchanges, damages = read(encoded(*entries, creator=creator))
    assert damages == []
    (exchange,) = exchanges
    return exchange


def test_an_entry_becomes_an_exchange() -> None:
    exchange = only(entry("patch", answer=[("Vary", "Origin"), ("vary", "Accept")], connection="52", _resourceType="fetch"))
    assert exchange.id == "a:0"
    assert (exchange.source.file, exchange.source.index) == ("a.har", 0)
    assert (exchange.request.method, exchange.request.url) == ("patch", f"{API}/me")
    assert exchange.request.headers == HeaderList([("Origin", PAGE)])
    assert exchange.response is not None
    assert exchange.response.headers == HeaderList([("Vary", "Origin"), ("vary", "Accept")])
    assert (exchange.connection, exchange.resource_type) == ("52", "fetch")
    assert exchange.request.time == NOON
    assert exchange.response.time == pytest.approx(NOON + 0.0105)


def test_firefox_names_no_connection() -> None:
    """It writes the server's port where the format wants the connection."""
    assert only(entry(connection="443"), creator="Firefox").connection is None


TIMES = {
    START: NOON,
    "2026-01-31T13:00:00.000+01:00": NOON,
    "2026-01-31T13:00:00+0100": NOON,
    "2026-01-31T12:00:00": NOON,
    "2026-01-31T12:00:00.1234567Z": NOON + 0.123456,
    "2026-01-31T07:00:00.5-05:00": NOON + 0.5,
}


@pytest.mark.parametrize(("text", "seconds"), TIMES.items(), ids=TIMES)
def test_time(text: str, seconds: float) -> None:
    assert only(entry(started=text)).request.time == pytest.approx(seconds)


@pytest.mark.parametrize("creator", ["WebInspector", "chrome-har", "@neuralegion/cypress-har-generator"])
def test_a_browser_counts_from_before_the_request_was_sent(creator: str) -> None:
    """Chromium writes the moment of the call, and the preflight's time is in `blocked`: order by when the head went out."""
    put = entry("PUT", started=at(0), timings={"blocked": 40, "dns": -1, "connect": 5, "send": 1, "wait": 9, "receive": 0})
    asked = entry("OPTIONS", started=at(0.01), timings={"blocked": 1, "send": 1, "wait": 9, "receive": 0})
    exchanges, _ = read(encoded(put, asked, creator=creator))
    assert [exchange.request.method for exchange in exchanges] == ["OPTIONS", "PUT"]
    assert [exchange.source.index for exchange in exchanges] == [1, 0]
    assert exchanges[1].request.time == pytest.approx(NOON + 0.045)


def test_a_proxy_counts_from_when_it_saw_the_request() -> None:
    """mitmproxy's `connect` was spent before the request, on behalf of all that follow."""
    first = entry("OPTIONS", started=at(0), timings={"connect": 50, "send": 1, "wait": 9, "receive": 0})
    second = entry("PUT", started=at(0.02))
    exchanges, _ = read(encoded(first, second, creator="mitmproxy"))
    assert [exchange.request.method for exchange in exchanges] == ["OPTIONS", "PUT"]


def test_without_timings_the_response_came_at_the_end() -> None:
    made = entry()
    del made["timings"]
    response = only(made).response
    assert response is not None and response.time == pytest.approx(NOON + 0.0125)


VERSIONS = {
    "h2": "HTTP/2.0", "http/2.0": "HTTP/2.0", "HTTP/2": "HTTP/2.0", "h3": "HTTP/3", "h3-29": "HTTP/3", "HTTP/1.1": "HTTP/1.1",
    "http/1.0": "HTTP/1.0", "unknown": "HTTP/1.1", "": "HTTP/1.1",
}  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), VERSIONS.items(), ids=VERSIONS)
def test_http_version(written: str, meant: str) -> None:
    made = entry()
    made["request"]["httpVersion"] = made["response"]["httpVersion"] = written
    exchange = only(made)
    assert exchange.response is not None
    assert (exchange.request.http_version, exchange.response.http_version) == (meant, meant)


def test_pseudo_headers_are_dropped() -> None:
    made = entry(given=[(":authority", "api.example"), ("origin", PAGE), (":path", "/me")])
    made["request"]["httpVersion"] = "http/2.0"
    assert only(made).request.headers.lines == (("origin", PAGE),)


@pytest.mark.parametrize("creator", ["somebody", "WebInspector", "Firefox", "Charles Proxy"])
def test_a_response_without_any_header_was_not_recorded(creator: str) -> None:
    """No server sends one; its writer left the header lines out, and nothing follows from what they lack."""
    reader = HarReader(encoded(entry(answer=()), creator=creator), "a.har", "a")
    (exchange,) = reader
    assert isinstance(exchange, Exchange)
    assert (exchange.response, exchange.unfinished) == (None, True)
    assert reader.omissions == ["holds 1 response without any header (its writer left them out), so it is not judged"]


def test_a_response_without_any_header_that_the_page_gave_up() -> None:
    made = entry(answer=())
    made["response"]["_error"] = "net::ERR_ABORTED"
    reader = HarReader(encoded(made, creator="WebInspector"), "a.har", "a")
    (exchange,) = reader
    assert isinstance(exchange, Exchange)
    assert (exchange.response, exchange.aborted, reader.omissions) == (None, True, [])


KEPT = {
    "what Chromium kept from the page": ("WebInspector", "GET", 200, {"_error": "net::ERR_FAILED"}),
    "a preflight that fails by its status": ("WebInspector", "OPTIONS", 404, {}),
    "mitmproxy's, as on the wire": ("mitmproxy", "GET", 200, {}),
}


@pytest.mark.parametrize(("creator", "method", "status", "fields"), KEPT.values(), ids=KEPT)
def test_a_response_without_any_header_that_is_judged(creator: str, method: str, status: int, fields: Json) -> None:
    made = entry(method, answer=(), status=status)
    made["response"] |= fields
    response = only(made, creator=creator).response
    assert response is not None and (response.status, response.headers.lines) == (status, ())


NO_ANSWER = {
    "Chrome, network": ("WebInspector", {"_error": "net::ERR_CONNECTION_REFUSED"}, "net::ERR_CONNECTION_REFUSED", False),
    "Playwright, network": ("Playwright", {"_failureText": "net::ERR_TIMED_OUT"}, "net::ERR_TIMED_OUT", False),
    "mitmproxy's own page": ("mitmproxy", {"_error": "Server closed connection."}, "Server closed connection.", True),
    "mitmproxy, browser gone": ("mitmproxy", {"_error": "Client disconnected."}, "Client disconnected.", False),
    "another proxy": ("Somebody", {"_error": "connection refused"}, "connection refused", True),
    "nothing told": ("Somebody", {}, None, False),
}


@pytest.mark.parametrize("status", [0, -1, -2, 12999, 1000, 10**400])
@pytest.mark.parametrize(("creator", "fields", "error", "by_proxy"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_no_status_is_no_response(creator: str, fields: dict[str, str], error: str | None, by_proxy: bool, status: int) -> None:
    made = entry(status=status)
    made["response"] |= fields
    exchange = only(made, creator=creator)
    assert (exchange.response, exchange.error, exchange.got_proxy_error_page) == (None, error, by_proxy)


def test_firefox_lists_a_request_before_its_preflight() -> None:
    """Its panel counts the preflight into no timing; the order on the wire is told by what belongs together."""
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    put = entry("PUT", started=at(1), time=30)
    asked = entry("OPTIONS", given=asks, started=at(1.01), timings={"blocked": -1, "send": 0, "wait": 15})
    again = entry("PUT", started=at(2), time=30)
    exchanges, _ = read(encoded(put, asked, again, creator="Firefox"))
    assert [exchange.source.index for exchange in exchanges] == [1, 0, 2]
    assert exchanges[0].response is not None and exchanges[0].response.time < exchanges[1].request.time


def test_chromium_hears_late_of_a_preflight() -> None:
    """On a busy machine it dates the preflight by the news of it and writes the whole wait, so that the response seems to have come
    after the request that waited for it.
    """
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    put = entry("PUT", started=at(1.880), time=96, timings={"blocked": 86, "send": 0, "wait": 10})
    asked = entry("OPTIONS", given=asks, started=at(1.912), time=54, timings={"blocked": -1, "send": 0, "wait": 76})
    again = entry("PUT", started=at(1.978), time=15, timings={"blocked": 0.5, "send": 0, "wait": 14})
    exchanges, _ = read(encoded(put, asked, again, creator="WebInspector"))
    assert [exchange.source.index for exchange in exchanges] == [1, 0, 2]
    response = exchanges[0].response
    assert response is not None and response.time < exchanges[1].request.time == pytest.approx(NOON + 1.966)


@pytest.mark.parametrize(("later", "order"), [(0.15, [1, 0]), (3.0, [0, 1])])
def test_chromium_hears_of_a_preflight_when_its_request_has_failed(later: float, order: list[int]) -> None:
    """The page learns of its failure past the process that is busy. Much later, a preflight belongs to another request."""
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    put = entry("PUT", started=at(1), status=0, time=880, timings={"blocked": 880, "send": 0, "wait": 0})
    asked = entry("OPTIONS", given=asks, started=at(1.88 + later), time=32, timings={"blocked": -1, "send": 0, "wait": 32})
    exchanges, _ = read(encoded(put, asked, creator="WebInspector"))
    assert [exchange.source.index for exchange in exchanges] == order


@pytest.mark.parametrize(("blocked", "own"), [(20, False), (96, True)], ids=["did not wait for it", "has its own"])
def test_a_preflight_that_is_dated_after_a_request_may_be_another_ones(blocked: int, own: bool) -> None:
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    put = entry("PUT", started=at(1), time=106, timings={"blocked": blocked, "send": 0, "wait": 10})
    preflights = [
        entry("OPTIONS", given=asks, started=at(when), time=32, timings={"blocked": -1, "send": 0, "wait": 32})
        for when in ([1.01, 1.3] if own else [1.3])
    ]
    exchanges, _ = read(encoded(put, *preflights, creator="WebInspector"))
    assert [exchange.source.index for exchange in exchanges] == ([1, 0, 2] if own else [0, 1])


def test_a_preflight_has_its_request_among_many_of_the_url() -> None:
    """Those after it are passed over, and of those before it the latest is looked at first."""
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    entries = []
    for number in range(400):
        put = entry("PUT", started=at(number / 10), time=60)
        asked = entry("OPTIONS", given=asks, started=at(number / 10 + 0.01), timings={"blocked": -1, "send": 0, "wait": 15})
        entries += [put, asked]
    exchanges, _ = read(encoded(*entries, creator="Firefox"))
    assert [one.source.index for one in exchanges] == [index ^ 1 for index in range(800)]


def test_a_preflight_is_not_put_behind_itself() -> None:
    """Of a request whose own method is OPTIONS."""
    own = entry("OPTIONS", started=at(1), time=30)
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "OPTIONS")]
    asked = entry("OPTIONS", given=asks, started=at(1.01), timings={"blocked": -1, "send": 0, "wait": 15})
    exchanges, _ = read(encoded(own, asked, creator="Firefox"))
    assert [exchange.source.index for exchange in exchanges] == [1, 0]


def test_another_request_of_the_same_digest_is_not_put_behind_the_preflight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corslens.inputs.har._digest", lambda *_: 1.0)
    asks = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT")]
    put, other = entry("PUT", started=at(1), time=30), entry(url=f"{API}/other", started=at(1.005), time=30)
    asked = entry("OPTIONS", given=asks, started=at(1.01), timings={"blocked": -1, "send": 0, "wait": 15})
    exchanges, _ = read(encoded(put, other, asked, creator="Firefox"))
    assert [exchange.source.index for exchange in exchanges] == [1, 2, 0]


def test_redirect_url_stands_in_for_a_location_that_was_left_out() -> None:
    made = entry(status=302)
    made["response"]["redirectURL"] = "https://cdn.example/x"
    response = only(made).response
    assert response is not None and response.headers.get("location") == "https://cdn.example/x"


def test_redirect_url_does_not_double_a_location() -> None:
    made = entry(status=302, answer=[("location", "/x")])
    made["response"]["redirectURL"] = "https://api.example/x"
    response = only(made).response
    assert response is not None and response.headers.values("location") == ("/x",)


LEFT_OUT = {
    "CONNECT": entry("CONNECT", "https://api.example:443/"),
    "data URL": entry(url="data:text/plain,hello"),
    "blob": entry(url="blob:https://app.example/1-2"),
    "extension": entry(url="chrome-extension://abc/x.js"),
    "no scheme": entry(url="/me"),
}


@pytest.mark.parametrize("made", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_no_http_exchange_is_left_out(made: object) -> None:
    assert read(encoded(made)) == ([], [])


URLS = {
    "wss://api.example/live": "https://api.example/live",
    "https://api.example/me#part": "https://api.example/me",
    "https://bücher.example/ä": "https://xn--bcher-kva.example/%C3%A4",
    "https://api.example:443/me": "https://api.example/me",
    "http://api.example:80": "http://api.example/",
    "HTTPS://API.example/Me": "https://api.example/Me",
    "http://::1:8080/x": "http://[::1]:8080/x",
    "http://2001:db8::7/x": "http://[2001:db8::7]/x",
    "https://fd00::1:443/": "https://[fd00::1]/",
}


@pytest.mark.parametrize(("written", "meant"), URLS.items(), ids=URLS)
def test_url(written: str, meant: str) -> None:
    assert only(entry(url=written)).request.url == meant


def test_header_text_is_one_character_a_byte() -> None:
    """Browsers write a byte as a character; what cannot be one was decoded before, and is UTF-8 again."""
    made = entry(given=[("x-a", "caf\xe9"), ("x-b", "日")])
    assert only(made).request.headers.lines == (("x-a", "caf\xe9"), ("x-b", "日".encode().decode("latin-1")))


def test_mitmproxy_header_text_was_decoded() -> None:
    """mitmproxy decodes UTF-8 and keeps what is none as lone surrogates, which strict JSON parsers refuse."""
    made = entry(given=[("x-a", "é"), ("x-b", "\udce9")])
    assert only(made, creator="mitmproxy 12").request.headers.lines == (("x-a", "Ã©"), ("x-b", "\xe9"))


def test_lone_surrogates_in_a_body_cost_nothing() -> None:
    made = entry()
    made["response"]["content"]["text"] = "\ud800"
    exchanges, damages = read(encoded(entry(), made, entry()))
    assert ([exchange.source.index for exchange in exchanges], damages) == ([0, 1, 2], [])


def test_har_1_1_without_optional_fields() -> None:
    made = {
        "startedDateTime": START, "time": 3,
        "request": {"method": "GET", "url": f"{API}/", "headers": lines([("Origin", PAGE)])},
        "response": {"status": 200, "headers": []},
    }  # fmt: skip
    data = json.dumps({"log": {"entries": [made]}}).encode()
    assert [exchange.request.url for exchange in read(data)[0]] == [f"{API}/"]


BAD: dict[str, tuple[object, str]] = {
    "no request": ({"startedDateTime": START}, "entry 1: Object missing required field `request`"),
    "a number for a method": ({"startedDateTime": START, "request": {"method": 5, "url": API, "headers": []}}, "entry 1: Expected `str`, got `int` - at `$.request.method`"),
    "null": (None, "entry 1: Expected `object`, got `null`"),
    "a text": ("x", "entry 1: Expected `object`, got `str`"),
    "no URL": (entry(url="https://"), "entry 1: "),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_entry_costs_itself_alone(bad: object, sentence: str) -> None:
    exchanges, damages = read(encoded(entry(), bad, entry()))
    assert [exchange.source.index for exchange in exchanges] == [0, 2]
    assert len(damages) == 1
    assert damages[0].startswith(f"a.har: {sentence}")


ODD: dict[str, Json] = {
    "headers as a mapping": {"request": {"headers": {"Origin": PAGE, "X-A": 5}}},
    "numbers, lists and null for values": {"request": {"headers": lines([("Origin", [PAGE]), ("X-A", 5), ("X-B", None)])}},
    "a string for a status": {"response": {"status": "200"}},
    "an object for an error": {"response": {"_error": {"message": "Max redirects exceeded", "code": "MAXREDIRECTS"}}},
    "a string for a time": {"time": "20"},
    "a fraction for a connection": {"connection": 4.5},
    "a list for a resource type": {"_resourceType": ["fetch"]},
    "a number for an HTTP version": {"request": {"httpVersion": 1.1}, "response": {"httpVersion": 2}},
    "a list for timings": {"timings": []},
    "a string in the timings": {"timings": {"wait": "3"}},
    "null for headers": {"response": {"headers": None, "status": 404}, "request": {"method": "OPTIONS"}},
    "a text for a body": {"response": {"content": "hello"}},
    "a size in words": {"response": {"content": {"size": "many"}}},
    "milliseconds since the epoch": {"startedDateTime": 1769860800000},
    "odd things of a browser": {"_initiator": 5, "_fromCache": True, "_blockedReason": [], "pageref": 3},
}
"""What is merged into a usual entry, which holds the response's status 200 and the request's Origin."""


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("creator", ["somebody", "WebInspector"])
def test_odd_types_cost_no_entry(odd: Json, creator: str) -> None:
    made = entry()
    for name, value in odd.items():
        made[name] = made[name] | value if name in ("request", "response") else value
    exchange = only(made, creator=creator)
    assert exchange.response is not None and exchange.response.status == int(made["response"]["status"])
    assert (exchange.request.headers.get("origin"), exchange.request.time) == (PAGE, NOON)


def test_odd_values_of_headers_are_lines() -> None:
    made = entry(given=[("A", ["1", "2"]), ("B", None), ("C", 3), ("D", True), ("E", [])])
    assert only(made).request.headers.lines == (("A", "1"), ("A", "2"), ("C", "3"), ("D", "true"))


def test_an_entry_without_a_response_is_an_exchange_without_an_end() -> None:
    """It was under way when the recording ended."""
    exchange = only(entry(response=None))
    assert (exchange.response, exchange.error, exchange.unfinished) == (None, None, True)


def test_an_entry_without_a_time_is_kept_where_it_stands() -> None:
    bare = entry()
    for name in ("startedDateTime", "time", "timings"):
        bare.pop(name, None)
    reader = HarReader(encoded(entry(), bare, entry()), "a.har", "a")
    assert [exchange.source.index for exchange in reader if isinstance(exchange, Exchange)] == [0, 1, 2]
    assert reader.omissions == ["holds 1 entry without a date and time, taken in the order in which it is listed"]


def test_a_bad_time_is_told_and_the_entry_kept_in_its_place() -> None:
    bad = [entry(started="yesterday qZ7x"), entry(started="9" * 400)]
    reader = HarReader(encoded(entry(started=at(1)), *bad, entry(started=at(2))), "a.har", "a")
    assert [exchange.source.index for exchange in reader if isinstance(exchange, Exchange)] == [0, 1, 2, 3]
    assert reader.omissions == ["holds 2 entries without a date and time, taken in the order in which they are listed"]


def test_bytes_of_another_encoding_cost_no_entry() -> None:
    """Of headers, as they were on the wire."""
    written = encoded(entry(given=[("Origin", PAGE), ("X-City", "M?nchen")])).replace(b"?", b"\xfc")
    exchanges, damages = read(written)
    assert damages == []
    assert [exchange.request.headers.get("x-city") for exchange in exchanges] == ["M\xfcnchen"]


@pytest.mark.parametrize(("written", "meant"), [("get", "GET"), ("Options", "OPTIONS"), ("patch", "patch")])
def test_methods_as_programs_write_them(written: str, meant: str) -> None:
    assert only(entry(written)).request.method == meant


ODD_NUMBERS = [float("1e308"), -1, -1e308, 0]


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_odd_durations_are_as_if_absent(number: float) -> None:
    made = entry(time=number, timings={"send": number, "wait": number, "blocked": number})
    exchange = only(made, creator="WebInspector")
    assert exchange.request.time == NOON
    assert exchange.response is not None and exchange.response.time == NOON


def test_deep_nesting_costs_its_entry_at_most() -> None:
    deep = json.dumps(entry()).replace('"{}"', "[" * 100_000 + "]" * 100_000, 1)
    whole = json.dumps(har(entry(), "HERE", entry())).replace('"HERE"', deep).encode()
    exchanges, damages = read(whole)
    assert [exchange.source.index for exchange in exchanges][::2] == [0, 2] or [
        exchange.source.index for exchange in exchanges
    ] == [0, 2]
    assert damages in ([], ["a.har: entry 1: is nested too deeply"])


def test_order_is_that_of_the_requests_and_stable() -> None:
    made = [entry(started=at(2)), entry(started=at(1)), entry(started=at(1)), entry(started=at(0))]
    exchanges, _ = read(encoded(*made))
    assert [exchange.source.index for exchange in exchanges] == [3, 1, 2, 0]


def test_progress_ends_near_1() -> None:
    reader = HarReader(encoded(*[entry()] * 10), "a.har", "a")
    seen = [reader.progress for _ in reader]
    assert seen == sorted(seen) and seen[0] == 0.0 and seen[-1] == 0.9


def sources(exchanges: Iterable[Exchange]) -> list[int | None]:
    """The entries that were read."""
    return [exchange.source.index for exchange in exchanges]


def test_cut_off_at_any_percent() -> None:
    """What is whole is read, in order, and one sentence says where it ends."""
    data = encoded(*(entry(started=at(i)) for i in range(20)))

    def check(percent: int) -> None:
        exchanges, damages = read(data[: len(data) * percent // 100])
        assert sources(exchanges) == list(range(len(exchanges)))
        assert len(exchanges) >= 20 * percent // 100 - 2
        assert len(damages) == 1
        assert "cut off" in damages[0] or "not a HAR" in damages[0] or "not JSON" in damages[0]

    each(range(1, 100), check)


def test_server_address() -> None:
    """What the page's and the server's address spaces are told by."""
    (exchange,) = HarReader(encoded(entry() | {"serverIPAddress": "192.168.1.20"}), "a.har", "a")
    assert isinstance(exchange, Exchange)
    assert exchange.server_address == "192.168.1.20"
