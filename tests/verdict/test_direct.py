"""What a browser would do without the proxy, held against what browsers did without one."""

import json
from pathlib import Path

import pytest
from corslens.engines.engine import Engine
from corslens.observation.exchange import Exchange
from corslens.verdict.decide import decide
from corslens.verdict.direct import direct
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome
from msgspec import structs

from tests import make
from tests.observation.observe import CHROMIUM, FIREFOX, observe

RECORDED = Path(__file__).parents[1] / "browser" / "local_network"
ADDRESSES = {"public": "203.0.113.1", "local": "192.168.1.20", "loopback": "127.0.0.1"}
AGENTS = {Engine.CHROMIUM: CHROMIUM, Engine.FIREFOX: FIREFOX}


def document(scheme: str, space: str, agent: str) -> Exchange:
    given = {"User-Agent": agent, "Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    exchange = make.exchange(make.request(url=f"{scheme}://page.example/", given=given, origin=None), make.response())
    return structs.replace(exchange, server_address=ADDRESSES[space])


def sent(page: str, url: str, space: str, agent: str, *, kind: str = "simple", location: str | None = None) -> Exchange:
    given = {"User-Agent": agent, "Referer": f"{page}/", "Sec-Fetch-Mode": "no-cors" if kind == "image" else "cors"}
    request = make.request(url=url, given=given, origin=None if kind == "image" else page)
    head = {} if location is None else {"Location": location}
    exchange = make.exchange(request, make.response(200 if location is None else 302, head, allow_origin="*"))
    return structs.replace(exchange, server_address=ADDRESSES[space])


def scenarios(engine: Engine, way: str = "") -> list[dict[str, str | int | None]]:
    lines = (RECORDED / f"{engine}{way}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def exchanges(one: dict[str, str | int | None], agent: str) -> list[Exchange]:
    page = f"{one['page_scheme']}://page.example"
    url = f"{one['target_scheme']}://target.example/x"
    found = [document(str(one["page_scheme"]), str(one["page"]), agent)]
    if one["via"] is not None:
        found.append(sent(page, "https://via.example/x", str(one["via"]), agent, location=url))
    return [*found, sent(page, url, str(one["target"]), agent, kind=str(one["kind"]))]


def through_proxy(one: dict[str, str | int | None]) -> bool:
    """Whether the request reaches a proxy at all: it is no mixed content, and declares no address space, which fails through one."""
    mixed = one["page_scheme"] == "https" and one["target_scheme"] == "http"
    return not mixed and one["target_address_space"] is None


@pytest.mark.parametrize("engine", [Engine.CHROMIUM, Engine.FIREFOX])
def test_recorded(engine: Engine) -> None:
    """Allowed without a proxy is the same as through it; blocked, or waiting for the user, is not."""
    compared, agent = 0, AGENTS[engine]
    for one in filter(through_proxy, scenarios(engine)):
        found = direct(observe(*exchanges(one, agent))).get(engine)
        assert (found is None) is (one["outcome"] == "allowed"), one
        if one["outcome"] == "pending":
            assert found is not None and found.outcome is Outcome.DEPENDS, one
        compared += 1
    assert compared >= 60


@pytest.mark.parametrize("engine", [Engine.CHROMIUM, Engine.FIREFOX])
def test_recorded_through_the_proxy(engine: Engine) -> None:
    """The verdict is what the browser did through the proxy; what never came by is mixed content, or declares an address space."""
    compared, agent = 0, AGENTS[engine]
    for one in scenarios(engine, "-proxied"):
        assert (one["verdict"] is not None) is through_proxy(one), one
        if one["verdict"] is None:
            assert (one["outcome"], one["requests"]) == ("blocked", 0), one
            continue
        verdict = decide(observe(*exchanges(one, agent)), engine)
        assert (verdict.if_not_credentialed or verdict).outcome == one["outcome"], one
        assert one["verdict"] in (one["outcome"], "depends"), one
        compared += 1
    assert compared >= 60


def test_reasons() -> None:
    found = direct(
        observe(document("http", "public", CHROMIUM), sent("http://page.example", "http://t.example/", "local", CHROMIUM))
    )
    assert found[Engine.CHROMIUM].reason is Reason.LNA_INSECURE_CONTEXT
    assert found[Engine.FIREFOX].reason is Reason.LNA_PERMISSION_DENIED
    assert Engine.WEBKIT not in found


@pytest.mark.parametrize(("scheme", "reason"), [("https", Reason.LNA_PERMISSION_DENIED), ("http", Reason.LNA_INSECURE_CONTEXT)])
def test_of_websockets_only_chromium_asks(scheme: str, reason: Reason) -> None:
    """Firefox 153 has a preference for it, network.lna.websocket.enabled, which is off."""
    given = {"User-Agent": CHROMIUM, "Upgrade": "websocket", "Sec-Fetch-Mode": "websocket"}
    request = make.request(url="http://target.example/socket", given=given, origin=f"{scheme}://page.example")
    socket = structs.replace(make.exchange(request, make.response(101)), server_address=ADDRESSES["loopback"])
    found = direct(observe(document(scheme, "public", CHROMIUM), socket))
    assert {engine: one.reason for engine, one in found.items()} == {Engine.CHROMIUM: reason}


def test_a_version_before_it_does_not_ask() -> None:
    old = CHROMIUM.replace("156", "141")
    found = direct(observe(document("https", "public", old), sent("https://page.example", "https://t.example/", "local", old)))
    assert set(found) == {Engine.FIREFOX}


def test_unknown_addresses_say_nothing() -> None:
    page = structs.replace(document("https", "public", CHROMIUM), server_address=None)
    assert not direct(observe(page, sent("https://page.example", "https://t.example/", "local", CHROMIUM)))
    target = structs.replace(sent("https://page.example", "https://t.example/", "local", CHROMIUM), server_address=None)
    assert not direct(observe(document("https", "public", CHROMIUM), target))


def test_what_a_browser_recorded_itself_is_what_it_did() -> None:
    target = structs.replace(sent("https://page.example", "https://t.example/", "local", CHROMIUM), by_browser=True)
    assert not direct(observe(document("https", "public", CHROMIUM), target))
