"""What is done with the fuzzer's bytes, and what must hold."""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.fetch.origins import is_parsable_url, is_schemelessly_same_site, origin_of
from corslens.fetch.redirects import location_url, redirect_failure
from corslens.inputs.har import HarReader
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mistakes import RuleErrors
from corslens.mitm.filters import parse_filter
from corslens.mitm.flowfiles import FlowFileReader
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import redact_url
from corslens.patching.injection_rules import InjectionRulesError, parse_injections
from corslens.patching.policy import parse_policy
from corslens.report.formats.exchange_text import render_view
from corslens.report.formats.jsonl import encode
from corslens.report.formats.registry import Format, render_inspections

_RULES = load_rules()
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NAMES = (
    "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
    "Access-Control-Max-Age", "Access-Control-Expose-Headers", "Access-Control-Request-Method", "Access-Control-Request-Headers",
    "Origin", "Vary", "Location", "Cookie", "Set-Cookie", "Content-Type", "Accept", "Range", "Sec-Fetch-Mode", "Sec-Fetch-Site",
    "Sec-Fetch-Dest", "Sec-Fetch-Storage-Access", "User-Agent", "Referer", "Timing-Allow-Origin", "Cross-Origin-Resource-Policy",
    "Authorization", "Server", "Age", "Cache-Control", "WWW-Authenticate",
)  # fmt: skip
_METHODS = ("GET", "OPTIONS", "POST", "PUT", "patch", "\x01")


def _lines(data: bytes) -> HeaderList:
    """Each line of the data is a header: its first byte picks a name, or with a high bit begins an odd one."""
    lines = []
    for line in data.split(b"\n")[:64]:
        if not line:
            continue
        text = line[1:].decode("latin-1")
        lines.append((_NAMES[line[0] % len(_NAMES)] if line[0] < 128 else text[:8], text))
    return HeaderList(lines)


def headers(data: bytes) -> None:
    """Two exchanges of a session with any header lines: nothing raises, every output is escaped, every line of the log is JSON."""
    parts = (data + b"\x00" * 4).split(b"\xff\xfe")
    inspector = Inspector(rules=_RULES, patch_policy=parse_policy(origins=["any"]))
    inspections: list[Inspection] = []
    for number in range(0, min(len(parts), 4), 2):
        status = 200 + parts[number][0] if parts[number] else 200
        request = Request(
            method=_METHODS[len(parts[number]) % len(_METHODS)],
            url=f"https://api.example/{len(data) % 3}",
            headers=_lines(parts[number]),
            time=float(number),
        )
        answer = _lines(parts[number + 1] if number + 1 < len(parts) else b"")
        exchange = Exchange(
            id=str(number), request=request, response=Response(status=status, headers=answer, time=number + 0.5)
        )
        inspector.begin(exchange)
        inspections += inspector.complete(exchange, patch=True)
    inspections += inspector.finish()
    for inspection in inspections:
        line = encode(inspection)
        assert isinstance(json.loads(line), dict)
        assert line.isascii()
        assert not _UNSAFE.search(render_view(inspection, inspector.get))
    for form in (Format.TEXT, Format.MARKDOWN, Format.SARIF):
        assert not _UNSAFE.search(render_inspections(form, inspections, _RULES).decode())


def urls(data: bytes) -> None:
    """Any URL, and any Location from it."""
    url, _, location = data.decode("latin-1").partition("\n")
    origin = origin_of(url)
    assert origin == "null" or is_parsable_url(origin)
    is_schemelessly_same_site(origin, origin_of(location))
    redact_url(url)
    if is_parsable_url(url):
        target = location_url(Response(status=302, headers=HeaderList([("Location", location)])), url)
        redirect_failure(target, request_origin=origin, cors_mode=True, tainted_cors=True, count=0)


def har(data: bytes) -> None:
    """Any bytes as a HAR: exchanges and damages, never an exception."""
    inspector = Inspector(rules=_RULES)
    for item in HarReader(data, "fuzz.har", "f"):
        if isinstance(item, Exchange):
            inspector.inspect(item)
        else:
            assert "\n" not in str(item)


def flows(data: bytes) -> None:
    """Any bytes as a flow file, read whole and for CORS alone."""
    for everything in (True, False):
        for item in FlowFileReader(data, "fuzz.mitm", "f", everything=everything):
            assert isinstance(item, Exchange) or "\n" not in str(item)


def rules(data: bytes) -> None:
    """Any text as a rule file: rules, or sentences that name the file."""
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(data)
        file.flush()
        try:
            load_rules([Path(file.name)])
        except RuleErrors as error:
            assert Path(file.name).name in str(error)


def options(data: bytes) -> None:
    """Any text as a filter, a list of origins, and rules of injection."""
    text = data.decode("utf-8", "replace")
    for parse in (parse_filter, lambda text: parse_policy(origins=text.split(","))):
        try:
            parse(text)
        except ValueError as error:
            assert str(error)
    try:
        parse_injections(text, "fuzz.yaml", parse_filter=parse_filter)
    except InjectionRulesError as error:
        assert all(fault.startswith("fuzz.yaml") for fault in error.faults)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "headers": headers,
    "urls": urls,
    "har": har,
    "flows": flows,
    "rules": rules,
    "options": options,
}
