"""Redirects are followed or fail as https://fetch.spec.whatwg.org/#http-redirect-fetch says, step by step."""

import pytest
from corslens.fetch.redirects import (
    RedirectStep,
    headers_dropped_by_redirect,
    is_redirect,
    location_url,
    method_after_redirect,
    redirect_failure,
    taints_origin,
)

from tests.make import API, PAGE, response

URL = f"{API}/a/b?c"
OTHER = "https://other.example"


@pytest.mark.parametrize(
    ("status", "location", "redirects"),
    [
        (301, "/x", True),
        (302, "/x", True),
        (303, "/x", True),
        (307, "/x", True),
        (308, "", True),
        (300, "/x", False),
        (304, "/x", False),
        (305, "/x", False),
        (200, "/x", False),
        (302, None, False),
    ],
)
def test_is_redirect(status: int, location: str | None, redirects: bool) -> None:
    given = {} if location is None else {"Location": location}
    assert is_redirect(response(status, given)) is redirects


@pytest.mark.parametrize(
    ("url", "lines", "target"),
    [
        pytest.param(URL, [], None, id="absent"),
        pytest.param(URL, ["/x"], f"{API}/x", id="a path"),
        pytest.param(URL, ["x"], f"{API}/a/x", id="relative"),
        pytest.param(URL, [""], URL, id="empty is the same URL"),
        pytest.param(URL, ["//other.example/x"], f"{OTHER}/x", id="scheme-relative"),
        pytest.param(URL, ["https://other.example:443/"], f"{OTHER}/", id="absolute, serialized"),
        pytest.param(f"{URL}#f", ["/x"], f"{API}/x#f", id="the fragment is inherited"),
        pytest.param(f"{URL}#f", ["/x#g"], f"{API}/x#g", id="unless there is a new one"),
        pytest.param(URL, ["https://"], None, id="unparsable"),
        pytest.param(URL, ["http://a b/"], None, id="a space in the host"),
        pytest.param(URL, ["/x", "/x"], f"{API}/x", id="the same line twice"),
        pytest.param(URL, ["/x", "/y"], None, id="two different lines"),
        pytest.param(URL, ["/\xfc"], f"{API}/%C3%BC", id="bytes outside ASCII"),
        pytest.param(URL, ["javascript:1"], "javascript:1", id="another scheme"),
    ],
)
def test_location_url(url: str, lines: list[str], target: str | None) -> None:
    assert location_url(response(302, [("Location", line) for line in lines]), url) == target


@pytest.mark.parametrize(
    ("target", "cors_mode", "tainted", "count", "failure"),
    [
        pytest.param(f"{API}/x", True, True, 0, None, id="followed"),
        pytest.param(None, True, True, 0, RedirectStep.LOCATION_UNPARSABLE, id="step 4: no URL"),
        pytest.param("data:,x", True, True, 0, RedirectStep.SCHEME_NOT_HTTP, id="step 5: data"),
        pytest.param("ftp://a.example/", False, False, 0, RedirectStep.SCHEME_NOT_HTTP, id="step 5: in every mode"),
        pytest.param(f"{API}/x", True, True, 19, None, id="the twentieth redirect"),
        pytest.param(f"{API}/x", True, True, 20, RedirectStep.LIMIT_EXCEEDED, id="step 6: the twenty-first"),
        pytest.param(
            "https://u:p@other.example/", True, False, 0, RedirectStep.HAS_CREDENTIALS, id="step 8: to another origin"
        ),
        pytest.param("https://u@app.example/", True, False, 0, None, id="step 8: not to the page's own"),
        pytest.param(
            "https://:p@app.example/", True, True, 0, RedirectStep.HAS_CREDENTIALS, id="step 9: not even home, once tainted"
        ),
        pytest.param("https://u@other.example/", False, False, 0, None, id="step 8: in mode cors only"),
    ],
)
def test_redirect_failure(target: str | None, cors_mode: bool, tainted: bool, count: int, failure: RedirectStep | None) -> None:
    assert redirect_failure(target, request_origin=PAGE, cors_mode=cors_mode, tainted_cors=tainted, count=count) is failure


@pytest.mark.parametrize(
    ("chain", "taints"),
    [
        pytest.param((PAGE, API), False, id="own to other"),
        pytest.param((API, API), False, id="within another"),
        pytest.param((API, OTHER), True, id="other to a third"),
        pytest.param((API, PAGE), True, id="other to own"),
        pytest.param((PAGE, PAGE), False, id="within own"),
    ],
)
def test_taints_origin(chain: tuple[str, str], taints: bool) -> None:
    assert taints_origin(PAGE, *chain) is taints


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
        (301, "PUT", "PUT"), (302, "DELETE", "DELETE"), (303, "PUT", "GET"), (303, "GET", "GET"), (303, "HEAD", "HEAD"), (302, "post", "post"),
    ],
)  # fmt: skip
def test_method_after_redirect(status: int, method: str, becomes: str) -> None:
    assert method_after_redirect(status, method) == becomes


def test_headers_are_dropped_with_the_body_and_across_origins() -> None:
    assert headers_dropped_by_redirect(302, "GET", same_origin=True) == frozenset()
    assert headers_dropped_by_redirect(302, "GET", same_origin=False) == {"authorization"}
    assert "content-type" in headers_dropped_by_redirect(302, "POST", same_origin=True)
    assert headers_dropped_by_redirect(307, "POST", same_origin=True) == frozenset()
