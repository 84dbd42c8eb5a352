"""Nothing from the wire can drive a terminal, break a line, or turn text around."""

import json
import unicodedata

import pytest
from corslens.report.escape import escape, escape_json, escape_json_text
from hypothesis import given
from hypothesis import strategies as st

SPELLED = {
    "plain": ("GET /ü?a=b", "GET /ü?a=b"),
    "escape sequence": ("\x1b[2J", r"\x1b[2J"),
    "line break": ("a\r\nb", r"a\x0d\x0ab"),
    "C1 control": ("\x9b31m", r"\x9b31m"),
    "delete": ("a\x7f", r"a\x7f"),
    "override": ("\u202egnp.exe", r"\u202egnp.exe"),
    "isolate": ("\u2066x\u2069", r"\u2066x\u2069"),
    "zero width": ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "lone surrogate": ("\udce9", r"\udce9"),
    "tag": ("\U000e0041", r"\U000e0041"),
    "no-break space": ("a\xa0b", r"a\xa0b"),
    "tab": ("a\tb", r"a\x09b"),
}


@pytest.mark.parametrize(("text", "shown"), SPELLED.values(), ids=SPELLED)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_what_comes_out_is_one_visible_line(text: str) -> None:
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for character in escape(text))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_meaning_in_visible_ascii(text: str) -> None:
    line = escape_json(json.dumps(text, ensure_ascii=False).encode())
    assert json.loads(line) == text
    assert all(0x20 <= byte < 0x7F for byte in line)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_text_keeps_its_meaning_and_what_is_visible(text: str) -> None:
    line = escape_json_text(json.dumps(text, ensure_ascii=False))
    assert json.loads(line) == text
    assert line.isprintable()
    assert escape_json_text('"é → ü"') == '"é → ü"'
