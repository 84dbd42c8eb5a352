"""No value leaves its quotes."""

import json
import re

import pytest
from corslens.advice.quoting import LANGUAGES, escape_regex
from corslens.fetch.header_values import TOKEN_CHARACTERS
from hypothesis import given
from hypothesis import strategies as st

TOKENS = st.text(st.sampled_from(sorted(TOKEN_CHARACTERS)), min_size=1, max_size=12)


@pytest.mark.slow  # generated names in each language
@pytest.mark.parametrize("language", LANGUAGES)
@given(token=TOKENS)
def test_no_token_leaves_its_quotes(language: str, token: str) -> None:
    """What begins a string ends it at the last character and nowhere before; what cannot be quoted is on the language's list."""
    spoken = LANGUAGES[language]
    if spoken.unquotable.intersection(token):
        return
    quoted = spoken.quote(token)
    mark = quoted[0]
    assert quoted[-1] == mark
    assert mark not in re.sub(r"\\.", "", quoted[1:-1])
    assert "\n" not in quoted


@given(token=TOKENS)
def test_json_quoting_is_exact(token: str) -> None:
    """The languages with JSON's strings read back what was written."""
    assert json.loads(LANGUAGES["javascript"].quote(token)) == token


@pytest.mark.parametrize("origin", ["https://app.example", "http://[::1]:3000", "http://a-b.example:8080"])
def test_an_escaped_origin_matches_itself_alone(origin: str) -> None:
    """A dot is a dot."""
    pattern = re.compile(escape_regex(origin))
    assert pattern.fullmatch(origin)
    assert not pattern.fullmatch(origin.replace(".", "x").replace(":", "x", 2))
