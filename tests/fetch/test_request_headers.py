"""Which request headers need a preflight, and which no page can set."""

import pytest
from corslens.fetch.request_headers import (
    SafelistDepartures,
    cors_unsafe_request_header_names,
    has_cors_unsafe_request_header_byte,
    is_browser_generated_content_type,
    is_cors_safelisted_request_header,
    is_forbidden_request_header,
    mime_type_essence,
)

UNSAFE = {chr(byte) for byte in range(0x20)} - {"\t"} | set('"():<>?@[\\]{}\x7f')


def test_unsafe_bytes() -> None:
    assert {byte for byte in map(chr, range(256)) if has_cors_unsafe_request_header_byte(f"a{byte}b")} == UNSAFE


@pytest.mark.parametrize(
    ("name", "value", "safe"),
    [
        ("accept", "*/*", True), ("accept", "", True), ("accept", "a" * 128, True), ("accept", "a" * 129, False),
        ("accept", 'x"y', False), ("accept", "\xfc", True), ("accept", "a\tb", True),
        ("accept-language", "de-DE, en;q=0.5", True), ("accept-language", "de_DE", False), ("accept-language", "\xfc", False),
        ("accept-language", "*", True), ("accept-language", "de/en", False), ("content-language", "de", True), ("content-language", "de\t", False),
        ("content-type", "text/plain", True), ("content-type", "TEXT/PLAIN;charset=utf-8", True), ("content-type", " text/plain ", True),
        ("content-type", "multipart/form-data; boundary=x", True), ("content-type", "application/x-www-form-urlencoded", True),
        ("content-type", "application/json", False), ("content-type", "text/plain, application/json", False), ("content-type", "", False),
        ("content-type", 'text/plain; charset="utf-8"', False), ("content-type", "text/plain ; x", True), ("content-type", "text /plain", False),
        ("content-type", "text/plain;" + "a" * 118, False), ("content-type", "text", False), ("content-type", "text/", False),
        ("range", "bytes=0-", True), ("range", "bytes=0-9", True), ("range", "bytes=5-5", True), ("range", "bytes=-9", False),
        ("range", "bytes=9-0", False), ("range", "bytes=0-1,3-4", False), ("range", "bytes= 0-1", False), ("range", "bytes=0 -1", False),
        ("range", "BYTES=0-1", False), ("range", "items=0-1", False), ("range", "bytes=", False), ("range", "bytes=-", False),
        ("range", f"bytes=0-{2**63 - 2}", True), ("range", f"bytes=0-{2**63 - 1}", False), ("range", "bytes=0-" + "9" * 20, False),
        ("x-a", "", False), ("authorization", "Basic x", False), ("dpr", "2", False), ("user-agent", "me", False),
    ],
)  # fmt: skip
def test_safelisted(name: str, value: str, safe: bool) -> None:
    assert is_cors_safelisted_request_header(name, value) is safe


@pytest.mark.parametrize(
    ("deviations", "name", "value", "standard"),
    [
        pytest.param(SafelistDepartures(extra_names=frozenset({"dpr"})), "dpr", "2", False, id="extra names"),
        pytest.param(SafelistDepartures(non_ascii_is_unsafe=True), "accept", "\xfc", True, id="non-ASCII bytes"),
        pytest.param(
            SafelistDepartures(non_ascii_is_unsafe=True),
            "content-type",
            "text/plain;x=\xfc",
            True,
            id="non-ASCII bytes in Content-Type",
        ),
        pytest.param(
            SafelistDepartures(range_unit_ignores_case=True), "range", "Bytes=0-1", False, id="case of the range unit"
        ),
    ],
)
def test_departures(deviations: SafelistDepartures, name: str, value: str, standard: bool) -> None:
    """Each turns what the standard says."""
    assert is_cors_safelisted_request_header(name, value) is standard
    assert is_cors_safelisted_request_header(name, value, deviations) is not standard


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        pytest.param([], (), id="none"),
        pytest.param(
            [("Accept", "*/*"), ("X-B", "1"), ("x-a", "2"), ("X-A", "3")], ("x-a", "x-b"), id="lower-case, sorted, once"
        ),
        pytest.param([("Content-Type", "application/json")], ("content-type",), id="by its value"),
        pytest.param([("Accept", "a" * 128)] * 8, (), id="1024 bytes in all"),
        pytest.param(
            [("Accept", "a" * 128)] * 8 + [("Content-Language", "de")],
            ("accept", "content-language"),
            id="1026 bytes make all unsafe",
        ),
        pytest.param([("Accept", "a" * 129), ("Accept", "a")], ("accept",), id="one unsafe line makes the name unsafe"),
    ],
)
def test_unsafe_names(lines: list[tuple[str, str]], names: tuple[str, ...]) -> None:
    assert cors_unsafe_request_header_names(lines) == names


def test_an_engine_without_the_total_limit() -> None:
    lines = [("Accept", "a" * 128)] * 9
    assert cors_unsafe_request_header_names(lines) == ("accept",)
    assert cors_unsafe_request_header_names(lines, SafelistDepartures(total_limit=False)) == ()


@pytest.mark.parametrize(
    ("value", "essence"),
    [
        ("text/plain", "text/plain"), ("Text/HTML; charset=x", "text/html"), ("a/b;", "a/b"), ("\r\n a/b \t", "a/b"), ("a/b c", None),
        ("/b", None), ("a/", None), ("a", None), ("", None), ("a/b,c/d", None), ("*/*", "*/*"),
    ],
)  # fmt: skip
def test_mime_type_essence(value: str, essence: str | None) -> None:
    assert mime_type_essence(value) == essence


def test_content_types_that_browsers_send_of_their_own_accord() -> None:
    assert is_browser_generated_content_type("application/csp-report")
    assert not is_browser_generated_content_type("application/json")


@pytest.mark.parametrize(
    "name",
    ["Accept-Charset", "accept-encoding", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Connection", "Content-Length",
     "Cookie", "Cookie2", "Date", "DNT", "Expect", "Host", "Keep-Alive", "Origin", "Referer", "Set-Cookie", "TE", "Trailer",
     "Transfer-Encoding", "Upgrade", "Via", "Proxy-Authorization", "Sec-Anything", "sec-fetch-mode"],
)  # fmt: skip
def test_forbidden(name: str) -> None:
    assert is_forbidden_request_header(name)


@pytest.mark.parametrize(
    ("name", "value", "forbidden"),
    [
        ("X-HTTP-Method-Override", "TRACE", True), ("x-http-method", "get, connect", True), ("X-Method-Override", "PUT", False),
        ("X-Method-Override", '"TRACE, x"', False), ("Authorization", "x", False), ("User-Agent", "x", False), ("Security", "x", False), ("X-Proxy-A", "", False),
    ],
)  # fmt: skip
def test_forbidden_by_value(name: str, value: str, forbidden: bool) -> None:
    assert is_forbidden_request_header(name, value) is forbidden
