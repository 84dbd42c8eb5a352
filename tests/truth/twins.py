"""Twins: pages with the other credentials mode that send the same bytes.

`depends` is honest only where there is a twin. Each is proved twice: the same exchange is judged as the twin's (which turns the
verdict), and where the recordings hold a page with the other mode that sent the same request, it is named.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from corslens.engines.engine import Engine
from corslens.fetch.request_headers import SAFELISTED_NAMES
from corslens.observation.observation import Role

from tests.truth.judged import Judged, Kind, judged

SHOWS_CREDENTIALS = frozenset({"cookie", "authorization", "sec-fetch-storage-access"})
"""Header names that differ, or may differ, between a page's credentialed request and another one's."""

_ASKED = frozenset({"access-control-request-method", "access-control-request-headers"})
_BODY = frozenset({"content-length", "transfer-encoding", "referer"})
"""Vary with the body and with where on the page's origin the request was made, not with the credentials mode."""


def twin_class(request: Judged) -> str:
    """Say why nothing shows the credentials mode of this request."""
    last = request.last
    url, headers = last.exchange.request.url, last.exchange.request.headers
    if url.startswith("http://"):
        return "plain http target: no fetch metadata"
    if request.engine is Engine.WEBKIT:
        return "WebKit never sends Sec-Fetch-Storage-Access"
    if last.redirected_from is not None:
        return "behind a redirect: Sec-Fetch-Storage-Access may be absent"
    if headers.get("sec-fetch-site") == "same-site":
        return "same-site target: Sec-Fetch-Storage-Access is never sent"
    if request.engine is Engine.CHROMIUM and last.role is Role.PREFLIGHT:
        return "Chromium's preflights never carry Sec-Fetch-Storage-Access"
    return "unexplained"


def exact_twin(request: Judged) -> Judged | None:
    """Return a recorded request of a page with the other mode whose requests have the same bytes, host names apart."""
    return _other(request, _exactly(request.engine).get(_bytes(request, whole=True), ()))


def near_twin(request: Judged) -> Judged | None:
    """Return one that differs only in what is the page's choice besides: method, headers set by the page, referrer."""
    return _other(request, _nearly(request.engine).get(_bytes(request, whole=False), ()))


def _other(request: Judged, candidates: tuple[Judged, ...]) -> Judged | None:
    return next((other for other in candidates if other.used_mode is not request.used_mode), None)


@cache
def _exactly(engine: Engine) -> dict[object, tuple[Judged, ...]]:
    return _index(engine, whole=True)


@cache
def _nearly(engine: Engine) -> dict[object, tuple[Judged, ...]]:
    return _index(engine, whole=False)


def _index(engine: Engine, *, whole: bool) -> dict[object, tuple[Judged, ...]]:
    index: dict[object, tuple[Judged, ...]] = defaultdict(tuple)
    for request in judged(engine):
        if request.inspections:
            index[_bytes(request, whole=whole)] += (request,)
    return index


def _bytes(request: Judged, *, whole: bool) -> object:
    """Return what the page's request put on the wire, with the scenario's own name taken out."""
    flows = request.flows if whole else request.flows[-1:]
    return tuple(tuple(_line(request, flow, whole=whole)) for flow in flows)


def _line(request: Judged, flow: dict[str, Any], *, whole: bool) -> Iterator[tuple[str, str]]:
    def neutral(text: str) -> str:
        return text.replace(request.scenario["scenario"]["id"], "ID")

    method = flow["method"]
    url = neutral(flow["url"])
    yield method if whole or method == "OPTIONS" else "any", url if whole else url.rpartition("/")[0]
    chosen = {name.lower() for name, _ in request.asked.get("headers", ())}
    for name, value in flow["request_headers"]:
        lowered = name.lower()
        own = lowered in chosen or lowered in _ASKED or lowered in _BODY or lowered in SAFELISTED_NAMES
        if whole or not own:
            yield name, neutral(value)


def table(engine: Engine) -> list[str]:
    """Return the engine's figures, one line each."""
    requests = judged(engine)
    count = Counter(request.kind for request in requests)
    lines = [f"{engine.label}: " + ", ".join(f"{count[kind]} {kind}" for kind in Kind) + f" (of {len(requests)} requests)"]
    for request in requests:
        if request.kind in (Kind.UNSEEN, Kind.DISAGREED):
            lines.append(f"  {request.kind}: {request.name}: {request.why}")
    for kind in (Kind.DEPENDS, Kind.DEPENDS_ON_REASON):
        classes: dict[str, list[Judged]] = defaultdict(list)
        for request in requests:
            if request.kind is kind:
                classes[twin_class(request)].append(request)
        for name, members in sorted(classes.items()):
            exact = [twin for member in members if (twin := exact_twin(member))]
            near = [twin for member in members if (twin := exact_twin(member) or near_twin(member))]
            example = f"; for instance {members[0].name}" + (f" and {near[0].name}" if near else "")
            lines.append(
                f"  {kind}: {len(members):3} {name}; recorded twins: {len(exact)} to the byte, {len(near)} but for the page's choices{example}"
            )
    return lines
