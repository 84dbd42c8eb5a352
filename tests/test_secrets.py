"""No output shows what the allowlist does not name: hundreds of planted secrets go through every report, the terminal, the log and a real proxy.

On 2991aa5, which had a list of what secrets look like, 225 of these 323 showed somewhere.
"""

import base64
import json
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from corslens.advice import advise
from corslens.cli import main
from corslens.diagnosis.diagnose import diagnose_alone
from corslens.diagnosis.summary import summarize
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm import annotate
from corslens.observation import redaction
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import NEVER_SHOWN, VALUES_ARE_SHOWN, redact_header, redact_url
from corslens.patching.policy import parse_policy
from corslens.patching.summary import PatchSummary, render_missing_headers
from corslens.report.baseline import render_baseline
from corslens.report.comparison import compare, states
from corslens.report.formats.diff import render_diff, render_diff_json
from corslens.report.formats.exchange_text import render_view
from corslens.report.formats.registry import FOR_OTHERS, Format, render_inspections
from corslens.report.formats.text import render_problem
from corslens.report.page.exchange_detail import details
from corslens.report.page.live_feed import changes
from corslens.report.page.model import settings as page_settings

from tests.inputs.make_har import at, encoded, entry
from tests.mitm.make import flow

pytestmark = pytest.mark.slow

MARK = "pLaNtEd"
_numbers = count(1)


def secret(shape: str = "{}") -> str:
    """A secret with a mark by which every trace of it is found."""
    return shape.format(f"{MARK}{next(_numbers)}x7Qz")


def jwt() -> str:
    parts = (b'{"alg":"none"}', secret().encode(), b"sig")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


API = "https://api.example"
PAGE = "https://app.example"

IN_PATHS = [
    "/reset/{}", "/bot123456:{}", "/bot123456:{}/sendMessage", "/app;jsessionid={}", "/app;jsessionid={}?a=1", "/app;v=1;sid={}/x", "/hooks/{}",
    "/services/T0/B0/{}", "/invite/{}/accept", "/share/{}", "/u/{}@mail.example", "/verify-{}", "/{}.json", "/file-{}.js", "/a/b/c/d/e/f/g/h/{}",
    "/v1/{}/v2/{}", "//{}", "/x//{}", "/%70%61{}", "/x%2F{}", "/x/..;/{}", "/x\\{}", "/~{}", "/@{}", "/.{}", "/_{}", "/(S({}))/page.aspx",
    "/key={}", "/token:{}", "/{}|x", "/'{}'", "/x,{}", "/x!{}", "/x*{}", "/x+{}", "/$({})", "/{}_suffix", "/prefix_{}", "/a-{}-b",
]  # fmt: skip
PARAMETERS = (
    "token", "access_token", "accessToken", "id_token", "api_key", "apikey", "apiKey", "key", "password", "passwd", "pwd", "secret",
    "client_secret", "clientSecret", "signature", "sig", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "auth",
    "session", "sessionid", "session_id", "sid", "jwt", "code", "SAMLResponse", "state", "nonce", "otp", "refresh_token", "csrf_token",
    "PHPSESSID", "JSESSIONID", "ticket", "t%6Fken", "%74oken", "next", "url", "redirect_uri", "continue", "q", "email", "user", "id", "a", "_",
    "filter[name]", "data", "hash", "h", "s", "sv", "se", "sp", "sr", "ASPSESSIONIDAB", "connect.sid", "oauth_verifier", "RelayState", "wresult",
)  # fmt: skip
QUERIES = [
    *(f"/me?x=1&{name}={{}}&y=2" for name in PARAMETERS), "/me?{}", "/me?{}=1", "/me?a&{}", "/me?a=1;{}", "/me?next=https://b.example/?code={}",
    "/me?next=https%3A%2F%2Fb.example%2F%3Fcode%3D{}", "/me?a[{}]=1", "/me?=={}", "/me??{}", "/me?a=1#{}", "/me#access_token={}",
]  # fmt: skip
TOKENS = [
    "github_pat_11ABCDEFG0{}", "ghp_{}", "glpat-{}", "AIzaSy{}", "hvs.CAESI{}", "sk-proj-{}", "sk_live_{}", "xoxb-1-{}", "AKIA{}", "ya29.{}",
    "SG.{}.x", "npm_{}", "dop_v1_{}", "shpat_{}", "EAAC{}", "pypi-AgEI{}", "1//0{}", "{}==", "Basic {}", "Bearer {}", "Negotiate {}", "Digest response={}",
]  # fmt: skip
REQUEST_HEADERS = [
    "Cookie", "Authorization", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-CSRF-Token", "Sec-WebSocket-Protocol", "Sec-WebSocket-Key",
    "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-For", "X-Forwarded-Uri", "X-User", "X-Debug", "If-None-Match", "If-Match", "X-Request-Id",
    "X-Amz-Security-Token", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "X-Shopify-Access-Token", "X-Hub-Signature", "Traceparent", "Baggage", "DPoP",
    "Forwarded", "From", "X-Parse-Session-Token", "X-Vault-Token", "Private-Token", "Cf-Access-Jwt-Assertion", "X-Csrf", "X-Tenant",
]  # fmt: skip
RESPONSE_HEADERS = [
    "Set-Cookie", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info", "X-Auth-Token", "ETag", "Link", "Refresh", "X-Request-Id", "Via", "Server",
    "X-Powered-By", "X-Runtime", "Report-To", "Content-Disposition", "Content-Security-Policy", "X-Amz-Cf-Id", "Set-Login", "X-Sendfile",
    "Sec-WebSocket-Accept", "Alt-Svc", "NEL", "P3P", "X-Refresh-Token", "Content-Digest",
]  # fmt: skip
IN_URLS = [
    "https://user:{}@b.example/x",
    "https://{}@b.example/",
    *(f"https://b.example{path}" for path in (*IN_PATHS[:16], *QUERIES[:8])),
]
URL_HEADERS = ["Location", "Content-Location", "Referer", "Origin", "Access-Control-Allow-Origin", "Timing-Allow-Origin"]
CORS_HEADERS = [
    "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Vary", "Content-Type",
    "Access-Control-Allow-Credentials", "Cache-Control", "Cross-Origin-Resource-Policy",
]  # fmt: skip
ERRORS = ["connection to https://api.example/reset/{} lost", "open /home/ada/{}: no such file", "token {} refused"]


def places() -> Iterator[tuple[list[tuple[str, str]], list[tuple[str, str]], str, str | None]]:
    """Lines of a request, lines of its response, its URL, and an error: each with one planted secret or two."""
    for path in (*IN_PATHS, *QUERIES):
        yield [], [], API + path.replace("{}", secret()), None
    yield [], [], f"https://user:{secret()}@api.example/me", None
    yield [], [], f"https://{secret()}@api.example/me", None
    yield [], [], f"{API}/me?x={jwt()}", None
    yield [], [], f"{API}/{jwt()}/me", None
    for name in REQUEST_HEADERS:
        yield [(name, secret())], [], f"{API}/request", None
    for name in RESPONSE_HEADERS:
        yield [], [(name, secret("x={}; Path=/"))], f"{API}/response", None
    for shape in TOKENS:
        yield (
            [("X-Anything", secret(shape))],
            [("Access-Control-Expose-Headers", secret(shape)), ("WWW-Authenticate", secret(shape))],
            f"{API}/tokens",
            None,
        )
        yield [], [], f"{API}/tokens/{quote(secret(shape), safe='')}", None
    for number, url in enumerate(IN_URLS):
        name = URL_HEADERS[number % len(URL_HEADERS)]
        line = (name, url.replace("{}", secret()))
        request, response = ([line], []) if name in ("Referer", "Origin") else ([], [line])
        yield request, response, f"{API}/urls", None
        yield [], [("Location", url.replace("{}", secret()))], f"{API}/redirects", None
    for name in CORS_HEADERS:
        yield [], [(name, secret("{}")), ("X-Y", "z")], f"{API}/cors", None
    for error in ERRORS:
        yield [], [], f"{API}/errors", error.replace("{}", secret())


WITHIN = [
    "{}", "<https://b.example/{}>; rel=x", 'x="{}"', "0; url=https://b.example/?q={}", "default-src 'self'; report-uri /r/{}", "text/{}",
    "text/plain; boundary={}", "max-age={}", 'private="{}"', "same-{}", "bytes=0-{}", "a;q={}", '{"url":"https://b.example/{}"}',
]  # fmt: skip
ALSO_SENT = [
    "Accept", "Accept-Language", "Range", "Host", "User-Agent", "Sec-Fetch-Dest", "Sec-CH-UA", "X-HTTP-Method-Override", "X-Requested-With",
    "Access-Control-Request-Method", "Access-Control-Request-Headers", "Sec-WebSocket-Extensions", "Last-Event-ID", "Content-Type",
]  # fmt: skip
ALSO_RECEIVED = [
    "Server-Timing", "NEL", "Report-To", "Reporting-Endpoints", "Content-Security-Policy-Report-Only", "Refresh", "Link", "Allow", "SourceMap",
    "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy", "Referrer-Policy", "Service-Worker-Allowed", "Age",
]  # fmt: skip
METHODS = ["{}", "a;q={}", "X-{}"]


def further() -> Iterator[tuple[list[tuple[str, str]], list[tuple[str, str]], str, str | None, str]]:
    """Places where names stand and no value should, and headers with a grammar of their own; the last one is the method."""
    for name in (secret("X-{}"), secret("Access-Control-Allow-{}"), secret("{}-Id"), secret("x-{}-signature").lower()):
        yield [(name, "1")], [], f"{API}/names", None, "PUT"
        yield [], [(name, "1")], f"{API}/names", None, "PUT"
        yield (
            [("Access-Control-Request-Headers", name.lower())],
            [("Access-Control-Allow-Headers", name)],
            f"{API}/lists",
            None,
            "PUT",
        )
        yield [], [("Access-Control-Expose-Headers", name), (name, "1"), ("Vary", name)], f"{API}/lists", None, "PUT"
    for shape in METHODS:
        yield [], [("Access-Control-Allow-Methods", secret(shape))], f"{API}/methods", None, secret(shape)
    # Not every one with every shape, which would take minutes.
    for number, name in enumerate(ALSO_SENT):
        for shape in WITHIN[number % 6 :: 6]:
            yield [(name, secret().join(shape.split("{}")))], [], f"{API}/sent", None, "PUT"
    for number, name in enumerate(ALSO_RECEIVED):
        for shape in WITHIN[number % 6 :: 6]:
            yield [], [(name, secret().join(shape.split("{}")))], f"{API}/received", None, "PUT"


CLIENT = secret("chrome:{}")
"""A capture may say anything of who sent its requests."""
GRANTS = ["*", PAGE, "null", "https://other.example", None]


def exchanges() -> list[Exchange]:
    """Exchanges that trip as many rules as they can, each place several times: as a preflight, its request, and with other statuses."""
    made: list[Exchange] = []
    time = 1_790_000_000.0
    every = chain(((*place, "PUT") for place in places()), further())
    for number, (request, response, url, error, wanted) in enumerate(every):
        redirects = any(name == "Location" for name, _ in response)
        for method, status in (
            ("OPTIONS", 403 if number % 3 else 204),
            (wanted, 302 if redirects else 200),
            ("GET", (200, 401, 500, 404)[number % 4]),
        ):
            time += 7
            lines = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
            if not any(name == "Origin" for name, _ in request):
                lines.append(("Origin", PAGE))
            if method == "OPTIONS":
                for name, value in (("Method", wanted), ("Headers", "x-csrf-token,authorization")):
                    if not any(line[0] == f"Access-Control-Request-{name}" for line in request):
                        lines.append((f"Access-Control-Request-{name}", value))
            answer = [*response, ("Access-Control-Allow-Credentials", "true")]
            grant = GRANTS[(number + status) % len(GRANTS)]
            if grant is not None:
                answer.append(("Access-Control-Allow-Origin", grant))
            got = Response(status=status, headers=HeaderList(answer), time=time + 0.1)
            made.append(
                Exchange(
                    id=f"x{len(made)}",
                    request=Request(method=method, url=url, headers=HeaderList([*lines, *request]), time=time),
                    response=None if error else got,
                    error=error,
                    client=CLIENT,
                )
            )
    return made


def test_there_are_many() -> None:
    assert sum(1 for _ in places()) >= 240


@pytest.fixture(scope="module")
def inspections() -> tuple[Inspection, ...]:
    """The session, inspected and patched."""
    return inspected()


def inspected() -> tuple[Inspection, ...]:
    inspector = Inspector(rules=load_rules(), patch_policy=parse_policy(origins=["any", "null"]))
    for exchange in exchanges():
        inspector.begin(exchange)
        inspector.complete(exchange, patch=True)
    inspector.finish()
    return tuple(inspector.recent())


ENCODED = [base64.b64encode(bytes(shift) + MARK.encode())[4:-4].decode() for shift in range(3)]


def assert_none(text: str) -> None:
    """Nothing planted is in the text, plain or encoded."""
    lowered, mark = text.lower(), MARK.lower()
    assert mark not in lowered, text[max(0, lowered.index(mark) - 300) : lowered.index(mark) + 60]
    assert not [one for one in ENCODED if one in text]


@pytest.mark.parametrize("form", Format)
def test_report_shows_no_secret(form: Format, inspections: tuple[Inspection, ...]) -> None:
    """Whatever the format."""
    text = render_inspections(form, inspections, load_rules()).decode()
    assert len(text) > 500
    assert_none(text)


def test_view_and_terminal_show_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """Neither in the content view nor in a line of the terminal."""
    known = {inspection.id: inspection for inspection in inspections}
    assert_none("\n".join(render_view(inspection, known.get) for inspection in inspections))
    assert_none("\n".join(render_problem(diagnose_alone(inspection)).plain for inspection in inspections))


def test_live_page_shows_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """Neither its totals, nor an exchange in full, nor the settings."""
    known = {inspection.id: inspection for inspection in inspections}
    assert_none(repr(changes(summarize(inspections))))
    assert_none(repr(details(map(diagnose_alone, inspections), known.get)))
    assert_none(repr(page_settings(inspections, API)))


def test_flow_comments_show_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """They are saved with the flows."""
    for inspection in inspections:
        made = flow()
        annotate.annotate(made, inspection)
        assert_none(made.comment + repr(made.metadata))


def test_baseline_and_comparison_show_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """The one is committed, the other pasted."""
    summary = summarize(inspections, everything=True)
    assert_none(render_baseline(summary.problems()).decode())
    found = compare({}, states(summary))
    assert_none(render_diff(found, compared=0).plain + render_diff_json(found))


def test_what_servers_lack_shows_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """It is printed at the end."""
    summary = PatchSummary()
    for inspection in inspections:
        if inspection.patch is not None:
            summary.record(inspection.observation, inspection.patch.patch)
    assert summary.missing_headers()
    assert_none("\n".join(render_missing_headers(summary.missing_headers())) + repr(summary.missing_headers()))


def test_advice_shows_no_secret(inspections: tuple[Inspection, ...]) -> None:
    """Settings are written to be shared."""
    for server in ("nginx", "express"):
        advice = advise(inspections, server, [PAGE])
        assert_none(advice.text)
        assert_none("\n".join(advice.warnings))


def test_endpoints_are_the_same_whatever_the_secret_is() -> None:
    """Fingerprints hold no secret, not even as a hash, and a token that changes makes no new finding."""
    first, second = ({problem.key for problem in summarize(inspected()).problems()} for _ in range(2))
    assert first == second


@pytest.fixture
def values_shown() -> None:
    redaction.show_values(True)


def test_cookies_and_credentials_never_appear(values_shown: None) -> None:
    """Whatever the user asks for."""
    mark = secret()
    lines = HeaderList([("Origin", PAGE), *((name, f"x={mark}") for name in sorted(NEVER_SHOWN))])
    inspector = Inspector(rules=load_rules())
    request = Request(method="GET", url=f"https://user:{mark}@api.example/me?shown=1a2b3c", headers=lines)
    inspector.inspect(Exchange(id="x", request=request, response=Response(status=200, headers=lines)))
    known = tuple(inspector.recent())
    shown = repr(details(map(diagnose_alone, known), lambda id: known[0])) + render_view(known[0], lambda id: None)
    assert "shown=1a2b3c" in shown
    assert_none(shown)
    for form in set(Format) - FOR_OTHERS:
        assert_none(render_inspections(form, known, load_rules()).decode())


def test_flow_comments_show_no_value_to_anybody(values_shown: None) -> None:
    """They travel with the flows, whoever chose to see values here."""
    for inspection in inspected():
        made = flow()
        annotate.annotate(made, inspection)
        assert_none(made.comment)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    file = tmp_path / "a.har"
    made = [
        entry(
            one.request.method,
            one.request.url,
            one.request.headers.lines,
            status=one.response.status,
            answer=one.response.headers.lines,
            started=at(number),
        )
        for number, one in enumerate(exchanges()[:59])
        if one.response is not None
    ]
    file.write_bytes(encoded(*made))
    return file


def run(*arguments: object) -> tuple[int, str, str]:
    try:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    finally:
        redaction.show_values(False)
    return result.exit_code, result.stdout, result.stderr


def test_values_are_shown_when_they_are_asked_for_and_that_is_said(capture: Path, tmp_path: Path) -> None:
    """On the terminal and in every file that may hold them."""
    _, shown, told = run("analyze", capture)
    assert_none(shown + told)
    _, shown, told = run(
        "analyze",
        capture,
        "--show-values",
        "-o",
        tmp_path / "r.html",
        "-o",
        tmp_path / "r.json",
        "-o",
        tmp_path / "r.jsonl",
        "--write-baseline",
        tmp_path / "b.json",
    )
    assert MARK in shown and VALUES_ARE_SHOWN in " ".join(shown.split()) and VALUES_ARE_SHOWN in told
    for name in ("r.html", "r.json"):
        assert VALUES_ARE_SHOWN in (tmp_path / name).read_text()
    assert MARK in json.loads((tmp_path / "r.jsonl").read_text().splitlines()[0])["url"]
    assert_none((tmp_path / "b.json").read_text())


@pytest.mark.parametrize("name", ["r.sarif", "r.xml", "r.md"])
def test_what_is_made_to_be_uploaded_never_shows_them(capture: Path, tmp_path: Path, name: str) -> None:
    code, _, told = run("analyze", capture, "--show-values", "-o", tmp_path / name)
    assert code == 2 and "never shows values" in told
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("url", [API + path.replace("{}", secret()) for path in (*IN_PATHS, *QUERIES)])
def test_url_is_redacted_and_keeps_its_shape(url: str) -> None:
    """Whose it is stays readable."""
    shown = redact_url(url)
    assert_none(shown)
    assert shown.startswith(f"{API}/")


@pytest.mark.parametrize("name", [*REQUEST_HEADERS, *RESPONSE_HEADERS, *URL_HEADERS, *CORS_HEADERS])
def test_header_is_redacted(name: str) -> None:
    """Every header, in any form."""
    for shape in TOKENS:
        assert_none(redact_header(name, secret(shape)))
