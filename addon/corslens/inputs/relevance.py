"""Say quickly whether a captured exchange can have anything to do with CORS, before more is made of it."""

from collections.abc import Iterable

from corslens.fetch.origins import origin_of
from corslens.observation.exchange import Exchange
from corslens.observation.relevance import asker_of, request_concerns_cors, response_concerns_cors


def concerns_cors(
    method: str, url: str, request_headers: Iterable[tuple[str, str]], status: int, response_headers: Iterable[tuple[str, str]]
) -> bool:
    """Say whether the exchange is to be looked at.

    Args:
        status: 0 without a response.
    """
    if response_concerns_cors(status, tuple([name for name, _ in response_headers])):
        return True
    return request_concerns_cors(asker_of(request_headers), method, origin_of(url) if url else "")


def exchange_concerns_cors(exchange: Exchange) -> bool:
    """Say whether the exchange is to be looked at. What a browser refused to send may lack every header that would show it."""
    if exchange.refused:
        return True
    request, response = exchange.request, exchange.response
    if response is not None and response_concerns_cors(response.status, response.headers.names.ordered):
        return True
    return request_concerns_cors(asker_of(request.headers.lines), request.method, origin_of(request.url))
