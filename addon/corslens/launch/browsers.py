"""Which browsers there are, and where: a table for each system."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class BrowserFamily(StrEnum):
    """How a browser is started."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"


class Browser(Struct, frozen=True, kw_only=True):
    """A browser, and where each system has it."""

    name: str
    family: BrowserFamily
    linux: tuple[str, ...]
    """Commands."""
    macos: tuple[str, ...]
    """Below /Applications, or the same folder of the user."""
    windows: tuple[str, ...]
    """Below %ProgramFiles%, %ProgramFiles(x86)%, or %LocalAppData%."""


class Found(Struct, frozen=True, kw_only=True):
    """A browser on this machine."""

    name: str
    family: BrowserFamily
    path: str


BROWSERS = (
    Browser(
        name="chrome",
        family=BrowserFamily.CHROMIUM,
        linux=("google-chrome", "google-chrome-stable"),
        macos=("Google Chrome.app/Contents/MacOS/Google Chrome",),
        windows=("Google/Chrome/Application/chrome.exe",),
    ),
    Browser(
        name="chromium",
        family=BrowserFamily.CHROMIUM,
        linux=("chromium", "chromium-browser"),
        macos=("Chromium.app/Contents/MacOS/Chromium",),
        windows=("Chromium/Application/chrome.exe",),
    ),
    Browser(
        name="edge",
        family=BrowserFamily.CHROMIUM,
        linux=("microsoft-edge", "microsoft-edge-stable"),
        macos=("Microsoft Edge.app/Contents/MacOS/Microsoft Edge",),
        windows=("Microsoft/Edge/Application/msedge.exe",),
    ),
    Browser(
        name="brave",
        family=BrowserFamily.CHROMIUM,
        linux=("brave-browser", "brave"),
        macos=("Brave Browser.app/Contents/MacOS/Brave Browser",),
        windows=("BraveSoftware/Brave-Browser/Application/brave.exe",),
    ),
    Browser(
        name="firefox",
        family=BrowserFamily.FIREFOX,
        linux=("firefox", "firefox-esr"),
        macos=("Firefox.app/Contents/MacOS/firefox",),
        windows=("Mozilla Firefox/firefox.exe",),
    ),
)
"""In the order in which one is chosen."""

NAMES = tuple(browser.name for browser in BROWSERS)

type Which = Callable[[str], str | None]


def find(
    name: str | None = None,
    *,
    platform: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    which: Which = shutil.which,
) -> Found | None:
    """Return the browser of this name, or the first one that is there; None when there is none.

    Args:
        platform: as in `sys.platform`.
        which: finds the path of an executable file by its name or path.
    """
    for browser in BROWSERS:
        if name in (None, browser.name):
            for place in _places(browser, platform, environment):
                if path := which(place):
                    return Found(name=browser.name, family=browser.family, path=path)
    return None


def _places(browser: Browser, platform: str, environment: Mapping[str, str]) -> list[str]:
    if platform == "darwin":
        folders = ["/Applications", f"{environment.get('HOME', '~')}/Applications"]
        return [f"{folder}/{path}" for folder in folders for path in browser.macos]
    if platform == "win32":
        variables = ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")
        folders = [
            folder for variable in variables if (folder := environment.get(variable) or environment.get(variable.upper()))
        ]
        return [str(Path(folder) / path) for folder in folders for path in browser.windows]
    return list(browser.linux)
