"""Types of our commands' arguments and returns.

mitmproxy completes header names and values that make sense while they are typed; any other is taken, too. And it shows what a command
returns in a window over the console, which is too much for a sentence.
"""

from collections.abc import Sequence
from typing import Any

from mitmproxy import ctx
from mitmproxy.types import CommandTypes, _StrType

HEADER_NAMES = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Access-Control-Allow-Private-Network",
    "Cross-Origin-Resource-Policy",
    "Timing-Allow-Origin",
    "Vary",
)
VALUES = ("*", "{origin}", '""', "true", "Origin")


class HeaderName(str):
    """A response header's name."""


class HeaderValue(str):
    """A response header's value; empty for none."""


class InjectedName(str):
    """The name of a header that is injected."""


class Said(str):
    """A sentence that a command returns; None in the console, whose status bar has said it."""


class _SaidType(_StrType):
    typ = Said
    display = "str"

    def is_valid(self, manager: Any, typ: Any, val: Any) -> bool:
        return val is None or isinstance(val, str)


class _HeaderNameType(_StrType):
    typ = HeaderName
    display = "header"

    def completion(self, manager: Any, t: Any, s: str) -> Sequence[str]:
        return HEADER_NAMES


class _HeaderValueType(_StrType):
    typ = HeaderValue
    display = "value"

    def completion(self, manager: Any, t: Any, s: str) -> Sequence[str]:
        return VALUES


class _InjectedNameType(_StrType):
    typ = InjectedName
    display = "header"

    def completion(self, manager: Any, t: Any, s: str) -> Sequence[str]:
        lines = ctx.options.cors_inject
        return [name for name in HEADER_NAMES if any(name.lower() in line.lower() for line in lines)]


# mitmproxy has no public way to add one.
CommandTypes.typemap |= {kind.typ: kind() for kind in (_HeaderNameType, _HeaderValueType, _InjectedNameType, _SaidType)}
