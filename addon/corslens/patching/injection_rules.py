"""Reading `cors_patch_rules`: YAML text to Injections; every fault at once, each with file, line, column and the nearest name.

A document is a list of rules:

    - name: api-without-credentials            # required, and once
      because: what if the API sent this?      # shown with each change
      filter: ~d api.test & ~m GET             # mitmproxy's filter language; without it, every flow
      origins: [loopback, https://app.example] # as in cors_patch_origins; without it, those
      remove: [Access-Control-Allow-Credentials]
      set: {Access-Control-Allow-Origin: "*"}
      add: {Vary: [Accept, Origin]}            # a list makes several lines; "{origin}" is the request's own
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import yaml

from corslens.lint.rules.rule import ExchangeFilter
from corslens.patching.injection import Injection
from corslens.patching.injection_line import fault_of_name, fault_of_value
from corslens.patching.policy import OriginList, parse_origins
from corslens.yaml_reader import Node, YamlReader

type _ParseFilter = Callable[[str], ExchangeFilter]

_FIELDS = ("name", "because", "filter", "origins", "remove", "set", "add")


class InjectionRulesError(ValueError):
    """What is wrong with a file of injection rules."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        """Each begins with `file:line:column: `."""


LARGEST = 1 << 16
"""Bytes of a file; a rule is some hundred."""


def parse_injections(text: str, where: str, *, parse_filter: _ParseFilter | None = None) -> tuple[Injection, ...]:
    """Return the rules in a YAML text.

    Args:
        where: the file's name, for faults.
        parse_filter: makes a predicate of a flow filter, ValueError when it is none; None where there are no filters.
    Raises: InjectionRulesError naming every fault.
    """
    if len(text) > LARGEST:
        raise InjectionRulesError((f"{where}: larger than {LARGEST >> 10} KiB, the maximum for a rules file",))
    reader = YamlReader(where)
    rules: list[Injection] = []
    names: set[str] = set()
    for root in reader.documents(text, aliases=True):
        for node in reader.items(root, "the document"):
            rule = _rule(reader, node, parse_filter)
            if rule.name and rule.name in names:
                reader.refuse(node, f"there are two rules named {rule.name!r}")
            names.add(rule.name)
            rules.append(rule)
    if reader.problems:
        raise InjectionRulesError(tuple(_printable(str(one)) for one in reader.problems))
    return tuple(rules)


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def write_injections(rules: Iterable[Injection]) -> str:
    """Return a file of these rules, which `parse_injections` reads to the same changes.

    Those that were given in a line get a name that says what they do.
    """
    documents = []
    names: Counter[str] = Counter()
    for rule in rules:
        name = rule.name if rule.spec is None else ", ".join(rule.described())
        names[name] += 1
        document: dict[str, object] = {"name": name if names[name] == 1 else f"{name} ({names[name]})"}
        if rule.because:
            document["because"] = rule.because
        if rule.filter_text:
            document["filter"] = rule.filter_text
        if rule.origins is not None:
            document["origins"] = list(rule.origins.entries)
        if rule.remove:
            document["remove"] = list(rule.remove)
        for key, lines in (("set", rule.set), ("add", rule.add)):
            if lines:
                document[key] = {header: list(values) for header, values in lines.items()}
        documents.append(document)
    return "# corslens: injections\n" + (yaml.safe_dump(documents, sort_keys=False, width=1000) if documents else "")


def _rule(reader: YamlReader, node: Node, parse_filter: _ParseFilter | None) -> Injection:
    """Return the rule written at a node, which is of use only if the reader refused nothing of it."""
    fields = reader.fields(node, "a rule", _FIELDS, ("name",))
    name, filter_text = _line(reader, fields.get("name"), "name"), _line(reader, fields.get("filter"), "filter")
    remove = tuple(_header_name(reader, item, str(item.value)) for item in _scalars(reader, fields.get("remove")))
    set_lines, add_lines = (_lines(reader, fields.get(key), key) for key in ("set", "add"))
    if isinstance(node, yaml.MappingNode) and not (remove or set_lines or add_lines):
        reader.refuse(node, "a rule needs something to remove, set or add")
    removed = {header.lower() for header in remove}
    for key, lines in (("set", set_lines), ("add", add_lines)):
        for header in lines:
            if header.lower() in removed:
                reader.refuse(fields[key], f"{header!r} is both removed and {key}; `set` alone replaces every line of it")
    return Injection(
        name=name,
        because=_line(reader, fields.get("because"), "because"),
        filter_text=filter_text,
        matches=_filter(reader, fields["filter"], filter_text, parse_filter) if filter_text else None,
        origins=_origins(reader, fields.get("origins")),
        remove=remove,
        set=set_lines,
        add=add_lines,
    )


def _filter(reader: YamlReader, node: Node, text: str, parse_filter: _ParseFilter | None) -> ExchangeFilter | None:
    if parse_filter is None:
        reader.refuse(node, "flow filters cannot be used here")
        return None
    try:
        return parse_filter(text)
    except ValueError as error:
        reader.refuse(node, str(error))
        return None


def _origins(reader: YamlReader, node: Node | None) -> OriginList | None:
    if node is None:
        return None
    try:
        return parse_origins([str(item.value) for item in _scalars(reader, node)])
    except ValueError as error:
        reader.refuse(node, str(error))
        return None


def _lines(reader: YamlReader, node: Node | None, what: str) -> dict[str, tuple[str, ...]]:
    lines: dict[str, tuple[str, ...]] = {}
    for name, (key, value) in ({} if node is None else reader.mapping(node, what)).items():
        if name.lower() in map(str.lower, lines):
            reader.refuse(key, f'duplicate name "{name}"')
        _header_name(reader, value, name)
        lines[name] = tuple(_header_value(reader, item, name) for item in _scalars(reader, value))
        if isinstance(value, yaml.SequenceNode) and not value.value:
            reader.refuse(value, f"{name!r} has no value; to remove a header, name it under `remove`")
    return lines


def _header_name(reader: YamlReader, node: Node, name: str) -> str:
    if (fault := fault_of_name(name)) is not None:
        reader.refuse(node, fault)
    return name


def _header_value(reader: YamlReader, node: Node, name: str) -> str:
    value = str(node.value)
    if (fault := fault_of_value(name, value)) is not None:
        reader.refuse(node, fault)
    return value


def _scalars(reader: YamlReader, node: Node | None) -> Iterator[yaml.ScalarNode]:
    """Yield a single value, or each of a list; text exactly as it was written, so that `true` stays `true`."""
    for item in () if node is None else node.value if isinstance(node, yaml.SequenceNode) else (node,):
        if not isinstance(item, yaml.ScalarNode):
            reader.refuse(item, "expected a value or a list of values")
        elif item.tag == "tag:yaml.org,2002:null":
            reader.refuse(item, 'a value is missing; an empty one is written ""')
        else:
            yield item


def _line(reader: YamlReader, node: Node | None, what: str) -> str:
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if node is not None and not (text.strip() and text.isprintable()):
        reader.refuse(node, f"{what} must be one line of text")
        return ""
    return text
