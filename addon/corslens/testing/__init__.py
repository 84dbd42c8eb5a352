"""Helpers for test suites: what an app allows, without a browser; and the proxy in a thread, with what it saw.

    from corslens.testing import cors, watch

    cors.allows(app, "https://app.example", "PUT", "/me", headers={"Content-Type": "application/json"}, credentials=True)
    cors.refuses_everyone_but(app, ["https://app.example"], url="/me")

    with watch() as lens:
        browser = playwright.chromium.launch(proxy=lens.playwright)
        …
        lens.expect_no_problems()

In pytest the fixture `cors` is the same, with what is found in a report (corslens.pytest_plugin).
The names below are imported when they are first used: assertions do not wait for mitmproxy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corslens.testing.assertions import Cors as Cors
    from corslens.testing.assertions import cors as cors
    from corslens.testing.watching import Lens as Lens
    from corslens.testing.watching import PlaywrightProxy as PlaywrightProxy
    from corslens.testing.watching import ProxyError as ProxyError
    from corslens.testing.watching import watch as watch

_HOMES = {
    "Cors": "corslens.testing.assertions",
    "Lens": "corslens.testing.watching",
    "PlaywrightProxy": "corslens.testing.watching",
    "ProxyError": "corslens.testing.watching",
    "cors": "corslens.testing.assertions",
    "watch": "corslens.testing.watching",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
