"""How values of Access-Control-Max-Age are written; `fetch.preflight` reads them."""

from enum import StrEnum

from corslens.fetch.preflight import parse_max_age


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
    if parse_max_age(lines) is None:
        return MaxAgeForm.MALFORMED
    return MaxAgeForm.NEGATIVE if "-" in lines[0] else MaxAgeForm.SECONDS
