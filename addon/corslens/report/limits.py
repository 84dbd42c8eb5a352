"""What a report leaves out because there is too much of it, and the sentence that says so: counts are always of all."""

from collections.abc import Sequence

from corslens.diagnosis.problem import Problem

SENTENCES = 1_000
"""Sentences on inputs that a report for programs holds."""


def worst(problems: Sequence[Problem], top: int, *, most: int | None = None) -> tuple[Sequence[Problem], str | None]:
    """Return the problems that a report lists, and how many of how many these are where it leaves some out.

    Args:
        problems: all of them, worst first.
        top: how many the user wants.
        most: how many the format takes, whatever the user wants.
    """
    shown = problems[: top if most is None else min(top, most)]
    return shown, None if len(shown) == len(problems) else left_out(len(shown), len(problems), most=most)


def left_out(shown: int, total: int, *, most: int | None = None) -> str:
    """Return the sentence that says how many problems of how many a report lists.

    Args:
        most: how many the format takes.
    """
    where = "the JSON report of " if most is not None and total > most else ""
    return f"{shown:,} of {total:,} problems; these are the worst, and {where}corslens analyze --top {total} lists all."


def first[T](items: Sequence[T], most: int, what: str) -> tuple[Sequence[T], str | None]:
    """Return the first items, and how many more there are where there are more.

    Args:
        what: what they are, in the plural.
    """
    return items[:most], f"… and {len(items) - most:,} more {what}." if len(items) > most else None
