"""The JSON Schema of rule files, for editors; made from the vocabulary, so that it cannot lag behind."""

from typing import Any

from corslens.engines.engine import Engine
from corslens.lint.facts.fact import Fact, FactKind
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.finding import Confidence, Side
from corslens.lint.rules.condition import MATCHERS, Argument, Operator, OperatorSpec
from corslens.lint.rules.parse_product import APPLIES_TO, RESPONSE_FIELDS
from corslens.lint.rules.parse_rule import EXPLANATION_FIELDS, SCOPES, SEVERITIES, STAGES
from corslens.lint.rules.rule import Family
from corslens.observation.probe import OriginComparison
from corslens.observation.products.catalog import ProductKind
from corslens.verdict.reasons import Reason

type Schema = dict[str, Any]

_CONDITION: Schema = {"$ref": "#/$defs/condition"}
_TEXT: Schema = {"type": "string"}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_HEADERS: Schema = {
    "type": "object",
    "additionalProperties": {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, {"type": "array", "items": _SCALAR}]},
}


def rule_schema() -> Schema:
    """Return the schema of a document in a rule file: a rule, a product, or overrides."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "corslens rule",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("rule", "product", "overrides")],
        "$defs": {
            "rule": _rule(),
            "product": _product(),
            "head": _head(),
            "overrides": _overrides(),
            "condition": _condition(),
            "severity": {"enum": list(SEVERITIES)},
            "sample": _sample(with_name=True),
            "step": _sample(with_name=False),
            **_shared_askings(),
        },
    }


def _rule() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "severity", "message"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "The file's name, unless given."},
            "family": {"enum": list(Family)},
            "title": {**_TEXT, "description": "The fault in at most 60 characters."},
            "why": {**_TEXT, "description": "What it means for a person."},
            "severity": {
                "description": "One word, or cases of which the first that holds counts, and a word at the end.",
                "anyOf": [
                    {"$ref": "#/$defs/severity"},
                    {
                        "type": "array",
                        "items": {
                            "anyOf": [
                                {"$ref": "#/$defs/severity"},
                                {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "properties": dict.fromkeys(SEVERITIES, _CONDITION),
                                },
                            ]
                        },
                    },
                ],
            },
            "confidence": {"enum": list(Confidence), "description": "How sure one can be from the wire."},
            "reason": {"enum": list(Reason), "description": "Fires when the browser blocks for this reason."},
            "stage": {
                "enum": list(STAGES),
                "description": "Where the request went wrong; the smallest of a page request is its cause.",
            },
            "scope": {
                "enum": list(SCOPES),
                "description": "Of what it is true: this endpoint (the default), or the whole host, of which it is said once.",
            },
            "explains": {
                "type": "array",
                "description": "Rules and families whose findings on the same page request are consequences of this one.",
                "items": {
                    "anyOf": [
                        _TEXT,
                        {
                            "type": "object",
                            "additionalProperties": False,
                            "required": list(EXPLANATION_FIELDS),
                            "properties": {"when": _CONDITION, "rules": {"type": "array", "items": _TEXT}},
                        },
                    ]
                },
            },
            "when": _CONDITION,
            "never": {**_TEXT, "description": "Why no traffic shows it."},
            "message": {**_TEXT, "description": "What the finding says; facts stand in braces."},
            "fixes": {
                "type": "array",
                "description": "What to do, best first; facts stand in braces.",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["side"],
                    "anyOf": [{"required": ["text"]}, {"required": ["headers"]}],
                    "properties": {
                        "side": {"enum": list(Side), "description": "Who can make it."},
                        "when": _CONDITION,
                        "text": {**_TEXT, "description": "A sentence that begins with a verb."},
                        "headers": {
                            "type": "array",
                            "items": {"type": "string", "pattern": "^[A-Z][A-Za-z-]+: "},
                            "description": "The exact lines to send, `Name: value`.",
                        },
                    },
                },
            },
            "sources": {"type": "array", "items": {"type": "string", "pattern": "^https://"}},
            "bad": {"type": "array", "items": {"$ref": "#/$defs/sample"}, "description": "Traffic on which it must fire."},
            "good": {"type": "array", "items": {"$ref": "#/$defs/sample"}, "description": "Traffic on which it must not."},
        },
    }


def _product() -> Schema:
    rule = _rule()["properties"]
    response = {name: rule[name] for name in RESPONSE_FIELDS if name in rule}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "kind", "verified", "sources"],
        "properties": {
            "name": {**_TEXT, "description": "For people."},
            "kind": {"enum": list(ProductKind)},
            "verified": {**_TEXT, "description": "How the marks were checked."},
            "sources": rule["sources"],
            "hosts": {
                "type": "array",
                "minItems": 1,
                "items": _TEXT,
                "description": "The product's own hosts, for heads to name them all as host: true; a * stands for anything.",
            },
            "marks": {**_heads(), "description": "What shows that the product took part in a response."},
            "responses": {
                "type": "array",
                "description": "What it responds by itself; each is a rule of its own.",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id", "head", "title", "message", "fixes"],
                    "properties": {**response, "head": _heads(), "applies-to": {"enum": list(APPLIES_TO)}},
                },
            },
            "request-headers": {
                "type": "array",
                "items": _TEXT,
                "description": "Of a library: the request headers that it adds, in lowercase; a * at the end stands for anything.",
            },
            "request-fix": {**_TEXT, "description": "Of a library: how to keep it from adding them."},
        },
    }


def _heads() -> Schema:
    return {"anyOf": [{"$ref": "#/$defs/head"}, {"type": "array", "items": {"$ref": "#/$defs/head"}}]}


def _head() -> Schema:
    alternatives: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
    elements = {
        "type": "object",
        "additionalProperties": False,
        "required": ["all"],
        "properties": {"all": {"type": "array", "items": _TEXT}},
    }
    return {
        "type": "object",
        "minProperties": 1,
        "description": "Marks, all of which must hold: status, method, length, host, port, path, location-host, location-path, cookie, or a header's name in lowercase (host: true is any of the product's hosts).",
        "additionalProperties": {"anyOf": [*alternatives["anyOf"], elements]},
    }


def _overrides() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["overrides"],
        "properties": {
            "overrides": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["rule"],
                    "anyOf": [{"required": ["severity"]}, {"required": ["silence", "because"]}],
                    "properties": {
                        "rule": _TEXT,
                        "severity": {"$ref": "#/$defs/severity"},
                        "silence": {**_TEXT, "description": "A flow filter: where the rule's findings are suppressed."},
                        "because": {**_TEXT, "description": "The justification; required to suppress a rule."},
                    },
                },
            }
        },
    }


def _sample(*, with_name: bool) -> Schema:
    properties: Schema = {
        "request": _HEADERS,
        "response": _HEADERS,
        "preflight": _HEADERS,
        "error": _TEXT,
        "browser": _TEXT,
        "probe": {"enum": list(OriginComparison)},
        "credentials": {"enum": ["include", "omit"]},
        "after": {"type": "number"},
        "version": _TEXT,
        "address": _TEXT,
    }
    if with_name:
        properties |= {
            "name": _SCALAR,
            "engine": {"enum": list(Engine)},
            "history": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        }
    else:
        properties["times"] = {"type": "integer"}
    required = ["name"] if with_name else []
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _condition() -> Schema:
    combined = {"type": "array", "minItems": 1, "items": _CONDITION}
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "all": combined,
            "any": combined,
            "not": _CONDITION,
            **{name: _asked(one) for name, one in VOCABULARY.items()},
        },
    }


def _asked(one: Fact[Any]) -> Schema:
    return {"description": one.doc, **(_asking(one) if one.choices else {"$ref": f"#/$defs/{_shared(one)}"})}


def _shared(one: Fact[Any]) -> str:
    return f"asking-{one.kind}{'-that-may-be-absent' if one.optional else ''}"


def _shared_askings() -> Schema:
    """Return what may be asked of the facts without a list of choices, once for each kind."""
    return {_shared(one): _asking(one) for one in VOCABULARY.values() if not one.choices}


def _asking(one: Fact[Any]) -> Schema:
    matchers = {
        str(matcher): _argument(one, asking)
        for matcher, asking in MATCHERS.items()
        if one.kind in asking.kinds and (matcher is not Operator.PRESENT or one.optional)
    }
    longhand = {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": matchers}
    return {"anyOf": [_value(one), longhand]}


def _argument(one: Fact[Any], asking: OperatorSpec) -> Schema:
    match asking.argument:
        case Argument.FLAG:
            return {"type": "boolean", "description": asking.meaning}
        case Argument.VALUES:
            return {"type": "array", "minItems": 1, "items": _value(one), "description": asking.meaning}
        case Argument.VALUE:
            return {**_value(one), "description": asking.meaning}


def _value(one: Fact[Any]) -> Schema:
    if one.choices:
        return {"enum": [str(choice) for choice in one.choices]}
    match one.kind:
        case FactKind.FLAG:
            return {"type": "boolean"}
        case FactKind.NUMBER:
            return {"type": "number"}
        case _:
            return dict(_SCALAR)
