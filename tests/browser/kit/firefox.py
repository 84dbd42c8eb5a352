"""A headless Firefox behind a proxy, driven over Marionette.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
WebDriver BiDi would do for pages, but only Marionette's chrome context shows the category of a console message, which is the
reason's name (`CORSMissingAllowOrigin2`).
"""

import asyncio
import json
import os
import shutil
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.browser.kit.processes import Program
from tests.browser.kit.stacked import Stacked, profile
from tests.deadline import DEADLINE_SECONDS

NAMES = ("firefox-esr", "firefox")
PREFERENCES: dict[str, str | int | bool] = {
    "marionette.port": 0,
    "network.proxy.type": 1,
    # What the browser asks its maker goes past the proxy, and from there nowhere: all names lead to this machine.
    "network.proxy.no_proxies_on": ".mozilla.com, .mozilla.net, .mozilla.org, .firefox.com",
    "network.dns.forceResolve": "127.0.0.1",
    "network.proxy.allow_hijacking_localhost": True,
    "network.cookie.cookieBehavior": 4,
    # A page that was asked for by http must come by http, or the pairs under test change their origins.
    "dom.security.https_first": False,
    "dom.security.https_only_mode": False,
    "security.mixed_content.upgrade_display_content": False,
    # A dialog that nobody is there to close, when a page of this machine sends a form to another host.
    "security.warn_submit_secure_to_insecure": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "browser.region.network.url": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
}
BIDI_URL = "corslens-bidi-url"
"""The file in its profile that says where it is listened to over WebDriver BiDi."""
LISTEN = """
Services.corslensMessages = [];
Services.console.registerListener({
  observe(message) {
    if (!(message instanceof Ci.nsIScriptError)) return;
    Services.corslensMessages.push([message.microSecondTimeStamp / 1e6, message.category, message.errorMessage]);
  },
});
"""


class NoFirefoxError(RuntimeError):
    """There is no Firefox on this machine."""


class MarionetteError(RuntimeError):
    """The browser refused a command, or a script in the page threw."""


class Message(Struct, frozen=True, kw_only=True):
    """A message of the browser's console."""

    time: float
    """Epoch seconds."""
    category: str
    text: str


def find_firefox() -> str | None:
    """Return the path of a Firefox (CORSLENS_FIREFOX first), or None."""
    if given := os.environ.get("CORSLENS_FIREFOX"):
        return shutil.which(given)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Firefox(Stacked):
    """A browser with a new profile and one tab. `async with` starts and stops it.

    Args:
        proxy: HOST:PORT; None goes direct, and every name leads to this machine.
        folder: of its profile, for whoever listens to it over WebDriver BiDi, too; None makes one, and nobody can.
    """

    def __init__(self, *, proxy: str | None, folder: Path | None = None) -> None:
        self._proxy = proxy
        self._folder = folder
        self._ids = count(1)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def _start(self, stack: AsyncExitStack) -> None:
        path = find_firefox()
        if path is None:
            raise NoFirefoxError("no Firefox found: install the package firefox-esr, or name one in CORSLENS_FIREFOX")
        folder = self._folder or profile(stack, "firefox")
        self._write_preferences(folder)
        argv = [path, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", str(folder)]
        if self._folder is not None:
            argv.append("--remote-debugging-port=0")
        env = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
        program = await stack.enter_async_context(Program([*argv, "about:blank"], env=env))
        found = await program.line(r"Listening on port (\d+)|Marionette.*?:(\d+)")
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", int(found[1] or found[2]), limit=1 << 26)
        stack.callback(self._writer.close)
        await self._read()  # the server introduces itself
        listens = self._folder is not None
        wanted = {"acceptInsecureCerts": True, **({"webSocketUrl": True} if listens else {})}  # which may not be false
        session = await self.send("WebDriver:NewSession", wanted)
        if listens:  # there is one session, so whoever listens joins it
            (folder / BIDI_URL).write_text(session["capabilities"]["webSocketUrl"])
        await self.send("WebDriver:SetTimeouts", {"script": 600_000, "pageLoad": int(DEADLINE_SECONDS * 1_000)})
        await self.in_chrome(LISTEN)

    def _write_preferences(self, folder: Path) -> None:
        host, _, port = (self._proxy or "").partition(":")
        values: dict[str, str | int | bool] = {**PREFERENCES, **({} if host else {"network.proxy.type": 0})}
        for scheme in ("http", "ssl") if host else ():
            values |= {f"network.proxy.{scheme}": host, f"network.proxy.{scheme}_port": int(port)}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in values.items()]
        (folder / "user.js").write_text("\n".join(lines))

    async def version(self) -> str:
        """Return the product and its version."""
        return "Firefox/" + str(await self.in_chrome("return Services.appinfo.version;"))

    async def goto(self, url: str) -> None:
        """Load a URL and wait for the load event."""
        await self.send("WebDriver:Navigate", {"url": url})

    async def evaluate(self, script: str, *, seconds: float = DEADLINE_SECONDS) -> Any:
        """Run an expression in the page and return its value, awaiting a promise.

        Raises: MarionetteError when it throws; TimeoutError.
        """
        body = f"""const [done] = arguments;
            Promise.resolve().then(() => ({script})).then(value => done({{value}}), error => done({{error: String(error)}}));"""
        async with asyncio.timeout(seconds):
            reply = await self.send("WebDriver:ExecuteAsyncScript", {"script": body, "args": [], "sandbox": None})
        answer = reply["value"]
        if "error" in answer:
            raise MarionetteError(answer["error"])
        return answer["value"]

    async def in_chrome(self, script: str) -> Any:
        """Run a script with the browser's own rights and return its value."""
        try:
            await self.send("Marionette:SetContext", {"value": "chrome"})
            return (await self.send("WebDriver:ExecuteScript", {"script": script, "args": [], "sandbox": "system"}))["value"]
        finally:  # also when a timeout gave the switch itself up, whose answer then comes too late
            await self.send("Marionette:SetContext", {"value": "content"})

    async def await_in_chrome(self, script: str) -> Any:
        """Run the body of an async function with the browser's own rights and return its value. The browser is not asked meanwhile.

        Raises: MarionetteError when it throws.
        """
        body = f"""const done = arguments[arguments.length - 1];
            (async () => {{ {script} }})().then(value => done({{value}}), error => done({{error: String(error)}}));"""
        try:
            await self.send("Marionette:SetContext", {"value": "chrome"})
            reply = await self.send("WebDriver:ExecuteAsyncScript", {"script": body, "args": [], "sandbox": "system"})
        finally:
            await self.send("Marionette:SetContext", {"value": "content"})
        answer = reply["value"]
        if "error" in answer:
            raise MarionetteError(answer["error"])
        return answer.get("value")

    async def messages(self) -> list[Message]:
        """Return the console's messages so far, and forget them."""
        raw = await self.in_chrome("return Services.corslensMessages.splice(0);")
        return [Message(time=time, category=category, text=text) for time, category, text in raw]

    async def send(self, command: str, parameters: dict[str, Any]) -> Any:
        """Run a Marionette command and return its result.

        Raises: MarionetteError.
        """
        assert self._writer is not None
        number = next(self._ids)
        data = json.dumps([0, number, command, parameters]).encode()
        self._writer.write(f"{len(data)}:".encode() + data)
        await self._writer.drain()
        while True:
            reply = await self._read()
            if reply[1] == number:  # that of a command given up by a timeout is passed over
                break
        if reply[2] is not None:
            raise MarionetteError(f"{command}: {reply[2].get('error')}: {reply[2].get('message')}")
        return reply[3]

    async def _read(self) -> Any:
        assert self._reader is not None
        length = await self._reader.readuntil(b":")
        return json.loads(await self._reader.readexactly(int(length[:-1])))
