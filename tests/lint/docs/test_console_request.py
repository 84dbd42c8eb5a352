"""What a console's line says of the request, and nothing more."""

import pytest
from corslens.lint.docs.console_request import ConsoleRequest, request_in

LINES = {
    "Access to XMLHttpRequest at 'http://localhost:8100/items/7?a=b' from origin 'http://localhost:3100' has been blocked by CORS policy: "
    "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.": ConsoleRequest(
        url="http://localhost:8100/items/7?a=b", origin="http://localhost:3100", method="PUT"
    ),
    "app.js:3 Access to fetch at 'https://a.test/new' (redirected from 'https://a.test/old') from origin 'null' has been blocked by CORS "
    "policy: Request header field X-Token is not allowed by Access-Control-Allow-Headers in preflight response.": ConsoleRequest(
        url="https://a.test/old", origin="null", header="x-token"
    ),
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://a.test/me. (Reason: header "
    "‘x-a’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response).": ConsoleRequest(
        url="https://a.test/me", header="x-a"
    ),
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://a.test/me. (Reason: CORS "
    "header ‘Access-Control-Allow-Origin’ missing). Status code: 502.": ConsoleRequest(url="https://a.test/me", status=502),
    "[Error] Origin https://app.test is not allowed by Access-Control-Allow-Origin. Status code: 401": ConsoleRequest(
        origin="https://app.test", status=401
    ),
    "[Error] XMLHttpRequest cannot load https://a.test/x due to access control checks.": ConsoleRequest(url="https://a.test/x"),
    "GET https://a.test/x net::ERR_FAILED 200 (OK)": ConsoleRequest(url="https://a.test/x"),
    "Method {x} is not allowed by Access-Control-Allow-Methods.": ConsoleRequest(),
    "acao-missing": ConsoleRequest(),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_says(line: str) -> None:
    assert request_in(line) == LINES[line]
    assert bool(LINES[line]) is (LINES[line] != ConsoleRequest())


def test_a_long_line_is_read_in_part() -> None:
    assert request_in("x" * 5_000 + " Access to fetch at 'https://a.test/' from origin 'https://b.test'") == ConsoleRequest()
