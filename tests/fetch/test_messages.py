"""A header list keeps lines as they were, and finds them without case."""

from corslens.fetch.header_names import line_names
from corslens.fetch.messages import NO_HEADERS, HeaderList

from tests.make import headers, request, response

TWO = headers([("Vary", "Origin"), ("X-A", "1"), ("vary", "Accept")])


def test_lines_keep_order_case_and_repeats() -> None:
    assert TWO.lines == (("Vary", "Origin"), ("X-A", "1"), ("vary", "Accept"))


def test_names_are_found_without_case() -> None:
    assert TWO.values("vary") == ("Origin", "Accept")
    assert "vary" in TWO and "x-b" not in TWO
    assert list(TWO.names.ordered) == ["vary", "x-a"]


def test_lines_are_joined_with_comma_and_space() -> None:
    assert TWO.get("vary") == "Origin, Accept"
    assert TWO.get("x-a") == "1"


def test_absent_is_not_empty() -> None:
    assert TWO.get("x-b") is None
    assert TWO.values("x-b") == ()
    assert headers([("x-b", "")]).get("x-b") == ""


def test_with_header_takes_the_first_place() -> None:
    assert TWO.with_header("VARY", ["*"]).lines == (("VARY", "*"), ("X-A", "1"))
    assert TWO.with_header("X-B", ["1", "2"]).lines[-2:] == (("X-B", "1"), ("X-B", "2"))
    assert TWO.with_header("vary", []).lines == (("X-A", "1"),)


def test_lists_are_equal_by_their_lines() -> None:
    assert headers(TWO.lines) == TWO
    assert hash(headers(TWO.lines)) == hash(TWO)
    assert HeaderList() == NO_HEADERS != TWO
    assert TWO.lines != TWO
    assert repr(NO_HEADERS) == "HeaderList(())"


def test_a_latin_1_character_never_becomes_an_ascii_letter() -> None:
    """Lower-casing a name is a byte-lowercase: of 256 bytes only A to Z change among the ASCII ones."""
    for byte in range(256):
        lowered = chr(byte).lower()
        assert lowered.isascii() is (byte < 128)
        assert (lowered != chr(byte) and byte < 128) is (65 <= byte <= 90)


def test_messages_are_immutable_records() -> None:
    assert request("PUT") == request("PUT")
    assert response(204) != response(200)


def test_a_list_of_known_names_is_as_any_other() -> None:
    made = HeaderList.of(line_names(("Vary", "X-A", "vary")), ["Origin", "1", "Accept"], 13)
    assert made == TWO
    assert (made.characters, made.names, made.values("vary")) == (TWO.characters, TWO.names, TWO.values("vary"))
