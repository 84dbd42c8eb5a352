"""What a report leaves out because there is too much of it, and the sentence that says so: counts are always of all."""

import re
from collections.abc import Iterable, Sequence

from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import Input

SENTENCES = 1_000
"""Sentences on inputs that a report for programs holds."""

_ALIKE = 3
"""Inputs of which a report says the same thing one by one."""
_NUMBER = re.compile(r"\d[\d,]*")


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
    where = "-o FILE.json " if most is not None and total > most else ""
    return f"{shown:,} of {total:,} problems; these are the worst. List all with {where}--top {total}."


def first[T](items: Sequence[T], most: int, what: str) -> tuple[Sequence[T], str | None]:
    """Return the first items, and how many more there are where there are more.

    Args:
        what: what they are, in the plural.
    """
    return items[:most], f"… and {len(items) - most:,} more {what}." if len(items) > most else None


def notes_of(inputs: Iterable[Input]) -> list[str]:
    """Return the notes on inputs; where many have the same, but for a number in it, the first speaks for all."""
    alike: dict[str, list[str]] = {}
    for one in inputs:
        for note in one.notes:
            alike.setdefault(_NUMBER.sub("#", note.removeprefix(one.name)), []).append(note)
    found: list[str] = []
    for notes in alike.values():
        if len(notes) <= _ALIKE:
            found += notes
        else:
            found.append(f"{notes[0]}; likewise {len(notes) - 1:,} more captures")
    return found
