"""Mistakes in rule files, all of them at once, each with its place."""

from collections.abc import Iterable

from msgspec import Struct


class RuleMistake(Struct, frozen=True, kw_only=True):
    """A mistake in a rule file, and where it is."""

    file: str
    line: int = 1
    column: int = 1
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class RuleErrors(ValueError):
    """Rule files that cannot be used: every mistake in them, in order."""

    def __init__(self, problems: Iterable[RuleMistake]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
