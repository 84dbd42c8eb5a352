"""Which origins this machine serves: those whose responses came to the proxy from a loopback address, and from nowhere else.

A name proves nothing: whoever is on the network can serve `http://app.test`, and a hostile resolver can lead a name of its own to this
machine after its page was loaded from elsewhere. So an origin that was once served from elsewhere is never this machine's again.
"""

from urllib.parse import urlsplit

import ada_url
from mitmproxy import http
from mitmproxy.proxy.mode_specs import RegularMode, ReverseMode, Socks5Mode, UpstreamMode

from corslens.fetch.origins import DEFAULT_PORTS, origin_of
from corslens.mitm.address import browser_url
from corslens.mitm.own_connections import is_loopback

_MAX_ORIGINS = 50_000
"""Origins of each kind; when there is no room for more, no further origin becomes this machine's."""


_HOST = (b"Host", b"host")
_CLIENT_NAMES_THE_HOST = (RegularMode, UpstreamMode, Socks5Mode)


class ServedHere:
    """The origins that were served from a loopback address; `origin in served_here`."""

    def __init__(self, most: int = _MAX_ORIGINS) -> None:
        self._most = most
        self._here: set[str] = set()
        self._elsewhere: set[int] = set()
        """By hash, as many as may be there: two that share one are both taken for strangers."""
        self._seen: set[tuple[object, ...]] = set()

    def __contains__(self, origin: object) -> bool:
        return origin in self._here

    def see(self, flow: http.HTTPFlow) -> None:
        """Take note of where a response comes from, once its head is there."""
        server, data = flow.server_conn, flow.request.data
        peer = server.peername
        if peer is None or flow.response is None or not flow.live:
            return  # another addon, or the proxy, made it: nobody served it
        host = data.authority
        if not host:
            for name, value in data.headers.fields:
                if name in _HOST:
                    host = value
                    break
        key = (data.scheme, host, data.host, data.port, peer[0], server.via is None)
        if key in self._seen:
            return
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen.add(key)
        origin = origin_of(browser_url(flow))
        if not _names_another_host(flow, origin):
            self._note(origin, here=self._is_here(flow))

    @staticmethod
    def _is_here(flow: http.HTTPFlow) -> bool:
        """Say whether a flow's server is on this machine and is what the browser called by the origin's name.

        Behind another proxy the peer is that proxy; and a reverse proxy's server is the same one whatever a browser calls it.
        """
        by_name = flow.server_conn.via is None and not isinstance(flow.client_conn.proxy_mode, ReverseMode)
        return by_name and is_loopback(flow.server_conn.peername)

    def _note(self, origin: str, *, here: bool) -> None:
        if not here:
            self._here.discard(origin)
            if len(self._elsewhere) < self._most:
                self._elsewhere.add(hash(origin))
        elif len(self._elsewhere) < self._most and len(self._here) < self._most and hash(origin) not in self._elsewhere:
            self._here.add(origin)


def _names_another_host(flow: http.HTTPFlow, origin: str) -> bool:
    """Say whether the Host header names another host or port than was connected to, as no browser does.

    Whoever else uses the proxy could have any origin served from this machine that way, and any of its own from elsewhere.
    """
    if not isinstance(flow.client_conn.proxy_mode, _CLIENT_NAMES_THE_HOST):
        return False  # the client connected to an address
    host, named = flow.request.data.host, urlsplit(origin)
    if not host.isascii():
        host = ada_url.idna_to_ascii(host).decode("ascii")
    if (named.hostname or "").rstrip(".") != host.lower().strip("[]").rstrip("."):
        return True
    return (named.port or DEFAULT_PORTS.get(named.scheme)) != flow.request.data.port
