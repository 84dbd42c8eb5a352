"""From YAML to Product: rules/products/*.yaml, whose own responses are rules, too."""

import re

import yaml
from msgspec import Struct

from corslens.lint.finding import Severity, Stage
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Operator
from corslens.lint.rules.parse_condition import parse_condition
from corslens.lint.rules.parse_rule import RULE_FIELDS, rule_of
from corslens.lint.rules.rule import Family, Rule
from corslens.observation.products.catalog import OwnResponse, Product, ProductKind
from corslens.observation.products.head import HeadPattern, Mark
from corslens.observation.products.value import ValueTest, value_test
from corslens.yaml_reader import Node, YamlReader

PRODUCT_FIELDS = ("name", "kind", "verified", "sources", "hosts", "marks", "responses", "request-headers", "request-fix")
RESPONSE_FIELDS = (
    "head", "applies-to", *(field for field in RULE_FIELDS if field not in ("family", "reason", "never")),
)  # fmt: skip
MADE_BY = "response.made-by"
"""The fact that holds the ids of the own responses that an exchange shows."""

_PLACES = ("host", "port", "path", "location-host", "location-path", "cookie")
_REQUEST = "request."
_STATUS = re.compile(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?")
_HEADER_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")

_BLOCKED = Leaf("verdict.outcome", Operator.IS, "blocked")
_OF_A_SCRIPT = All(
    (
        Leaf("response.plain-success", Operator.IS, False),  # excludes most exchanges before any mark is looked at
        AnyOf(
            (
                Leaf("role", Operator.IN, ("preflight", "actual", "simple")),
                All((Leaf("role", Operator.IS, "same-origin"), Leaf("request.destination", Operator.IS, "empty"))),
            )
        ),
    )
)
APPLIES_TO: dict[str, Condition | None] = {"blocked-requests": _BLOCKED, "script-requests": _OF_A_SCRIPT, "any": None}
"""To which exchanges a response's rule applies; unless it says so, to those that the browser blocks."""

_EXPLAINS = (Family.VIOLATIONS.value, Family.CORRECTNESS.value, Family.CACHING.value, Family.COMPATIBILITY.value)
"""Where something else responded, whatever is wrong with the headers follows from that."""


class ParsedProduct(Struct, frozen=True):
    """A product, and the rules that put its own responses into words."""

    product: Product
    rules: tuple[Rule, ...]


def parse_product(reader: YamlReader, node: Node, *, stem: str, mentions: list[Node]) -> ParsedProduct | None:
    """Return the product written at a document's root, None when it is wrong (which the reader then knows).

    Args:
        stem: of the file's name, the product's id.
        mentions: takes the nodes that name other rules, which can be looked up once all are known.
    """
    before = len(reader.problems)
    fields = reader.fields(node, "a product", PRODUCT_FIELDS, ("name", "kind", "verified", "sources"))
    hosts = _hosts(reader, fields.get("hosts"))
    kind = ProductKind(reader.choice(fields.get("kind"), "kind", ProductKind) or ProductKind.FRAMEWORK)
    responses: list[OwnResponse] = []
    rules: list[Rule] = []
    for item in reader.items(fields["responses"], "responses") if "responses" in fields else ():
        parts = reader.fields(item, "a response", RESPONSE_FIELDS, ("id", "head", "title", "message", "fixes"))
        rule = _rule(reader, {"sources": fields["sources"], **parts} if "sources" in fields else parts, mentions)
        responses.append(OwnResponse(id=rule.id, heads=_heads(reader, parts.get("head"), hosts)))
        rules.append(rule)
    product = Product(
        id=stem,
        name=reader.text(fields.get("name"), "name"),
        kind=kind,
        verified=reader.text(fields.get("verified"), "verified"),
        marks=_heads(reader, fields.get("marks"), hosts),
        responses=tuple(responses),
        request_headers=frozenset(_request_headers(reader, fields.get("request-headers"))),
        request_fix=reader.text(fields.get("request-fix"), "request-fix"),
        file=reader.file,
    )
    if (kind is ProductKind.LIBRARY) is not bool(product.request_headers and product.request_fix):
        reader.refuse(node, 'a library, and nothing else, has "request-headers" and a "request-fix"')
    return ParsedProduct(product, tuple(rules)) if len(reader.problems) == before else None


def _rule(reader: YamlReader, parts: dict[str, Node], mentions: list[Node]) -> Rule:
    id = reader.text(parts.get("id"), "id")
    applies = reader.choice(parts.get("applies-to"), "applies-to", APPLIES_TO) or "blocked-requests"
    conditions: list[Condition | None] = [Leaf(MADE_BY, Operator.HAS, id), APPLIES_TO[applies]]
    if "when" in parts:
        conditions.append(parse_condition(reader, parts["when"]))
    return rule_of(
        reader,
        parts,
        id=id,
        family=Family.PRODUCTS,
        when=All(tuple(condition for condition in conditions if condition is not None)),
        mentions=mentions,
        severity=Severity.ERROR,
        stage=Stage.INTERMEDIARY,
        explains=_EXPLAINS,
    )


def _hosts(reader: YamlReader, node: Node | None) -> ValueTest | None:
    """Return the test of the product's own hosts, which a head writes as `host: true`; None where the file names none."""
    if node is None:
        return None
    hosts = reader.items(node, "hosts")
    if not hosts:
        reader.refuse(node, "hosts is empty")
    return value_test(*(reader.text(one, "a host") for one in hosts))


def _heads(reader: YamlReader, node: Node | None, hosts: ValueTest | None) -> tuple[HeadPattern, ...]:
    """Return the alternatives written at a node: a head, or a list of heads."""
    if node is None:
        return ()
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(_head(reader, item, hosts) for item in items)


def _head(reader: YamlReader, node: Node, hosts: ValueTest | None) -> HeadPattern:
    statuses: list[tuple[int, int]] = []
    methods: list[str] = []
    lengths: list[int] = []
    marks: list[Mark] = []
    for name, (key, value) in reader.mapping(node, "a head").items():
        match name:
            case "status":
                statuses += [_status(reader, one) for one in _alternatives(value)]
            case "method":
                methods += [reader.text(one, "method") for one in _alternatives(value)]
            case "length":
                lengths += [int(reader.number(one, "length") or 0) for one in _alternatives(value)]
            case "host" if _is_flag(value):
                if hosts is None or not reader.flag(value, name):
                    reader.refuse(value, '"host: true" stands for the hosts that the product\'s field "hosts" lists')
                marks.append(Mark(field=name, test=hosts))
            case _ if name in _PLACES:
                marks.append(Mark(field=name, test=_test(reader, value, name)))
            case _:
                marks.append(_header_mark(reader, key, name, value))
    if not (statuses or methods or lengths or marks):
        reader.refuse(node, "a head has no marks")
    return HeadPattern(
        statuses=tuple(statuses),
        methods=frozenset(methods),
        lengths=frozenset(lengths),
        marks=tuple(sorted(marks, key=lambda mark: not mark.present)),
    )


def _header_mark(reader: YamlReader, key: Node, name: str, value: Node) -> Mark:
    field, header = ("request-header", name.removeprefix(_REQUEST)) if name.startswith(_REQUEST) else ("header", name)
    if not _HEADER_NAME.fullmatch(header):
        reader.refuse(
            key, f'"{name}" is not a header name in lowercase, nor one of status, method, length, {", ".join(_PLACES)}'
        )
    if isinstance(value, yaml.MappingNode):
        parts = reader.fields(value, name, ("all",), ("all",))
        wanted = reader.items(parts["all"], "all") if "all" in parts else []
        return Mark(field=field, name=header, elements=frozenset(reader.text(item, "an element").lower() for item in wanted))
    if _is_flag(value):
        return Mark(field=field, name=header, present=reader.flag(value, name) is True)
    return Mark(field=field, name=header, test=_test(reader, value, name))


def _is_flag(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:bool"


def _test(reader: YamlReader, node: Node, what: str) -> ValueTest:
    return value_test(*(reader.text(one, what) for one in _alternatives(node)))


def _status(reader: YamlReader, node: Node) -> tuple[int, int]:
    text = reader.text(node, "status")
    found = _STATUS.fullmatch(text)
    if found is None:
        reader.refuse(node, f'a status must be a number of three digits, or a range like 400-599, not "{text}"')
        return (0, 0)
    low, high = found.groups()
    return int(low), int(high or low)


def _request_headers(reader: YamlReader, node: Node | None) -> list[str]:
    return [] if node is None else [reader.text(item, "a request header") for item in reader.items(node, "request-headers")]


def _alternatives(node: Node) -> list[Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]
