"""Screens of other sizes and colours, and the keyboard."""

import base64

from tests.browser.kit.page import Page

KEYS = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "Escape": 27, "j": 74, "k": 75, "/": 191, "?": 191}


async def resize(page: Page, width: int, height: int, *, scale: float = 1) -> None:
    """Give the tab a screen of this size in CSS pixels."""
    await page.send(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    )


async def prefer(page: Page, scheme: str) -> None:
    """Let the reader prefer `light` or `dark`."""
    await page.send("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


async def press(page: Page, key: str) -> None:
    """Press and release a key."""
    text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
    common = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
    await page.send("Input.dispatchKeyEvent", {"type": "keyDown", **common, **text})
    await page.send("Input.dispatchKeyEvent", {"type": "keyUp", **common})


async def picture(page: Page) -> bytes:
    """Return what is on the screen, as PNG."""
    return base64.b64decode((await page.send("Page.captureScreenshot", {"format": "png"}))["data"])


async def overflow(page: Page) -> int:
    """Return how many pixels of the page stick out to the right of the screen."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
