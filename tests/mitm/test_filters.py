"""mitmproxy's flow filters read an exchange as they read a flow."""

import pytest
from corslens.mitm.convert import exchange_of
from corslens.mitm.filters import as_asked, flow_of, parse_filter, parse_flow_filter

from tests.make import exchange, request, response
from tests.mitm.make import answered, flow

X = exchange(
    request("POST", "https://api.example:8443/me?a=1", [("Host", "api.example:8443"), ("X-Kind", "odd")]),
    response(404, [("Content-Type", "application/json")]),
)

MATCHES = {
    "~all": True,
    "~d api.example": True,
    "~d other.example": False,
    "~u /me": True,
    "~m POST": True,
    "~m GET": False,
    "~c 404": True,
    "~hq X-Kind:.odd": True,
    "~hs json": True,
    "~t json": True,
    "~s": True,
    "~q": False,
    "~e": False,
    "~b x": False,
    "~u :8443/": True,
    "!(~d api.example) | ~c 404": True,
}


@pytest.mark.parametrize(("text", "matches"), MATCHES.items(), ids=MATCHES)
def test_matches(text, matches):
    assert matches is parse_filter(text)(X)


def test_error():
    assert parse_filter("~e")(exchange(request(), error="server closed connection"))


@pytest.mark.parametrize("text", ["~nope", "(", "~d", ""])
def test_bad_filter_is_named(text):
    """The sentence holds the filter and where its language is described."""
    with pytest.raises(ValueError, match="is not a flow filter") as caught:
        parse_filter(text)
    assert repr(text) in str(caught.value)


def test_flow_of_is_the_inverse_of_conversion():
    """An exchange that went through a flow has the same heads."""
    original = exchange_of(answered(flow("patch", "/a?b=%20", [("X", "caf\xe9")]), 201, [("A", "1"), ("a", "2")]))
    again = exchange_of(flow_of(original))
    assert (original.request, original.response) == (again.request, again.response)


def test_as_asked_undoes_what_map_remote_did():
    made = answered(flow("POST", "/a", [("X-Kind", "odd")]), 404)
    begun = exchange_of(made)
    assert as_asked(made, begun) is made
    url = made.request.url
    made.request.url = "http://elsewhere.test:8080/b"
    seen = as_asked(made, begun)
    for text in ("~u /a$", "~m POST", "~hq X-Kind", "~c 404", "!~d elsewhere.test"):
        assert parse_flow_filter(text)(seen), text
    assert seen.request.url == url and made.request.url == "http://elsewhere.test:8080/b"
