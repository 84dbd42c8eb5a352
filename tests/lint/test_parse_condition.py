"""From YAML to conditions."""

import pytest
from corslens.lint.condition import All, AnyOf, Condition, Leaf, Matcher, Not
from corslens.lint.parse_condition import parse_condition
from corslens.lint.yaml_reader import Reader


def parsed(text: str) -> Condition | None:
    reader = Reader("x.yaml")
    (node,) = reader.documents(text)
    condition = parse_condition(reader, node)
    assert (condition is None) is bool(reader.problems)
    return condition


STATUS = Leaf("response.status", Matcher.IS, 404)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("response.status: 404", STATUS),
        ("response.status: {is: 404}", STATUS),
        (
            "response.status: {at-least: 400, below: 500}",
            All((Leaf("response.status", Matcher.AT_LEAST, 400), Leaf("response.status", Matcher.BELOW, 500))),
        ),
        ("response.headers: x-a", Leaf("response.headers", Matcher.HAS, "x-a")),
        ("request.cookie: true", Leaf("request.cookie", Matcher.IS, True)),
        ('response.allow-origin: "null"', Leaf("response.allow-origin", Matcher.IS, "null")),
        ("response.allow-origin: null", Leaf("response.allow-origin", Matcher.IS, "null")),
        ("response.allow-origin: {present: false}", Leaf("response.allow-origin", Matcher.PRESENT, False)),
        ("role: {in: [actual, simple]}", Leaf("role", Matcher.IN, ("actual", "simple"))),
        ("not: {response.status: 404}", Not(STATUS)),
        ("any: [{response.status: 404}, {request.cookie: true}]", AnyOf((STATUS, Leaf("request.cookie", Matcher.IS, True)))),
        ("all: [{response.status: 404}]", All((STATUS,))),
    ],
)
def test_forms(text: str, condition: Condition) -> None:
    assert condition == parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "response.status: [404]",
        "role: {in: []}",
        "request.method: {present: true}",
        "response.vary: {empty: 1}",
        "not: 5",
        "any: {a: 1}",
        "response.allow-origin: {is: {}}",
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    assert parsed(text) is None
