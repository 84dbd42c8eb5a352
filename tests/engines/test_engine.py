"""Engines have a name for options and one for people."""

from corslens.engines.engine import Engine


def test_labels() -> None:
    assert [engine.label for engine in Engine] == ["Chromium", "Firefox", "WebKit"]
    assert [str(engine) for engine in Engine] == ["chromium", "firefox", "webkit"]
