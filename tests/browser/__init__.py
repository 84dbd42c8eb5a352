"""Tests with real browsers behind a real mitmproxy."""
