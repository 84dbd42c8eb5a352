"""A headless Chromium behind a proxy, driven over the DevTools protocol."""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from tests.browser.kit.devtools import DevTools
from tests.browser.kit.page import Page
from tests.browser.kit.processes import Program
from tests.browser.kit.stacked import Stacked, profile

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BYPASS = "<-loopback>;*.google.com;*.googleapis.com;*.gvt1.com"
"""Through the proxy goes loopback too; what the browser asks its maker goes nowhere at all."""
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
    f"--proxy-bypass-list={BYPASS}",
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


class Tabs:
    """What a browser's tabs have in common: the proxy. `page()` opens one.

    `async with` closes all of them: what a page does after its proxy is gone costs every test that comes later.
    """

    def __init__(self, devtools: DevTools, proxy: str | None) -> None:
        self.devtools = devtools
        self._proxy = proxy
        self._pages: list[Page] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for page in self._pages:
            await page.close()

    async def page(self) -> Page:
        """Open a tab in a context of its own: no cookies, no caches shared with other tabs. Close it with `close()`."""
        through = {"proxyServer": self._proxy, "proxyBypassList": BYPASS} if self._proxy else {}
        context = (await self.devtools.send("Target.createBrowserContext", {"disposeOnDetach": True, **through}))[
            "browserContextId"
        ]
        target = (await self.devtools.send("Target.createTarget", {"url": "about:blank", "browserContextId": context}))[
            "targetId"
        ]
        session = (await self.devtools.send("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        page = Page(self.devtools, target=target, session=session, context=context)
        self._pages.append(page)
        await page.start()
        return page


class Chromium(Stacked):
    """A browser with a new profile. `async with` starts and stops it; `page()` opens a tab.

    Args:
        proxy: HOST:PORT, for the tabs that `page()` opens; None goes direct.
        ignore_certificate_errors: for a proxy that intercepts TLS with a CA of its own.
    """

    def __init__(self, *, proxy: str | None, ignore_certificate_errors: bool = True, flags: Iterable[str] = ()) -> None:
        self._proxy = proxy
        self._flags = [*FLAGS, *flags]
        if ignore_certificate_errors:
            self._flags.append("--ignore-certificate-errors")
        self._tabs: Tabs | None = None

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
        self._tabs = Tabs(await stack.enter_async_context(DevTools(found[1])), None)

    @property
    def _own(self) -> Tabs:
        assert self._tabs is not None
        return self._tabs

    @property
    def devtools(self) -> DevTools:
        """The connection, for commands that `Page` has no method for."""
        return self._own.devtools

    async def version(self) -> str:
        """Return the product and its version, `Chrome/1.2.3.4`."""
        return str((await self.devtools.send("Browser.getVersion"))["product"])

    async def page(self) -> Page:
        """Open a tab behind the browser's own proxy."""
        return await self._own.page()

    def behind(self, proxy: str | None) -> Tabs:
        """Return tabs behind a proxy of their own (HOST:PORT; None for the browser's): quicker than another browser."""
        return Tabs(self.devtools, proxy)
