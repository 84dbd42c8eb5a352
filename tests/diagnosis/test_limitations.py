"""What a capture could not show."""

from corslens.diagnosis.limitations import Limitations
from corslens.diagnosis.summary import summarize
from corslens.observation.exchange import Exchange

from tests.diagnosis.make import session
from tests.make import PAGE, exchange, request, response
from tests.report.samples import ask, ask_first

JSON = {"Content-Type": "application/json"}


def notes(*exchanges: Exchange, writer: str = "WebInspector", har: bool = True) -> list[str]:
    """What is said of a capture of these."""
    inspections, limits = session(*exchanges), Limitations()
    for one in inspections:
        limits.add(one)
    return limits.notes(summarize(inspections), writer, har=har)


def plain() -> Exchange:
    """A request of which nothing says whether it includes credentials."""
    origin = "http://app.example"
    return exchange(request(url="http://api.example/", origin=origin), response(allow_origin=origin))


def test_a_capture_without_any_preflight_says_so():
    (note,) = notes(ask("a", 0, "PUT", given={**JSON, "Cookie": "a=1"}, allow_origin="*"))
    assert (
        "holds no preflight at all, and 1 request that needs one: whether the server allows it is not judged (many programs leave"
        in note
    )


def test_one_preflight_is_enough():
    assert not notes(ask_first("p", 0), ask("a", 9, "PUT", given={**JSON, "Cookie": "a=1"}, allow_origin="*"))


def test_verdicts_that_depend_on_cookies_that_were_stripped():
    (note,) = notes(plain())
    assert "holds no cookie at all" in note and "1 verdict depends" in note


def test_a_cookie_anywhere_is_enough():
    other = exchange(request(url=f"{PAGE}/", given={"Cookie": "a=1"}, origin=None), response())
    assert not notes(plain(), other)


def test_mitmproxys_hars_lack_what_its_flow_files_keep():
    (note,) = notes(ask("a", 0, given={"Cookie": "a=1"}), writer="mitmproxy 12")
    assert "a flow file keeps both" in note
    assert not notes(exchange(request(origin=None), response()), writer="mitmproxy")
