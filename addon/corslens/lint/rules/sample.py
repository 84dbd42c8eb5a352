"""Sample: a little traffic on which a rule must fire or stay silent, as its file shows it; run through the real pipeline by the tests.

What a browser adds by itself (User-Agent, fetch metadata, the preflight's request) is added here, so that a sample shows only what matters.
"""

from collections.abc import Mapping

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.engines.sending import USER_AGENTS, fetch_metadata, unsafe_names
from corslens.fetch.constants import ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD
from corslens.fetch.limits import limited_headers, received_request, received_response
from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.observation.exchange import Exchange
from corslens.observation.network_error import gets_proxy_error_page
from corslens.observation.probe import OriginComparison, Probe
from corslens.witness.witness import Witness, WitnessOutcome

PAGE = "https://app.example"
TARGET = "https://api.example/me"
_FIRST = 1_767_225_600.0  # 2026-01-01, so that times in reports look like times
_SECONDS_APART = 10.0

type Headers = Mapping[str, str | tuple[str, ...] | None]
"""By name; several values are several lines, None takes away what a browser would have added."""


_FROM_CACHE = "from-cache: "
_CONSOLE = ", console: "


class Step(Struct, frozen=True, kw_only=True):
    """One exchange of a sample, with the preflight that came before it."""

    method: str = "GET"
    url: str = TARGET
    request: Headers = {}
    status: int | None = 200
    """None without a response."""
    response: Headers = {}
    error: str | None = None
    browser: str | None = None
    """What the browser itself says of its failure, what its console says behind that
    (`net::ERR_FAILED, console: …`), or `from-cache: disk` of a response that it had in its cache."""
    preflight: "tuple[int, Headers] | None" = None
    """Status and headers of the preflight's response."""
    address: str | None = None
    """The IP address of the server."""
    version: str = "HTTP/1.1"
    credentials: bool = False
    """The page included credentials."""
    probe: OriginComparison | None = None
    """What `corslens check` sent the request to find out."""
    after: float = _SECONDS_APART
    """Seconds since the exchange before."""

    @property
    def cache(self) -> str | None:
        """The browser's cache that the response came from, None when it was sent for."""
        browser = self.browser or ""
        return browser.removeprefix(_FROM_CACHE) if browser.startswith(_FROM_CACHE) else None


class Sample(Struct, frozen=True, kw_only=True):
    """The exchanges of a sample; the rule is looked for at the last step (at its preflight too)."""

    name: str
    engine: Engine = Engine.CHROMIUM
    steps: tuple[Step, ...]

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The ids of the exchanges at which the rule is looked for."""
        last = len(self.steps) - 1
        return (str(last),) if self.steps[last].preflight is None else (f"{last}-preflight", str(last))

    def exchanges(self) -> tuple[Exchange, ...]:
        """Write the messages out as a proxy would have seen them."""
        exchanges: list[Exchange] = []
        time = _FIRST
        for number, step in enumerate(self.steps):
            time += step.after
            request = _request(step, self.engine, time)
            if step.preflight is not None:
                status, headers = step.preflight
                asked = _preflight(request, time - 0.1)
                preflight_response = received_response(
                    status=status, headers=limited_headers(_lines(headers)), time=time - 0.05
                )
                exchanges.append(_exchange(f"{number}-preflight", asked, preflight_response, None))
            response = None
            if step.status is not None and step.error is None:
                response = received_response(
                    status=step.status, headers=limited_headers(_lines(step.response)), time=time + 0.05
                )
            if step.browser is not None and step.cache is None and not step.response:
                response = None
            failed = step.error or (step.browser if step.cache is None else None)
            made = _exchange(str(number), request, response, failed, step.browser, step.cache)
            probe = None if step.probe is None else Probe(comparison=step.probe)
            exchanges.append(structs.replace(made, probe=probe, server_address=step.address))
        return tuple(exchanges)


def _exchange(
    id: str,
    request: Request,
    response: Response | None,
    error: str | None,
    browser: str | None = None,
    cache: str | None = None,
) -> Exchange:
    return Exchange(
        id=id,
        request=request,
        response=response,
        error=error,
        got_proxy_error_page=error is not None and browser is None and gets_proxy_error_page(error),
        client="sample",
        witness=_witness(browser, cache),
    )


def _witness(browser: str | None, cache: str | None) -> Witness | None:
    if browser is None:
        return None
    if cache is not None:
        return Witness(outcome=WitnessOutcome.UNKNOWN, from_cache=cache)
    code, _, console = browser.partition(_CONSOLE)
    return Witness(outcome=WitnessOutcome.FAILED, code=code, mixed_content=code == "mixed-content", console=console or None)


def _lines(headers: Headers) -> list[HeaderLine]:
    lines: list[HeaderLine] = []
    for name, value in headers.items():
        if value is not None:
            lines += [(name, one) for one in (value if isinstance(value, tuple) else (value,))]
    return lines


def _request(step: Step, engine: Engine, time: float) -> Request:
    added: dict[str, str | tuple[str, ...] | None] = {"user-agent": USER_AGENTS[engine], "accept": "*/*", "origin": PAGE}
    given = {name.lower(): value for name, value in step.request.items()}
    origin = given.get("origin", PAGE)
    page = origin if isinstance(origin, str) else PAGE
    added |= fetch_metadata(step.url, page, engine=engine, credentialed=step.credentials)
    if step.method not in ("GET", "HEAD"):
        added["content-length"] = "2"
    return received_request(
        method=step.method, url=step.url, headers=limited_headers(_lines(added | given)), http_version=step.version, time=time
    )


def _preflight(request: Request, time: float) -> Request:
    """Return the preflight that a browser makes for a request."""
    headers = request.headers
    unsafe = unsafe_names(headers.lines)
    lines: list[HeaderLine] = [("accept", "*/*"), (ACCESS_CONTROL_REQUEST_METHOD, request.method)]
    if unsafe:
        lines.append((ACCESS_CONTROL_REQUEST_HEADERS, ",".join(unsafe)))
    kept = ("origin", "user-agent", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site")
    lines += [line for line in headers.lines if line[0] in kept]
    return received_request(method="OPTIONS", url=request.url, headers=limited_headers(lines), time=time)
