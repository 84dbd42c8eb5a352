"""One injection in a line: the syntax of modify_headers, and one sentence for what is wrong."""

import re

import pytest
from corslens.patching.injection_line import LONGEST_VALUE, parse_injection, write_injection


def parsed(line: str, file: str = ""):
    return parse_injection(line, parse_filter=lambda text: lambda exchange: True, read_file=lambda name: file)


@pytest.mark.parametrize(
    ("line", "filter_text", "does"),
    [
        ("/~d a.test/Vary/Origin", "~d a.test", ("Vary: Origin",)),
        ("|~u /path|Vary|a|b", "~u /path", ("Vary: a|b",)),
        ("/Vary/Origin", "~all", ("Vary: Origin",)),
        ("/~all/Vary/", "~all", ("no Vary",)),
        (":~all:Access-Control-Allow-Origin:{origin}", "~all", ("Access-Control-Allow-Origin: {origin}",)),
        ("|~all|X|https://a.test|b", "~all", ("X: https://a.test|b",)),
    ],
)
def test_a_line(line: str, filter_text: str, does: tuple[str, ...]) -> None:
    """The first character separates; without a filter every response is meant, without a value the header is removed."""
    rule = parsed(line)
    assert (rule.filter_text, rule.described(), rule.spec) == (filter_text, does, line)


def test_a_file() -> None:
    """A value that begins with @ is what the file holds, without the line's end."""
    assert parsed("/~all/X/@value.txt", "kept\r\n").set == {"X": ("kept",)}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "is not /FILTER/HEADER/VALUE"),
        ("/x", "is not /FILTER/HEADER/VALUE"),
        ("/~all/a b/c", "'a b' is not a header name"),
        ("/~all/Content-Length/1", "belongs to the message's transport"),
        ("/~all/X/a\r\nSet-Cookie: b", "has a line break"),
        ("/~all/X/ a", "begins or ends with whitespace"),
        (f"/~all/X/{'a' * (LONGEST_VALUE + 1)}", "is longer than"),
        ("/~all/X/@file", "has a line break"),
    ],
)
def test_a_broken_line(line: str, sentence: str) -> None:
    """One sentence, without the line break that it complains of."""
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        parsed(line, "a\nb")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("filter_text", ["~d a.test", "~u /path", '~u "^https://a[.]test/x|y"', ""])
def test_what_is_written_is_read(filter_text: str) -> None:
    """Whatever is in the filter and the value."""
    rule = parsed(write_injection(filter_text, "X-A", "https://a.test/|,;"))
    assert (rule.filter_text, rule.set) == (filter_text or "~all", {"X-A": ("https://a.test/|,;",)})
    with pytest.raises(ValueError, match="cors_patch_rules"):
        write_injection("/|:,;#!%^", "X", "y")
