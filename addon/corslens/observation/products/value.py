"""Value patterns: what a mark may ask of a header's value, a host or a path. No regular expressions: none can hang on a hostile value."""

from msgspec import Struct


class ValueTest(Struct, frozen=True):
    """The test that patterns stand for; it is called with a value in lowercase."""

    patterns: tuple[tuple[str, ...], ...]
    """The texts between the `*` of each, in lowercase; a `*` stands for anything."""

    def __call__(self, value: str) -> bool:
        """Say whether one of the patterns matches."""
        return any(_matches(texts, value) for texts in self.patterns)


def value_test(*patterns: str) -> ValueTest:
    """Return the test that patterns stand for: text that equals one of them, with `*` for anything. Case is ignored."""
    return ValueTest(tuple(tuple(pattern.lower().split("*")) for pattern in patterns))


def _matches(texts: tuple[str, ...], value: str) -> bool:
    first, *rest = texts
    if not rest:
        return value == first
    *inner, last = rest
    if not value.startswith(first):
        return False
    place = len(first)
    for text in inner:
        place = value.find(text, place)
        if place < 0:
            return False
        place += len(text)
    return value.endswith(last) and len(value) - len(last) >= place
