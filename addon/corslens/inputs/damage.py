"""What could not be read of an input, in one sentence."""

from msgspec import Struct


class Damage(Struct, frozen=True, kw_only=True):
    """An input, or an entry of it, that could not be read."""

    file: str
    what: str
    """What is wrong, as the end of a sentence, without a full stop."""
    entry: int | None = None
    """Position in the file, from 0 as in `source.index`."""

    def __str__(self) -> str:
        where = "" if self.entry is None else f" entry {self.entry}:"
        return f"{self.file}:{where} {self.what}"
