"""An injection in one line, as `cors_inject` has it: `/FILTER/HEADER/VALUE`, the syntax of mitmproxy's `modify_headers`.

The first character separates the parts, whatever it is. Without a filter (`/HEADER/VALUE`) every response is meant; without a
value the header is removed; `@FILE` is what the file holds. `{origin}` in a value is the request's own origin.

Source: https://docs.mitmproxy.org/stable/overview/features/#modify-headers
"""

from collections.abc import Callable

from corslens.fetch.header_values import is_token
from corslens.lint.rules.rule import ExchangeFilter
from corslens.patching.injection import Injection

EVERY_FLOW = "~all"
LONGEST_VALUE = 4_096
"""Characters; browsers and servers have limits of some kilobytes on a header line."""
_SEPARATORS = "/|:,;#!%^"
_FRAMING = frozenset({
    "connection", "content-encoding", "content-length", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that say where a message ends or how its body is coded: a wrong one breaks the connection instead of the page."""


def fault_of_name(name: str) -> str | None:
    """Return why no header of this name can be injected, if so."""
    if not is_token(name):
        return f"{name[:100]!r} is not a header name"
    if name.lower() in _FRAMING:
        return f"{name!r} belongs to the message's transport and cannot be injected"
    return None


def fault_of_value(name: str, value: str) -> str | None:
    """Return why the header cannot have this value, if so."""
    if len(value) > LONGEST_VALUE:
        return f"the value of {name!r} is longer than {LONGEST_VALUE:,} characters"
    if not (value.isascii() and value.replace("\t", " ").isprintable()):
        return f"the value of {name!r} has a line break or another character that no header line may have"
    if value != value.strip(" \t"):
        return f"the value of {name!r} begins or ends with whitespace, which is not part of a value"
    return None


def parse_injection(spec: str, *, parse_filter: Callable[[str], ExchangeFilter], read_file: Callable[[str], str]) -> Injection:
    """Return the injection that a line stands for.

    Args:
        read_file: returns what a file named in the line holds.

    Raises: ValueError in one sentence.
    """
    parts = spec[1:].split(spec[:1], 2) if spec else []
    if len(parts) < 2:
        raise ValueError(f"{spec[:200]!r} is not /FILTER/HEADER/VALUE or /HEADER/VALUE")
    filter_text, name, value = parts if len(parts) == 3 else (EVERY_FLOW, *parts)
    if (fault := fault_of_name(name)) is not None:
        raise ValueError(fault)
    if value.startswith("@"):
        value = read_file(value[1:]).rstrip("\r\n")
    if (fault := fault_of_value(name, value)) is not None:
        raise ValueError(fault)
    return Injection(
        name=spec,
        filter_text=filter_text,
        matches=parse_filter(filter_text),
        remove=() if value else (name,),
        set={name: (value,)} if value else {},
        spec=spec,
    )


def write_injection(filter_text: str, name: str, value: str) -> str:
    """Return the line for these parts, with a separator that is in none of them.

    Raises: ValueError when each is.
    """
    for separator in _SEPARATORS:
        if separator not in filter_text + name:
            return separator.join(("", filter_text or EVERY_FLOW, name, value))
    raise ValueError(
        f"{filter_text[:200]!r} holds every character that could separate it from the header: use cors_patch_rules"
    )
