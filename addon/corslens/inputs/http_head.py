"""HTTP/1 heads in bytes, as Fiddler and Burp keep them, split into lines with one character a byte.

Standard: https://www.rfc-editor.org/rfc/rfc9112#section-2; bodies behind the head are not looked at.
"""

import re

from msgspec import Struct

from corslens.fetch.messages import HeaderLine
from corslens.inputs.har_lines import wire_lines
from corslens.inputs.wire import http_version

MAX_HEAD_BYTES = 1 << 18
"""Bytes: a head that is longer is cut there."""

_LINE_END = re.compile(rb"\r?\n")


class Http1RequestHead(Struct):
    """A request's first line and header lines."""

    method: str
    target: str
    version: str
    lines: list[HeaderLine]


class Http1ResponseHead(Struct):
    """A response's status and header lines."""

    status: int
    version: str
    lines: list[HeaderLine]


def request_head(data: bytes) -> Http1RequestHead | None:
    """Return a request's head, None for bytes that begin with none."""
    first, lines = _split(data)
    words = first.split(" ")
    if len(words) < 2 or not words[0].isascii() or not words[1]:
        return None
    version = words[-1] if len(words) > 2 and words[-1].upper().startswith("HTTP/") else None
    target = " ".join(words[1:-1] if version is not None else words[1:])
    return Http1RequestHead(words[0], target, http_version(version), wire_lines(lines, request=True))


def response_head(data: bytes) -> Http1ResponseHead | None:
    """Return a response's head, None for bytes that begin with none."""
    first, lines = _split(data)
    version, _, rest = first.partition(" ")
    status = rest.strip()[:3]
    if not version.upper().startswith("HTTP/") or not status.isdigit():
        return None
    return Http1ResponseHead(int(status), http_version(version), wire_lines(lines, request=False))


def request_url(head: Http1RequestHead, scheme: str) -> str:
    """Return the absolute URL of a request: its target where that is one, else with its Host."""
    if "://" in head.target.partition("?")[0]:
        return head.target
    host = next((value for name, value in head.lines if name.lower() == "host"), "")
    return f"{scheme}://{host}{head.target}"


def _split(data: bytes) -> tuple[str, list[HeaderLine]]:
    first, *rest = _LINE_END.split(data[:MAX_HEAD_BYTES])
    lines: list[HeaderLine] = []
    for line in rest:
        if not line:
            break
        name, colon, value = line.partition(b":")
        if colon:
            lines.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))
        elif lines and line[:1] in b" \t":  # a folded line
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {line.strip().decode('latin-1')}")
    return first.decode("latin-1"), lines
