"""What a capture is written in, recognized by its first bytes; and by what name the others are refused, with how to get a HAR instead."""

import re
from enum import StrEnum


class InputKind(StrEnum):
    """What a capture is written in."""

    HAR = "har"
    FLOWS = "flows"
    """mitmproxy's flow file."""
    TRACE = "playwright-trace"
    """The `.network` file of a Playwright trace."""
    SAZ = "saz"
    """Fiddler's session archive."""
    BURP = "burp"
    """Burp Suite's "Save items"."""
    CHARLES = "charles"
    """Charles' JSON session."""
    NETLOG = "netlog"
    """Chromium's network log."""


LOOKED_AT = 4096
"""Bytes of a file that are enough to tell."""

_TOLD = (
    (re.compile(rb'\s*\{\s*"constants"\s*:\s*\{'), InputKind.NETLOG),
    (re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:resource-snapshot|context-options)"'), InputKind.TRACE),
    (
        re.compile(rb'\s*\[\s*\{(?=.{0,3000}"(?:protocolVersion|actualPort|keptAlive)")(?!\s*"log")', re.DOTALL),
        InputKind.CHARLES,
    ),
    (re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.{0,1500}?-->\s*)?(?:<!DOCTYPE items|<items\s)", re.DOTALL), InputKind.BURP),
    (re.compile(rb"\d{1,12}:"), InputKind.FLOWS),
)

_HAR = "a HAR instead (HAR 1.2)"
_OTHERS = (
    (re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\x0a\x0d\x0d\x0a"), "is a packet capture (pcap), in which https is encrypted: record with mitmproxy or save a HAR in the browser's network panel"),
    (re.compile(rb"SQLite format 3\0"), "is an SQLite database (OWASP ZAP's session, for instance); in ZAP use File > Export Messages as HAR"),
    (re.compile(rb"bplist00"), f"is a binary property list (Proxyman's or Safari's); in Proxyman use File > Export > HAR, in Safari's network tab Export, to get {_HAR}"),
    (re.compile(rb"Charles|\xac\xed\x00\x05"), f"is a session of Charles' own form (.chls); in Charles use File > Export Session… as JSON Session File (.chlsj) or {_HAR}"),
    (re.compile(rb"\s*<\?xml[^>]*\?>\s*(?:<!DOCTYPE charles-session|<charles-session)"), f"is an XML session of Charles' (.chlsx); in Charles use File > Export Session… as JSON Session File (.chlsj) or {_HAR}"),
    (re.compile(rb"\s*(?:<!--.{0,1500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE), "is an HTML page (of a login or an error, for instance) and no capture; download it again"),
    (re.compile(rb"version https://git-lfs"), "is a pointer of Git LFS in place of the file; run git lfs pull"),
    (re.compile(rb"\s*<"), f"is XML and none of Burp Suite's \"Save items\"; export {_HAR}"),
    (re.compile(rb'\s*[\[{](?=.{0,3000}"(?:traceEvents|ph)"\s*:)', re.DOTALL), f"is a performance trace of Chrome's, which holds no headers; in the network panel use Export HAR, to get {_HAR}"),
    (re.compile(rb'\s*\{(?=.{0,3000}"(?:_postman_id|lighthouseVersion|openapi|swagger)"\s*:)', re.DOTALL), f"is a Postman collection, Lighthouse report or API description, and no recorded traffic; save {_HAR} in the browser's network panel"),
    (re.compile(rb"\x89HDF|\x1f\x9d|7z\xbc\xaf\x27\x1c|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"), "is compressed in a way that is not read (gzip, zlib and zip are); expand it first"),
)  # fmt: skip

NEITHER = (
    "is not a capture that corslens reads: a HAR, mitmproxy's flow file, Playwright's trace.zip, Fiddler's .saz, Burp's \"Save items\", Charles' .chlsj "
    "or Chromium's network log"
)


def kind_of(head: bytes) -> InputKind | str:
    """Return what a file is written in by its first bytes, or why it is not read, as the end of a sentence."""
    for pattern, kind in _TOLD:
        if pattern.match(head):
            return kind
    for pattern, what in _OTHERS:
        if pattern.match(head):
            return what
    return InputKind.HAR if head.lstrip()[:1] in (b"{", b"[") else NEITHER
