"""Exchange: one request and its response, heads only, immutable, as on the wire.

Knows nothing of where it was captured; `inputs` and `mitm` make it.
The *actual request* is this project's word for the request that a CORS-preflight request asks about.
"""

from msgspec import Struct, structs

from corslens.fetch.messages import Request, Response
from corslens.observation.network_error import NetworkError, network_error


class Source(Struct, frozen=True, kw_only=True, gc=False):
    """Where an exchange was captured: a position in a file, or a live flow."""

    file: str | None = None
    index: int | None = None
    flow: str | None = None


class Exchange(Struct, frozen=True, kw_only=True, gc=False):
    """One request and what answered it."""

    id: str
    request: Request
    response: Response | None = None
    error: str | None = None
    """Why there was no (whole) response, in the capturing program's words."""
    answered_by_proxy: bool = False
    """The browser got the proxy's own error page (502, without any CORS header) for `error`."""
    client: str = ""
    """Who sent it: exchanges of two clients are never paired."""
    connection: str | None = None
    """The client's connection that carried it."""
    source: Source = Source()
    resource_type: str | None = None
    """What the capturing browser called it (`preflight`, `fetch`, `xhr`, `font`…), where a HAR says so."""

    @property
    def delivered(self) -> Response | None:
        """The head that the browser got: the server's, or the error page that the proxy sent in its place."""
        if self.response is None and self.answered_by_proxy:
            return Response(status=502, time=self.request.time)
        return self.response

    @property
    def aborted(self) -> bool:
        """Whether the browser itself gave the request up before there was an answer.

        Standard: aborted network error, https://fetch.spec.whatwg.org/#concept-aborted-network-error
        """
        return self.response is None and self.error is not None and network_error(self.error) is NetworkError.CANCELLED

    def with_response(self, response: Response | None) -> "Exchange":
        """Return this exchange, answered by that response."""
        return structs.replace(self, response=response)
