"""A headless Chromium behind a proxy, driven over the DevTools protocol."""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AsyncExitStack

from tests.browser.kit.devtools import DevTools
from tests.browser.kit.page import Page
from tests.browser.kit.processes import Program
from tests.browser.kit.stacked import Stacked, profile

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--mute-audio",
    "--password-store=basic",
    # A page that was asked for by http must come by http, or the pairs under test change their origins.
    # A sandboxed frame in a process of its own is not held back until DevTools listens to it, and its first requests were missed.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,IsolateSandboxedIframes,OptimizationHints,MediaRouter",
    # Through the proxy goes loopback too; what the browser asks its maker goes nowhere at all.
    "--proxy-bypass-list=<-loopback>;*.google.com;*.googleapis.com;*.gvt1.com",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
    "--remote-debugging-port=0",
)
PREFERENCES = {
    # Debian's build blocks third-party cookies; the exchanges with them are half of what is tested.
    "profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False},
}


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome (CORSLENS_CHROMIUM first), or None."""
    if given := os.environ.get("CORSLENS_CHROMIUM"):
        return shutil.which(given)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class NoChromiumError(RuntimeError):
    """There is no Chromium on this machine."""


class Chromium(Stacked):
    """A browser with a new profile. `async with` starts and stops it; `page()` opens a tab.

    Args:
        proxy: HOST:PORT; None goes direct.
        ignore_certificate_errors: for a proxy that intercepts TLS with a CA of its own.
    """

    def __init__(self, *, proxy: str | None, ignore_certificate_errors: bool = True, flags: Iterable[str] = ()) -> None:
        self._proxy = proxy
        self._flags = [*FLAGS, *flags]
        if ignore_certificate_errors:
            self._flags.append("--ignore-certificate-errors")
        self._devtools: DevTools | None = None

    async def _start(self, stack: AsyncExitStack) -> None:
        path = find_chromium()
        if path is None:
            raise NoChromiumError("no Chromium found: install the package chromium, or name one in CORSLENS_CHROMIUM")
        folder = profile(stack, "chromium")
        preferences = folder / "Default" / "Preferences"
        preferences.parent.mkdir()
        preferences.write_text(json.dumps(PREFERENCES))
        proxy = [f"--proxy-server={self._proxy}"] if self._proxy else []
        program = Program(
            [path, *self._flags, *proxy, f"--user-data-dir={folder}", "about:blank"],
            env={**os.environ, "TMPDIR": str(folder)},  # its own temporary files go away with the profile
        )
        await stack.enter_async_context(program)
        found = await program.line(r"DevTools listening on (ws://\S+)")
        self._devtools = await stack.enter_async_context(DevTools(found[1]))

    @property
    def devtools(self) -> DevTools:
        """The connection, for commands that `Page` has no method for."""
        assert self._devtools is not None
        return self._devtools

    async def version(self) -> str:
        """Return the product and its version, `Chrome/1.2.3.4`."""
        return str((await self.devtools.send("Browser.getVersion"))["product"])

    async def page(self) -> Page:
        """Open a tab in a context of its own: no cookies, no caches shared with other tabs. Close it with `close()`."""
        context = (await self.devtools.send("Target.createBrowserContext", {"disposeOnDetach": True}))["browserContextId"]
        target = (await self.devtools.send("Target.createTarget", {"url": "about:blank", "browserContextId": context}))[
            "targetId"
        ]
        session = (await self.devtools.send("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        page = Page(self.devtools, target=target, session=session, context=context)
        await page.start()
        return page
