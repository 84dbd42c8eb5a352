"""Conditions in words."""

import pytest
from corslens.lint.docs.describe import describe
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator

A, B = Leaf("a", Operator.IS, "x"), Leaf("b", Operator.IN, (1, 2))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (A, "a is x"),
        (Leaf("a", Operator.IS, True), "a is true"),
        (Leaf("a", Operator.IS, "*"), 'a is "*"'),
        (B, "b is one of 1, 2"),
        (Leaf("a", Operator.PRESENT, False), "a is absent"),
        (Leaf("a", Operator.EMPTY, False), "a is not empty"),
        (Not(A), "not (a is x)"),
        (All((A, AnyOf((A, B)))), "a is x and (a is x or b is one of 1, 2)"),
        (AnyOf((A, All((A, B)))), "a is x or (a is x and b is one of 1, 2)"),
    ],
)
def test_words(condition: Condition, words: str) -> None:
    assert describe(condition) == words
