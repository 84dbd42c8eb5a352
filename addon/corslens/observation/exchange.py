"""Exchange: one request and its response, heads only, immutable, as on the wire.

Knows nothing of where it was captured; `inputs` and `mitm` make it.
The *actual request* is this project's word for the request that a CORS-preflight request asks about.
"""

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.fetch.limits import limited_request, limited_response
from corslens.fetch.messages import Request, Response
from corslens.observation.network_error import NetworkError, network_error
from corslens.observation.probe import Probe
from corslens.witness.witness import Witness


class Source(Struct, frozen=True, kw_only=True, gc=False):
    """Where an exchange was captured: a position in a file, or a live flow."""

    file: str | None = None
    index: int | None = None
    flow: str | None = None


class Exchange(Struct, frozen=True, kw_only=True, gc=False):
    """One request and its response: as the server sent it, and as the browser got it where that is another one."""

    id: str
    request: Request
    response: Response | None = None
    """As the server sent it."""
    renewed: Response | None = None
    """Of a 304: the response in the browser's cache, updated by it, which the browser judges; None when that was not seen here."""
    replaced: Response | None = None
    """What the browser got instead: patched, injected into, or made by the proxy."""
    edited_by: tuple[str, ...] = ()
    """What changed its CORS headers in the proxy after all that: other addons, each with what it did."""
    error: str | None = None
    """Why there was no (whole) response, in the capturing program's words."""
    got_proxy_error_page: bool = False
    """The proxy made the response: its own error page (502, without any CORS header) for `error`, or a preflight's in `replaced`."""
    client: str = ""
    """Who sent it: exchanges of two clients are never paired."""
    server_address: str | None = None
    """The IP address of the server that responded; None when it was not seen, or another proxy stands between."""
    connection: str | None = None
    """The client's connection that carried it."""
    source: Source = Source()
    by_browser: bool = False
    """The browser itself wrote the capture. Such a one lists every request of a page, those that it refused to send too, and what is
    not there was left out by a filter or an edit; its writer may strip what is secret (`Authorization`)."""
    written_by: Engine | None = None
    """The engine of that browser, where it is known: its tools, or its user, may send another one's User-Agent."""
    resource_type: str | None = None
    """What the capturing browser called it (`preflight`, `fetch`, `xhr`, `font`…), where a HAR says so."""
    witness: Witness | None = None
    """What the browser itself says became of it, where it was asked or wrote the capture."""
    probe: Probe | None = None
    """What the response shows, of a request that `corslens check` sent as a stranger."""

    @property
    def refused(self) -> bool:
        """Whether the browser refused the request or kept its response from the page, and shows no response.

        Whether anything went over the wire is not known then; there is no message to judge, and nothing follows from what the request lacks.
        """
        return (
            self.response is None
            and self.witness is not None
            and self.witness.refusal is not None
            and not self.got_proxy_error_page
        )

    @property
    def unfinished(self) -> bool:
        """Whether nothing is known of its end: neither a response nor an error was recorded."""
        return self.response is None and self.error is None and not self.got_proxy_error_page and not self.refused

    @property
    def was_sent(self) -> bool:
        """Whether its request is certain to be what went over the wire: not for what was refused or came out of a cache."""
        return self.witness is None or (self.witness.from_cache is None and not self.refused)

    @property
    def delivered(self) -> Response | None:
        """The head that the browser judges: what it got in the server's place, or else the server's, of a 304 the stored one."""
        if self.replaced is not None:
            return self.replaced
        if self.renewed is not None:
            return self.renewed
        if self.response is None and self.got_proxy_error_page:
            return Response(status=502, time=self.request.time)
        return self.response

    @property
    def aborted(self) -> bool:
        """Whether the browser itself gave the request up before there was a response.

        Standard: aborted network error, https://fetch.spec.whatwg.org/#concept-aborted-network-error
        """
        return self.response is None and self.error is not None and network_error(self.error) is NetworkError.CANCELLED

    @property
    def as_sent(self) -> "Exchange":
        """This exchange, had the browser got what the server sent. A preflight that the server never saw stays as it is."""
        if self.replaced is None or self.made_by_proxy:
            return self
        return structs.replace(self, replaced=None)

    @property
    def made_by_proxy(self) -> bool:
        """Whether the proxy responded to a preflight in the server's place, which was not asked."""
        return self.got_proxy_error_page and self.replaced is not None

    def with_response(self, response: Response | None) -> "Exchange":
        """Return this exchange, had the server sent that response and the browser got it."""
        return structs.replace(self, response=response, renewed=None, replaced=None)


def within_limits(exchange: Exchange) -> Exchange:
    """Return an exchange that no capture adapter of ours made, with heads as those make them: within the limits (`fetch.limits`)."""
    response = exchange.response
    return structs.replace(
        exchange,
        request=limited_request(exchange.request),
        response=None if response is None else limited_response(response),
    )
