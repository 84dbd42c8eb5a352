"""No output ever shows a secret: a session full of planted ones goes through every report, the terminal, the log and a real proxy."""

import base64
import re
from itertools import count

import pytest
from corslens.advice import advise
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import redact_header, redact_url
from corslens.patching.policy import parse_policy
from corslens.report.as_text import render_problem
from corslens.report.as_view import render_view
from corslens.report.formats import Format, render_inspections

PLANTED = "PLANTED"
_numbers = count(1)


def secret(shape: str = "{}") -> str:
    """A secret with a mark by which every trace of it is found."""
    return shape.format(f"{PLANTED}{next(_numbers)}x7Qz")


JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', PLANTED.encode() * 2, b"sig")
)

URLS = [
    f"https://user:{secret()}@api.example/me",
    f"https://{secret()}@api.example/me",
    *(f"https://api.example/me?a=1&{name}={secret()}&b=2" for name in (
        "token", "access_token", "accessToken", "id_token", "api_key", "apikey", "apiKey", "key", "password", "passwd", "pwd", "secret",
        "client_secret", "clientSecret", "signature", "sig", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "auth",
        "session", "sessionid", "session_id", "sid", "jwt", "code", "SAMLResponse", "state", "nonce", "otp", "refresh_token", "csrf_token",
    )),
    f"https://api.example/cb#access_token={secret()}",
    f"https://api.example/me?x={JWT}",
]  # fmt: skip

REQUEST_HEADERS = [
    ("Cookie", f"sid={secret()}; other={secret()}"),
    ("Authorization", f"Bearer {secret()}"),
    ("Proxy-Authorization", f"Basic {secret()}"),
    ("X-Api-Key", secret()),
    ("X-Auth-Token", secret()),
    ("X-CSRF-Token", secret()),
    ("Referer", f"https://app.example/p?token={secret()}"),
]
RESPONSE_HEADERS = [
    ("Set-Cookie", f"sid={secret()}; Secure; HttpOnly"),
    ("Location", f"https://login.example/?ticket=1&code={secret()}"),
    ("X-Auth-Token", secret()),
    ("Content-Location", f"https://api.example/x?api_key={secret()}"),
]
GRANTS = ["*", "https://app.example", "null", "https://other.example", None]


def session() -> list[Exchange]:
    """Exchanges that trip as many rules as they can, each with secrets wherever there is room for one."""
    exchanges = []
    time = 1_790_000_000.0
    for number, url in enumerate(URLS):
        for status in (200, 302, 401, 500):
            for method in ("GET", "OPTIONS", "POST"):
                time += 7
                lines = [("Origin", "https://app.example"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
                if method == "OPTIONS":
                    lines += [
                        ("Access-Control-Request-Method", "PUT"),
                        ("Access-Control-Request-Headers", "x-csrf-token,authorization"),
                    ]
                else:
                    lines += REQUEST_HEADERS
                grant = GRANTS[(number + status) % len(GRANTS)]
                answer = [
                    *RESPONSE_HEADERS,
                    ("Access-Control-Allow-Credentials", "true"),
                    ("Access-Control-Expose-Headers", "*"),
                ]
                if status != 302:
                    answer = [line for line in answer if line[0] != "Location"]
                if grant is not None:
                    answer.append(("Access-Control-Allow-Origin", grant))
                exchanges.append(
                    Exchange(
                        id=f"x{len(exchanges)}",
                        request=Request(method=method, url=url, headers=HeaderList(lines), time=time),
                        response=Response(status=status, headers=HeaderList(answer), time=time + 0.1),
                        client="c",
                    )
                )
    return exchanges


@pytest.fixture(scope="module")
def inspections() -> tuple[Inspection, ...]:
    """The session, inspected and patched."""
    inspector = Inspector(rules=load_rules(), patch_policy=parse_policy(origins=["any"]))
    for exchange in session():
        inspector.begin(exchange)
        inspector.complete(exchange, patch=True)
    inspector.finish()
    return tuple(inspector.recent())


def assert_none(text: str) -> None:
    """Nothing planted is in the text, plain or encoded."""
    assert PLANTED not in text, text[max(0, text.index(PLANTED) - 300) : text.index(PLANTED) + 60]
    encoded = base64.b64encode(PLANTED.encode()).decode()[:8]
    assert encoded not in text


@pytest.mark.parametrize("form", Format)
def test_report_shows_no_secret(form: Format, inspections: tuple[Inspection, ...]) -> None:
    """Whatever the format."""
    text = render_inspections(form, inspections, load_rules()).decode()
    assert len(text) > 500
    assert_none(text)


def test_view_and_terminal_show_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """Neither in the content view nor in a line of the terminal."""
    assert_none("\n".join(render_view(inspection, lambda _: None) for inspection in inspections))
    assert_none("\n".join(render_problem(inspection).plain for inspection in inspections))


def test_advice_shows_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """Settings are written to be shared."""
    for server in ("nginx", "express"):
        assert_none(advise(inspections, server, ["https://app.example"]).text)


@pytest.mark.parametrize("url", URLS)
def test_url_is_redacted_and_keeps_its_shape(url: str) -> None:
    """The host, the path and harmless parameters stay readable."""
    shown = redact_url(url)
    assert_none(shown)
    assert "api.example" in shown
    assert not re.search(r"a=\[redacted\]", shown)


@pytest.mark.parametrize(("name", "value"), REQUEST_HEADERS + RESPONSE_HEADERS, ids=lambda part: part[:20])
def test_header_is_redacted(name: str, value: str) -> None:
    """Every header that holds a secret."""
    assert_none(redact_header(name, value))
