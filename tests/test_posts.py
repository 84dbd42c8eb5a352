"""The questions that this project started from, each on messages written out as people post them.

The first one is asked again live, of a real browser and a real server, in tests/browser.
"""

from math import inf

import pytest
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.request_headers import cors_unsafe_request_header_names
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known
from corslens.observation.observation import Followed, Role
from corslens.verdict.verdict import Outcome

RULES = load_rules()
AGENT = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
PATH = "/url/path/requested/by/client"


def parse(head: str) -> tuple[str, HeaderList]:
    first, *lines = [line.strip() for line in head.strip().splitlines()]
    return first, HeaderList(tuple(line.split(": ", 1)) for line in lines)  # type: ignore[misc]  # two parts each


def message(asked: str, answered: str | None, *, base: str, at: float = 0.0) -> Exchange:
    """An exchange as posts show it: a request's head, and the head of its answer."""
    line, headers = parse(f"{asked.strip()}\n{AGENT}")
    method, path, _ = line.split(" ")
    response = None
    if answered is not None:
        status_line, response_headers = parse(answered)
        response = Response(status=int(status_line.split(" ")[1]), headers=response_headers, time=at + 0.01)
    return Exchange(
        id=f"{method} at {at}", request=Request(method=method, url=base + path, headers=headers, time=at), response=response
    )


def inspect(*exchanges: Exchange) -> list[Inspection]:
    """What is known of each of them in the end."""
    inspector = Inspector(rules=RULES)
    for exchange in exchanges:
        inspector.inspect(exchange)
    inspector.finish(inf)  # a post shows all that happened
    return list(inspector.recent())


def rules_of(inspection: Inspection) -> set[str]:
    return {finding.rule for finding in inspection.findings}


LOCAL = "http://127.0.0.1:8080"

PREFLIGHT = f"""
    OPTIONS {PATH} HTTP/1.1
    Host: 127.0.0.1:8080
    Origin: http://127.0.0.1:5000
    Access-Control-Request-Method: POST
    Access-Control-Request-Headers: content-type
"""
PREFLIGHT_ANSWER = """
    HTTP/1.1 200 OK
    Access-Control-Allow-Origin: http://127.0.0.1:5000
    Access-Control-Allow-Methods: POST
    Access-Control-Allow-Headers: CONTENT-TYPE
    Content-Length: 0
"""
POST = f"""
    POST {PATH} HTTP/1.1
    Host: 127.0.0.1:8080
    Origin: http://127.0.0.1:5000
    Content-Type: application/json
"""
POST_ANSWER = """
    HTTP/1.1 200 OK
    Access-Control-Allow-Origin: http://127.0.0.1:5000
    Content-Type: application/json
"""


def test_json_post_between_two_ports_of_this_machine_is_allowed_and_paired() -> None:
    """Header names compare without case, so `CONTENT-TYPE` grants `content-type`."""
    asked, sent = inspect(message(PREFLIGHT, PREFLIGHT_ANSWER, base=LOCAL), message(POST, POST_ANSWER, base=LOCAL, at=0.1))
    assert asked.verdict.allowed
    assert sent.verdict.allowed
    assert (asked.observation.actual, asked.observation.followed) == (sent.id, Followed.FOLLOWED)
    covering = sent.observation.preflight
    assert covering is not None and (covering.id, covering.from_cache) == (asked.id, False)


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "501 Not Implemented"])
def test_a_server_that_knows_no_options_blocks_the_post_before_it_is_sent(status: str) -> None:
    (asked,) = inspect(message(PREFLIGHT, f"HTTP/1.1 {status}\nContent-Length: 0", base=LOCAL))
    assert all(verdict.blocked for verdict in asked.verdicts.values())
    assert (asked.observation.followed, asked.observation.actual) == (Followed.NEVER, None)
    assert asked.verdict.reason == "preflight-acao-missing"
    assert "preflight-status-not-ok" in {failure.reason for failure in asked.verdict.failures}
    assert "preflight-acao-missing" in rules_of(asked)


SITE = "https://api.example"
GET = """
    GET /data HTTP/1.1
    Host: api.example
    Origin: https://app.example
    Sec-Fetch-Mode: cors
    Sec-Fetch-Site: cross-site
"""
GET_CREDENTIALS = f"{GET.rstrip()}\n    Cookie: session=1"


def test_another_origin_is_a_mismatch_and_both_values_are_named() -> None:
    (sent,) = inspect(message(GET, "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: https://notyourdomain.com", base=SITE))
    (failure,) = sent.verdict.failures
    assert (failure.reason, failure.value, failure.wanted) == (
        "acao-mismatch",
        "https://notyourdomain.com",
        "https://app.example",
    )
    (finding,) = [finding for finding in sent.findings if finding.rule == "acao-mismatch"]
    assert "https://notyourdomain.com" in finding.message and "https://app.example" in finding.message


def test_the_wildcard_allows_without_credentials_and_blocks_with_them() -> None:
    answer = "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *"
    (without,) = inspect(message(GET, answer, base=SITE))
    (included,) = inspect(message(GET_CREDENTIALS, answer, base=SITE))
    assert all(verdict.allowed for verdict in without.verdicts.values())
    assert {verdict.reason for verdict in included.verdicts.values()} == {"acao-wildcard-with-credentials"}


def singular(method: str) -> Inspection:
    asked = f"""
        OPTIONS /data HTTP/1.1
        Host: api.example
        Origin: https://app.example
        Access-Control-Request-Method: {method}
        Access-Control-Request-Headers: content-type
    """
    answer = f"""
        HTTP/1.1 204 No Content
        Access-Control-Allow-Origin: https://app.example
        Access-Control-Allow-Credentials: true
        Access-Control-Allow-Method: {method}
        Access-Control-Allow-Headers: content-type
    """
    (asked_for,) = inspect(message(asked, answer, base=SITE))
    return asked_for


def test_allow_method_without_s_is_a_misspelling_that_blocks_put_and_not_post() -> None:
    put, post = singular("PUT"), singular("POST")
    assert (put.verdict.outcome, put.verdict.reason) == (Outcome.BLOCKED, "preflight-method-not-allowed")
    assert post.verdict.allowed
    for inspection in (put, post):
        (finding,) = [finding for finding in inspection.findings if finding.rule == "misspelt-header-name"]
        assert "access-control-allow-methods" in f"{finding.message} {finding.fixes}".lower()


SIMPLE = [
    ("GET", ""),
    ("HEAD", ""),
    ("POST", "Content-Type: application/x-www-form-urlencoded"),
    ("POST", "Content-Type: multipart/form-data; boundary=x"),
    ("POST", "Content-Type: text/plain;charset=UTF-8"),
    ("GET", "Accept: application/json"),
    ("GET", "Accept-Language: de-DE,de;q=0.9"),
    ("GET", "Content-Language: de"),
]


@pytest.mark.parametrize(("method", "header"), SIMPLE, ids=[f"{method} {header}".strip() for method, header in SIMPLE])
def test_simple_requests_need_no_preflight_and_miss_none(method: str, header: str) -> None:
    asked = f"{method} /data HTTP/1.1\nHost: api.example\nOrigin: https://app.example\nSec-Fetch-Mode: cors\n{header}".strip()
    elsewhere = message(PREFLIGHT, PREFLIGHT_ANSWER, base=LOCAL)
    sent = message(asked, "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *", base=SITE, at=1.0)
    *_, inspection = inspect(elsewhere, sent)
    observation = inspection.observation
    assert (observation.role, observation.need, observation.preflights_missed) == (Role.SIMPLE, None, False)
    lines = [line for line in observation.exchange.request.headers.lines if line[0].lower() in header.lower()]
    assert is_cors_safelisted_method(method) and cors_unsafe_request_header_names(lines) == ()
    assert "preflight-missing" not in rules_of(inspection)


NEEDING = [("GET", "X-Random-Header: 42", "x-random-header"), ("POST", "Content-Type: application/json", "content-type")]


@pytest.mark.parametrize(("method", "header", "name"), NEEDING)
def test_a_custom_header_or_json_needs_a_preflight_and_the_missing_name_is_reported(
    method: str, header: str, name: str
) -> None:
    asked = f"""
        OPTIONS /data HTTP/1.1
        Host: api.example
        Origin: https://app.example
        Access-Control-Request-Method: {method}
        Access-Control-Request-Headers: {name}
    """
    answer = "HTTP/1.1 204 No Content\nAccess-Control-Allow-Origin: https://app.example\nAccess-Control-Allow-Credentials: true"
    (inspection,) = inspect(message(asked, answer, base=SITE))
    need = inspection.observation.need
    assert need is not None and (need.method, need.header_names, need.forced) == (None, (name,), False)
    for verdict in inspection.verdicts.values():
        (failure,) = verdict.failures
        assert (failure.reason, failure.wanted) == ("preflight-header-not-allowed", name)
    key, _, value = header.partition(": ")
    assert cors_unsafe_request_header_names([(key, value)]) == (name,)


REFUSED = [
    pytest.param(GET, "HTTP/1.1 200 OK\nContent-Length: 2", "acao-missing", id="no origin on the answer"),
    pytest.param(
        GET_CREDENTIALS,
        "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: https://app.example\nAccess-Control-Allow-Credentials: false",
        "acac-not-true",
        id="credentials refused",
    ),
]


@pytest.mark.parametrize(("asked", "answer", "reason"), REFUSED)
def test_a_simple_request_was_sent_and_answered_and_only_the_reading_is_refused(asked: str, answer: str, reason: str) -> None:
    (sent,) = inspect(message(asked, answer, base=SITE))
    assert (sent.observation.role, sent.verdict.reason) == (Role.SIMPLE, reason)
    (finding,) = [finding for finding in sent.findings if finding.rule == reason]
    assert "cannot read the response" in finding.message


def test_max_age_explains_the_second_request_without_a_preflight() -> None:
    cached = f"{PREFLIGHT_ANSWER.rstrip()}\n    Access-Control-Max-Age: 600"
    *_, second = inspect(
        message(PREFLIGHT, cached, base=LOCAL),
        message(POST, POST_ANSWER, base=LOCAL, at=0.1),
        message(POST, POST_ANSWER, base=LOCAL, at=90.0),
    )
    covering = second.observation.preflight
    assert covering is not None
    assert (covering.from_cache, round(covering.age), second.observation.preflights_missed) == (True, 90, False)
    assert "preflight-missing" not in rules_of(second)


BEYOND_FETCH = ["font", "image", "script", "script type=module", "eventsource"]


@pytest.mark.parametrize("what", BEYOND_FETCH)
def test_fonts_images_scripts_and_event_sources_are_judged_as_cors_requests(what: str) -> None:
    destination = {"script type=module": "script", "eventsource": "empty"}.get(what, what)
    accept = "text/event-stream" if what == "eventsource" else "*/*"
    asked = f"""
        GET /asset HTTP/1.1
        Host: api.example
        Origin: https://app.example
        Accept: {accept}
        Sec-Fetch-Site: cross-site
        Sec-Fetch-Mode: cors
        Sec-Fetch-Dest: {destination}
    """
    (refused,) = inspect(message(asked, "HTTP/1.1 200 OK\nContent-Length: 2", base=SITE))
    (let_in,) = inspect(message(asked, "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *", base=SITE))
    assert refused.observation.role is Role.SIMPLE
    assert refused.observation.destination == Known(destination, ("sec-fetch-dest",))
    assert (refused.verdict.reason, let_in.verdict.outcome) == ("acao-missing", Outcome.ALLOWED)


def test_credentials_same_origin_to_another_origin_is_not_credentialed() -> None:
    """`credentials: 'same-origin'` sends no cookie there, and the wildcard is enough."""
    (sent,) = inspect(message(GET, "HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *", base=SITE))
    assert sent.observation.credentials == Known("same-origin-or-omit", ("no-sec-fetch-storage-access",))
    assert sent.verdict.allowed
