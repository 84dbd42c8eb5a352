"""The URL as the browser sees it: what mitmproxy forwards to may be called differently."""

import re

import ada_url
from mitmproxy import http
from mitmproxy.proxy.mode_specs import ReverseMode

from corslens.bounded_cache import bounded_cache
from corslens.fetch.origins import DEFAULT_PORTS
from corslens.mitm.fields import request_fields
from corslens.mitm.heads import FlowRequestHead

_AUTHORITY = re.compile(r"(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def browser_url(flow: http.HTTPFlow) -> str:
    """Return the absolute URL that the browser asked for, as `url_of` does, from the request as it is now."""
    return url_of(FlowRequestHead.of(flow))


def url_of(head: FlowRequestHead) -> str:
    """Return the absolute URL that the browser asked for, with the host in ASCII.

    In reverse mode the Host header usually names the server behind the proxy already; what the browser used is then told by its
    Origin or Referer (when it says that they are the same origin), by the name in its TLS handshake, or by our own address.
    """
    scheme = head.scheme.decode("latin-1").lower()
    authority = head.authority or request_fields(head.fields).host
    if isinstance(head.client.proxy_mode, ReverseMode):
        origin = _reverse_origin(head, authority)
    else:
        origin = _origin(scheme, authority) or _origin(scheme, _upstream(head)) or f"{scheme}://{head.host}"
    return origin + _path(head.path)


@bounded_cache(4096)
def _origin(scheme: str, authority: bytes) -> str | None:
    """Return scheme and authority without a default port, or None when this is no authority."""
    text = authority.decode("latin-1").lower()
    if not _AUTHORITY.fullmatch(text):
        return None
    return f"{scheme}://{text.removesuffix(f':{DEFAULT_PORTS.get(scheme, "")}')}"


def _upstream(head: FlowRequestHead) -> bytes:
    host = head.host
    if not host.isascii():
        host = ada_url.idna_to_ascii(host).decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{head.port}".encode("ascii", "replace")


def _reverse_origin(head: FlowRequestHead, authority: bytes) -> str:
    client, server = head.client, head.server
    scheme = "https" if client.tls_established or client.tls else "http"
    if authority and server and not _names(authority, server):
        origin = _origin(scheme, authority)  # keep_host_header: the browser's own
        if origin is not None:
            return origin
    if request_fields(head.fields).asker.site == "same-origin":
        headers = http.Headers(head.fields)
        for page in (headers.get("origin"), headers.get("referer")):
            match = re.match(r"https?://[^/?#]+", page or "")
            if match:
                return match[0].lower()
    host, port = client.sni or client.sockname[0], client.sockname[1]
    if ":" in host:
        host = f"[{host}]"
    return _origin(scheme, f"{host}:{port}".encode("ascii", "replace")) or f"{scheme}://{host}:{port}"


def _names(authority: bytes, server: tuple[str, int]) -> bool:
    """Say whether the Host header is the server's own address, so written by mitmproxy."""
    host, port = server[0], server[1]
    text = authority.decode("latin-1").lower()
    return text in (host.lower(), f"{host.lower()}:{port}", f"[{host.lower()}]:{port}", f"[{host.lower()}]")


def _path(path: bytes) -> str:
    if path == b"*":
        return "/"
    if not path.isascii():
        path = b"".join(bytes((byte,)) if byte < 0x80 else b"%%%02X" % byte for byte in path)
    text = path.decode("ascii")
    return text if text.startswith("/") else f"/{text}"
