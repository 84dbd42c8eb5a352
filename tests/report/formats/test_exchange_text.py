"""The text of the content view, section by section."""

import pytest
from corslens.diagnosis.diagnose import diagnose_alone
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.patching.policy import parse_policy
from corslens.report.formats.exchange_text import render_view
from corslens.report.page.exchange_detail import details

from tests.make import PAGE, exchange, preflight, request, response

CHROMIUM = (
    "User-Agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
)
CROSS = [CHROMIUM, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
GRANT = [("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", "x-a")]


@pytest.fixture
def inspector():
    return Inspector(rules=load_rules(), patch_policy=parse_policy(origins=["any"]))


def section(text: str, title: str) -> str:
    """The lines below a title."""
    parts = {part.partition("\n")[0]: part.partition("\n")[2] for part in text.split("\n\n")}
    return parts[title]


def view(inspector: Inspector, inspection: Inspection) -> str:
    return render_view(inspector.get(inspection.id), inspector.get, 100)


def test_a_blocked_preflight(inspector):
    """The verdict comes first, with each engine's own name for it; checks after the failing one were not reached."""
    (found, *_) = inspector.inspect(
        exchange(preflight("PUT", unsafe="x-a", given=CROSS), response(204, allow_origin="https://b.example"))
    )
    text = view(inspector, found)
    assert "VERDICT\n  Chromium  BLOCKED: preflight-acao-mismatch" in text
    assert "PreflightAllowOriginMismatch" in section(text, "VERDICT")
    checks = section(text, "CHECKS, IN CHROMIUM'S ORDER")
    assert "  passed       the preflight is not redirected" in checks
    assert "  FAILED       the origin is allowed\n                 Access-Control-Allow-Origin: https://b.example" in checks
    assert f"wanted: {PAGE}" in checks
    assert "  not reached  the method is allowed" in checks
    assert "the method PUT is not safelisted" in section(text, "WHY A PREFLIGHT")
    assert "the request header x-a is not safelisted" in section(text, "WHY A PREFLIGHT")
    assert "PUT was never sent" in section(text, "PAIR")
    cause, fix, *_ = text.splitlines()
    assert cause.startswith("BLOCKED: ") and fix.startswith("  Fix (")


def pair(inspector, **fields):
    first = exchange(preflight("PUT", unsafe="x-a", given=CROSS, time=1.0), response(204, GRANT, allow_origin=PAGE, time=1.1))
    second = exchange(
        request("PUT", given=[*CROSS, ("X-A", "1")], time=1.2),
        response(200, fields.get("lines", ()), allow_origin=PAGE, time=1.3),
    )
    inspector.inspect(first)
    return first, inspector.inspect(second)[0]


def test_a_pair(inspector):
    """Each half names the other, with the time between them and its verdict."""
    first, actual = pair(inspector)
    told = section(view(inspector, actual), "PAIR").splitlines()
    assert told[0].startswith("  preflight   OPTIONS https://api.example/me -> 204")
    assert told[0].endswith("-0.200 s  allowed")
    assert told[1].endswith("<- this one")
    told = section(view(inspector, inspector.get(first.id)), "PAIR").splitlines()
    assert told[1].startswith("  request     PUT https://api.example/me -> 200  +0.200 s")


def test_what_the_script_can_read(inspector):
    """Exposed and safelisted headers are readable, the others are hidden."""
    lines = [("Content-Type", "text/plain"), ("X-Secret", "1"), ("X-Open", "1"), ("Access-Control-Expose-Headers", "x-open")]
    _, actual = pair(inspector, lines=lines)
    told = section(view(inspector, actual), "WHAT THE PAGE'S SCRIPT CAN READ")
    assert "headers: content-type, x-open" in told
    assert "hidden headers: access-control-allow-origin, access-control-expose-headers, x-secret" in told


def test_blocked_reading(inspector):
    """The request was sent; only the reading is refused."""
    (found, *_) = inspector.inspect(exchange(request(given=CROSS), response()))
    told = section(view(inspector, found), "WHAT THE PAGE'S SCRIPT CAN READ")
    assert "nothing: the server responded" in told


def test_no_cors(inspector):
    """An opaque response is readable to nobody, and no check is made on it."""
    lines = [("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Site", "cross-site")]
    (found, *_) = inspector.inspect(exchange(request(given=lines, origin=None), response()))
    text = view(inspector, found)
    assert "no CORS check is made on it" in section(text, "VERDICT")
    assert "opaque" in section(text, "WHAT THE PAGE'S SCRIPT CAN READ")


def test_depends(inspector):
    """Both branches are explained, and why the mode is unknown."""
    (found, *_) = inspector.inspect(exchange(request(url="http://api.example/"), response(allow_origin="*")))
    text = view(inspector, found)
    assert "depends on the credentials mode" in section(text, "VERDICT")
    checks = section(text, "CHECKS, IN CHROMIUM'S ORDER")
    assert checks.index("with credentials:") < checks.index("without credentials:")
    assert section(text, "CREDENTIALS").startswith("  unknown: ")


def test_a_cached_preflight(inspector):
    """A request without a preflight of its own is explained by the cache entry, with its age."""
    kept = [*GRANT, ("Access-Control-Max-Age", "600")]
    inspector.inspect(
        exchange(preflight("PUT", unsafe="x-a", given=CROSS, time=1.0), response(204, kept, allow_origin=PAGE, time=1.0))
    )
    for at in (2.0, 32.0):
        last = exchange(request("PUT", given=[*CROSS, ("X-A", "1")], time=at), response(allow_origin=PAGE, time=at))
        (found, *_) = inspector.inspect(last)
    assert "cached for 31.0 s" in section(view(inspector, found), "PAIR")


def test_a_redirect(inspector):
    """The hops are listed, and why the origin is null."""
    hop = exchange(
        request(given=CROSS, time=1.0), response(302, [("Location", "https://c.example/x")], allow_origin=PAGE, time=1.1)
    )
    inspector.inspect(hop)
    (found, *_) = inspector.inspect(
        exchange(request(url="https://c.example/x", given=CROSS, origin="null", time=1.2), response())
    )
    text = view(inspector, found)
    assert section(text, "PAIR").startswith("  redirected  GET https://api.example/me -> 302")
    assert f"because of a redirect; the page is {PAGE}" in section(text, "EXCHANGE")


def test_a_patch(inspector):
    """Before and after, each with its reason, and the verdicts then."""
    found = inspector.complete(exchange(request(given=CROSS), response(allow_origin="https://b.example")), patch=True)[0]
    told = section(view(inspector, found), "PATCH")
    assert "- Access-Control-Allow-Origin: https://b.example" in told
    assert f"+ Access-Control-Allow-Origin: {PAGE}" in told
    assert "then in Chromium: allowed" in told


def test_no_answer(inspector):
    """The proxy's own error page is told apart from a server's answer."""
    (found, *_) = inspector.inspect(exchange(request(given=CROSS), error="Connect call failed", got_proxy_error_page=True))
    told = section(view(inspector, found), "EXCHANGE")
    assert "no response: Connect call failed" in told
    assert "only a symptom" in " ".join(told.split())


def test_nothing_secret_and_nothing_that_drives_a_terminal(inspector):
    """Values of cookies and tokens are left out; control characters are spelled."""
    lines = [*CROSS, ("Cookie", "sid=hush"), ("Authorization", "Bearer hush"), ("X-Odd", "\x1b[31m\u202e")]
    url = "https://api.example/me?token=hush"
    (found, *_) = inspector.inspect(exchange(request("PUT", url, lines), response(allow_origin="\x9bhm")))
    text = view(inspector, found)
    assert "hush" not in text
    assert not {"\x1b", "\x9b", "\u202e"} & set(text)


def test_long_lines_are_folded(inspector):
    """They fit beside a flow list; what follows stays below its line."""
    (found, *_) = inspector.inspect(exchange(preflight("PUT", unsafe="x-a", given=CROSS), response(204)))
    lines = view(inspector, found).splitlines()
    assert max(map(len, lines)) <= 120
    assert any(line.startswith("    ") for line in lines)


def test_a_304_is_explained_by_the_response_that_it_renews(inspector):
    inspector.inspect(
        exchange(request(given=CROSS, time=1.0), response(200, [("ETag", "1")], allow_origin="https://b.example"))
    )
    (found,) = inspector.inspect(exchange(request(given=CROSS, time=2.0), response(304, [("ETag", "1")])))
    checks = section(view(inspector, found), "CHECKS, IN CHROMIUM'S ORDER")
    assert "the response in the browser's cache, which this 304 renews" in checks
    assert "  FAILED       the origin is allowed\n                 Access-Control-Allow-Origin: https://b.example" in checks
    shown = details([diagnose_alone(found)], inspector.get)
    states = shown["pool"][shown["exchanges"][found.id]["checks"]["chromium"]]
    assert "failed" in {check["state"] for check in states}


def test_a_check_that_only_matters_with_credentials_is_not_said_to_have_passed(inspector):
    (found, *_) = inspector.inspect(exchange(request(given=CROSS), response(allow_origin="https://b.example")))
    assert "not needed" not in view(inspector, found)  # not reached
    (found, *_) = inspector.inspect(exchange(request(url="https://api.example/open", given=CROSS), response(allow_origin="*")))
    text = view(inspector, found)
    assert "  not needed   credentials are allowed, if they are included (it only matters with credentials)" in text
