"""Origins that are no web page's: of apps, extensions and editors, whose pages have a scheme of their own.

To the URL standard their origin is opaque, yet each of these programs sends it in Origin, and compares Access-Control-Allow-Origin
with it byte for byte: seen in captures. So to a server it is an origin like any other.
"""

import re
from enum import StrEnum

from corslens.bounded_cache import bounded_cache

_APP_ORIGIN = re.compile(r"(?!(?:https?|wss?|ftp|data|blob|about|javascript):)[a-z][a-z0-9+.-]*://[A-Za-z0-9._-]+(?::[0-9]+)?")
"""A scheme and a host with nothing in them that a header or a configuration would have to quote."""
_FILE = "file://"


class App(StrEnum):
    """What kind of program has pages of such an origin."""

    EXTENSION = "extension"
    """A browser extension. With a host permission its requests are exempt from CORS, https://developer.chrome.com/docs/extensions/develop/concepts/network-requests"""
    CAPACITOR = "capacitor"
    """Capacitor or Ionic on iOS; on Android its pages have `https://localhost` or `http://localhost`, https://capacitorjs.com/docs/config"""
    TAURI = "tauri"
    """On macOS, iOS and Linux; on Windows and Android `http(s)://tauri.localhost`, https://v2.tauri.app/reference/config/#usehttpsscheme"""
    ELECTRON = "electron"
    """A protocol of an Electron app's own, https://www.electronjs.org/docs/latest/api/protocol"""
    EDITOR = "editor"
    """A webview of Visual Studio Code, https://code.visualstudio.com/api/extension-guides/webview"""
    FILE = "file"
    """A local file, as old Electron, Cordova and Android WebViews send it; browsers send `null`."""
    OTHER = "other"


_BY_SCHEME = {
    "app": App.ELECTRON,
    "capacitor": App.CAPACITOR,
    "chrome-extension": App.EXTENSION,
    "electron": App.ELECTRON,
    "extension": App.EXTENSION,
    "file": App.FILE,
    "ionic": App.CAPACITOR,
    "moz-extension": App.EXTENSION,
    "ms-browser-extension": App.EXTENSION,
    "safari-extension": App.EXTENSION,
    "safari-web-extension": App.EXTENSION,
    "tauri": App.TAURI,
    "vscode-file": App.EDITOR,
    "vscode-webview": App.EDITOR,
}


@bounded_cache(1024)
def is_app_origin(text: str) -> bool:
    """Say whether the text has the form of such an origin, whoever has that scheme."""
    return _APP_ORIGIN.fullmatch(text) is not None


@bounded_cache(1024)
def app_of(origin: str) -> App | None:
    """Return what kind of program an Origin header's value belongs to, None for a web page's."""
    if origin.startswith(("http://tauri.localhost", "https://tauri.localhost")):
        return App.TAURI
    if origin == _FILE:
        return App.FILE
    if not is_app_origin(origin):
        return None
    return _BY_SCHEME.get(origin.partition(":")[0], App.OTHER)


def is_known_app_origin(text: str) -> bool:
    """Say whether it is one of a scheme that such programs are known to use, so that no slip of the keyboard is taken for one."""
    return text == _FILE or (is_app_origin(text) and text.partition(":")[0] in _BY_SCHEME)
