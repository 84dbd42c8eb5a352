"""From YAML to Condition: every name and value is checked against the vocabulary."""

from typing import Any

import yaml

from corslens.lint.facts.fact import Fact, FactKind
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.condition import MATCHERS, All, AnyOf, Argument, Condition, Leaf, Not, Operator
from corslens.suggest import did_you_mean
from corslens.yaml_reader import Node, YamlReader

_COMBINING = ("all", "any", "not")


def parse_condition(reader: YamlReader, node: Node, what: str = "when") -> Condition | None:
    """Return the condition written at a node, None when it is wrong (which the reader then knows)."""
    parts: list[Condition | None] = []
    for name, (key, value) in reader.mapping(node, what).items():
        match name:
            case "all" | "any":
                inner = [parse_condition(reader, item, f"an entry of {name}") for item in reader.items(value, name)]
                if not inner and isinstance(value, yaml.SequenceNode):
                    reader.refuse(value, f'"{name}" has no entries')
                known = tuple(part for part in inner if part is not None)
                parts.append(None if not inner or len(known) < len(inner) else All(known) if name == "all" else AnyOf(known))
            case "not":
                negated = parse_condition(reader, value, "not")
                parts.append(None if negated is None else Not(negated))
            case _:
                parts.append(_fact(reader, key, name, value))
    if not parts and isinstance(node, yaml.MappingNode):
        reader.refuse(node, f"{what} has no conditions")
    if not parts or None in parts:
        return None
    known = tuple(part for part in parts if part is not None)
    return known[0] if len(known) == 1 else All(known)


def _fact(reader: YamlReader, key: Node, name: str, value: Node) -> Condition | None:
    fact = VOCABULARY.get(name)
    if fact is None:
        reader.refuse(key, f'unknown fact "{name}"{did_you_mean(name, (*VOCABULARY, *_COMBINING))}')
        return None
    if isinstance(value, yaml.SequenceNode):
        reader.refuse(value, f'"{name}" needs a matcher for a list, for instance {{in: […]}}')
        return None
    if not isinstance(value, yaml.MappingNode):
        short = Operator.HAS if fact.kind is FactKind.SET else Operator.IS
        return _leaf(reader, fact, short, value)
    leaves = [_matched(reader, fact, matcher, *nodes) for matcher, nodes in reader.mapping(value, name).items()]
    if not leaves:
        reader.refuse(value, f'"{name}" has no matcher')
    if not leaves or None in leaves:
        return None
    known = tuple(leaf for leaf in leaves if leaf is not None)
    return known[0] if len(known) == 1 else All(known)


def _matched(reader: YamlReader, fact: Fact[Any], matcher: str, key: Node, argument: Node) -> Leaf | None:
    usable = [name for name, asking in MATCHERS.items() if fact.kind in asking.kinds]
    if not fact.optional:
        usable.remove(Operator.PRESENT)
    if matcher not in usable:
        words = ", ".join(usable)
        reader.refuse(key, f'"{fact.name}" is a {fact.kind} and takes {words}, not "{matcher}"{did_you_mean(matcher, usable)}')
        return None
    return _leaf(reader, fact, Operator(matcher), argument)


def _leaf(reader: YamlReader, fact: Fact[Any], matcher: Operator, node: Node) -> Leaf | None:
    argument: Any
    match MATCHERS[matcher].argument:
        case Argument.FLAG:
            argument = reader.flag(node, f"{fact.name}: {matcher}")
        case Argument.VALUES:
            values = [_value(reader, fact, item) for item in reader.items(node, f"{fact.name}: {matcher}")]
            if not values and isinstance(node, yaml.SequenceNode):
                reader.refuse(node, f"{fact.name}: {matcher} has no entries")
            argument = None if not values or None in values else tuple(values)
        case Argument.VALUE:
            argument = _value(reader, fact, node)
    return None if argument is None else Leaf(fact.name, matcher, argument)


def _value(reader: YamlReader, fact: Fact[Any], node: Node) -> Any:
    match fact.kind:
        case FactKind.FLAG:
            return reader.flag(node, fact.name)
        case FactKind.NUMBER:
            return reader.number(node, fact.name)
        case FactKind.CHOICE:
            return reader.choice(node, fact.name, fact.choices)
        case FactKind.SET if fact.choices:
            return reader.choice(node, f"an element of {fact.name}", fact.choices)
        case _:
            return reader.text(node, fact.name) if isinstance(node, yaml.ScalarNode) else _not_text(reader, fact, node)


def _not_text(reader: YamlReader, fact: Fact[Any], node: Node) -> None:
    reader.refuse(node, f"{fact.name} is compared with text")
