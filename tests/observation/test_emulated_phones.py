"""A phone that Chromium's developer tools emulate is Chromium in all that it sends; a real one is never."""

from math import inf

import pytest
from corslens.engines.engine import Engine
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Followed
from corslens.observation.pairing import Pairing

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import observe_all

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148"
    " Safari/604.1"
)
AGENT = {"User-Agent": PHONE}
BRAND = {**AGENT, "Sec-CH-UA": '"Chromium";v="150"'}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def _asks(at: float, client: str = "me") -> Exchange:
    """A preflight that is not granted, so that no request follows."""
    return exchange(preflight(given=AGENT, time=at), response(404, time=at + 0.01), id="p", client=client)


def _document(given: dict[str, str], at: float, *, url: str = f"{PAGE}/", client: str = "me") -> Exchange:
    sent = request("GET", url, given | NAVIGATION, origin=None, time=at)
    return exchange(sent, response(given={"Content-Type": "text/html"}, time=at + 0.01), id=f"d{at}", client=client)


@pytest.mark.parametrize(
    ("exchanges", "engine"),
    [
        pytest.param([_document(BRAND, 0), _asks(1)], Engine.CHROMIUM, id="the page's document has the brand"),
        pytest.param([_asks(1), _document(BRAND, 2)], Engine.CHROMIUM, id="a later request has it"),
        pytest.param([_asks(1)], Engine.WEBKIT, id="nothing has it"),
        pytest.param([_document(AGENT, 0), _asks(1)], Engine.WEBKIT, id="a real phone"),
        pytest.param([_document(BRAND, 0, client="you"), _asks(1)], Engine.WEBKIT, id="another client has it"),
        pytest.param(
            [_document(BRAND, 0), _document(AGENT, 0.5), _asks(1)], Engine.WEBKIT, id="a real phone behind the same address"
        ),
        pytest.param([_document(AGENT, 0), _document(BRAND, 0.5), _asks(1)], Engine.WEBKIT, id="in the other order"),
        pytest.param(
            [_document(AGENT, 0, url="http://app.example/"), _document(BRAND, 0.5), _asks(1)],
            Engine.CHROMIUM,
            id="to plain http Chromium sends no brand, either",
        ),
    ],
)
def test_other_requests_of_the_client_tell_who_sent_a_preflight(exchanges: list[Exchange], engine: Engine) -> None:
    seen = observe_all(*exchanges)["p"]
    assert (seen.engine, seen.followed) == (engine, Followed.NEVER)


def test_a_request_with_a_brand_is_chromiums_whoever_else_has_the_address() -> None:
    seen = observe_all(_document(BRAND, 0), _document(AGENT, 1), _document(BRAND, 2))
    assert [seen[id].engine for id in ("d0", "d1", "d2")] == [Engine.CHROMIUM, Engine.WEBKIT, Engine.CHROMIUM]


def test_what_goes_to_plain_http_is_chromiums_too() -> None:
    plain = request("GET", API.replace("https", "http"), AGENT, time=1)
    seen = observe_all(_document(BRAND, 0), exchange(plain, response(time=1.01), id="a", client="me"))
    assert seen["a"].engine is Engine.CHROMIUM


def test_a_later_request_tells_once_the_time_of_a_preflight_is_over() -> None:
    pairing = Pairing(10)
    for each in (_asks(0), _document(BRAND, 1)):
        pairing.begin(each)
        pairing.complete(each)
    assert [(one.engine, one.followed) for one in pairing.expire(inf)] == [(Engine.CHROMIUM, Followed.NEVER)]
