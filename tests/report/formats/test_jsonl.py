"""The record holds what DESIGN promises to readers of the log, and no secret."""

import json
from typing import Any

import pytest
from corslens.engines.engine import Engine
from corslens.inspection import Inspection, PatchedView
from corslens.inspector import Inspector
from corslens.observation.exchange import Source
from corslens.patching.patch import HeaderChange, Patch, StatusChange
from corslens.report.formats.jsonl import encode, timestamp
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import WEBKIT
from tests.report.make import NO_RULES, finding, session


def line(inspection: Inspection) -> dict[str, Any]:
    """The record as a reader gets it."""
    encoded = encode(inspection)
    assert encoded.endswith(b"\n") and encoded.count(b"\n") == 1 and encoded.isascii()
    found: dict[str, Any] = json.loads(encoded)
    return found


def inspect(*exchanges: Any) -> list[dict[str, Any]]:
    """The last record of each exchange."""
    inspector = Inspector(rules=NO_RULES)
    found = {one.id: one for each in exchanges for one in inspector.inspect(each)}
    found |= {one.id: one for one in inspector.finish()}
    return [line(found[each.id]) for each in exchanges]


def test_an_exchange() -> None:
    (record,) = inspect(
        exchange(
            request(time=1.5), response(allow_origin="*"), id="a:3", source=Source(file="a.har", index=3), client="10.0.0.7"
        )
    )
    assert record["schema"] == "corslens/2"
    assert (record["id"], record["source"], record["client"]) == ("a:3", {"file": "a.har", "index": 3}, "10.0.0.7")
    assert (record["time"], record["engine"], record["role"]) == ("1970-01-01T00:00:01.500Z", "chromium", "simple")
    assert (record["origin"], record["method"], record["url"], record["status"]) == (PAGE, "GET", f"{API}/me", 200)
    assert (record["preflight"], record["actual"], record["redirected_from"], record["patch"]) == (None, None, None, None)
    assert record["credentials"] == {"mode": "unknown", "evidence": []}
    assert record["verdicts"].keys() == {"chromium", "firefox", "webkit"}


def test_a_verdict_that_depends_has_both_branches() -> None:
    (record,) = inspect(exchange(request(), response(allow_origin="*")))
    verdict = record["verdicts"]["webkit"]
    assert (verdict["outcome"], verdict["reason"]) == ("depends", None)
    assert (verdict["if_credentialed"]["outcome"], verdict["if_credentialed"]["reason"]) == (
        "blocked",
        "acao-wildcard-with-credentials",
    )
    assert (verdict["if_not_credentialed"]["outcome"], verdict["if_not_credentialed"]["reason"]) == ("allowed", None)


def test_a_blocked_verdict_names_reason_header_value_and_what_was_wanted() -> None:
    (record,) = inspect(exchange(request(), response(allow_origin="https://other.example")))
    verdict = record["verdicts"]["firefox"]
    assert (verdict["outcome"], verdict["reason"]) == ("blocked", "acao-mismatch")
    failure = verdict["failures"][0]
    assert (failure["reason"], failure["value"]) == ("acao-mismatch", "https://other.example")
    assert failure["header"].lower() == "access-control-allow-origin" and PAGE in failure["wanted"]


def test_a_pair_names_each_other() -> None:
    grant = [("Access-Control-Allow-Methods", "PUT")]
    asked = exchange(preflight(time=1.0), response(204, grant, allow_origin=PAGE, time=1.25), id="p")
    put = exchange(request("PUT", time=1.5), response(allow_origin=PAGE), id="a")
    first, second = inspect(asked, put)
    assert (first["actual"], first["followed"]) == ("a", "followed")
    assert second["preflight"] == {"id": "p", "from_cache": False, "age": 0.25}


def test_many_records_can_be_grouped_and_joined_without_taking_urls_and_headers_apart() -> None:
    weird = "https://a!b.example"  # an Origin that is no origin is starred
    grant = [("Access-Control-Allow-Credentials", "true"), ("Vary", "Accept, origin")]
    by_name = exchange(request(url=f"{API}/users/17?q=1"), response(given=grant, allow_origin=PAGE), id="named")
    listed = exchange(request(), response(500, allow_origin="https://other.example"), id="listed")
    starred = exchange(request(origin=weird), response(allow_origin=weird), id="starred")
    script = [("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")]
    called = exchange(request(url=f"{API}/me?callback=f", given=script, origin=None), response(), id="called")
    none = exchange(request(), None, error="connection refused", id="none")
    columns = ("api", "path", "page", "asked", "allow_origin", "allow_credentials", "vary_origin", "jsonp")
    found = {one["id"]: tuple(one.get(name) for name in columns) for one in inspect(by_name, listed, starred, called, none)}
    shown = "https://*"
    assert found == {
        "named": (API, "/users/*", PAGE, "granted", PAGE, True, True, None),
        "listed": (API, "/me", PAGE, "refused", "https://other.example", False, False, None),
        "starred": (API, "/me", shown, "granted", shown, False, False, None),
        "called": (API, "/me", None, "origin-less", None, False, False, True),
        "none": (API, "/me", PAGE, None, None, False, False, None),
    }


def test_no_response() -> None:
    (record,) = inspect(exchange(request(), None, error="connection refused", got_proxy_error_page=True))
    assert (record["status"], record["error"]) == (None, "connection refused")


def test_a_patch_shows_before_after_and_the_verdicts_after() -> None:
    inspection = session()[0]
    change = HeaderChange(header="Set-Cookie", before=("sid=topsecret",), after=None, because="why")
    patch = Patch(changes=(change,), status=StatusChange(before=405, after=204, because="ok"))
    view = PatchedView(patch=patch, applied=True, verdicts_after=inspection.verdicts)
    record = line(structs.replace(inspection, patch=view))
    assert record["patch"]["applied"] is True
    assert record["patch"]["changes"] == [{"header": "Set-Cookie", "from": ["[redacted]"], "to": None, "because": "why"}]
    assert record["patch"]["status"] == {"from": 405, "to": 204, "because": "ok"}
    assert record["patch"]["verdicts_after"].keys() == {engine.value for engine in Engine}


def test_findings_and_what_was_suppressed() -> None:
    inspection = structs.replace(session()[0], findings=(finding("a"),), suppressed=(finding("b"),))
    record = line(inspection)
    assert [(one["rule"], one["severity"], one["confidence"]) for one in record["findings"]] == [("a", "error", "high")]
    assert record["findings"][0]["evidence"] == [{"message": "response", "header": "Access-Control-Allow-Origin", "value": "*"}]
    assert record["suppressed"] == ["b"]


def test_secrets_do_not_appear() -> None:
    url = "https://user:pa55word@api.example/me?access_token=s3cr3t"
    made = exchange(
        request(url=url, given=[("Cookie", "sid=c00kie"), ("Authorization", "Bearer b3arer")]),
        response(302, [("Set-Cookie", "sid=c00kie"), ("Location", "https://x.example/?token=s3cr3t")]),
    )
    text = json.dumps(inspect(made))
    assert not [secret for secret in ("pa55word", "s3cr3t", "c00kie", "b3arer") if secret in text]


@pytest.mark.parametrize("seconds", [1e300, -1e300, float("nan"), float("inf")])
def test_a_time_that_is_none_does_not_break_the_record(seconds: float) -> None:
    assert timestamp(seconds) == "1970-01-01T00:00:00.000Z"


def test_what_evidence_speaks_for_is_named_and_decides_nothing() -> None:
    """This page's other request to the API carries a cookie."""
    inspector = Inspector(rules=NO_RULES)
    for id, given in (("a", {"Cookie": "sid=1"}), ("b", {})):
        asked = request(given={"User-Agent": WEBKIT, **given})
        inspector.inspect(exchange(asked, response(allow_origin="*"), id=id))
    verdicts = {id: json.loads(encode(found))["verdicts"]["webkit"] for id in ("a", "b") if (found := inspector.get(id))}
    assert verdicts["a"]["likely"] is None
    assert (verdicts["b"]["outcome"], verdicts["b"]["reason"]) == ("depends", None)
    assert verdicts["b"]["likely"] == {"branch": "if_credentialed", "evidence": ["page-includes-credentials-here"]}
