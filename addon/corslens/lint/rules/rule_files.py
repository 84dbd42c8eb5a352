"""Reading rule files: the rules, products and changes of one after another, with every mistake in them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from yaml.nodes import MappingNode

from corslens.lint.rules.parse_product import parse_product
from corslens.lint.rules.parse_rule import ParsedChange, parse_overrides, parse_rule
from corslens.lint.rules.rule import Family, ParseFilter, Rule
from corslens.mistakes import RuleMistake
from corslens.observation.products.catalog import Product
from corslens.suggest import did_you_mean
from corslens.yaml_reader import Node, YamlReader

_PRODUCT_MARKS = frozenset({"kind", "marks", "responses", "request-headers"})
"""Fields that only a product's file has."""


class Contents(Struct):
    """What files hold."""

    rules: list[tuple[YamlReader, Rule]] = []
    products: list[tuple[YamlReader, Product]] = []
    mentions: list[tuple[YamlReader, Node]] = []
    """Where a rule names another one."""
    changes: list[tuple[YamlReader, ParsedChange]] = []
    problems: list[RuleMistake] = []


def check_mentions(contents: Contents, rules: Mapping[str, Rule]) -> None:
    """Add a mistake for each mention of a rule that there is not."""
    for reader, node in contents.mentions:
        name = str(node.value)
        if name not in rules and name not in set(Family):
            refuse_unknown(contents, reader, node, name, (*rules, *Family))


def refuse_unknown(contents: Contents, reader: YamlReader, node: Node, name: str, known: Iterable[str]) -> None:
    """Add a mistake: the node names a rule that there is not."""
    place = YamlReader(reader.file)
    place.refuse(node, f'unknown rule "{name}"{did_you_mean(name, known)}')
    contents.problems += place.problems


def read(file: Path, shown: str, contents: Contents, parse_filter: ParseFilter | None, *, trusted: bool) -> None:
    """Add what a file holds.

    Args:
        shown: what the file is called in mistakes.
        parse_filter: reads the flow filters of `silence`.
        trusted: it is one of ours.
    """
    reader = YamlReader(shown)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        contents.problems.append(RuleMistake(file=shown, text=f"cannot be read: {error.strerror or error}"))
        return
    except UnicodeDecodeError as error:
        contents.problems.append(RuleMistake(file=shown, text=f"is not UTF-8 text (byte {error.start})"))
        return
    documents = reader.documents(text, trusted=trusted)
    if not documents and not reader.problems:
        contents.problems.append(RuleMistake(file=shown, text="holds no rule"))
    for node in documents:
        names = [key.value for key, _ in node.value if isinstance(key.value, str)] if isinstance(node, MappingNode) else []
        if "overrides" in names:
            fields = reader.fields(node, "a file of overrides", ("overrides",))
            contents.changes += [(reader, change) for change in parse_overrides(reader, fields["overrides"], parse_filter)]
            continue
        mentions: list[Node] = []
        if _PRODUCT_MARKS & set(names):
            parsed = parse_product(reader, node, stem=file.stem, mentions=mentions)
            if parsed is not None:
                contents.products.append((reader, parsed.product))
                contents.rules += [(reader, rule) for rule in parsed.rules]
                contents.mentions += [(reader, mention) for mention in mentions]
            continue
        alone = len(documents) == 1
        rule = parse_rule(reader, node, stem=file.stem, folder=file.parent.name, alone=alone, mentions=mentions)
        if rule is not None:
            contents.rules.append((reader, rule))
            contents.mentions += [(reader, mention) for mention in mentions]
    contents.problems += sorted(reader.problems, key=lambda problem: (problem.line, problem.column))
