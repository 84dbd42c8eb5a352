"""Heads: what a hook sees of a message. Others change a flow while it goes on; what is made of a head is made of what was there then."""

from mitmproxy import connection, http
from msgspec import Struct

from corslens.mitm.fields import Fields


class FlowRequestHead(Struct, frozen=True, gc=False):
    """A request's head as it came from the client, and how it came; the parts as in `http.RequestData`."""

    fields: Fields
    method: bytes
    scheme: bytes
    authority: bytes
    host: str
    port: int
    path: bytes
    http_version: bytes
    time: float
    client: connection.Client
    server: tuple[str, int] | None
    """The address that it is to be sent to, where that is known already."""
    live: bool
    is_replay: bool
    response_status: int | None
    """Of the response that an earlier addon gave."""

    @classmethod
    def of(cls, flow: http.HTTPFlow) -> "FlowRequestHead":
        """Return the head of a flow's request as it is now."""
        data, response = flow.request.data, flow.response
        return cls(
            data.headers.fields,
            data.method,
            data.scheme,
            data.authority,
            data.host,
            data.port,
            data.path,
            data.http_version,
            data.timestamp_start,
            flow.client_conn,
            flow.server_conn.address,
            flow.live,
            flow.is_replay == "request",
            None if response is None else response.data.status_code,
        )


class FlowResponseHead(Struct, frozen=True, gc=False):
    """A response's head; the parts as in `http.ResponseData`."""

    fields: Fields
    status: int
    http_version: bytes
    time: float

    @classmethod
    def of(cls, response: http.Response) -> "FlowResponseHead":
        """Return the head of a response as it is now."""
        data = response.data
        return cls(data.headers.fields, data.status_code, data.http_version, data.timestamp_start)
