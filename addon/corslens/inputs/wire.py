"""Text of captures, whoever wrote it, as it was on the wire: URLs, HTTP versions, header text with one character a byte."""

import re

import ada_url

from corslens.observation.redaction import redact_value

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What is an HTTP exchange. A WebSocket's opening handshake is one; the proxy sees it under the http scheme."""

_VERSIONS = {
    "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", "h2": "HTTP/2.0", "http/2": "HTTP/2.0", "http/2.0": "HTTP/2.0",
    "spdy": "HTTP/2.0", "h3": "HTTP/3", "http/3": "HTTP/3", "http/3.0": "HTTP/3", "quic": "HTTP/3",
}  # fmt: skip

_USUAL_URL = re.compile(r"https?://[a-z0-9.-]+(?!:(?:80|443)/)(?::[0-9]+)?/[!\"$-~]*")
"""What every writer but the odd one writes; the rest goes through a parser."""

_UNBRACKETED = re.compile(r"(https?)://((?:[0-9a-f]*:){2,7}[0-9a-f.]*)(/.*)?", re.IGNORECASE | re.DOTALL)
"""An IPv6 host as mitmproxy's `hardump` writes it, a port behind it like one more group."""


def http_version(text: str | None) -> str:
    """Return a version as mitmproxy writes it, of the many ways to write one; HTTP/1.1 for what is none."""
    if text is None:
        return "HTTP/1.1"
    lowered = text.lower()
    return _VERSIONS.get(lowered) or ("HTTP/3" if lowered.startswith("h3") else "HTTP/1.1")


def wire_url(url: str, host: str = "") -> str:
    """Return the URL as a browser or proxy would say it: without a fragment or default port, in ASCII.

    Args:
        host: the Host header, which tells an IPv6 address from its port where a writer left the brackets out.
    Raises: ValueError
    """
    if _USUAL_URL.fullmatch(url):
        return url
    try:
        return ada_url.URL(url.partition("#")[0]).href
    except ValueError:
        bracketed = _bracketed(url, host)
        if bracketed is not None:
            return bracketed
        raise ValueError(f"request.url: {redact_value(url[:200])!r} is no URL") from None


def _bracketed(url: str, host: str) -> str | None:
    found = _UNBRACKETED.fullmatch(url.partition("#")[0])
    if found is None:
        return None
    scheme, address, path = found.groups()
    before, _, last = address.rpartition(":")
    authorities = [f"[{before}]:{last}", f"[{address}]"] if last.isdigit() and int(last) <= 65535 else [f"[{address}]"]
    if host.startswith("["):
        authorities.insert(0, host)
    for authority in authorities:
        try:
            return ada_url.URL(f"{scheme}://{authority}{path or '/'}").href
        except ValueError:
            continue
    return None


def isomorphic(text: str, *, decoded: bool = False) -> str:
    """Return header text with one character a byte, as it was on the wire.

    Args:
        decoded: the writer is known to decode UTF-8 (mitmproxy does; browsers write each byte as one character).
    """
    if text.isascii():
        return text
    if not decoded:
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
