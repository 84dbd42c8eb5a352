"""suggest: "did you mean", said in one way everywhere."""

from collections.abc import Iterable


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to this one, whatever its case, or None when none is near."""
    from difflib import get_close_matches  # late: only a mistake asks for it

    names = {str(one).lower(): str(one) for one in known}
    found = get_close_matches(name.lower(), names, n=1)
    return names[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean "…"?` with the known name nearest to this one, or nothing when none is near."""
    found = near(name, known)
    return "" if found is None else f'; did you mean "{found}"?'
