"""Which line of code made a page request, as the browser says it, and where that line is in the repository."""

from collections.abc import Sequence
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from msgspec import Struct, structs

from corslens.diagnosis.diagnose import Diagnosis
from corslens.observation.redaction import redact_symbol, redact_url
from corslens.witness.witness import Initiator

_BUNDLERS = ("webpack://", "webpack-internal:///", "vite://", "turbopack://", "parcel://")
"""The schemes of sources that only a source map names."""


class SourceRoot(Struct, frozen=True):
    """Where the files that pages load are in the repository."""

    folder: str
    """Relative to the repository's root; empty for the root itself."""
    prefix: str = ""
    """What the URLs of these files begin with; empty for the files of any page's own origin."""

    def path_of(self, url: str) -> str | None:
        """Return a file's path within the repository, None for a URL that is none of these."""
        bundled = next((scheme for scheme in _BUNDLERS if url.startswith(scheme)), None)
        if self.prefix:
            if not url.startswith(self.prefix):
                return None
            rest = url[len(self.prefix) :]
        elif bundled is not None:
            rest = url[len(bundled) :].partition("/./")[2] or url[len(bundled) :]
        else:
            rest = urlsplit(url).path
        path = unquote(rest.partition("?")[0].partition("#")[0]).lstrip("/")
        inside = normpath(f"{self.folder}/{path}" if self.folder else path)
        if not path or inside.startswith(("..", "/")):
            return None
        return inside


def initiator_of(diagnosis: Diagnosis) -> Initiator | None:
    """Return what the browser says made the page request; nothing secret is in it."""
    for one in (diagnosis.place, *diagnosis.page_request.members):
        witness = one.observation.exchange.witness
        if witness is not None and witness.initiator is not None:
            given = witness.initiator
            name = None if given.function is None else redact_symbol(given.function)
            return structs.replace(given, url=redact_url(given.url), function=name, callers=())
    return None


def requested_by(diagnosis: Diagnosis) -> str | None:
    """Return the line of code that made the page request, in words; None where no browser says so."""
    initiator = initiator_of(diagnosis)
    return None if initiator is None else str(initiator)


def in_repository(initiator: Initiator, roots: Sequence[SourceRoot]) -> str | None:
    """Return the path of the file that made the request, where one of the roots has it."""
    return next((path for root in roots if (path := root.path_of(initiator.url)) is not None), None)
