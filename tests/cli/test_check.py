"""corslens check: what is sent to whom, what is reported, and the exit code; over real sockets."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from corslens.asking.client import Client
from corslens.cli import main
from corslens.exits import Exit
from corslens.fetch.messages import Request, Response

from tests.asking.servers import Server, serving
from tests.inputs.make_har import encoded, entry
from tests.make import PAGE

APP = "https://app.example.com"


def run(*arguments: object) -> Result:
    """Run the command without a rate."""
    result = CliRunner().invoke(main, ["check", *map(str, arguments), "--rate", "0"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def methods(server: Server) -> list[str]:
    """The methods that a server was asked with."""
    return [method for method, _, _ in server.asked]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that allows one page."""
    with serving(lambda origin: origin == APP) as found:
        yield found


@pytest.fixture
def other() -> Iterator[Server]:
    """A server that was not named."""
    with serving(lambda origin: True) as found:
        yield found


def test_an_allowed_page(server: Server) -> None:
    result = run(f"{server.url}/me?token=1", "--origin", APP)
    assert result.exit_code == Exit.OK
    assert "1 of 1 page requests passed" in result.stdout
    ((method, path, lines),) = server.asked
    assert (method, path) == ("GET", "/me?token=1")
    assert [name for name, _ in lines][:3] == ["Host", "Connection", "User-Agent"]
    headers = dict(lines)
    assert headers["User-Agent"].startswith("corslens/") and headers["Sec-Fetch-Site"] == "cross-site"


def test_a_page_that_is_not_allowed(server: Server) -> None:
    result = run(f"{server.url}/me", "--origin", "https://other.example")
    assert result.exit_code == Exit.FOUND
    assert result.stdout.startswith(f"BLOCKED  GET {server.url}/me  ") and "  from https://other.example" in result.stdout
    assert run(f"{server.url}/me", "--origin", "https://other.example", "--fail-on", "never").exit_code == Exit.OK


def test_the_preflight_comes_first_and_the_request_only_if_it_may_be_sent(server: Server) -> None:
    json_header = ("--header", "Content-Type: application/json")
    result = run(f"{server.url}/me", "--origin", APP, "--method", "put", *json_header)
    assert result.exit_code == Exit.OK and methods(server) == ["OPTIONS"]
    assert "the preflight passes, but PUT may change something; add --send to send it" in result.stdout
    preflight = dict(server.asked[0][2])
    assert preflight["Access-Control-Request-Method"] == "PUT"
    assert preflight["Access-Control-Request-Headers"] == "content-type"
    server.asked.clear()
    assert run(f"{server.url}/me", "--origin", APP, "--method", "PUT", *json_header, "--send").exit_code == Exit.OK
    assert methods(server) == ["OPTIONS", "PUT"]
    server.asked.clear()
    blocked = run(f"{server.url}/me", "--origin", APP, "--header", "X-Other: 1")
    assert blocked.exit_code == Exit.FOUND and methods(server) == ["OPTIONS"]
    assert "preflight-header-not-allowed" in blocked.stdout


def test_a_simple_post_is_not_sent_unless_asked_for(server: Server) -> None:
    result = run(f"{server.url}/me", "--origin", APP, "--method", "POST")
    assert result.exit_code == Exit.OK and server.asked == []
    assert "0 of 1" in result.stdout and "--send" in result.stdout


def test_the_browser_s_own_headers(server: Server) -> None:
    run(f"{server.url}/me", "--origin", APP, "--engine", "firefox")
    names = [name for name, _ in server.asked[0][2]]
    assert names[:5] == ["Host", "User-Agent", "Accept", "Accept-Language", "Accept-Encoding"]
    assert "Firefox/" in dict(server.asked[0][2])["User-Agent"]


def test_cookies_are_sent_only_from_a_file(server: Server, tmp_path: Path) -> None:
    run(f"{server.url}/me", "--origin", APP, "--credentials")
    assert "Cookie" not in dict(server.asked[-1][2])
    file = tmp_path / "cookies"
    file.write_text("Cookie: sid=geheim\n")
    result = run(f"{server.url}/me", "--origin", APP, "--cookie-from", file, "--format", "jsonl")
    assert dict(server.asked[-1][2])["Cookie"] == "sid=geheim"
    assert "geheim" not in result.stdout
    assert json.loads(result.stdout.splitlines()[0])["credentials"]["mode"] == "include"
    dry = run(f"{server.url}/me", "--origin", APP, "--cookie-from", file, "--dry-run")
    assert "geheim" not in dry.stdout and "Cookie: (not shown)" in dry.stdout


def test_a_redirect_to_another_host_is_not_followed(server: Server, other: Server) -> None:
    server.extra["Location"] = f"{other.url}/elsewhere"
    server.status = 302
    result = run(f"{server.url}/me", "--origin", APP)
    assert other.asked == [] and len(server.asked) == 1
    assert f"the redirect to {other.url} was not followed: name it with --allow-host" in result.stdout
    assert "0 of 1" in result.stdout
    host = other.url.removeprefix("http://")
    followed = run(f"{server.url}/me", "--origin", APP, "--allow-host", host)
    assert other.origins() == ["null"] and other.asked[0][1] == "/elsewhere"
    assert "was not followed" not in followed.stdout


def test_cookies_do_not_go_along_with_a_redirect(server: Server, other: Server, tmp_path: Path) -> None:
    server.extra["Location"], server.status = f"{other.url}/", 302
    file = tmp_path / "cookies"
    file.write_text("sid=1")
    run(f"{server.url}/me", "--origin", APP, "--cookie-from", file, "--allow-host", other.url)
    assert "Cookie" in dict(server.asked[0][2]) and "Cookie" not in dict(other.asked[0][2])


def test_traffic_goes_only_to_what_was_named(
    server: Server, other: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server, the capture or the policy names: connections are made to the named host alone, and no other name is resolved."""
    reached: list[object] = []
    connect = socket.create_connection

    def recording(address: tuple[str, int], *arguments: object, **keywords: object) -> socket.socket:
        reached.append(address)
        return connect(address, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", recording)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *given, ask=socket.getaddrinfo, **more: reached.append(given[:2]) or ask(*given, **more)
    )
    server.extra |= {"Location": f"{other.url}/", "Link": f"<{other.url}/a>; rel=preload", "Refresh": f"0; url={other.url}/"}
    server.status = 307
    capture, policy = tmp_path / "a.har", tmp_path / "policy.yaml"
    capture.write_bytes(encoded([entry(url=f"{other.url}/me"), entry(url="https://api.example/me")]))
    policy.write_text(
        f"schema: corslens-policy/1\npolicies:\n  - {{api: {other.url}, paths: [/me], origins: [{APP}], methods: [GET, PUT]}}\n"
    )
    run(f"{server.url}/me", "--origin", APP, "--as-stranger", "--send")
    run(capture, "--against", server.url)
    run(policy, "--against", server.url)
    assert len(server.asked) > 100
    assert set(reached) == {server.server_address[:2]} and other.asked == []


def test_an_identification_is_sent_with_everything_and_changes_nothing(server: Server) -> None:
    arguments = (f"{server.url}/me", "--origin", APP, "--method", "PUT", "--header", "X-A: 1", "--send")
    plain = run(*arguments)
    identified = run(*arguments, "--identify", "X-Scan-By: security@app.example")
    assert plain.exit_code == identified.exit_code == Exit.OK and plain.stdout == identified.stdout
    assert [method for method, _, _ in server.asked] == ["OPTIONS", "PUT"] * 2
    assert [dict(lines).get("X-Scan-By") for _, _, lines in server.asked] == [None, None, *["security@app.example"] * 2]
    assert {dict(lines).get("Access-Control-Request-Headers") for _, _, lines in server.asked} == {"x-a", None}
    assert run(*arguments, "--identify", "X-Scan-By: me", "--dry-run").stdout.count("X-Scan-By: me") == 2
    for wrong in ("X-Scan-By", "Origin: https://a.example", "User-Agent: me", "Content-Type: a/b", "X-A: "):
        result = run(*arguments, "--identify", wrong)
        assert result.exit_code == Exit.USAGE and "--identify" in result.stderr


def test_a_dry_run_sends_nothing(server: Server) -> None:
    result = run(f"{server.url}/me", "--origin", APP, "--method", "PUT", "--send", "--as-stranger", "--dry-run")
    assert result.exit_code == Exit.OK and server.asked == []
    assert f"OPTIONS {server.url}/me" in result.stdout and f"PUT {server.url}/me" in result.stdout
    assert f"{server.url}/me  Origin: null" in result.stdout


def test_a_server_that_is_down_is_a_problem_and_strangers_are_not_tried() -> None:
    with serving(lambda origin: True) as gone:
        url = gone.url
    result = run(f"{url}/me", "--origin", APP, "--as-stranger")
    assert result.exit_code == Exit.FOUND
    assert "actual-network-error" in result.stdout and "strangers" not in result.stdout


def test_reports_are_those_of_analyze(server: Server, tmp_path: Path) -> None:
    with serving(lambda origin: True) as reflecting:
        result = run(
            f"{reflecting.url}/me", "--origin", APP, "--as-stranger", "--format", "json", "-o", tmp_path / "x.sarif",
            "-o", tmp_path / "x.html", "-o", tmp_path / "x.jsonl",
        )  # fmt: skip
    assert result.exit_code == Exit.FOUND
    (problem,) = [one for one in json.loads(result.stdout)["problems"] if one["cause"]["rule"] == "stranger-origin-allowed"]
    assert problem["cause"]["confidence"] == "confirmed"
    sarif = json.loads((tmp_path / "x.sarif").read_text())
    rules = {one["id"]: one for one in sarif["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["stranger-origin-allowed"]["properties"]["precision"] == "very-high"
    assert "stranger-origin-allowed" in (tmp_path / "x.html").read_text()
    assert (tmp_path / "x.jsonl").read_text().count("\n") >= 2


def test_a_capture_is_sent_again(server: Server, other: Server, tmp_path: Path) -> None:
    """Blocked when it was recorded, and allowed now: secrets stay where they are."""
    capture = tmp_path / "before.har"
    capture.write_bytes(encoded(entry(given=[("Origin", PAGE), ("Cookie", "sid=geheim")]), entry(url=f"{PAGE}/own", given=())))
    server.allows = lambda origin: origin == PAGE
    result = run(capture, "--against", server.url)
    assert result.exit_code == Exit.OK, result.stdout
    assert "1 of 1 page requests passed now; in the capture 0 did" in result.stdout
    assert server.origins() == [PAGE] and "Cookie" not in dict(server.asked[0][2])
    server.allows = lambda origin: False
    assert run(capture, "--against", server.url).exit_code == Exit.FOUND
    refused = run(capture)
    assert refused.exit_code == Exit.USAGE and "--against" in refused.output


POLICY = """
schema: corslens-policy/1
policies:
  - api: https://api.example
    paths: [/me]
    origins: [{value: https://app.example.com, because: x}]
    methods: [GET, PUT]
    request_headers: [content-type]
    credentials: {allowed: true}
"""


def test_a_policy_is_a_test_of_a_server(server: Server, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    result = run(policy, "--against", server.url)
    assert result.exit_code == Exit.OK, result.stdout
    assert "2 of 2 page requests passed (1 by its preflight alone: the request was not sent)" in result.stdout
    assert "strangers' origins" in result.stdout
    assert set(methods(server)) == {"OPTIONS", "GET"} and "https://a.invalid" in server.origins()
    server.allows = lambda origin: origin.endswith("example.com")
    assert "stranger-origin-allowed" in run(policy, "--against", server.url).stdout
    policy.write_text(POLICY.replace("app.example.com", "app.example.com/"))
    wrong = run(policy, "--against", server.url)
    assert wrong.exit_code == Exit.USAGE and "policies[0].origins" in wrong.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("http://127.0.0.1:1/",), "--origin is missing"),
        (("http://127.0.0.1:1/", "--origin", "app.example"), "--origin: 'app.example' is not an origin"),
        (("http://127.0.0.1:1/", "--origin", "https://app.example/"), "did you mean https://app.example?"),
        (("http://u:p@127.0.0.1:1/", "--origin", APP), "without a user name"),
        (("http://127.0.0.1:1/", "--origin", APP, "--method", "CONNECT"), "--method: 'CONNECT'"),
        (("http://127.0.0.1:1/", "--origin", APP, "--header", "Cookie: a=1"), "see --cookie-from"),
        (("http://127.0.0.1:1/", "--origin", APP, "--header", "no line"), "--header: 'no line'"),
        (("http://127.0.0.1:1/", "--origin", APP, "--allow-host", "a b"), '--allow-host: "a b"'),
        (("http://127.0.0.1:1/", "--origin", APP, "--cookie-from", "/nowhere/c"), "--cookie-from /nowhere/c"),
        (("http://127.0.0.1:1/", "--origin", APP, "-o", "x.pdf"), "-o x.pdf"),
        (("htp:/x", "--origin", APP), "htp:/x: is neither a URL"),
        (("/nowhere/policy.yaml", "--against", "http://127.0.0.1:1"), "/nowhere/policy.yaml"),
        (("/nowhere/capture.har", "--against", "http://127.0.0.1:1"), "/nowhere/capture.har"),
    ],
)
def test_wrong_usage_is_a_sentence(arguments: tuple[str, ...], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code == Exit.USAGE and named in result.output


def test_an_interruption_reports_what_is_known(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Client.send

    def once(client: Client, request: Request) -> Response:
        if server.asked:
            raise KeyboardInterrupt
        return send(client, request)

    monkeypatch.setattr(Client, "send", once)
    result = run(f"{server.url}/me", "--origin", "https://first.example", "--origin", APP)
    assert result.exit_code == Exit.UNREADABLE
    assert "BLOCKED" in result.stdout and "Interrupted" in result.stderr


@pytest.mark.slow  # every output
@pytest.mark.parametrize("form", ["text", "json", "jsonl", "markdown", "sarif"])
def test_no_output_shows_the_values_of_what_was_checked(server: Server, form: str) -> None:
    """Neither its name nor its notes: a report goes into a CI's log."""
    url = f"{server.url}/reset/q7Xz0Planted?token=q7Xz1Planted"
    for more in ((), ("--method", "POST"), ("--as-stranger",)):
        result = run(url, "--origin", APP, "--format", form, *more)
        assert "Planted" not in result.output
    assert server.url in result.output


def test_a_dry_run_shows_no_credential_and_of_a_capture_no_value(server: Server, tmp_path: Path) -> None:
    """What the user typed is repeated, but for credentials."""
    capture = tmp_path / "a.har"
    given = [("Origin", PAGE), ("X-Request-Id", "q7Xz0Planted"), ("X-Api-Key", "q7Xz1Planted")]
    answer = [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Headers", "x-request-id, x-api-key")]
    capture.write_bytes(encoded(entry(url="https://api.example/reset/q7Xz2Planted?t=q7Xz3Planted", given=given, answer=answer)))
    result = run(capture, "--against", server.url, "--header", "X-Api-Key: q7Xz4Planted", "--dry-run")
    assert "Planted" not in result.output and f"GET {server.url}/reset/*?t=*" in result.stdout
    typed = run(f"{server.url}/a?b=shown", "--origin", APP, "--header", "X-Token: q7Xz", "--header", "X-A: b", "--dry-run")
    assert f"GET {server.url}/a?b=shown" in typed.stdout and "X-A: b" in typed.stdout and "q7Xz" not in typed.stdout


@pytest.mark.parametrize("kind", ["capture", "cookies"])
def test_no_report_overwrites_an_input(server: Server, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(encoded(entry()) if kind == "capture" else b"a=1")
    before = file.read_bytes()
    arguments = (file, "--against", server.url) if kind == "capture" else (server.url, "--origin", APP, "--cookie-from", file)
    result = run(*arguments, "-o", file)
    assert result.exit_code == Exit.USAGE and "is an input, and would be overwritten" in result.output
    assert file.read_bytes() == before and server.asked == []
