"""Where browsers are, on each system."""

import pytest
from corslens.launch.browsers import BROWSERS, NAMES, BrowserFamily, find

WINDOWS = {
    "ProgramFiles": "C:/Program Files",
    "ProgramFiles(x86)": "C:/Program Files (x86)",
    "LocalAppData": "C:/Users/a/Local",
}


@pytest.mark.parametrize(
    ("platform", "name", "path"),
    [
        ("linux", "chrome", "google-chrome-stable"),
        ("linux", "edge", "microsoft-edge"),
        ("linux", "firefox", "firefox-esr"),
        ("darwin", "chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
        ("darwin", "brave", "/home/a/Applications/Brave Browser.app/Contents/MacOS/Brave Browser"),
        ("darwin", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
        ("win32", "edge", "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe"),
        ("win32", "chrome", "C:/Users/a/Local/Google/Chrome/Application/chrome.exe"),
        ("win32", "firefox", "C:/Program Files/Mozilla Firefox/firefox.exe"),
    ],
)
def test_each_system_has_its_places(platform, name, path):
    """The one file that is there is found, by its name and as the first of all."""
    environment = {"HOME": "/home/a", **(WINDOWS if platform == "win32" else {})}
    for asked in (name, None):
        found = find(asked, platform=platform, environment=environment, which={path: path}.get)
        assert found is not None
        assert (found.name, found.path) == (name, path)
        assert found.family is (BrowserFamily.FIREFOX if name == "firefox" else BrowserFamily.CHROMIUM)


def test_none_is_there():
    """None, whether one was named or not."""
    assert [find(name, which=lambda path: None) for name in (None, *NAMES)] == [None] * (1 + len(BROWSERS))


def test_names_are_unique():
    """An option's choices."""
    assert len(set(NAMES)) == len(BROWSERS) == 5
