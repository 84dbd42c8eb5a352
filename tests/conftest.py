"""What holds for all tests."""

import hypothesis
import pytest

# A deadline in milliseconds fails when the machine is busy, and says nothing of the code.
hypothesis.settings.register_profile("corslens", deadline=None)
hypothesis.settings.load_profile("corslens")

SLOW_FOLDERS = ("tests/hostile/",)
"""Stress on purpose, whichever test it is."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a folder's purpose makes slow."""
    for item in items:
        if item.nodeid.startswith(SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
