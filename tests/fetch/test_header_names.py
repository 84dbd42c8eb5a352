"""The names of header lists."""

from corslens.bounded_cache import MAX_ARGUMENT_CHARACTERS
from corslens.fetch.header_names import NameSet, header_names, line_names


def test_names_are_there_in_order_and_as_a_set() -> None:
    names = header_names(("vary", "x-a"))
    assert names.ordered == ("vary", "x-a")
    assert names.members == {"vary", "x-a"}
    assert not header_names(()).members


def test_the_same_names_are_one_object() -> None:
    assert header_names(("vary", "x-b")) is header_names(("vary", "x-b"))


def test_a_set_of_names_too_long_to_be_remembered_is_no_name_set() -> None:
    long = ("x" * MAX_ARGUMENT_CHARACTERS, "y")
    assert isinstance(header_names(("vary",)).members, NameSet)
    assert not isinstance(header_names(long).members, NameSet)
    assert header_names(long).members == set(long)


def test_names_of_lines_are_kept_as_they_were_sent() -> None:
    named = line_names(("Vary", "X-A", "vary"))
    assert named.sent == ("Vary", "X-A", "vary")
    assert named.lowered == ("vary", "x-a", "vary")
    assert named.each == header_names(("vary", "x-a"))
    assert (named.characters, named.longest) == (11, 4)
    assert line_names(()).longest == 0
