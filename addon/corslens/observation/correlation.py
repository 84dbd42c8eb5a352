"""Correlation: which redacted values are the same one, and nothing else about them.

Whether two requests carry the same cookie, token or entity tag often explains why one of them fails. So a redacted value gets a number,
the same for equal values, in the order in which they are first shown. The number is made of the order and not of the value: there is
nothing to try guesses on. The table is kept by a hash under a key that is random for each session, stays in memory and is in no output, so
that no value is kept either. Short values get no number: who may write into a session (a page sends what it likes) could compare guesses.
"""

import secrets
from hashlib import blake2b
from itertools import count

from corslens.observation.redaction import REDACTED, redact_header

SHORTEST = 12
"""Characters of a value that is distinguished from others."""
MAX_NUMBERS = 4_096
"""Values that are; further ones are starred alone."""


class Correlation:
    """The numbers of one session, or of one report; may be used by several threads."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._numbers: dict[bytes, int] = {}
        self._next = count(1)

    def header(self, name: str, value: str) -> str:
        """Return a header's value as it may be shown, a redacted one with its number: `[redacted] #3`."""
        shown = redact_header(name, value)
        if shown != REDACTED or len(value) < SHORTEST:
            return shown
        number = self._number(value)
        return shown if number is None else f"{shown} #{number}"

    def _number(self, value: str) -> int | None:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        if digest not in self._numbers and len(self._numbers) < MAX_NUMBERS:
            # No two threads get the same number; where both saw the value first, one number is left out.
            self._numbers.setdefault(digest, next(self._next))
        return self._numbers.get(digest)
