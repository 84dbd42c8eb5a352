"""Quoting: what traffic says becomes a value in a configuration language, and nothing else.

Values are tokens (methods, header names) and plain serialized origins by the time they come here, so no control character, space,
backslash or double quote is left; what remains dangerous differs from language to language.
"""

import json
import re
from collections.abc import Callable

from msgspec import Struct


class Language(Struct, frozen=True, kw_only=True):
    """How a configuration language writes a string and a comment."""

    quote: Callable[[str], str]
    comment: str
    unquotable: frozenset[str] = frozenset()
    """Characters that the language has no way to write; an item with one of them is left out and reported."""


def _json(text: str) -> str:
    return json.dumps(text)


def _nginx(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _apache_format(text: str) -> str:
    """`%` begins a format specifier in the value of a Header directive."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _haproxy_format(text: str) -> str:
    """`%` begins a variable in a log-format string; within single quotes nothing else does anything."""
    return "'" + text.replace("%", "%%") + "'"


def _ruby(text: str) -> str:
    """Single quotes, because `#{…}`, `#$x` and `#@x` run within double ones."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


LANGUAGES: dict[str, Language] = {
    "nginx": Language(quote=_nginx, comment="#", unquotable=frozenset("$")),  # a variable, and there is no escape
    "apache": Language(quote=_apache_format, comment="#"),
    "caddy": Language(quote=_nginx, comment="#", unquotable=frozenset("{}")),
    "haproxy": Language(quote=_haproxy_format, comment="#", unquotable=frozenset("'")),
    "javascript": Language(quote=_json, comment="//"),
    "python": Language(quote=_json, comment="#"),
    "java": Language(quote=_json, comment="//"),
    "csharp": Language(quote=_json, comment="//"),
    "go": Language(quote=_json, comment="//"),
    "ruby": Language(quote=_ruby, comment="#"),
    "yaml": Language(quote=_json, comment="#"),
}

_REGEX_SPECIAL = re.compile(r"([.\[\]])")


def escape_regex(origin: str) -> str:
    """Escape a plain origin for RE2, PCRE, Java, .NET and Python alike: only dots and brackets mean anything in one."""
    return _REGEX_SPECIAL.sub(r"\\\1", origin)
