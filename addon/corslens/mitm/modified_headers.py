"""mitmproxy's own `modify_headers`, as far as it changes CORS headers of responses: it runs after corslens, and is named beside injections."""

from collections.abc import Iterator
from typing import Any

from mitmproxy.addons.modifyheaders import parse_modify_spec

_PREFIXES = (b"access-control-", b"cross-origin-", b"timing-allow-origin", b"vary")


def cors_lines(options: Any) -> Iterator[tuple[str, str]]:
    """Yield the entries of the option that concern CORS: the entry, and what it does."""
    for line in options.modify_headers if "modify_headers" in options else ():
        try:
            spec = parse_modify_spec(line, False)
        except ValueError:
            continue  # mitmproxy itself refuses it
        if spec.subject.lower().startswith(_PREFIXES):
            name = spec.subject.decode("latin-1")
            yield line, f"{name}: {spec.replacement_str}" if spec.replacement_str else f"no {name}"


def describe(options: Any) -> Iterator[str]:
    """Yield a sentence on each of these entries."""
    for line, change in cors_lines(options):
        yield f"mitmproxy's modify_headers changes responses after corslens, too: {change}  ({line})"
