"""Recorded exchanges and what real browsers did with them: the truth that verdicts are held against.

`<engine>.jsonl.xz` holds one scenario a line: what a page was asked to do, every exchange as a recording proxy saw it, and per
request of the page what its script could see and what the browser reported.
Recorded with Chromium 156, Firefox ESR 153 and WebKitGTK 2.50 through mitmproxy 12.2.3.
"""

import json
import lzma
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange
from corslens.verdict.reasons import NAMES, Reason

_HERE = Path(__file__).parent

_WEBKIT_SENTENCES = (
    (r"Credentials flag is true, but", {Reason.ACAC_NOT_TRUE, Reason.PREFLIGHT_ACAC_NOT_TRUE}),
    (r"cannot contain more than one origin", {Reason.ACAO_MULTIPLE, Reason.PREFLIGHT_ACAO_MULTIPLE}),
    (r"Cannot use wildcard", {Reason.ACAO_WILDCARD_WITH_CREDENTIALS, Reason.PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS}),
    (
        r"is not allowed by Access-Control-Allow-Origin",
        {
            Reason.ACAO_MISSING, Reason.ACAO_MISMATCH, Reason.ACAO_INVALID,
            Reason.PREFLIGHT_ACAO_MISSING, Reason.PREFLIGHT_ACAO_MISMATCH, Reason.PREFLIGHT_ACAO_INVALID,
        },
    ),
    (r"Preflight response is not successful", {Reason.PREFLIGHT_STATUS_NOT_OK, Reason.PREFLIGHT_REDIRECT}),
    (r"Method .* is not allowed by", {Reason.PREFLIGHT_METHOD_NOT_ALLOWED}),
    (r"Request header field .* is not allowed by", {Reason.PREFLIGHT_HEADER_NOT_ALLOWED}),
    (r"Header Access-Control-Allow-Headers has an invalid value", {Reason.PREFLIGHT_ACAH_UNPARSABLE}),
    (r"Header Access-Control-Allow-Methods has an invalid value", {Reason.PREFLIGHT_ACAM_UNPARSABLE}),
    (r"with non CORS scheme", {Reason.REDIRECT_SCHEME_NOT_HTTP}),
    (r"redirection URL .* has credentials", {Reason.REDIRECT_HAS_CREDENTIALS}),
)  # fmt: skip


@cache
def scenarios(engine: Engine) -> tuple[dict[str, Any], ...]:
    """Return the recorded scenarios of an engine."""
    text = lzma.decompress((_HERE / f"{engine}.jsonl.xz").read_bytes()).decode()
    return tuple(json.loads(line) for line in text.splitlines())


def exchanges(scenario: dict[str, Any]) -> Iterator[Exchange]:
    """Yield a scenario's exchanges, in the order in which their requests reached the proxy."""
    for index, flow in enumerate(scenario["flows"]):
        yield Exchange(
            id=str(index),
            request=Request(
                method=flow["method"],
                url=flow["url"],
                headers=HeaderList(map(tuple, flow["request_headers"])),
                http_version=flow["version"],
                time=flow["t"],
            ),
            response=None
            if "status" not in flow
            else Response(
                status=flow["status"],
                headers=HeaderList(map(tuple, flow["response_headers"])),
                http_version=flow["version"],
                time=flow.get("t_end", flow["t"]),
            ),
            error=flow.get("error"),
            got_proxy_error_page="error" in flow,
            client="browser",
            connection=str(flow["conn"]),
        )


def flows_of_step(scenario: dict[str, Any], step: int) -> list[int]:
    """Return the indices of the flows that the page's request number `step` caused."""
    outcome = scenario["outcome"]
    start = outcome[step]["t"] - 0.05
    end = outcome[step + 1]["t"] - 0.05 if step + 1 < len(outcome) else float("inf")
    return [index for index, flow in enumerate(scenario["flows"]) if "/s/" in flow["url"] and start <= flow["t"] < end]


def reasons_called(engine: Engine, cors_error: str) -> set[Reason]:
    """Return the reasons that the engine's own word (or WebKit's sentence) may stand for."""
    match engine:
        case Engine.CHROMIUM:
            return {reason for reason in Reason if cors_error in NAMES[reason].chromium}
        case Engine.FIREFOX:
            return {reason for reason in Reason if cors_error in NAMES[reason].firefox}
        case Engine.WEBKIT:
            return next((reasons for pattern, reasons in _WEBKIT_SENTENCES if re.search(pattern, cors_error)), set())


@cache
def named_reasons(engine: Engine) -> frozenset[Reason]:
    """Return the reasons that the engine has a word or a sentence of its own for."""
    match engine:
        case Engine.CHROMIUM:
            return frozenset(reason for reason in Reason if NAMES[reason].chromium)
        case Engine.FIREFOX:
            return frozenset(reason for reason in Reason if NAMES[reason].firefox)
        case Engine.WEBKIT:
            return frozenset().union(*(reasons for _, reasons in _WEBKIT_SENTENCES))
