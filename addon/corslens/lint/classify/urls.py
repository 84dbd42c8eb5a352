"""URLs that a page put together wrongly: what stands in a path where a value belongs."""

import re
from urllib.parse import unquote

_EMPTY_VALUES = frozenset({"undefined", "null", "NaN", "[object Object]"})
"""What JavaScript makes of a value that is not there, or that is no text."""

_PLACEHOLDER = re.compile(r":[A-Za-z_]\w{0,30}|\$?\{\{?[\w. -]{1,40}\}?\}|<\w{1,30}>")

_DOUBLED_SLASH = re.compile(r"(?<!:)//")
"""But of a URL that stands in the path of another."""

_SPACES = " \t\r\n\u00a0\u200b\ufeff"

_MAX_PATH_CHARACTERS = 2048
"""Characters of a path that are looked at."""


def url_mistake(url: str) -> str | None:
    """Say what is in a URL's path that no server knows: a value that was missing, a placeholder, a space, a doubled slash; None if nothing is."""
    path = url.partition("://")[2].partition("#")[0].partition("?")[0].partition("/")[2][:_MAX_PATH_CHARACTERS]
    if _DOUBLED_SLASH.search(f"/{path}"):
        return "has a doubled slash, as when a base URL that ends with one is joined to a path that begins with one"
    for segment in path.split("/"):
        text = unquote(segment)
        if text in _EMPTY_VALUES or _PLACEHOLDER.fullmatch(text):
            return f'has "{text}" where a value belongs'
        if text != text.strip(_SPACES):
            return "has a space or a line break at the end of a part (%20, %0A)"
    return None
