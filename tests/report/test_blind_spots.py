"""What a capture could not show is said, and only then."""

from corslens.report.blind_spots import BlindSpots

from tests.make import PAGE, exchange, preflight, request, response
from tests.report.make import NO_RULES
from tests.report.samples import inspected

GRANT = {"Access-Control-Allow-Methods": "PUT"}


def notes(*exchanges, writer="WebInspector", har=True):
    spots = BlindSpots()
    for inspection in inspected(exchanges, NO_RULES):
        spots.add(inspection)
    return spots.notes(writer, har=har)


def put():
    return exchange(request("PUT", time=1.1), response(allow_origin=PAGE))


def test_no_preflights():
    (note,) = notes(put(), exchange(request(given={"Cookie": "a=1"}, origin=None), response()))
    assert note.startswith("holds no preflight at all, and 1 request that needs one")


def test_preflights_are_there():
    asked = exchange(preflight(time=1), response(204, GRANT, allow_origin=PAGE, time=1.05))
    assert [note for note in notes(asked, put()) if "preflight" in note] == []


def test_no_cookies_where_they_would_decide():
    depends = exchange(request(), response(allow_origin="*"))
    (note,) = notes(depends)
    assert note.startswith("holds no cookie at all") and "1 verdict depends on" in note
    cookie = exchange(request(given={"Cookie": "a=1"}, origin=None, url=f"{PAGE}/"), response())
    assert notes(depends, cookie) == []


def test_mitmproxys_har():
    made = exchange(request(), response(allow_origin=PAGE))
    said = "neither the case of methods"
    assert said in notes(made, writer="mitmproxy")[-1]
    assert not any(said in note for note in notes(made, writer="mitmproxy", har=False) + notes(made))


def test_traffic_without_cors_says_nothing():
    assert notes(exchange(request(origin=None), response()), writer="mitmproxy") == []


def test_its_memory_is_bounded_and_its_counts_go_on():
    spots = BlindSpots(remember=10)
    made = list(
        inspected(
            [exchange(request("PUT", time=number), response(allow_origin="*"), id=f"x{number}") for number in range(50)],
            NO_RULES,
        )
    )
    for inspection in (*made, *made[-5:]):
        spots.add(inspection)
    assert len(spots._recent) == 10
    assert "50 requests that need one" in spots.notes("WebInspector", har=True)[0]


def test_what_the_report_leaves_out_still_says_what_the_capture_holds():
    spots = BlindSpots()
    for inspection in inspected([exchange(request(), response(allow_origin="*"))], NO_RULES):
        spots.add(inspection)
    cookie = exchange(request(given={"Cookie": "a=1"}, url=f"{PAGE}/"), response(allow_origin="*"))
    for inspection in inspected([cookie], NO_RULES):
        spots.add(inspection, wanted=False)
    assert spots.notes("WebInspector", har=True) == []
