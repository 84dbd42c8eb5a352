"""Path shape: what the paths of one endpoint have in common, with the parts that name one thing replaced by `*`."""

import re

from corslens.bounded_cache import bounded_cache

_NAMES_ONE_THING = re.compile(
    r"\d+"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|[0-9a-fA-F]{12,}"
    r"|(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_-]{20,}"
    r"|[^/]{65,}"
)
_FINGERPRINT = re.compile(r"[.-](?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}(?=\.)")
"""The hash that build tools put into the names of static files: `app-3f2a91bc.js`."""
_MAX_SEGMENTS = 8


@bounded_cache(8192)
def path_template(url: str) -> str:
    """Return the path of an absolute URL without query, its ids replaced by `*`, at most eight segments long."""
    start = url.find("/", url.find("://") + 3)
    if start < 0:
        return "/"
    end = min((i for i in (url.find("?", start), url.find("#", start)) if i >= 0), default=len(url))
    segments = url[start + 1 : end].split("/")
    shape = ["*" if _NAMES_ONE_THING.fullmatch(segment) else segment for segment in segments[:_MAX_SEGMENTS]]
    shape[-1] = _FINGERPRINT.sub("-*", shape[-1])
    if len(segments) > _MAX_SEGMENTS:
        shape.append("…")
    return "/" + "/".join(shape)
