"""What a page does: the requests, and what a real server answered to them, as exchanges."""

from collections.abc import Callable
from enum import StrEnum

from corslens.fetch.messages import HeaderLine, HeaderList, Request, Response
from corslens.lint.rules.sample import Sample, Step
from corslens.observation.exchange import Exchange

ORIGIN = "https://app.example"
API = "https://api.example"

type Answer = tuple[int, list[HeaderLine]]
type Send = Callable[[Request], Answer]
"""Hands a request to a server and returns status and header lines as they would be on the wire."""


class Policy(StrEnum):
    """What a server is told to allow."""

    LISTED = "listed"
    """Two origins by name, with credentials, PUT and DELETE, two headers; one header is exposed; preflights are kept for ten minutes."""
    PUBLIC = "public"
    """Everybody, without credentials."""


def _step(method: str, path: str, *, credentials: bool, **headers: str) -> Step:
    request = {name.replace("_", "-"): value for name, value in headers.items()}
    if credentials:
        request["cookie"] = "sid=1"
    asks = method not in ("GET", "POST") or bool(request.keys() & {"authorization", "content-type"})
    return Step(method=method, url=API + path, request=request, credentials=credentials, preflight=(204, {}) if asks else None)


def steps(policy: Policy) -> list[Step]:
    """The page's requests in order; the answers in them are yet to come."""
    credentials = policy is Policy.LISTED
    page = [
        _step("GET", "/items", credentials=credentials),
        _step("GET", "/items", credentials=False),
        _step("POST", "/items", credentials=credentials, content_type="application/json"),
        _step("GET", "/items/404", credentials=credentials),
        _step("GET", "/items", credentials=False, origin=""),
    ]
    if policy is Policy.LISTED:
        page += [
            _step("PUT", "/items/7", credentials=True, content_type="application/json"),
            _step("DELETE", "/items/7", credentials=False, authorization="Bearer abc"),
            _step("GET", "/items", credentials=True, origin="https://admin.app.example"),
        ]
    return page


def refused_steps() -> list[Step]:
    """Requests of an origin that is not on the list, which tell that there is a list."""
    return [
        _step("GET", "/items", credentials=False, origin="https://evil.test"),
        _step("PUT", "/items/7", credentials=False, origin="https://evil.test", content_type="application/json"),
    ]


def visit(send: Send, page: list[Step]) -> list[Exchange]:
    """Send the requests and return the exchanges."""
    without = [
        Step(**{name: getattr(step, name) for name in step.__struct_fields__} | {"request": _without_empty(step)})
        for step in page
    ]
    exchanges = []
    for exchange in Sample(name="visit", steps=tuple(without)).exchanges():
        status, lines = send(exchange.request)
        assert exchange.response is not None
        response = Response(status=status, headers=HeaderList(lines), time=exchange.response.time)
        exchanges.append(exchange.with_response(response))
    return exchanges


def _without_empty(step: Step) -> dict[str, str | tuple[str, ...] | None]:
    """Return the request's headers with None for empty ones: a request without Origin."""
    return {name: value or None for name, value in step.request.items()}
