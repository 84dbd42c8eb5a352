"""The three browser engines."""

from enum import StrEnum


class Engine(StrEnum):
    """A browser engine, by the name under which options, logs and reports know it."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    WEBKIT = "webkit"

    @property
    def label(self) -> str:
        """The name for people."""
        return _LABELS[self]


_LABELS = {Engine.CHROMIUM: "Chromium", Engine.FIREFOX: "Firefox", Engine.WEBKIT: "WebKit"}
