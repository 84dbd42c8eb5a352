"""Values of Access-Control-Max-Age: how they are written."""

from enum import StrEnum


class MaxAgeForm(StrEnum):
    """What is written in Access-Control-Max-Age."""

    SECONDS = "seconds"
    NEGATIVE = "negative"
    """Counts as 0 in today's engines."""
    REPEATED = "repeated"
    """More than one line, or a list."""
    MALFORMED = "malformed"


def max_age_form(lines: tuple[str, ...]) -> MaxAgeForm:
    """Say how the lines' value is written."""
    if len(lines) > 1 or "," in lines[0]:
        return MaxAgeForm.REPEATED
    text = lines[0].strip(" \t")
    if _is_digits(text):
        return MaxAgeForm.SECONDS
    return MaxAgeForm.NEGATIVE if text[:1] == "-" and _is_digits(text[1:]) else MaxAgeForm.MALFORMED


def max_age_seconds(lines: tuple[str, ...]) -> int | None:
    """Return the seconds, 0 for a negative number, None when the value is no number."""
    match max_age_form(lines):
        case MaxAgeForm.SECONDS:
            # Bounded before int(): a wire value may be a megabyte of digits.
            return int(lines[0].strip(" \t").lstrip("0")[:18] or "0")
        case MaxAgeForm.NEGATIVE:
            return 0
        case _:
            return None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
