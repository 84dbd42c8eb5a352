"""WebKitGTK's MiniBrowser behind a proxy, on a screen of its own; its console comes on its standard output.

There is no WebDriver in between: under automation WebKitGTK 2.50 refuses the certificates of an intercepting proxy, whatever `acceptInsecureCerts` says.
So a page reports by itself what its script has to say.
"""

import os
import re
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec import Struct

from tests.browser.kit.processes import Program
from tests.browser.kit.stacked import Stacked, profile

BROWSERS = (
    "usr/lib*/*/webkit2gtk-4.*/MiniBrowser",
    "usr/lib*/webkit2gtk-4.*/MiniBrowser",
    "usr/lib*/*/webkitgtk-6.*/MiniBrowser",
)
OPTIONS = (
    "--ignore-tls-errors",
    "--cookies-policy=always",
    "--enable-itp=false",
    "--enable-write-console-messages-to-stdout=true",
)
XDG = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""Where a browser keeps things otherwise than under HOME."""
CONSOLE = re.compile(r"CONSOLE (?P<source>\S+) (?P<level>[A-Z]+) (?P<text>.*)")
"""https://github.com/WebKit/WebKit/blob/main/Source/JavaScriptCore/runtime/ConsoleClient.cpp"""


class NoWebKitError(RuntimeError):
    """A program is missing on this machine."""


class WebKitPrograms(Struct, frozen=True, kw_only=True):
    """What is needed to run WebKitGTK without a screen."""

    browser: str
    screen: str


def find_webkit() -> WebKitPrograms:
    """Return the paths of a MiniBrowser (CORSLENS_WEBKIT first) and of Xvfb.

    Raises: NoWebKitError, naming what is missing and the Debian package that has it.
    """
    given = os.environ.get("CORSLENS_WEBKIT")
    browser = given or next((str(path) for pattern in BROWSERS for path in sorted(Path("/").glob(pattern))), None)
    if browser is None:
        raise NoWebKitError(
            "no WebKitGTK found: install the package libwebkit2gtk-4.1-0, or name a MiniBrowser in CORSLENS_WEBKIT"
        )
    screen = shutil.which("Xvfb")
    if screen is None:
        raise NoWebKitError("no Xvfb found, without which WebKitGTK has no screen: install the package xvfb")
    return WebKitPrograms(browser=browser, screen=screen)


class WebKit(Stacked):
    """A screen on which pages can be opened. `async with` starts it, and stops whatever was opened on it.

    Args:
        proxy: HOST:PORT.
    """

    def __init__(self, *, proxy: str) -> None:
        self._proxy = proxy

    async def _start(self, stack: AsyncExitStack) -> None:
        self._programs = find_webkit()
        self._folder = profile(stack, "webkit")
        screen = Program([self._programs.screen, "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x600x24"])
        await stack.enter_async_context(screen)
        self._display = (await screen.line(r"^(\d+)$"))[1]

    def window(self, url: str) -> Program:
        """Return a browser for one page, with no cookies, caches and permissions from before: `async with` opens and closes it."""
        home = tempfile.mkdtemp(dir=self._folder)  # not --private: WebKit keeps what private pages do out of the console
        env = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", *XDG)
            },
            "DISPLAY": f":{self._display}",
            "GDK_BACKEND": "x11",
            "HOME": home,
            "XDG_RUNTIME_DIR": home,
            "TMPDIR": home,
            "NO_AT_BRIDGE": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        }
        return Program([self._programs.browser, *OPTIONS, f"--proxy=http://{self._proxy}", url], env=env)


def console_error(line: str) -> str | None:
    """Return the text of an error among the lines that a window printed, None if the line is no such."""
    found = CONSOLE.search(line)
    return None if found is None or found["level"] != "ERROR" else found["text"]
