"""Page requests of a capture as they can be sent again, to the same server or to another one."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from corslens.asking.checks import Expectation
from corslens.diagnosis.diagnose import Diagnosis
from corslens.engines.sending import BROWSER_SETS, PageFetch
from corslens.fetch.messages import HeaderLine
from corslens.fetch.request_headers import SAFELISTED_NAMES, is_forbidden_request_header
from corslens.verdict.verdict import Outcome

_SECRET = re.compile(r"auth|token|secret|key|session|csrf|xsrf|password|credential|cookie", re.IGNORECASE)
"""Names of headers whose recorded values are not sent again."""


class RecordedPageRequest(Struct, frozen=True, kw_only=True):
    """A page request of a capture."""

    wanted: Expectation
    passed: bool
    """It was allowed when it was recorded."""


def recorded_requests(
    diagnoses: Iterable[Diagnosis], *, base: str | None, headers: tuple[HeaderLine, ...] = (), cookie: str | None = None
) -> Iterator[RecordedPageRequest]:
    """Yield the CORS page requests of a capture, each kind once.

    Args:
        base: the URL whose server is asked in place of the recorded ones; its path goes before theirs.
        headers: lines in place of those that the capture holds, secrets for the most part.
        cookie: what requests with credentials carry.
    """
    seen: set[tuple[object, ...]] = set()
    for diagnosis in diagnoses:
        request = diagnosis.page_request
        if not request.is_cors or request.page is None:
            continue
        url = rebased(request.url, base) if base is not None else request.url.partition("#")[0]
        key = (url, request.signature)
        if key in seen:
            continue
        seen.add(key)
        lines, missing = _headers(diagnosis, headers)
        reason = f"{missing} was withheld: give it with --header" if missing else None
        yield RecordedPageRequest(
            wanted=Expectation(
                fetch=PageFetch(
                    url=url,
                    origin=request.page,
                    method=request.method,
                    headers=lines,
                    credentialed=request.signature.credentialed,
                    cookie=cookie,
                ),
                withheld=reason,
            ),
            passed=request.outcome is Outcome.ALLOWED,
        )


def rebased(url: str, base: str) -> str:
    """Return the URL with its path and query at another base URL."""
    rest = url.partition("#")[0].split("/", 3)
    return f"{base.rstrip('/')}/{rest[3] if len(rest) > 3 else ''}"


def _headers(diagnosis: Diagnosis, given: tuple[HeaderLine, ...]) -> tuple[tuple[HeaderLine, ...], str | None]:
    """Return the page-set header lines, and the name of one whose value is not known or not sent again."""
    request = diagnosis.page_request
    mine = {name.lower(): (name, value) for name, value in given}
    names = dict.fromkeys(request.signature.header_names)
    hop = request.hops[0].observation.exchange.request if request.hops else None
    values: dict[str, HeaderLine] = {}
    for line in () if hop is None else hop.headers.lines:
        name = line[0].lower()
        if name in names or (name in SAFELISTED_NAMES and name not in BROWSER_SETS and name != "accept-language"):
            values.setdefault(name, line)
    missing = None
    lines: list[HeaderLine] = []
    for name in dict.fromkeys((*names, *values)):
        if name in mine:
            lines.append(mine[name])
        elif name in values and not _SECRET.search(name):
            lines.append(values[name])
        elif not is_forbidden_request_header(name):
            lines.append((name, "withheld"))
            missing = missing or name
    return tuple(lines), missing
