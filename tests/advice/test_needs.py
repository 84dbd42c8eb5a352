"""Needs are gathered with the exchanges that showed them."""

from corslens.advice.needs import Needs, ValueCounts
from corslens.observation.known import Unknown

from tests.advice.observed import INCLUDE, preflight, simple


def test_a_tally_counts_all_and_keeps_the_first() -> None:
    """Five exchanges are enough to look at; how many there were is still known."""
    counts = ValueCounts()
    for number in range(7):
        counts.add("PUT", f"x{number}")
    assert (counts.times("PUT"), counts.exchanges("PUT")) == (7, ("x0", "x1", "x2", "x3", "x4"))
    assert (counts.times("GET"), counts.exchanges("GET")) == (0, ())


def test_a_tally_is_sorted_by_an_order_and_then_by_name() -> None:
    """GET before PUT, what is unusual after that."""
    counts = ValueCounts()
    for value in ("zap", "PUT", "abc", "GET"):
        counts.add(value, "x")
    assert counts.sorted(("GET", "PUT")).values == ("GET", "PUT", "abc", "zap")


def test_preflight_and_request_add_up() -> None:
    """What a preflight asks for and what a request was sent with are one need, in lower case."""
    needs = Needs.of(each.observation for each in (preflight("PUT", "X-A, content-type"), simple("PUT", unsafe=["x-a"])))
    assert needs.methods.times("PUT") == 2
    assert (needs.request_headers.values, needs.request_headers.times("x-a")) == (("content-type", "x-a"), 2)


def test_credentials_say_how_they_are_known() -> None:
    """The proof stands in the evidence; what cannot be known is counted."""
    needs = Needs.of(each.observation for each in (simple(credentials=INCLUDE), simple(credentials=Unknown("plain http"))))
    assert needs.credentials.notes == {"true": "requests with credentials were seen (cookie)"}
    assert needs.credentials_unknown == 1


def test_one_mcp_header_brings_the_others() -> None:
    """A preflight that fails is all that a page shows of its MCP client."""
    needs = Needs.of([preflight("POST", "content-type,mcp-protocol-version").observation])
    assert needs.methods.values == ("GET", "POST", "DELETE")
    assert needs.request_headers.values == ("content-type", "last-event-id", "mcp-protocol-version", "mcp-session-id")
    assert needs.exposed_headers.values == ("mcp-session-id",)


def test_no_mcp_header_brings_none() -> None:
    assert "mcp-session-id" not in Needs.of([preflight("POST", "content-type").observation]).request_headers.values
