"""Short factories with honest defaults: a page on https://app.example asks https://api.example."""

from collections.abc import Iterable, Mapping
from itertools import count

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange

PAGE = "https://app.example"
API = "https://api.example"

type Headers = Mapping[str, str] | Iterable[tuple[str, str]]

_ids = count(1)


def headers(given: Headers = ()) -> HeaderList:
    """Header lines from a mapping or from pairs (for repeats)."""
    return HeaderList(given.items() if isinstance(given, Mapping) else given)


def request(
    method: str = "GET", url: str = f"{API}/me", given: Headers = (), *, origin: str | None = PAGE, time: float = 0.0
) -> Request:
    """A request; with the page's Origin unless `origin` says otherwise."""
    lines = headers(given).lines
    if origin is not None and not any(name.lower() == "origin" for name, _ in lines):
        lines = (*lines, ("Origin", origin))
    return Request(method=method, url=url, headers=HeaderList(lines), time=time)


def response(status: int = 200, given: Headers = (), *, allow_origin: str | None = None, time: float = 0.0) -> Response:
    """A response; with that Access-Control-Allow-Origin unless None."""
    lines = headers(given).lines
    if allow_origin is not None:
        lines = (("Access-Control-Allow-Origin", allow_origin), *lines)
    return Response(status=status, headers=HeaderList(lines), time=time)


def exchange(request: Request, response: Response | None = None, **fields: object) -> Exchange:
    """An exchange with an id of its own."""
    fields.setdefault("id", f"x{next(_ids)}")
    return Exchange(request=request, response=response, **fields)  # type: ignore[arg-type]  # fields are the caller's


def preflight(
    method: str = "PUT",
    url: str = f"{API}/me",
    unsafe: str | None = None,
    given: Headers = (),
    *,
    origin: str = PAGE,
    time: float = 0.0,
) -> Request:
    """A CORS-preflight request that asks for this method and these comma-separated header names."""
    asked = [("Access-Control-Request-Method", method)]
    if unsafe:
        asked.append(("Access-Control-Request-Headers", unsafe))
    return request("OPTIONS", url, [("Accept", "*/*"), *asked, *headers(given).lines], origin=origin, time=time)
