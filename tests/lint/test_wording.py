"""Conditions in words."""

import pytest
from corslens.lint.condition import All, AnyOf, Condition, Leaf, Matcher, Not
from corslens.lint.wording import describe

A, B = Leaf("a", Matcher.IS, "x"), Leaf("b", Matcher.IN, (1, 2))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (A, "a is x"),
        (Leaf("a", Matcher.IS, True), "a is true"),
        (Leaf("a", Matcher.IS, "*"), 'a is "*"'),
        (B, "b is one of 1, 2"),
        (Leaf("a", Matcher.PRESENT, False), "a is absent"),
        (Leaf("a", Matcher.EMPTY, False), "a is not empty"),
        (Not(A), "not (a is x)"),
        (All((A, AnyOf((A, B)))), "a is x and (a is x or b is one of 1, 2)"),
        (AnyOf((A, All((A, B)))), "a is x or (a is x and b is one of 1, 2)"),
    ],
)
def test_words(condition: Condition, words: str) -> None:
    assert describe(condition) == words
