"""The live page through the proxy: requests to a host that nobody else can name are served here and go no further.

A page has no way to authenticate whoever opens it, and a client's address proves little: another user of this machine has the same one,
and a proxy can be made to ask itself. So the host name is the secret: a random label for each start, under a domain that never
resolves. It is an origin that nobody can have planted anything in before, and no other page can find out whether it is there.

Other addons never see these flows (the addon halts their hooks), so the page's polling is in no flow list, log or file, and no
header rule of the user's can grant the page to others.
"""

import asyncio
import base64
import secrets
import socket
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec
from mitmproxy import connection, http
from mitmproxy.proxy.mode_specs import RegularMode

from corslens.fetch.origins import DEFAULT_PORTS
from corslens.mitm.doctor import DOCTOR_HEADER
from corslens.mitm.live.app import LARGEST_BODY, DeferredResponse, LiveApp, LiveRequest, LiveResponse
from corslens.mitm.own_connections import OwnConnections, is_loopback

DEFAULT_DOMAIN = "corslens.test"
"""Reserved, so that it never resolves: https://www.rfc-editor.org/rfc/rfc6761#section-6.2"""

SIGNPOST = b"""<!doctype html><html><head><title>502 Bad Gateway</title></head><body>
<p>The live page of corslens has a new address at each start: corslens prints it where it runs.</p></body></html>
"""
"""What the domain itself shows, always the same."""

UNREACHABLE = "The live page is available over http only."
_PLAIN = "text/plain; charset=utf-8"
_FORWARD_MODES = ("regular", "upstream")
_LABEL_BYTES = 16
_LONGEST_DOMAIN = 200
"""Characters; with the label in front, a host name may have 253."""


def parse_domain(text: str) -> str:
    """Return the domain of the page in lowercase; empty when it is not to be served.

    Raises: ValueError when it is no host name.
    """
    host = text.strip().lower().rstrip(".")
    labels = host.split(".")
    well_formed = all(label and label.isascii() and label.replace("-", "").isalnum() and len(label) < 64 for label in labels)
    if host and not (well_formed and len(host) <= _LONGEST_DOMAIN):
        raise ValueError(f"{text!r} is not a host name such as {DEFAULT_DOMAIN}")
    return host


class LivePage:
    """Serves the page at a host of its own.

    Args:
        connections: tells which clients are the proxy itself.
    """

    def __init__(self, app: LiveApp, connections: OwnConnections) -> None:
        self.app = app
        self.domain = ""
        self.host = ""
        """Empty: the page is not served here."""
        self._connections = connections
        self._label = base64.b32encode(secrets.token_bytes(_LABEL_BYTES)).decode().rstrip("=").lower()

    def serve_under(self, domain: str) -> None:
        """Serve the page at a host of this domain; empty takes it away."""
        self.domain = domain
        self.host = f"{self._label}.{domain}" if domain else ""

    @property
    def url(self) -> str:
        """The page's address, the one thing that somebody has to know to see it; empty when it is not served here."""
        return f"http://{self.host}/" if self.host else ""

    def addresses(self, modes: Sequence[str], web_address: str | None) -> Iterator[str]:
        """Yield sentences on the address within mitmweb, and the page's own, unless no mode of the proxy leaves it to the proxy to find the host."""
        if web_address is not None:
            yield f"corslens: the live page is at {web_address}"
        if self.url and any(mode.startswith(_FORWARD_MODES) for mode in modes):
            yield f"corslens: the live page is at {self.url} for browsers behind this proxy"

    def wants(self, flow: http.HTTPFlow) -> bool:
        """Say whether the flow requests the page. A flow that was loaded from a file requests nothing."""
        own, host = self.host, flow.request.data.host
        return own != "" and len(host) >= len(own) and flow.live and self.is_at(host)  # asked of all traffic, four times

    def is_at(self, host: str) -> bool:
        """Say whether the page is at this host, also as the absolute name (`…test.`) that a browser takes for another site."""
        own = self.host
        return own != "" and len(host) >= len(own) and host.lower().rstrip(".") == own

    def keep_secret(self, server: connection.Server) -> None:
        """Connect nowhere for the page's host: whoever resolves it would know it, and so would everybody on the way."""
        if server.address is not None and self.is_at(server.address[0]):
            server.error = UNREACHABLE

    def refuse_tunnel(self, flow: http.HTTPFlow) -> None:
        """Refuse a tunnel to the page's host, which a browser asks for that tries https first; it is on http alone.

        Another proxy (upstream mode) would get to know the host otherwise.
        """
        if self.wants(flow) and flow.response is None:  # else the proxy wants its password first
            flow.response = http.Response.make(502, UNREACHABLE, {"Content-Type": _PLAIN})

    def respond(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Respond to the flow, unless somebody has: a proxy that wants a password asks for it first.

        Returns: what to wait for, where the response takes more time than traffic can wait; it is worked out in another thread.
        """
        if flow.response is not None:
            return None
        begun = self._begin(flow)
        if not isinstance(begun, LiveResponse):
            return _when_worked_out(flow, begun)
        flow.response = _response(begun)
        return None

    def signpost(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Respond to a request for the domain itself; None when this is none, or not from this machine.

        No page can tell the response from mitmproxy's own to a host that does not exist: same status, and it takes as long.
        Nor can one send the header of corslens doctor there, which no preflight allows.
        """
        host, domain = flow.request.data.host, self.domain
        if len(host) != len(domain) or host.lower() != domain or not domain or flow.response is not None or not flow.live:
            return None
        client = flow.client_conn
        if (
            not is_loopback(client.peername)
            or self._connections.is_own_client(client)
            or client.proxy_mode.__class__ is not RegularMode
        ):
            return None
        if DOCTOR_HEADER in flow.request.headers:
            found = self.app.local_network()
            counts = {"stopped": len(found.stopped), "silent": len(found.silent)}
            flow.response = http.Response.make(200, msgspec.json.encode(counts), {"Content-Type": "application/json"})
            return None
        return _when_unresolved(flow)

    def _begin(self, flow: http.HTTPFlow) -> LiveResponse | DeferredResponse:
        request = flow.request
        headers = _by_name(request.data.headers.fields)
        own = {f"{request.scheme}://{self.host}", f"{request.scheme}://{self.host}:{request.port}"}
        host = headers.get("host", request.data.authority.decode("latin-1")).lower()
        if f"{request.scheme}://{host}" not in own:
            return _refusal(421, "The Host header names another host than the request.")
        if not is_loopback(flow.client_conn.peername):
            return _refusal(403, "Only this machine may see the page here; mitmweb serves it at /cors/ on its own address.")
        if self._connections.is_own_client(flow.client_conn):
            return _refusal(403, "The proxy may not request the page from itself.")
        if len(request.data.content or b"") > LARGEST_BODY:
            return _refusal(413, "Request body too large.")
        default = DEFAULT_PORTS.get(request.scheme)
        port = "" if request.port == default else f":{request.port}"
        url = urlsplit(request.data.path.decode("latin-1"))
        asked = LiveRequest(
            method=request.data.method.decode("latin-1"),
            path=url.path.removeprefix("/"),
            query=url.query,
            headers=headers,
            body=request.data.content or b"",
            own_origin=f"{request.scheme}://{self.host}{port}",
            through_proxy=True,
        )
        return self.app.begin(asked)


async def _when_worked_out(flow: http.HTTPFlow, work: DeferredResponse) -> None:
    flow.response = _response(await asyncio.get_running_loop().run_in_executor(None, work))


async def _when_unresolved(flow: http.HTTPFlow) -> None:
    request = flow.request
    try:
        # What mitmproxy would do next, too. Where somebody's resolver resolves every name, theirs is shown.
        await asyncio.get_running_loop().getaddrinfo(request.data.host, request.data.port, type=socket.SOCK_STREAM)
    except OSError:
        lines = {"Content-Type": "text/html"} | ({} if request.is_http2 or request.is_http3 else {"Connection": "close"})
        flow.response = http.Response.make(502, SIGNPOST, lines)


def _refusal(status: int, why: str) -> LiveResponse:
    return LiveResponse(status=status, body=f"{why}\n".encode())


def _response(response: LiveResponse) -> http.Response:
    lines = [(name.encode(), value.encode()) for name, value in response.headers().items()]
    return http.Response.make(response.status, response.body, http.Headers(lines))


def _by_name(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the header lines by lower-case name; of repeats the values are joined, so that a second one cannot hide."""
    result: dict[str, str] = {}
    for name, value in fields:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        result[key] = f"{result[key]}, {text}" if key in result else text
    return result
