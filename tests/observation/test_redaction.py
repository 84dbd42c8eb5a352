"""What may be shown is an allowlist, and what is shown keeps its shape."""

import pytest
from corslens.observation import redaction
from corslens.observation.redaction import (
    NEVER_SHOWN,
    REDACTED,
    SHOWN_HEADERS,
    endpoint_path,
    public_url,
    redact_header,
    redact_text,
    redact_url,
    redact_value,
)
from hypothesis import given
from hypothesis import strategies as st

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def values_shown() -> None:
    redaction.show_values(True)


@pytest.mark.parametrize(
    "name", [*sorted(NEVER_SHOWN), "Authorization", "X-My-Session", "X-Original-URL", "Sec-WebSocket-Protocol", "X", ""]
)
def test_headers_without_a_part_in_cors(name: str) -> None:
    assert redact_header(name, "Basic dXNlcjpwYXNz") == REDACTED


@pytest.mark.parametrize("name", [*sorted(NEVER_SHOWN), "Authorization", "Set-Cookie", "X-My-Session", "X-Upstream-Auth"])
def test_credentials_never_appear(name: str, values_shown: None) -> None:
    assert redact_header(name, "s3cret") == REDACTED


def test_the_user_may_ask_for_values(values_shown: None) -> None:
    assert redact_header("X-Debug", "a1b2") == "a1b2"
    assert redact_url("https://a.example/reset/a1b2?page=2") == "https://a.example/reset/a1b2?page=2"
    assert redact_url("https://ada:pw@a.example/x") == "https://*@a.example/x"
    assert redact_text("see https://ada:pw@a.example/a1b2") == "see https://*@a.example/a1b2"
    assert redact_header("WWW-Authenticate", "Negotiate a1b2") == f"Negotiate {REDACTED}"
    assert public_url("https://a.example/reset/a1b2?page=2") == "https://a.example/reset/*?page=*"
    assert endpoint_path("https://a.example/reset/a1b2?page=2") == "/reset/*"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Access-Control-Allow-Headers", "Authorization, X-Api-Key,x-amz-content-sha256, x-b3-traceid"), ("Vary", "Origin"),
        ("Access-Control-Allow-Origin", "https://app.example"), ("Access-Control-Allow-Origin", "https://a.example,https://b.example:8443"),
        ("Access-Control-Allow-Origin", "$http_origin"), ("Access-Control-Allow-Origin", "null"), ("Access-Control-Allow-Origin", "localhost:3000"),
        ("Content-Type", "application/json; charset=utf-8"), ("Access-Control-Expose-Headers", "X-Auth-Token"), ("Access-Control-Max-Age", "86400"),
        ("Access-Control-Allow-Methods", "GET,POST,OPTIONS,DELETE,PATCH,PROPFIND"), ("Origin", "https://app.example"), ("Sec-Fetch-Mode", "cors"),
        ("Cache-Control", "no-store, max-age=31536000"), ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Access-Control-Alow-Origin", "*"), ("Access-Control-Allow-Headers", ""),
    ],
)  # fmt: skip
def test_what_cors_is_about_is_shown(name: str, value: str) -> None:
    assert redact_header(name, value) == value


@pytest.mark.parametrize("name", sorted(SHOWN_HEADERS | {"access-control-allow-origin", "access-control-expose-headers"}))
@pytest.mark.parametrize(
    "token", [JWT, "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "glpat-Zx8bZ_q1sQ7n"]
)
def test_tokens_in_a_shown_header(name: str, token: str) -> None:
    assert token not in redact_header(name, f"x {token}")
    assert token not in redact_header(name, f"https://a.example/{token}?{token}={token}#{token}")


OTHERS = (
    "932518439:AAWf_NGx_GfqMgQEK_Cn_vQ", "AKIAVNYFIEMYSMUTEXVH", "1aabe6a2fe280043c459bcd4fe142325", "5970ff87-1604-4c58-aadc-ec08526d7508",
    "NqIiemUv-CHVlnff-nV-Yq", "hvs.aUwxoFsqivLn7Qp", "eNAtwVjYKVAsm-RaglPTC3", "NYOPGUBHGKOACVGIJTGJ", "tgjxuftgnixdvfje", "9736515938", "a7c41f9",
    "ada.lovelace@mail.example", "qr8x-77fk-90zz", "sess_8Hf3kQ", "0x1f9a2b7c", "MIIBIjANBgkqhkiG9w0",
)  # fmt: skip
AROUND = (
    "{}", "x {}", '"{}"', "a;q={}", 'text/plain;boundary="{}"', "null, {}", "x-{}, y", "max-age=1, {}", 'private="{}"', "nonce-{}", "({})", "X-Id={}",
    '</*>; rel=preload; nonce="{}"', 'attachment; filename="{}.pdf"', "mailto:{}", "javascript:{}", "Bearer {}", "..;/{}", "%2574={}", "é{}",
)  # fmt: skip


@pytest.mark.parametrize("secret", OTHERS)
def test_secrets_in_the_place_of_a_word(secret: str) -> None:
    """In headers whose words are shown, whatever stands around them; what is a number may be one where numbers are meant."""
    names = (
        "Accept", "Accept-Language", "Content-Type", "Vary", "Allow", "Sec-Fetch-Mode", "Access-Control-Allow-Headers", "Timing-Allow-Origin",
        "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Access-Control-Alow-Origin", "Cross-Origin-Opener-Policy",
    ) + (() if secret.isdigit() else ("Cache-Control", "Access-Control-Max-Age", "Range"))  # fmt: skip
    shown = [(name, around) for name in names for around in AROUND if secret in redact_header(name, around.format(secret))]
    assert not shown


@pytest.mark.parametrize("secret", [one for one in OTHERS if "@" not in one])
def test_secrets_in_the_place_of_a_port_or_a_zone(secret: str) -> None:
    for url in ("https://a.example:{}/", "http://[fe80::1%25{}]/", "http://[fe80::1%{}]:80/", "https://a:{}@b.example:1/"):
        for shown in (redact_url(url.format(secret)), redact_header("Location", url.format(secret))):
            assert secret not in shown
            assert redact_url(shown) == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Access-Control-Max-Age", "99999999999"), ("Access-Control-Max-Age", "600s"), ("Cache-Control", "max-age=31536000, stale-while-revalidate=60"),
        ("Range", "bytes=0-4294967296"), ("Access-Control-Allow-Headers", "X-GraphQL-Operation, SOAPAction, X-MS-Client-Request-ID, x-csrftoken"),
        ("Access-Control-Allow-Methods", "VERSION-CONTROL, UNSUBSCRIBE, MKWORKSPACE"), ("Access-Control-Allow-Credentials", "TRUE"),
        ("Access-Control-Allow-Origin", "https://*.example.com"), ("Access-Control-Allow-Origin", "http://127.0.0.1:54321"),
        ("Content-Type", "application/vnd.api+json"), ("Cross-Origin-Embedder-Policy", 'require-corp; report-to="default"'),
        ("Accept-Language", "de-DE,de;q=0.9,en-US;q=0.8"), ("Vary", "Accept-Encoding, Access-Control-Request-Headers"),
    ],
)  # fmt: skip
def test_words_and_numbers_stay(name: str, value: str) -> None:
    assert redact_header(name, value) == value


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?page=2&sort=up", "https://a.example/x?page=*&sort=*"),
        ("https://a.example/x?t%6Fken=s3cret&page=2", "https://a.example/x?*=*&page=*"),
        ("https://a.example/cb#id_token=s3cret", "https://a.example/cb#*"),
        ("https://user:pass@a.example/x", "https://*@a.example/x"),
        ("https://a.example/x@y?token=", "https://a.example/*?token="),
        ("/relative?api_key=s3cret", "/relative?api_key=*"),
        (f"https://a.example/{JWT}/x", "https://a.example/*/x"),
        (f"https://a.example/x?{JWT}", "https://a.example/x?*"),
        ("https://a.example/login;jsessionid=1A2B?next=https://b.example/?code=1", "https://a.example/login;*?next=*"),
        ("//cdn.example/9f86d0/x", "//cdn.example/*/x"),
        ("https://a.example\\9f86d0", "https://a.example/*"),
        ("data:text/html,9f86d0", "data:*"),
        ("localhost:3000/9f86d0", "localhost:3000/*"),
        ("https://a.example", "https://a.example"),
        ("https://a.example:8443/", "https://a.example:8443/"),
        ("http://[::1]:3000/x", "http://[::1]:3000/x"),
        ("", ""),
    ],
)  # fmt: skip
def test_urls(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_urls_in_headers() -> None:
    assert redact_header("Location", "https://a.example/?code=s3cret") == "https://a.example/?code=*"
    assert redact_header("Referer", "https://a.example/reset/a1b2") == "https://a.example/reset/*"
    assert (
        redact_header("Access-Control-Allow-Origin", "https://a.example/a1b2, https://b.example/")
        == "https://a.example/*, https://b.example/"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_REFUSED"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 3000)", "[Errno 111] Connect call failed ('127.0.0.1', 3000)"),
        ("lost https://a.example/reset/a1b2, then /u/a1b2.", "lost https://a.example/reset/*, then /u/*."),
        ("lost 'https://a.example/x?y=z'", "lost 'https://a.example/x?y=*'"),
        ("key AIzaSyD-9tSrke72PouQM", "key *"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert redact_text(text) == shown


def test_value_is_a_url_or_a_text() -> None:
    assert redact_value("https://a.example/x'a1|b2") == "https://a.example/*"
    assert redact_value("/x?y=z") == "/x?y=*"
    assert redact_value("POST") == "POST"


def test_endpoint_has_no_ids() -> None:
    assert endpoint_path("https://a.example/users/42/orders/9f86d0?page=2") == "/users/*/orders/*"


@given(st.text(max_size=80))
def test_redacting_twice_changes_nothing(text: str) -> None:
    for url in (text, f"https://a.example/{text}", f"/{text}"):
        once = redact_url(url)
        assert redact_url(once) == once


@given(st.text(alphabet="/?#&=;:@%\\.-_ ,'\"", max_size=12), st.text(alphabet="/?#&=;:@%\\.-_ ,'\"", max_size=12))
def test_no_mark_around_it_lets_a_secret_out(before: str, after: str) -> None:
    secret = "qZ7xW1kP9"
    assert secret not in redact_url(f"https://a.example/{before}{secret}{after}")
    assert secret not in redact_header("Location", f"/x{before}{secret}{after}")
    assert secret not in redact_value(f"/x{before}{secret}{after}") or any(mark in before for mark in ' "')


def test_long_values_are_cut() -> None:
    assert len(redact_url("https://a.example/" + "a/" * 100_000)) < 10_000
    assert len(redact_text("a " * 100_000)) < 10_000


@pytest.mark.parametrize(
    "run",
    [
        "a1-" * 1000 + "%",
        "a-" * 2000 + "%",
        "a." * 2000 + "%",
        "aA" * 2000,
        "/" * 4000,
        "a:/" * 1300,
        "x://" * 1000,
        "&=" * 2000,
        ";" * 4000,
    ],
)
def test_hostile_text_is_read_once(run: str) -> None:
    """No form is tried in more ways than the text is long: with one that is, this would not end."""
    for name in ("Access-Control-Allow-Headers", "Location", "Origin"):
        assert redact_header(name, run) is not None
    assert redact_url(f"https://a.example/{run}") and redact_text(run) and redact_value(run)
