"""The rules of a command: the shipped ones, with those that a user names."""

from collections.abc import Callable, Sequence
from typing import Any

from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet
from corslens.report.escape import escape


def load_user_rules(paths: Sequence[str]) -> RuleSet:
    """Return the shipped rules and those in a user's files and folders.

    Raises: RuleErrors with every mistake in them.
    """
    return load_rules(paths, parse_filter=parse_filter)


def parse_filter(text: str) -> Callable[[Any], bool]:
    """Return what a flow filter asks of an exchange.

    Raises: ValueError when it is none.
    """
    from corslens.mitm.filters import parse_filter  # late: mitmproxy takes longer to import than a small HAR to judge

    return parse_filter(text)


def escape_lines(text: str) -> str:
    """Return text of several lines with each made safe for a terminal."""
    return "\n".join(map(escape, text.split("\n")))
