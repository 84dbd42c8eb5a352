"""Template: the text of a message or a fix, with facts in braces. What comes off the wire is redacted when it is filled in."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.constants import canonical_name
from corslens.lint.facts.fact import Fact, FactKind
from corslens.observation.known import Unknown
from corslens.observation.redaction import redact_header, redact_value
from corslens.verdict.verdict import Failure

FAILURE_FIELDS = ("failure.header", "failure.line", "failure.value", "failure.wanted")
"""What a rule with a `reason` may say of the failing check."""

LINE = ".line"
"""Ends a field that says the whole header line behind a fact, or that there is none: `no Access-Control-Allow-Origin`."""

_FIELD = re.compile(r"\{([^{}]*)\}")
ABSENT = "none"
"""What stands for a header or a fact that is not there."""
_OPEN, _CLOSE = "\ue000", "\ue001"  # private characters that no rule holds
_MAX_VALUE_CHARACTERS = 200
_LOOKED_AT = 4 * _MAX_VALUE_CHARACTERS
"""Characters of a value that are redacted and then cut; what stands behind cannot be shown."""
_MAX_ELEMENTS = 6


class Template(Struct, frozen=True):
    """Text, cut at its fields."""

    text: str
    parts: tuple[str, ...]
    """Plain text at even places, names of facts at odd ones."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the facts in it."""
        return self.parts[1::2]


def parse_template(text: str) -> Template:
    """Cut a text at its fields; `{{` and `}}` are plain braces.

    Raises: ValueError when a brace is left over.
    """
    parts = _FIELD.split(text.replace("{{", _OPEN).replace("}}", _CLOSE))
    if any("{" in part or "}" in part for part in parts[::2]):
        raise ValueError("a brace stands alone; write {name-of-a-fact}, or {{ for a brace")
    return Template(text, tuple(part.replace(_OPEN, "{").replace(_CLOSE, "}") for part in parts))


def render(template: Template, facts: Any, failure: Failure | None, vocabulary: Mapping[str, Fact[Any]]) -> str:
    """Fill a template in."""
    if len(template.parts) == 1:
        return template.parts[0]
    shown = list(template.parts)
    for place in range(1, len(shown), 2):
        name = shown[place]
        if name in FAILURE_FIELDS:
            shown[place] = _of_failure(name, failure)
        elif name.endswith(LINE):
            fact = vocabulary[name.removesuffix(LINE)]
            shown[place] = _line(fact.header or "", getattr(facts, fact.attribute))
        else:
            shown[place] = _of_fact(vocabulary[name], facts)
    return "".join(shown)


class Unfillable(ValueError):
    """A value in a template is absent, unknown, not to be shown as it is, or the origin `null`, which nobody should allow."""


def render_known(
    template: Template, facts: Any, failure: Failure | None, vocabulary: Mapping[str, Fact[Any]], *, exact: bool = False
) -> str | None:
    """Fill a template in.

    Args:
        exact: the text is a header line to be copied, so that a value may be neither shortened nor redacted.
    Returns: None for a header line whose value is absent, because nothing belongs into it.
    Raises: Unfillable.
    """
    shown = list(template.parts)
    for place in range(1, len(shown), 2):
        name = shown[place]
        if name in FAILURE_FIELDS:
            value = None if failure is None else getattr(failure, _FAILURE_ATTRIBUTES[name])
            header = None if failure is None else failure.header
        else:
            fact = vocabulary[name.removesuffix(LINE)]
            value, header = getattr(facts, fact.attribute), fact.header
        if exact and value is None:
            return None
        if value is None or value in ("", "null", frozenset()) or isinstance(value, Unknown):
            raise Unfillable(name)
        if not exact:
            continue
        shown[place] = str(value)
        if not isinstance(value, str) or len(value) > _LOOKED_AT or _redacted_whole(header, value) != value:
            raise Unfillable(name)
    return "".join(shown) if exact else render(template, facts, failure, vocabulary)


_FAILURE_ATTRIBUTES = {
    "failure.header": "header",
    "failure.line": "value",
    "failure.value": "value",
    "failure.wanted": "wanted",
}


def _redacted_whole(header: str | None, value: str) -> str:
    return redact_header(header, value) if header is not None else redact_value(value)


def _of_failure(name: str, failure: Failure | None) -> str:
    if failure is None:
        return ABSENT
    header = failure.header or ""
    match name:
        case "failure.header":
            return header or "the response"
        case "failure.line":
            return _line(header, failure.value)
        case "failure.value":
            return ABSENT if failure.value is None else _text(failure.header, failure.value)
        case _:
            return "something else" if failure.wanted is None else _text(failure.header, failure.wanted)


def _line(header: str, value: str | None) -> str:
    name = canonical_name(header)
    return f"no {name}" if value is None else f"{name}: {_text(header, value)}"


def _of_fact(fact: Fact[Any], facts: Any) -> str:
    value = getattr(facts, fact.attribute)
    if value is None:
        return ABSENT
    if isinstance(value, Unknown):
        return "unknown"
    if fact.kind is not FactKind.SET:
        return _shown(fact.header, value)
    # The elements are names, which are no secret even where the header's value is one.
    elements = sorted(_shown(None, one) for one in value)
    more = [f"and {len(elements) - _MAX_ELEMENTS} more"] if len(elements) > _MAX_ELEMENTS else []
    return ", ".join(elements[:_MAX_ELEMENTS] + more) or ABSENT


def _shown(header: str | None, value: Any) -> str:
    if isinstance(value, Engine):
        return value.label
    if isinstance(value, str):
        return _text(header, str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _text(header: str | None, value: str) -> str:
    return _redacted(header, value if len(value) <= _LOOKED_AT else value[:_LOOKED_AT])


def _redacted(header: str | None, value: str) -> str:
    return _shortened(_redacted_whole(header, value))


def _shortened(text: str) -> str:
    if not text:
        return '""'
    return text if len(text) <= _MAX_VALUE_CHARACTERS else f"{text[: _MAX_VALUE_CHARACTERS - 1]}…"
