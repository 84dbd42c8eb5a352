"""Fixtures of the browser tests: one Chromium and one mitmdump a session, all on one event loop.

Without a browser these tests are skipped, unless CORSLENS_REQUIRE_BROWSER=1 (as in CI) makes that a failure.
"""

import os
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.kit.chromium import Chromium, Tabs, find_chromium
from tests.browser.kit.firefox import find_firefox
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the async tests of this folder on the session's loop, on which the fixtures live."""
    on_session_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if "tests/browser/" in item.nodeid and isinstance(item, pytest.Function) and pytest_asyncio.is_async_test(item):
            item.add_marker(on_session_loop, append=False)


def need(name: str, path: str | None) -> str:
    """Return the browser's path; without one skip the test, or fail it where browsers are compulsory."""
    if path is not None:
        return path
    if os.environ.get("CORSLENS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"CORSLENS_REQUIRE_BROWSER=1, but there is no {name} on this machine")
    pytest.skip(f"no {name} on this machine")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of Chromium, for tests that need it."""
    return need("Chromium", find_chromium())


@pytest.fixture(scope="session")
def other_address() -> str:
    """An address of this machine that is none of the loopback interface, as another machine's would be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # sends nothing; it only finds out which address would be used
        except OSError:
            pytest.skip("this machine has no address but the loopback ones")
        return str(probe.getsockname()[0])


@pytest.fixture(scope="session")
def firefox_path() -> str:
    """The path of Firefox, for tests that need it."""
    return need("Firefox", find_firefox())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mitm() -> AsyncIterator[Mitm]:
    """A mitmdump with the addon and default options; its log is shared by all tests, so look for your own URLs in it."""
    async with Mitm() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(chromium_path: str) -> AsyncIterator[Chromium]:
    """The Chromium of all tests that need no flags of their own; `behind()` gives tabs behind a test's proxy."""
    async with Chromium(proxy=None) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(shared: Chromium, mitm: Mitm) -> AsyncIterator[Tabs]:
    """Tabs behind `mitm`."""
    async with shared.behind(mitm.address) as tabs:
        yield tabs


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Tabs) -> AsyncIterator[Page]:
    """A tab of its own behind `mitm`."""
    tab = await chromium.page()
    yield tab
    await tab.close()
