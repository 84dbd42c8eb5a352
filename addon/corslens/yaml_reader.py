"""Reading YAML with the place of every word, so that each mistake in a rule file is reported with file, line and column.

Neither values nor structure are believed: keys are checked against those that are wanted, repeated keys, aliases and depth are refused.
"""

from collections.abc import Iterable, Mapping

import yaml

from corslens.mistakes import RuleMistake
from corslens.suggest import did_you_mean

type Node = yaml.nodes.Node

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LARGEST = 1 << 20
_DEEPEST = 40
_TOO_DEEP = f"nested deeper than {_DEEPEST} levels"
_NO_FORMER: Mapping[str, str] = {}


class YamlReader:
    """Reads the nodes of one file and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[RuleMistake] = []

    def documents(self, text: str, *, trusted: bool = False, aliases: bool = False) -> list[Node]:
        """Return the root node of each document in a text; what a user wrote is checked for size and depth first.

        Args:
            aliases: they may be used, since nobody walks into what is nested.
        """
        try:
            if not trusted and not self._is_bearable(text, aliases=aliases):
                return []
            return [node for node in yaml.compose_all(text, Loader=_LOADER) if node is not None]
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            problem = error.problem or error.context or "cannot be read"
            # libyaml from 0.2.6 on has a limit of its own, met while it reads ahead, before the first bracket's event comes.
            too_deep = problem == "exceeded maximum nesting depth"
            self._add(line, column, _TOO_DEEP if too_deep else f"not YAML: {problem}")
        except (yaml.YAMLError, RecursionError) as error:
            self._add(1, 1, f"not YAML: {str(error).partition(chr(10))[0]}")
        return []

    def _is_bearable(self, text: str, *, aliases: bool) -> bool:
        if len(text) > _LARGEST:
            self._add(1, 1, "larger than 1 MiB, the maximum for a rule file")
            return False
        depth, refused = 0, ""
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    refused = _TOO_DEEP
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.AliasEvent) and not aliases:
                refused = "aliases (*name) cannot be used here"
            if refused:
                mark = event.start_mark
                self._add(*((1, 1) if mark is None else (mark.line + 1, mark.column + 1)), refused)
                return False
        return True

    def refuse(self, node: Node, text: str) -> None:
        """Note what is wrong at a node."""
        self._add(node.start_mark.line + 1, node.start_mark.column + 1, text)

    def _add(self, line: int, column: int, text: str) -> None:
        self.problems.append(RuleMistake(file=self.file, line=line, column=column, text=text))

    def mapping(self, node: Node, what: str) -> dict[str, tuple[Node, Node]]:
        """Return the (key, value) nodes of a mapping by key; a repeated key is refused."""
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, f"{what} must be a mapping (name: value)")
            return {}
        entries: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.refuse(key, f"a name in {what} must be plain text")
            elif key.value in entries:
                first = entries[key.value][0].start_mark.line + 1
                self.refuse(key, f'duplicate name "{key.value}" (first on line {first})')
            else:
                entries[key.value] = (key, value)
        return entries

    def fields(
        self, node: Node, what: str, known: Iterable[str], required: Iterable[str] = (), former: Mapping[str, str] = _NO_FORMER
    ) -> dict[str, Node]:
        """Return the values of a mapping whose keys are known; unknown and missing ones are refused.

        Args:
            former: fields of older versions, and what to write instead.
        """
        entries = self.mapping(node, what)
        names = tuple(known)
        found: dict[str, Node] = {}
        for name, (key, value) in entries.items():
            if name in names:
                found[name] = value
            elif name in former:
                self.refuse(key, f'{what} no longer has the field "{name}": {former[name]}')
            else:
                hint = did_you_mean(name, names) or f"; the fields are {', '.join(names)}"
                self.refuse(key, f'unknown field "{name}" in {what}{hint}')
        if isinstance(node, yaml.MappingNode):
            for name in required:
                if name not in entries:
                    self.refuse(node, f'{what} lacks the field "{name}"')
        return found

    def items(self, node: Node, what: str) -> list[Node]:
        """Return the nodes of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.refuse(node, f"{what} must be a list")
        return []

    def text(self, node: Node | None, what: str, default: str = "") -> str:
        """Return a scalar's text, as written."""
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode):
            if node.value.strip() or node.style:
                return str(node.value)
            self.refuse(node, f"{what} is empty")
        else:
            self.refuse(node, f"{what} must be text")
        return default

    def choice(self, node: Node | None, what: str, known: Iterable[str]) -> str | None:
        """Return a scalar's text when it is one of the known words."""
        text = self.text(node, what)
        names = tuple(str(name) for name in known)
        if node is None or text in names:
            return text or None
        if text:
            self.refuse(node, f'{what} cannot be "{text}"{did_you_mean(text, names) or f"; it must be {_either(names)}"}')
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """Return a scalar's truth value."""
        if isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("true", "false"):
            return bool(node.value == "true")
        self.refuse(node, f"{what} must be true or false")
        return None

    def number(self, node: Node, what: str) -> float | None:
        """Return a scalar's number, whole where it is."""
        if isinstance(node, yaml.ScalarNode) and len(node.value) < 20:
            try:
                return int(node.value)
            except ValueError:
                try:
                    return float(node.value)
                except ValueError:
                    pass
        self.refuse(node, f"{what} must be a number")
        return None


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
