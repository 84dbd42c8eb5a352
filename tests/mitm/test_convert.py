"""Flows become exchanges as they were on the wire, and patches change nothing but what they name."""

import pytest
from corslens.fetch.messages import HeaderList
from corslens.mitm import convert
from corslens.mitm.fields import header_lines
from corslens.mitm.heads import FlowResponseHead
from corslens.patching.patch import HeaderChange, Patch, StatusChange
from mitmproxy import flow as flows

from tests.mitm.make import answered, flow

LINES = [("X-B", "1"), ("x-a", "2"), ("X-B", "3"), ("X-Bytes", "caf\xe9\x80")]


def test_header_lines_keep_order_case_repeats_and_bytes():
    """What mitmproxy holds as bytes is what the exchange holds as latin-1."""
    made = answered(flow(lines=LINES), lines=LINES)
    exchange = convert.exchange_of(made)
    assert tuple(LINES) == exchange.request.headers.lines[-4:]
    assert tuple(LINES) == exchange.response.headers.lines


def test_method_as_on_the_wire():
    """`patch` is not `PATCH`; mitmproxy's own property would say that it is."""
    assert convert.exchange_of(flow("patch")).request.method == "patch"


def test_fields():
    """Id, source, client and connection let exchanges of one browser be paired over several connections."""
    made = answered(flow(client="192.0.2.7"))
    exchange = convert.exchange_of(made)
    assert (made.id, made.id, "192.0.2.7") == (exchange.id, exchange.source.flow, exchange.client)
    assert made.client_conn.id == exchange.connection
    assert (exchange.request.time, exchange.response.time) == (1_700_000_000.0, 1_700_000_000.01)


def test_pseudo_headers_are_no_header_lines():
    """mitmproxy's HAR import leaves HTTP/2's `:authority` among the headers."""
    assert header_lines(((b":authority", b"x"), (b"a", b"b")))[0].lines == (("a", "b"),)


ERRORS = {
    "Client disconnected.": False,
    "stream reset by client (CANCEL)": False,
    "stream reset by client (INTERNAL_ERROR)": True,
    flows.Error.KILLED_MESSAGE: False,
    "server closed connection": True,
    "[Errno 111] Connect call failed ('127.0.0.1', 9)": True,
    "Certificate verify failed: self-signed certificate": True,
}


@pytest.mark.parametrize(("message", "got_proxy_error_page"), ERRORS.items(), ids=ERRORS)
def test_errors(message, got_proxy_error_page):
    """mitmproxy answers with a page of its own unless nobody is there to get it."""
    made = flow()
    made.error = flows.Error(message)
    exchange = convert.exchange_of(made)
    assert (message, got_proxy_error_page, None) == (exchange.error, exchange.got_proxy_error_page, exchange.response)


def test_cut_off_body():
    """A buffered head whose body was cut off never reached the browser; a streamed one did."""
    made = answered(flow(), allow_origin="*")
    made.error = flows.Error("server closed connection")
    assert convert.exchange_of(made).delivered.status == 502
    made.response.stream = True
    exchange = convert.exchange_of(made)
    assert (exchange.delivered.status, exchange.got_proxy_error_page) == (200, False)


def change(header, after, before=()):
    return HeaderChange(header=header, before=before, after=after, because="it is a test")


def patched(made, *changes, status=None):
    patch = Patch(changes=changes, status=status)
    convert.apply_to(made, patch, convert.response_of(FlowResponseHead.of(made.response)))
    return made.response.headers.fields


def test_apply_leaves_the_rest_alone():
    """Only the named header changes; order, case, repeats and odd bytes of all others stay, and one header says what changed."""
    made = answered(flow(), lines=[*LINES, ("access-control-allow-origin", "*"), ("Z", "")])
    before = made.response.headers.fields
    after = patched(made, change("Access-Control-Allow-Origin", "https://app.example"))
    assert before[:4] == after[:4]
    assert after[4:] == (
        (b"Access-Control-Allow-Origin", b"https://app.example"),
        (b"Z", b""),
        (b"x-corslens-patched", b"access-control-allow-origin"),
    )


def test_apply_over_http2():
    """Names are lower-case in HTTP/2, where mitmproxy would log each one that is not."""
    made = answered(flow(version="HTTP/2.0"))
    assert patched(made, change("Access-Control-Allow-Origin", "*"))[0][0] == b"access-control-allow-origin"


def test_apply_status():
    """A preflight's status changes together with its reason phrase."""
    made = answered(flow("OPTIONS"), 404)
    fields = patched(made, status=StatusChange(before=404, after=200, because="it is a test"))
    assert (made.response.status_code, made.response.reason) == (200, "OK")
    assert fields == ((b"x-corslens-patched", b"status"),)


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\x00b", "a\x7f", "caf\xe9", "\u202e"])
def test_apply_refuses_header_injection(value):
    """A value that could break out of its line changes nothing at all."""
    made = answered(flow(), lines=LINES)
    before = made.response.headers.fields
    with pytest.raises(ValueError, match="a header line must not contain"):
        patched(made, change("Vary", "Origin"), change("Access-Control-Allow-Origin", value))
    assert before == made.response.headers.fields


def test_odd_bytes_of_other_headers_do_not_stop_a_patch():
    """A control byte that the server sent is the server's business."""
    made = answered(flow(), lines=[("X", "a\x01b")])
    assert patched(made, change("Vary", "Origin"))[0] == (b"X", b"a\x01b")


def test_a_line_break_in_a_value():
    """mitmproxy lets none through, but a script can put one there: the lines stay what they were."""
    fields = ((b"A", b"1\n2"), (b"B", b"3"))
    assert header_lines(fields)[0].lines == (("A", "1\n2"), ("B", "3"))
    assert header_lines(())[0].lines == ()


def test_round_trip():
    """Conversion to a header list and back is the identity on bytes."""
    fields = tuple((bytes([byte]) + b"n", bytes([byte])) for byte in range(256) if byte != ord(":"))
    back = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in header_lines(fields)[0].lines)
    assert fields == back
    assert isinstance(header_lines(fields)[0], HeaderList)


def test_server_address():
    """The address that the proxy connected to; behind another proxy it is that one's, and says nothing."""
    made = answered(flow())
    made.server_conn.peername = ("192.168.1.20", 80)
    assert convert.exchange_of(made).server_address == "192.168.1.20"
    made.server_conn.via = ("http", ("proxy.example", 3128))
    assert convert.exchange_of(made).server_address is None
