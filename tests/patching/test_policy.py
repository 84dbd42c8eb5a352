"""Which pages a patch may allow."""

import pytest
from corslens.patching.policy import (
    DEFAULT_ORIGINS,
    PatchPolicy,
    PreflightMode,
    is_this_machine,
    parse_origins,
    parse_policy,
    sounds_local,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost", "http://localhost:3000", "https://localhost:8443", "http://127.0.0.1:5000", "http://127.8.9.1",
        "http://[::1]:3000",
    ],
)  # fmt: skip
def test_default_allows_this_machine(origin: str) -> None:
    """A developer's page is allowed without a word."""
    assert DEFAULT_ORIGINS.allows(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null", "https://evil.example", "https://example.com", "http://app.localhost:5173", "https://app.test", "http://localhost.",
        "http://localhost.:3000", "http://test", "http://a.b.test", "http://evil.localhost", "http://128.0.0.1", "http://[::ffff:7f00:1]", "http://192.168.1.5:3000", "http://localhost.evil.example",
        "http://127.0.0.1.evil.example", "https://nottest", "https://xtest", "https://test.evil.example", "http://printer.local",
        "https://service.internal", "http://[::2]", "capacitor://localhost", "chrome-extension://abcdef", "",
        "http://LOCALHOST", "http://localhost/", "http://localhost, http://localhost", "http://localhost\n", "*",
        "http://user@localhost", "http://localhost:99999", "http://2130706433",
    ],
)  # fmt: skip
def test_default_allows_nobody_else(origin: str) -> None:
    """A page from anywhere else, an opaque one, and text that is no serialized origin, is refused."""
    assert not DEFAULT_ORIGINS.allows(origin)


def test_loopback_is_also_what_this_machine_was_seen_to_serve() -> None:
    """Whatever it is called; on 2991aa5 a name under `test` or `localhost` was enough."""
    served = frozenset({"http://app.test", "https://shop.example:8443"})
    assert DEFAULT_ORIGINS.allows("http://app.test", served) and DEFAULT_ORIGINS.allows("https://shop.example:8443", served)
    assert not DEFAULT_ORIGINS.allows("http://app.test:81", served)
    assert not parse_origins(["https://app.example"]).allows("http://app.test", served)
    assert parse_policy(origins=["loopback"]).served_here == frozenset()


@pytest.mark.parametrize("host", ["app.test", "a.b.test", "app.localhost", "localhost.", "printer.local"])
def test_names_are_hints(host: str) -> None:
    assert sounds_local(host) and not is_this_machine(host)


@pytest.mark.parametrize(
    ("entry", "allowed", "refused"),
    [
        ("https://app.example", ["https://app.example"], ["http://app.example", "https://app.example:8443", "https://x.app.example"]),
        ("https://App.Example:443", ["https://app.example"], ["https://app.example:8443"]),
        ("http://app.example:8080", ["http://app.example:8080"], ["http://app.example", "https://app.example:8080"]),
        ("app.example", ["https://app.example", "http://app.example:81"], ["https://x.app.example", "https://app.example.net"]),
        ("app.example:3000", ["http://app.example:3000", "https://app.example:3000"], ["http://app.example"]),
        ("app.example:443", ["https://app.example"], ["http://app.example"]),
        ("*.app.example", ["https://a.app.example", "http://b.a.app.example:1"], ["https://app.example", "https://xapp.example"]),
        ("https://*.app.example", ["https://a.app.example"], ["http://a.app.example", "https://a.app.example:8443"]),
        ("https://*.app.example:8443", ["https://a.app.example:8443"], ["https://a.app.example"]),
        ("*.internal", ["https://a.internal"], ["https://internal.example"]),
        ("192.168.1.5", ["http://192.168.1.5:3000"], ["http://192.168.1.50"]),
        ("[::2]:3000", ["http://[::2]:3000"], ["http://[::2]"]),
        ("bücher.example", ["https://xn--bcher-kva.example"], ["https://bcher.example"]),
        ("capacitor://localhost", ["capacitor://localhost"], ["ionic://localhost", "http://localhost"]),
        ("null", ["null"], ["https://app.example", "http://localhost"]),
        ("any", ["https://app.example", "capacitor://localhost"], ["null", "", "x y", "https://a.example/", "*", "https://a\r\nX: y"]),
        ("any, null", ["null", "https://app.example"], ["x y"]),
        ("loopback, https://app.example", ["http://localhost:1", "https://app.example"], ["https://evil.example"]),
    ],
)  # fmt: skip
def test_entry(entry: str, allowed: list[str], refused: list[str]) -> None:
    """Each form of entry lets in what it says and nothing like it."""
    origins = parse_origins([entry])
    assert allowed == [origin for origin in allowed if origins.allows(origin)]
    assert not [origin for origin in refused if origins.allows(origin)]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("*", "write 'any'"), ("ALL", "write 'any'"), ("loopbak", "did you mean \"loopback\""), ("https://app.example/", "nothing after"),
        ("https://app.example/path", "nothing after"), ("https://u:p@app.example", "no user name"), ("ws://app.example", "scheme"),
        ("app.*", "only wildcard is a leading"), ("*.*.example.net", "only wildcard"), ("*.com", "anybody can register"),
        ("*.github.io", "anybody can register"), ("*.10.0.0.1", "below an address"), ("localhost:", "not a host and port"),
        ("localhost:99999", "not a host and port"), ("http://", "not a host and port"), ("http://[::1", "not a host and port"),
        ("a b", "not an origin"), ("foo\nbar", "not an origin"), ("foo\x1b[31m", "not an origin"), ("", "empty"), (" , ", "empty"),
    ],
)  # fmt: skip
def test_bad_entry_is_named(entry: str, says: str) -> None:
    """A wrong entry is refused with a sentence that holds it, escaped."""
    with pytest.raises(ValueError, match=says) as raised:
        parse_origins(["loopback", entry] if entry.strip(" ,") else [entry])
    assert str(raised.value).isprintable()
    if entry.strip(" ,"):
        assert repr(entry) in str(raised.value)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No entry makes anything but a list or a ValueError, and no entry but `any` lets in a stranger."""
    try:
        origins = parse_origins([text])
    except ValueError:
        return
    assert origins.any or not origins.allows("https://stranger.of.example")


def test_policy_from_words() -> None:
    """The options' words make a policy; the defaults are those of the options."""
    assert PatchPolicy() == parse_policy()
    found = parse_policy(origins=["any"], preflight="answer", max_age_seconds=60)
    assert (found.origins.any, found.preflight, found.max_age_seconds) == (True, PreflightMode.ANSWER, 60)
    with pytest.raises(ValueError, match="'forward' is not one of fix, answer"):
        parse_policy(preflight="forward")
    with pytest.raises(ValueError, match="-1 is not between 0 and 86400"):
        parse_policy(max_age_seconds=-1)
