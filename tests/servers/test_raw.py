"""What a browser cannot show: hostile names and several policies in the configuration of the real servers, asked by raw requests."""

import asyncio
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from corslens.advice import Item, Policy, server_named
from corslens.advice.settings import write
from corslens.advice.table import server_of
from corslens.fetch.constants import canonical_name
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.lint.rules.loader import bundled_products

from tests.browser.kit.servers import Server
from tests.deadline import DEADLINE_SECONDS
from tests.servers.conftest import chosen_drivers, free_ports, skip_or_fail_without
from tests.servers.drivers.driver import Driver
from tests.servers.trial import upstream_app

pytestmark = pytest.mark.servers

PAGE, OTHER = "http://app.example.test", "http://other.example.test"
HOSTILE = "x-!#$%&'*+.^_`|~"
"""Every character that a header name may have besides letters, digits and the hyphen."""

each_server = pytest.mark.parametrize("driver", chosen_drivers(), ids=lambda driver: driver.name)


def items(*values: str) -> tuple[Item, ...]:
    """Items without evidence."""
    return tuple(Item(value=value, because="of a test") for value in values)


def policy(**fields: object) -> Policy:
    """A policy for a page at PAGE."""
    return Policy(
        **{"api": "http://api.example.test", "origins": items(PAGE), "methods": items("GET", "PUT"), **fields}  # type: ignore[arg-type]  # fields are the caller's
    )


@asynccontextmanager
async def serving(driver: Driver, folder: Path, *policies: Policy) -> AsyncIterator[int]:
    """Start the server with settings for these policies; yields its port."""
    skip_or_fail_without(driver)
    (port,) = free_ports(1)
    async with Server(default=upstream_app) as upstream:
        advice = write(server_named(driver.name), policies)
        async with driver.running(folder / driver.name, port, upstream.port, advice):
            yield port


async def head(port: int, method: str, path: str, **headers: str) -> Response:
    """Return the head of the response; `_` in a name stands for a hyphen."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}

    def send() -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, path, headers=lines)
            response = connection.getresponse()
            response.read()
            return Response(status=response.status, headers=HeaderList(response.getheaders()))
        finally:
            connection.close()

    return await asyncio.to_thread(send)


async def ask(port: int, method: str, path: str, **headers: str) -> dict[str, str]:
    """Return the response's headers by lower-case name, repeats joined."""
    response = await head(port, method, path, **headers)
    return {name: response.headers.get(name) or "" for name in response.headers.names.ordered}


@each_server
async def test_a_hostile_name_comes_out_as_it_went_in(driver: Driver, tmp_path: Path) -> None:
    """The server starts, and allows exactly that header; where the language cannot write it, it is left out and the rest works."""
    wanted = policy(request_headers=items(HOSTILE, "x-good"))
    writable = HOSTILE.upper() in write(server_named(driver.name), [wanted]).text.upper().replace("%%", "%").replace("\\", "")
    asked = f"{HOSTILE},x-good" if writable else "x-good"
    async with serving(driver, tmp_path, wanted) as port:
        answer = await ask(
            port, "OPTIONS", "/items", Origin=PAGE, Access_Control_Request_Method="PUT", Access_Control_Request_Headers=asked
        )
    allowed = {name.strip().lower() for name in answer.get("access-control-allow-headers", "").split(",")}
    assert {name.lower() for name in asked.split(",")} <= allowed
    assert answer.get("access-control-allow-origin") == PAGE
    assert allowed <= {HOSTILE, "x-good", "accept", "accept-language", "content-language", "content-type"}


@each_server
async def test_needing_no_headers_allows_none(driver: Driver, tmp_path: Path) -> None:
    """Several libraries take an empty list for "whatever is asked"."""
    async with serving(driver, tmp_path, policy()) as port:
        answer = await ask(
            port, "OPTIONS", "/items", Origin=PAGE, Access_Control_Request_Method="PUT", Access_Control_Request_Headers="x-evil"
        )
    assert "x-evil" not in answer.get("access-control-allow-headers", "").lower()
    assert "access-control-allow-credentials" not in answer


@each_server
async def test_paths_have_their_own_policies(driver: Driver, tmp_path: Path) -> None:
    """One group allows credentials to one origin, the other has neither; and each page keeps to its own."""
    server = server_named(driver.name)
    if not server.by_path:
        pytest.skip(f"{server.title} has one policy for all paths")
    private = policy(paths=("/items",), credentials=items("true")[0])
    public = policy(paths=("/boom",), origins=items(OTHER))
    async with serving(driver, tmp_path, private, public) as port:
        cookie = {"Cookie": "session=of-a-test"}
        answers = {
            (origin, path): await ask(port, "GET", path, Origin=origin, **cookie)
            for origin in (PAGE, OTHER)
            for path in ("/items", "/boom")
        }
        preflight = await ask(port, "OPTIONS", "/items", Origin=PAGE, Access_Control_Request_Method="PUT")
    granted = {key: answer.get("access-control-allow-origin") for key, answer in answers.items()}
    assert granted == {
        (PAGE, "/items"): PAGE,
        (PAGE, "/boom"): None,
        (OTHER, "/items"): None,
        (OTHER, "/boom"): OTHER,
    }
    assert answers[PAGE, "/items"].get("access-control-allow-credentials") == "true"
    assert "access-control-allow-credentials" not in answers[OTHER, "/boom"]
    assert (
        preflight.get("access-control-allow-origin"),
        "PUT" in preflight.get("access-control-allow-methods", ""),
    ) == (PAGE, True)
    assert canonical_name("origin") in {token.strip().title() for token in answers[OTHER, "/boom"].get("vary", "").split(",")}


REFUSALS = {
    "fastapi": {"starlette-refuses-preflight"},
    "aiohttp": {"aiohttp-cors-refuses-preflight"},
}
"""Of a preflight from an origin that is not listed; the other servers answer without CORS headers and say nothing of it."""
REFUSED_BY_LIBRARY = {
    "starlette-refuses-preflight",
    "aiohttp-cors-refuses-preflight",
    "spring-invalid-cors-request",
    "actix-cors-refuses-request",
}
UNMARKED = {"koa", "haproxy", "go-rs-cors", "django"}
"""Servers that leave no mark on their responses; Django's is that of SecurityMiddleware, which the driver does without."""


@each_server
async def test_the_server_is_recognised_by_its_answers(driver: Driver, tmp_path: Path) -> None:
    """By its mark on an ordinary answer, and by the form of its refusal of a stranger's preflight; never taken for another one's refusal."""
    async with serving(driver, tmp_path, policy(request_headers=items("x-good"))) as port:
        ordinary = await head(port, "GET", "/items", Cookie="session=of-a-test")
        refused = await head(port, "OPTIONS", "/items", Origin=OTHER, Access_Control_Request_Method="PUT")
        hollow = await head(port, "OPTIONS", "/items", Origin=PAGE)
    catalog = bundled_products()
    marks = {
        server_of(product.id) for product in catalog.of(Request(method="GET", url=f"http://127.0.0.1:{port}/items"), ordinary)
    }
    assert (server_named(driver.name) in marks) is (
        driver.name not in UNMARKED | {"apache"}
    )  # Apache keeps the upstream's Server

    def own(answered: Response) -> set[str]:
        asked = Request(method="OPTIONS", url=f"http://127.0.0.1:{port}/items")
        return {one.id for _, one in catalog.own_responses(asked, answered)}

    assert own(refused) & REFUSED_BY_LIBRARY == REFUSALS.get(driver.name, set())
    assert ("fastify-strict-preflight" in own(hollow)) is (driver.name == "fastify")
