"""What holds for all tests."""

import signal
from collections.abc import Iterator

import hypothesis
import pytest
from corslens.mitm import garbage
from corslens.observation.redaction import show_values

from tests.browser.kit import forked, mitmdump

mitmdump.FORKS = forked.AVAILABLE

# What is there, in this process, are thousands of tests: to look through them takes longer than the session of a test.
garbage.keep_what_is_there = lambda: None

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell starts in the background ignores Ctrl-C, and so would all programs that tests start, and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline in milliseconds fails when the machine is busy, and says nothing of the code.
hypothesis.settings.register_profile("corslens", deadline=None)
hypothesis.settings.load_profile("corslens")

SLOW_FOLDERS = ("tests/hostile/",)
"""Stress on purpose, whichever test it is."""


@pytest.fixture(autouse=True)
def _values_are_not_shown() -> Iterator[None]:
    """What the user of a process chose holds for all of it, and here one process runs many tests; one may fail midway."""
    yield
    show_values(False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what a folder's purpose makes slow, before `-m` chooses; then let the files begin first that take long.

    So no worker ends long after the others.
    """
    for item in items:
        if item.nodeid.startswith(SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
    yield
    weights: dict[str, int] = {}
    for item in items:
        weight = 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("slow") else 0
        file = item.nodeid.partition("::")[0]
        weights[file] = max(weight, weights.get(file, 0))
    items.sort(key=lambda item: -weights[item.nodeid.partition("::")[0]])
