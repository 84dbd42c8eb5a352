"""Say what a long session forgot."""

from collections.abc import Iterator, Mapping


def render_dropped(dropped: Mapping[str, int]) -> Iterator[str]:
    """Yield one line, or none when nothing was dropped.

    Args:
        dropped: how many, by what they are.
    """
    if dropped:
        most_first = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
        yield f"Forgotten over the limits (see cors_history): {', '.join(f'{count:,} {name}' for name, count in most_first)}."
