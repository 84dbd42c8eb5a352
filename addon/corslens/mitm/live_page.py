"""The live page through the proxy: requests to a host that does not exist are answered here and go no further.

Other addons never see these flows (the addon halts their hooks), so the page's polling is in no flow list, log or file, and no
header rule of the user's can grant the page to others.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from mitmproxy import http

from corslens.mitm.live_app import LARGEST_BODY, Answer, Asked, LiveApp

DEFAULT_HOST = "corslens.test"
"""Reserved, so that it never resolves: https://www.rfc-editor.org/rfc/rfc6761#section-6.2"""


def parse_host(text: str) -> str:
    """Return the host name of the page in lower case; empty when it is not to be served.

    Raises: ValueError when it is no host name.
    """
    host = text.strip().lower().rstrip(".")
    labels = host.split(".")
    if host and not all(label and label.isascii() and label.replace("-", "").isalnum() and len(label) < 64 for label in labels):
        raise ValueError(f"{text!r} is not a host name such as {DEFAULT_HOST}")
    return host


class LivePage:
    """Serves the page at a host of its own."""

    def __init__(self, app: LiveApp, host: str = "") -> None:
        self.app = app
        self.host = host
        """Empty: the page is not served here."""

    def wants(self, flow: http.HTTPFlow) -> bool:
        """Say whether the flow asks for the page. A flow that was loaded from a file asks nobody."""
        return flow.request.data.host.lower() == self.host != "" and flow.live

    def answer(self, flow: http.HTTPFlow) -> None:
        """Answer the flow, unless somebody has: a proxy that wants a password asks for it first."""
        if flow.response is None:
            flow.response = _response(self._answer(flow))

    def _answer(self, flow: http.HTTPFlow) -> Answer:
        request = flow.request
        headers = _by_name(request.data.headers.fields)
        own = {f"{request.scheme}://{self.host}", f"{request.scheme}://{self.host}:{request.port}"}
        host = headers.get("host", request.data.authority.decode("latin-1")).lower()
        if f"{request.scheme}://{host}" not in own:
            return _refusal(421, "The Host header names another host than the request.")
        if not _is_here(flow.client_conn.peername):
            return _refusal(403, "Only this computer may see the page here; mitmweb serves it at /cors/ on its own address.")
        if len(request.data.content or b"") > LARGEST_BODY:
            return _refusal(413, "That is too much.")
        default = {"http": 80, "https": 443}.get(request.scheme)
        port = "" if request.port == default else f":{request.port}"
        url = urlsplit(request.data.path.decode("latin-1"))
        asked = Asked(
            method=request.data.method.decode("latin-1"),
            path=url.path.removeprefix("/"),
            query=url.query,
            headers=headers,
            body=request.data.content or b"",
            own_origin=f"{request.scheme}://{self.host}{port}",
        )
        return self.app.answer(asked)


def _refusal(status: int, why: str) -> Answer:
    return Answer(status=status, body=f"{why}\n".encode())


def _response(answer: Answer) -> http.Response:
    lines = [(name.encode(), value.encode()) for name, value in answer.headers().items()]
    return http.Response.make(answer.status, answer.body, http.Headers(lines))


def _by_name(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the header lines by lower-case name; of repeats the values are joined, so that a second one cannot hide."""
    result: dict[str, str] = {}
    for name, value in fields:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        result[key] = f"{result[key]}, {text}" if key in result else text
    return result


def _is_here(peer: tuple[str, int] | None) -> bool:
    try:
        address = ipaddress.ip_address(peer[0].partition("%")[0]) if peer else None
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback
