"""Fixtures of the server tests: one proxy, one browser, and for each server a trial that the tests then look at.

A server whose programs are not on this machine is skipped, unless CORSLENS_REQUIRE_SERVERS names it (comma-separated);
with CORSLENS_ONLY_SERVERS the others are not looked at.
CORSLENS_SERVER_TABLE names a JSON file to which the outcomes are written, for the table in docs/server-settings.md.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.mitmdump import Mitm, free_port
from tests.browser.kit.servers import Server, fixed
from tests.servers.drivers.driver import Driver
from tests.servers.drivers.table import DRIVERS
from tests.servers.trial import Trial, World, hold_trial, upstream_app

_outcomes: dict[str, dict[str, bool]] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark that ties a test to a column of the table."""
    config.addinivalue_line("markers", "criterion(name): the column of the table of servers that a test stands for")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the async tests of this folder on the session's loop, on which the fixtures live."""
    on_session_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if "tests/servers/" in item.nodeid and isinstance(item, pytest.Function) and "trial" in item.fixturenames:
            item.add_marker(on_session_loop, append=False)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what became of each criterion of each server."""
    criterion = dict(report.user_properties).get("criterion")
    if criterion is not None and (report.when == "call" or report.failed):
        server = str(dict(report.user_properties)["server"])
        _outcomes.setdefault(server, {})[str(criterion)] = report.passed


def pytest_sessionfinish() -> None:
    """Write the outcomes where the table in docs/server-settings.md is made."""
    path = os.environ.get("CORSLENS_SERVER_TABLE")
    if path and _outcomes:
        Path(path).write_text(json.dumps(_outcomes, indent=1))


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


def _names(variable: str) -> list[str]:
    return [name for name in os.environ.get(variable, "").split(",") if name]


def chosen_drivers() -> list[Driver]:
    """Return the servers that this run is about."""
    only = _names("CORSLENS_ONLY_SERVERS")
    return [driver for driver in DRIVERS if not only or driver.name in only]


def skip_or_fail_without(driver: Driver) -> None:
    """Skip the test when this machine cannot run the server, or fail it where the server is compulsory."""
    if missing := driver.missing():
        if driver.name in _names("CORSLENS_REQUIRE_SERVERS"):
            pytest.fail(f"{driver.name} is required here, and this machine lacks {', '.join(missing)}")
        pytest.skip(f"not on this machine: {', '.join(missing)}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A proxy that knows every host, a browser behind it, pages of two sites, and the application behind the reverse proxies."""
    if find_chromium() is None:
        if os.environ.get("CORSLENS_REQUIRE_BROWSER") == "1":
            pytest.fail("CORSLENS_REQUIRE_BROWSER=1, but there is no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    folder = tmp_path_factory.mktemp("servers")
    ports = dict(zip((driver.name for driver in DRIVERS), free_ports(len(DRIVERS)), strict=True))
    flows = folder / "flows.mitm"
    async with AsyncExitStack() as stack:
        pages = await stack.enter_async_context(
            Server(default=fixed(200, {"Content-Type": "text/html"}, "<!doctype html><title>page</title>"))
        )
        upstream = await stack.enter_async_context(Server(default=upstream_app))
        routes = {"*": (pages.port, pages.port)}
        routes |= {f"api.{name}.test": (port, port) for name, port in ports.items()}
        mitm = await stack.enter_async_context(
            Mitm(
                options={"flow_writer_file": str(flows)},
                routes=routes,
                scripts=[Path(__file__).with_name("flow_writer.py")],
            )
        )
        chromium = await stack.enter_async_context(Chromium(proxy=mitm.address))
        yield World(chromium=chromium, folder=folder, flows=flows, ports=ports, upstream=upstream.port)


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=chosen_drivers(), ids=lambda driver: driver.name)
async def trial(request: pytest.FixtureRequest, world: World) -> Trial:
    """One server, asked without settings, given settings, and asked again."""
    driver: Driver = request.param
    skip_or_fail_without(driver)
    return await hold_trial(world, driver)


@pytest.fixture(autouse=True)
def _remember(request: pytest.FixtureRequest) -> None:
    mark = request.node.get_closest_marker("criterion")
    if mark is not None:
        request.node.user_properties += [("criterion", mark.args[0]), ("server", request.node.callspec.params["trial"].name)]
