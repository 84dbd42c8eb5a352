"""What the console of a Playwright trace says of requests that CORS blocked: the network part of the trace gives no reason.

Form: a line of JSON an event, `{"type": "console", "messageType": "error", "text": "…"}`. Chromium: `cors_error_string.cc`; Firefox:
`security.properties`. Safari's messages name no request.
"""

import re
from collections.abc import Iterable

import msgspec
from msgspec import Struct

_MAX_TEXT_CHARACTERS = 2_000
"""Characters of a message that are read."""
_PATH = re.compile(r"(\bhttps?://[^/\s'\"]+)/[^\s'\"]+")
"""What may be secret in a URL that a message names."""
_MAX_MESSAGES = 1_000
"""URLs of a trace for which a message is kept."""

_MESSAGES = (
    re.compile(
        r"Access to .{1,40}? at '([^']+)'(?: \(redirected from '([^']+)'\))? from origin '[^']*' has been blocked by CORS policy: (.+)"
    ),
    re.compile(
        r"Cross-Origin Request Blocked: .{1,80}? remote resource at (\S+?)\.? \((\b)Reason: (.+?)\)\.?(?: Status code: .*)?$"
    ),
)


class _Event(Struct):
    type: str = ""
    text: str = ""


_event = msgspec.json.Decoder(_Event)


def cors_messages(lines: Iterable[bytes]) -> dict[str, str]:
    """Return, by URL, why the console says that CORS blocked it: the first message of each; of a redirect, by both URLs.

    Args:
        lines: of a `.trace` file.
    """
    found: dict[str, str] = {}
    for line in lines:
        if b'"console"' not in line or len(found) >= _MAX_MESSAGES:
            continue
        try:
            event = _event.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if event.type != "console":
            continue
        text = " ".join(event.text[:_MAX_TEXT_CHARACTERS].split())
        for pattern in _MESSAGES:
            match = pattern.search(text)
            if match is not None:
                for url in filter(None, match.group(1, 2)):
                    found.setdefault(url, _PATH.sub(r"\1/*", match[3])[:300])
                break
    return found
