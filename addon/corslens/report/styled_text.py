"""Text with styles that a terminal may show: rich's own takes longer to import than a small capture to judge, and a pipe shows none."""

from collections.abc import Iterable
from typing import Self

type Span = tuple[int, int, str]
"""From where to where a style counts."""


class StyledText:
    """Text, a style for all of it, and styles for parts of it, in rich's words."""

    def __init__(self, plain: str = "", style: str = "") -> None:
        self.plain = plain
        self.style = style
        self.spans: list[Span] = []

    def __len__(self) -> int:
        return len(self.plain)

    def append(self, text: str, style: str = "") -> Self:
        """Add text at the end."""
        start = len(self.plain)
        self.plain += text
        return self.stylize(style, start)

    def stylize(self, style: str, start: int) -> Self:
        """Add a style to what is there from a place on."""
        if style:
            self.spans.append((start, len(self.plain), style))
        return self


def joined(separator: str, texts: Iterable[StyledText]) -> StyledText:
    """Return the texts as one."""
    parts = list(texts)
    whole = StyledText(separator.join(text.plain for text in parts))
    start = 0
    for text in parts:
        end = start + len(text)
        if text.style:
            whole.spans.append((start, end, text.style))
        whole.spans += ((start + first, start + last, style) for first, last, style in text.spans)
        start = end + len(separator)
    return whole
