"""What the names of header lists come to."""

from corslens.fetch.bounded_cache import LONGEST
from corslens.fetch.header_names import NO_NAMES, NameSet, header_names


def test_names_are_lower_cased_line_by_line() -> None:
    names = header_names(("Vary", "X-A", "vary"))
    assert names.lowered == ("vary", "x-a", "vary")
    assert names.unique == ("vary", "x-a")
    assert names.members == {"vary", "x-a"}
    assert names.repeated
    assert not header_names(("Vary", "X-A")).repeated
    assert not NO_NAMES.members


def test_the_same_names_are_worked_out_once() -> None:
    assert header_names(("Vary", "X-B")) is header_names(("Vary", "X-B"))


def test_a_set_of_names_too_long_to_be_remembered_is_no_name_set() -> None:
    long = ("x" * LONGEST, "y")
    assert isinstance(header_names(("Vary",)).members, NameSet)
    assert not isinstance(header_names(long).members, NameSet)
    assert header_names(long).members == set(long)
