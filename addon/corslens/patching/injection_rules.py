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
from collections.abc import Callable, Iterable, Iterator, Mapping

import yaml

from corslens.lint.rules.rule import ExchangeFilter
from corslens.patching.injection import Injection
from corslens.patching.injection_line import fault_of_name, fault_of_value
from corslens.patching.policy import OriginList, parse_origins
from corslens.suggest import did_you_mean

_KEYS = ("name", "because", "filter", "origins", "remove", "set", "add")


class InjectionRulesError(ValueError):
    """What is wrong with a file of injection rules."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        """Each begins with `file:line:column: `."""


LARGEST = 1 << 16
"""Bytes of a file; a rule is some hundred."""


def parse_injections(
    text: str, where: str, *, parse_filter: Callable[[str], ExchangeFilter] | None = None
) -> tuple[Injection, ...]:
    """Return the rules in a YAML text.

    Args:
        where: the file's name, for faults.
        parse_filter: makes a predicate of a flow filter, ValueError when it is none; None where there are no filters.
    Raises: InjectionRulesError naming every fault.
    """
    return _Reader(where, parse_filter).read(text)


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


class _Reader:
    def __init__(self, where: str, parse_filter: Callable[[str], ExchangeFilter] | None) -> None:
        self._where = where
        self._parse_filter = parse_filter
        self._faults: list[str] = []

    def read(self, text: str) -> tuple[Injection, ...]:
        if len(text) > LARGEST:
            raise InjectionRulesError((f"{self._where}: larger than {LARGEST >> 10} KiB, which no file of rules is",))
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            raise InjectionRulesError(
                (self._at(error.problem_mark, f"this is not YAML: {error.problem or error.context}"),)
            ) from None
        except (yaml.YAMLError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
            raise InjectionRulesError((f"{self._where}:1:1: this is not YAML: {reason}",)) from None
        rules: list[Injection] = []
        if root is not None:
            if not isinstance(root, yaml.SequenceNode):
                self._fault(root, "a list of rules is wanted, each beginning with a dash")
            else:
                names: set[str] = set()
                for node in root.value:
                    rule = self._rule(node)
                    if rule is not None:
                        if rule.name in names:
                            self._fault(node, f"there are two rules named {rule.name!r}")
                        names.add(rule.name)
                        rules.append(rule)
        if self._faults:
            raise InjectionRulesError(tuple(self._faults))
        return tuple(rules)

    def _rule(self, node: yaml.Node) -> Injection | None:
        entries = self._mapping(node, "a rule", _KEYS)
        if entries is None:
            return None
        if "name" not in entries:
            self._fault(node, "a rule needs a name")
        name = self._text(entries.get("name")) or ""
        filter_text = self._text(entries.get("filter")) or ""
        remove = tuple(self._header_name(item, item.value) for item in self._scalars(entries.get("remove")))
        set_lines, add_lines = self._lines(entries.get("set")), self._lines(entries.get("add"))
        if not (remove or set_lines or add_lines):
            self._fault(node, "a rule needs something to remove, set or add")
        removed = {header.lower() for header in remove}
        for key, lines in (("set", set_lines), ("add", add_lines)):
            for header in lines:
                if header.lower() in removed:
                    self._fault(entries[key], f"{header!r} is both removed and {key}; `set` alone replaces every line of it")
        return Injection(
            name=name,
            because=self._text(entries.get("because")) or "",
            filter_text=filter_text,
            matches=self._filter(entries.get("filter"), filter_text),
            origins=self._origins(entries.get("origins")),
            remove=remove,
            set=set_lines,
            add=add_lines,
        )

    def _filter(self, node: yaml.Node | None, text: str) -> ExchangeFilter | None:
        if node is None or not text:
            return None
        if self._parse_filter is None:
            self._fault(node, "flow filters cannot be used here")
            return None
        try:
            return self._parse_filter(text)
        except ValueError as error:
            self._fault(node, str(error))
            return None

    def _origins(self, node: yaml.Node | None) -> OriginList | None:
        if node is None:
            return None
        try:
            return parse_origins([item.value for item in self._scalars(node)])
        except ValueError as error:
            self._fault(node, str(error))
            return None

    def _lines(self, node: yaml.Node | None) -> Mapping[str, tuple[str, ...]]:
        entries = self._mapping(node, "set and add") if node is not None else None
        lines: dict[str, tuple[str, ...]] = {}
        for name, value in (entries or {}).items():
            self._header_name(value, name)
            lines[name] = tuple(self._header_value(item, name) for item in self._scalars(value))
            if isinstance(value, yaml.SequenceNode) and not value.value:
                self._fault(value, f"{name!r} has no value; to take a header away, name it under `remove`")
        return lines

    def _header_name(self, node: yaml.Node, name: str) -> str:
        if (fault := fault_of_name(name)) is not None:
            self._fault(node, fault)
        return name

    def _header_value(self, node: yaml.ScalarNode, name: str) -> str:
        value: str = node.value
        if (fault := fault_of_value(name, value)) is not None:
            self._fault(node, fault)
        return value

    def _mapping(self, node: yaml.Node, what: str, keys: tuple[str, ...] = ()) -> dict[str, yaml.Node] | None:
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, f"{what} must have `key: value` lines")
            return None
        entries: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self._fault(key_node, "a key is a plain word")
            elif keys and key not in keys:
                hint = did_you_mean(key, keys) or f"; there are {', '.join(keys)}"
                self._fault(key_node, f"unknown key {key!r}{hint}")
            elif key.lower() in (known.lower() for known in entries):
                self._fault(key_node, f"{key!r} stands there twice")
            else:
                entries[key] = value_node
        return entries

    def _scalars(self, node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
        """Yield a single value, or each of a list; text exactly as it was written, so that `true` stays `true`."""
        if node is None:
            return
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(item, yaml.ScalarNode):
                self._fault(item, "a value, or a list of values, is wanted")
            elif item.tag == "tag:yaml.org,2002:null":
                self._fault(item, 'a value is missing; an empty one is written ""')
            else:
                yield item

    def _text(self, node: yaml.Node | None) -> str | None:
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip() or not node.value.isprintable():
            self._fault(node, "one line of text is wanted")
            return None
        return str(node.value)

    def _fault(self, node: yaml.Node, message: str) -> None:
        self._faults.append(self._at(node.start_mark, message))

    def _at(self, mark: yaml.Mark | None, message: str) -> str:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        return f"{self._where}:{line}:{column}: {message}"
