"""Origins of apps and extensions are told from web pages' and from slips of the keyboard."""

import pytest
from corslens.fetch.app_origins import App, app_of, is_app_origin, is_known_app_origin


@pytest.mark.parametrize(
    ("origin", "app"),
    [
        ("chrome-extension://abcdefghijklmnopabcdefghijklmnop", App.EXTENSION),
        ("moz-extension://3c1f6f2e-0f0e-4a0b-9a0e-000000000000", App.EXTENSION),
        ("safari-web-extension://3C1F6F2E-0F0E", App.EXTENSION),
        ("capacitor://localhost", App.CAPACITOR),
        ("ionic://localhost", App.CAPACITOR),
        ("tauri://localhost", App.TAURI),
        ("https://tauri.localhost", App.TAURI),
        ("app://bundle", App.ELECTRON),
        ("vscode-webview://0f3k", App.EDITOR),
        ("file://", App.FILE),
        ("myapp://host:1", App.OTHER),
        ("https://app.example", None),
        ("null", None),
        ("*", None),
        ("capacitor://localhost/", None),
        ("javascript://x", None),
        ("a b://c", None),
        ("", None),
    ],
)
def test_whose_origin_it_is(origin: str, app: App | None) -> None:
    assert app_of(origin) is app


def test_a_slip_is_no_known_scheme() -> None:
    assert is_app_origin("htps://app.example") and not is_known_app_origin("htps://app.example")
    assert is_known_app_origin("capacitor://localhost")
