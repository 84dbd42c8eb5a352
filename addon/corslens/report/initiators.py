"""Which line of code made a page request, as the browser says it, where that line is in the repository, and the browser's reason."""

from collections.abc import Sequence
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from msgspec import Struct, structs

from corslens.diagnosis.diagnose import Diagnosis
from corslens.observation.redaction import redact_symbol, redact_text, redact_url
from corslens.verdict.reasons import NAMES
from corslens.witness.source_map import BUNDLERS
from corslens.witness.witness import Initiator, Witness

_CODES = frozenset(code for names in NAMES.values() for code in (*names.chromium, *names.firefox))


class SourceRoot(Struct, frozen=True):
    """Where the files that pages load are in the repository."""

    folder: str
    """Relative to the repository's root; empty for the root itself."""
    prefix: str = ""
    """What the URLs of these files begin with; empty for the files of any page's own origin."""

    def path_of(self, initiator: Initiator) -> str | None:
        """Return a file's path within the repository, None for one that is none of these."""
        url = initiator.url
        bundled = _in_project(url)
        if self.prefix and not url.startswith(self.prefix):
            if bundled is None or initiator.generated is None or not initiator.generated.url.startswith(self.prefix):
                return None
            rest = bundled
        elif self.prefix:
            rest = url[len(self.prefix) :]
        elif bundled is not None:
            rest = bundled
        elif url.startswith("file:"):  # a path of the machine that built it: only a prefix says where the repository begins
            return None
        else:
            rest = urlsplit(url).path
        path = unquote(rest.partition("?")[0].partition("#")[0]).lstrip("/")
        inside = normpath(f"{self.folder}/{path}" if self.folder else path)
        if not path or inside.startswith(("..", "/")) or not inside.isprintable():
            return None
        return inside


def _in_project(url: str) -> str | None:
    """Return the path of a bundler's source in its project, None for another URL: `webpack://shop/./src/api.ts` is `src/api.ts`."""
    scheme = next((scheme for scheme in BUNDLERS if url.startswith(scheme)), None)
    if scheme is None:
        return None
    rest = url[len(scheme) :]
    if scheme == "webpack://":  # its host is the package's name
        rest = rest.partition("/")[2]
    return rest.lstrip("/").removeprefix("./").removeprefix("[project]/")


def made_by(diagnosis: Diagnosis) -> Initiator | None:
    """Return what the browser says made the page request, as it says it."""
    for one in (diagnosis.place, *diagnosis.page_request.members):
        witness = one.observation.exchange.witness
        if witness is not None and witness.initiator is not None:
            return witness.initiator
    return None


def initiator_of(diagnosis: Diagnosis) -> Initiator | None:
    """Return what the browser says made the page request; nothing secret is in it."""
    given = made_by(diagnosis)
    if given is None:
        return None
    name = None if given.function is None else redact_symbol(given.function)
    bundled = _in_project(given.url)
    url = redact_url(given.url) if bundled is None else redact_url(f"/{bundled}").lstrip("/")
    return structs.replace(given, url=url, function=name, callers=(), generated=None)


def requested_by(diagnosis: Diagnosis) -> str | None:
    """Return the line of code that made the page request, in words; None where no browser says so."""
    initiator = initiator_of(diagnosis)
    return None if initiator is None else str(initiator)


def in_repository(initiator: Initiator, roots: Sequence[SourceRoot]) -> str | None:
    """Return the path of the file that made the request, where one of the roots has it."""
    return next((path for root in roots if (path := root.path_of(initiator)) is not None), None)


def browser_reason(witness: Witness) -> str | None:
    """Return the browser's own code for why, as it may be shown: an engine's code is no value from the wire, long as it is."""
    reason = witness.reason or witness.code
    return reason if reason is None or reason in _CODES else redact_text(reason)
