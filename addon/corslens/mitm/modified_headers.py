"""mitmproxy's own `modify_headers`, as far as it changes CORS headers of responses: it runs after corslens, and is named beside injections."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from mitmproxy import http
from mitmproxy.addons.modifyheaders import ModifySpec, parse_modify_spec

_PREFIXES = (b"access-control-", b"cross-origin-", b"timing-allow-origin", b"vary")


def cors_lines(options: Any) -> Iterator[tuple[str, str]]:
    """Yield the entries of the option that concern CORS: the entry, and what it does."""
    for line, spec in _entries(options):
        name = spec.subject.decode("latin-1")
        yield line, f"{name}: {spec.replacement_str}" if spec.replacement_str else f"no {name}"


def edited_by(options: Any, flow: http.HTTPFlow, before: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """Return what changed CORS headers of the flow's response, which had these lines before: entries of the option, or else another addon."""
    assert flow.response is not None
    was, now = (
        Counter((name.lower(), value) for name, value in lines) for lines in (before, flow.response.data.headers.fields)
    )
    changed = {name for name, _ in (was - now) + (now - was) if name.startswith(_PREFIXES)}
    entries = [(line, spec) for line, spec in _entries(options) if spec.subject.lower() in changed and spec.matches(flow)]
    others = sorted(changed - {spec.subject.lower() for _, spec in entries})
    named = [f"modify_headers {line}" for line, _ in entries]
    return (*named, *(f"another addon ({name.decode('latin-1')})" for name in others))


def _entries(options: Any) -> Iterator[tuple[str, ModifySpec]]:
    for line in options.modify_headers if "modify_headers" in options else ():
        try:
            spec = parse_modify_spec(line, False)
        except ValueError:
            continue  # mitmproxy itself refuses it
        if spec.subject.lower().startswith(_PREFIXES):
            yield line, spec


def describe(options: Any) -> Iterator[str]:
    """Yield a sentence on each of these entries."""
    for line, change in cors_lines(options):
        yield f"mitmproxy's modify_headers changes responses after corslens, too: {change}  ({line})"
