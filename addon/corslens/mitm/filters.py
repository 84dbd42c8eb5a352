"""mitmproxy's flow filters on an exchange, so that rules and reports can use the language that its users know."""

import logging
import re
from collections.abc import Callable
from copy import copy

from mitmproxy import connection, flowfilter, http
from mitmproxy import flow as flows

from corslens.fetch.messages import HeaderList
from corslens.fetch.origins import DEFAULT_PORTS
from corslens.mitm.address import browser_url
from corslens.mitm.time_limit import TimeLimitError, within
from corslens.observation.exchange import Exchange
from corslens.report.escape import escape

LONGEST_SECONDS = 0.05
"""CPU time of a filter on one flow: what any exchange may cost in all."""

logger = logging.getLogger(__name__)

_NESTED = re.compile(r"(?:[!(]\s*+){9}")


type FlowFilter = Callable[[flows.Flow], bool]


def parse_filter(text: str) -> Callable[[Exchange], bool]:
    """Return the predicate that a flow filter stands for.

    Bodies are not part of an exchange, so `~b`, `~bq` and `~bs` never match.

    Raises: ValueError naming the filter.
    """
    matches = parse_flow_filter(text)
    return lambda exchange: bool(matches(flow_of(exchange)))


def parse_flow_filter(text: str) -> FlowFilter:
    """Return the predicate on flows that mitmproxy makes of it.

    Raises: ValueError naming the filter.
    """
    # mitmproxy's parser takes twice as long for each level, and twenty are for ever.
    if _NESTED.search(text):
        raise ValueError(f"{text[:200]!r} is not a usable flow filter: it is nested too deeply")
    try:
        matches = flowfilter.parse(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a flow filter (see https://docs.mitmproxy.org/stable/concepts/filters/)") from None
    return _bounded(matches, text)


def _bounded(matches: FlowFilter, text: str) -> FlowFilter:
    """Return the predicate with an end: a regular expression can take for ever on a URL that was made for it."""
    given_up = False

    def bounded(flow: flows.Flow) -> bool:
        nonlocal given_up
        if given_up:
            return False
        try:
            return bool(within(LONGEST_SECONDS, lambda: matches(flow)))
        except TimeLimitError:
            given_up = True
            logger.warning(
                "corslens: the flow filter %s took more than %.0f ms of CPU time on one flow; from now on it matches nothing.",
                escape(repr(text[:200])),
                LONGEST_SECONDS * 1000,
            )
            return False

    return bounded


def flow_of(exchange: Exchange) -> http.HTTPFlow:
    """Return a flow with the exchange's heads, for filters to look at."""
    request, response = exchange.request, exchange.response
    client = connection.Client(peername=(exchange.client, 0), sockname=("", 0), timestamp_start=request.time)
    flow = http.HTTPFlow(client, connection.Server(address=None))
    flow.id = exchange.id
    flow.request = _request(exchange)
    flow.timestamp_created = request.time
    if response is not None:
        flow.response = http.Response(
            response.http_version.encode("latin-1"), response.status, b"", _headers(response.headers), None, None,
            response.time, response.time,
        )  # fmt: skip
    if exchange.error is not None:
        flow.error = flows.Error(exchange.error, request.time)
    return flow


def as_asked(flow: http.HTTPFlow, exchange: Exchange) -> http.HTTPFlow:
    """Return the flow for filters to look at: with the request that the browser made, when map_remote or a script redirected it since.

    Args:
        exchange: what the flow was when its request was seen.
    """
    if browser_url(flow) == exchange.request.url:
        return flow
    seen = copy(flow)
    seen.request = _request(exchange)
    seen.request.data.content = flow.request.data.content
    return seen


def _request(exchange: Exchange) -> http.Request:
    request = exchange.request
    made = http.Request(
        "", 0, request.method.encode("latin-1", "replace"), b"", b"", b"/", request.http_version.encode("latin-1"),
        _headers(request.headers), None, None, request.time, request.time,
    )  # fmt: skip
    scheme, _, rest = request.url.partition("://")
    authority, slash, path = rest.partition("/")
    made.data.path = (slash + path).encode("utf-8", "surrogateescape") or b"/"
    made.data.scheme = scheme.encode("utf-8", "surrogateescape")
    host, port = _split_authority(authority.rpartition("@")[2], DEFAULT_PORTS.get(scheme, 80))
    made.data.host, made.data.port = host, port
    return made


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal():
        return host.strip("[]"), int(port)
    return authority.strip("[]"), default_port


def _headers(headers: HeaderList) -> http.Headers:
    return http.Headers(
        [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.lines]
    )
