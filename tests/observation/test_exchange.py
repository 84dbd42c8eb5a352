"""An exchange holds one request and what the browser got for it."""

from tests.make import exchange, request, response


def test_what_was_delivered_is_the_servers_answer() -> None:
    answer = response(200)
    assert exchange(request(), answer).delivered is answer


def test_nothing_was_delivered_when_the_connection_broke() -> None:
    assert exchange(request(), error="reset").delivered is None


def test_a_proxy_delivers_a_502_of_its_own_without_any_header() -> None:
    """The browser finds no CORS headers on it, and says so."""
    delivered = exchange(request(time=7.0), error="refused", got_proxy_error_page=True).delivered
    assert delivered is not None
    assert (delivered.status, delivered.headers.lines, delivered.time) == (502, (), 7.0)


def test_aborted_is_what_the_browser_gave_up_before_there_was_an_answer() -> None:
    assert exchange(request(), error="Client disconnected.").aborted
    assert not exchange(request(), response(), error="Client disconnected.").aborted
    assert not exchange(request(), error="server closed connection").aborted
    assert not exchange(request()).aborted


def test_with_response_changes_nothing_else() -> None:
    one = exchange(request(), client="me")
    answer = response(204)
    assert one.with_response(answer).response is answer
    assert one.with_response(answer).with_response(None) == one
