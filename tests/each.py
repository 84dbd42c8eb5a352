"""Many small cases in one test: as parametrized ones they cost more to set up than to check, by thousands."""

from collections.abc import Callable, Iterable


def each[T](cases: Iterable[T], check: Callable[[T], object], name: Callable[[T], object] = str) -> None:
    """Check every case, and fail with all those that do not hold, by their names."""
    failed = []
    number = 0
    for number, case in enumerate(cases, 1):  # noqa: B007  # how many there were
        try:
            check(case)
        except Exception as error:
            failed.append(f"{name(case)}: {type(error).__name__}: {error}")
    assert number, "there are no cases"
    assert not failed, f"{len(failed)} of {number}:\n" + "\n".join(failed)
