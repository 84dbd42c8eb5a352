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
        url="https://a.test/new", origin="null", header="x-token"
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
    "GET https://a.test/x net::ERR_FAILED 200 (OK)": ConsoleRequest(url="https://a.test/x", status=200, error="net::ERR_FAILED"),
    "[Error] Cross-origin redirection to https://a.test/x denied by Cross-Origin Resource Sharing policy: Origin https://b.test is not allowed by "
    "Access-Control-Allow-Origin.": ConsoleRequest(url="https://a.test/x", origin="https://b.test"),
    "Content-Security-Policy: The page’s settings blocked the loading of a resource (connect-src) at https://a.test/x because it violates …": ConsoleRequest(
        url="https://a.test/x"
    ),
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://a.test/x": ConsoleRequest(
        url="https://a.test/x"
    ),
    "GET https://a.test/x net::ERR_TIMED_OUT": ConsoleRequest(url="https://a.test/x", error="net::ERR_TIMED_OUT"),
    "[Error] Failed to load resource: Could not connect to the server. (x, line 0)": ConsoleRequest(error="Could not connect to the server"),
    "Access to fetch at 'https://a.test/x' from origin 'http://b.test' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header "
    "has a value 'http://c.test' that is not equal to the supplied origin.": ConsoleRequest(
        url="https://a.test/x", origin="http://b.test", allow_origin="http://c.test"
    ),
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://a.test/x. (Reason: CORS header "
    "‘Access-Control-Allow-Origin’ does not match ‘http://c.test’).": ConsoleRequest(url="https://a.test/x", allow_origin="http://c.test"),
    "Запрос из постороннего источника заблокирован: … ресурса на https://a.test/x. (Причина: заголовок CORS 'Access-Control-Allow-Origin' не "
    "совпадает с 'http://c.test/').": ConsoleRequest(url="https://a.test/x", allow_origin="http://c.test/"),
    "Quellübergreifende (Cross-Origin) Anfrage blockiert: … auf https://a.test/x. (Grund: CORS-Kopfzeile 'Access-Control-Allow-Origin' stimmt "
    "nicht mit '(null)' überein).": ConsoleRequest(url="https://a.test/x"),
    "Mixed Content: The page at 'https://b.test/' was loaded over HTTPS, but requested an insecure resource 'http://a.test/x'.": ConsoleRequest(
        url="http://a.test/x"
    ),
    "Refused to connect to https://a.test/x because it does not appear in the connect-src directive of the Content Security Policy.": ConsoleRequest(
        url="https://a.test/x"
    ),
    "api.js:14 \n GET https://a.test/x net::ERR_FAILED 404 (Not Found)": ConsoleRequest(url="https://a.test/x", status=404, error="net::ERR_FAILED"),
    "XHRPUThttps://a.test/x CORS Preflight Did Not Succeed": ConsoleRequest(url="https://a.test/x"),
    "(index):1 Access to CSS stylesheet at\n‘https://a.test/tasks’ from origin\n‘http://localhost:3000’ has been blocked by CORS policy: …": ConsoleRequest(
        url="https://a.test/tasks", origin="http://localhost:3000"
    ),
    "Access to fetch at 'https://a.test/x' from origin 'capacitor://localhost' has been blocked by CORS policy: …": ConsoleRequest(
        url="https://a.test/x", origin="capacitor://localhost"
    ),
    "Failed to load http://a.test/x: No 'Access-Control-Allow-Origin' header is present on the requested resource. Origin 'http://b.test' is "
    "therefore not allowed access. The response had HTTP status code 404.": ConsoleRequest(
        url="http://a.test/x", origin="http://b.test", status=404
    ),
    "Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel verbietet das Lesen der externen Ressource auf "
    "https://a.test/k. (Grund: CORS-Kopfzeile 'Access-Control-Allow-Origin' fehlt). Statuscode: 502.": ConsoleRequest(
        url="https://a.test/k", status=502
    ),
    "已拦截跨源请求：同源策略禁止读取位于 https://a.test/x的远程资源。（原因：CORS 头缺少 'Access-Control-Allow-Origin'）。状态码：404。": ConsoleRequest(
        url="https://a.test/x", status=404
    ),
    "Access to XMLHttpRequest at 'localhost:8080/api' from origin 'http://b.test' has been blocked by CORS policy: Cross origin requests are only "
    "supported for protocol schemes: http, https.": ConsoleRequest(origin="http://b.test"),
    "Method {x} is not allowed by Access-Control-Allow-Methods.": ConsoleRequest(),
    "acao-missing": ConsoleRequest(),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_what_a_line_says(line: str) -> None:
    assert request_in(line) == LINES[line]
    assert bool(LINES[line]) is (LINES[line] != ConsoleRequest())


def test_a_long_line_is_read_in_part() -> None:
    assert request_in("x" * 5_000 + " Access to fetch at 'https://a.test/' from origin 'https://b.test'") == ConsoleRequest()
