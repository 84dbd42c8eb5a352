"""Convert between mitmproxy's flows and this project's records; header lines keep their bytes, order, case and repeats."""

from mitmproxy import http
from mitmproxy.net.http import status_codes
from msgspec import structs

from corslens.fetch.limits import limited_text, received_request, received_response
from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.mitm.address import url_of
from corslens.mitm.continuations import unmarked
from corslens.mitm.fields import header_lines, request_fields
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.observation.exchange import Exchange, Source
from corslens.observation.network_error import gets_proxy_error_page
from corslens.patching.patch import Patch, apply

PATCHED_HEADER = "x-corslens-patched"
"""On a patched response: the names of what was changed, for the browser's own tools. Nothing reads it."""

_FORBIDDEN = frozenset(map(chr, (*range(0x09), *range(0x0A, 0x20), 0x7F)))
"""Control characters except the tab: none may be part of a header line."""


def request_of(head: FlowRequestHead) -> Request:
    """Return the request; the method in the case that it had on the wire."""
    return received_request(
        method=head.method.decode("latin-1"),
        url=url_of(head),
        headers=request_fields(head.fields).limited,
        http_version=head.http_version.decode("latin-1"),
        time=head.time,
    )


def response_of(head: FlowResponseHead) -> Response:
    """Return the response, without the secret that the proxy itself put into a redirect."""
    response = received_response(
        status=head.status,
        headers=header_lines(head.fields),
        http_version=head.http_version.decode("latin-1"),
        time=head.time,
    )
    return unmarked(response) if 300 <= response.status < 400 else response


def exchange_of(flow: http.HTTPFlow, *, id: str | None = None, begun: Exchange | None = None) -> Exchange:
    """Return the flow's exchange as far as it has come.

    Args:
        id: other than the flow's own.
        begun: what it was when its request was seen, before other addons sent that somewhere else.
    """
    begun = begun or begun_exchange_of(flow, FlowRequestHead.of(flow), id or flow.id)
    response, error, error_page = flow.response, None, False
    if flow.error is not None:
        error = limited_text(flow.error.msg)
        if response is None or not response.stream:
            # A head that was still buffered never left the proxy: the browser got the proxy's error page, or nothing at all.
            response = None
            error_page = gets_proxy_error_page(flow.error.msg)
    return structs.replace(
        begun,
        response=None if response is None else response_of(FlowResponseHead.of(response)),
        error=error,
        got_proxy_error_page=error_page,
        server_address=server_address(flow),
    )


def server_address(flow: http.HTTPFlow) -> str | None:
    """Return the IP address that the flow's response came from; None behind another proxy, which alone knows it."""
    server = flow.server_conn
    return None if server.via is not None or not server.peername else str(server.peername[0])


def begun_exchange_of(flow: http.HTTPFlow, head: FlowRequestHead, id: str) -> Exchange:
    """Return the flow's exchange as it is when only this head of its request was seen, however far the flow has come."""
    client = head.client
    return Exchange(
        id=id,
        request=request_of(head),
        client=str(client.peername[0]) if client.peername else "",
        connection=client.id,
        source=Source(flow=flow.id),
    )


def apply_to(flow: http.HTTPFlow, patch: Patch, seen: Response) -> None:
    """Change the flow's response as the patch says, and name what was changed in one more header.

    Args:
        seen: the response that the patch was made for.
    Raises: ValueError when a header line of the patch could break out of its line; then nothing is changed.
    """
    assert flow.response is not None
    if flow.request.is_http2 or flow.request.is_http3:
        # mitmproxy would lower-case the name itself, with a line in the log each time.
        patch = structs.replace(
            patch, changes=tuple(structs.replace(change, header=change.header.lower()) for change in patch.changes)
        )
    patched = apply(patch, seen)
    changed = {change.header.lower() for change in patch.changes}
    for name, value in patched.headers.lines:
        if name.lower() in changed:
            _require_line(name, value)
    lines: tuple[HeaderLine, ...] = (*patched.headers.lines, (PATCHED_HEADER, _changed_names(patch)))
    flow.response.data.headers.fields = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in lines)
    if patch.status is not None:
        flow.response.status_code = patch.status.after
        flow.response.reason = status_codes.RESPONSES.get(patch.status.after, "")


def name_change(flow: http.HTTPFlow, name: str) -> None:
    """Name one more header (lower-case) that the proxy changed in the flow's response."""
    assert flow.response is not None
    had = flow.response.headers.get(PATCHED_HEADER)
    flow.response.headers[PATCHED_HEADER] = f"{had}, {name}" if had else name


def _changed_names(patch: Patch) -> str:
    names = [change.header.lower() for change in patch.changes]
    return ", ".join([*(("status",) if patch.status is not None else ()), *names])


def _require_line(name: str, value: str) -> None:
    for text in (name, value):
        if not _FORBIDDEN.isdisjoint(text) or not text.isascii():
            raise ValueError(f"the patch of {name!r} contains a character that a header line must not contain")
