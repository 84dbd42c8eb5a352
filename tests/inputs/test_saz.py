"""Fiddler's sessions: three files each, of which only the request has to be there."""

from corslens.inputs.damage import Damage
from corslens.inputs.saz import open_saz

REQUEST = b"GET https://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"
TIMES = b"""<Session SID="1"><SessionTimers ClientBeginRequest="2018-03-31T12:43:33.0122988+09:00" ClientDoneRequest="0001-01-01T00:00:00"
 ServerBeginResponse="2018-03-31T12:43:33.5122988+09:00" /><SessionFlags><SessionFlag N="x-clientport" V="5017" /><SessionFlag N="x-processinfo" V="chrome:12" />
</SessionFlags></Session>"""


def test_a_session() -> None:
    parts = [("raw/01_c.txt", REQUEST), ("raw/01_s.txt", b"HTTP/1.1 204 No Content\nVary: Origin\n\n"), ("raw/01_m.xml", TIMES)]
    (exchange,) = open_saz(parts, "a.saz", "a", everything=True)
    assert not isinstance(exchange, Damage) and exchange.response is not None
    assert (exchange.request.url, exchange.response.status) == ("https://a.example/x", 204)
    assert (exchange.request.time, exchange.response.time) == (1522467813.012298, 1522467813.512298)
    assert (exchange.client, exchange.connection) == ("chrome:12", ":5017")


def test_sessions_that_are_not_whole() -> None:
    parts = [
        ("raw/1_s.txt", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("raw/2_c.txt", REQUEST),
        ("raw/3_c.txt", REQUEST),
        ("raw/3_m.xml", b"<"),
    ]
    first, second, damage = open_saz(parts, "a.saz", "a", everything=True)
    assert not isinstance(first, Damage) and not isinstance(second, Damage)
    assert first.unfinished and first.request.time < second.request.time
    assert str(damage) == "a.saz: entry 1: holds no request"


def test_a_tunnel_is_no_exchange() -> None:
    assert list(open_saz([("raw/1_c.txt", b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")], "a", "a", everything=True)) == []
