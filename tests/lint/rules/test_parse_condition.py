"""From YAML to conditions."""

import pytest
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator
from corslens.lint.rules.parse_condition import parse_condition
from corslens.yaml_reader import YamlReader


def parsed(text: str) -> Condition | None:
    reader = YamlReader("x.yaml")
    (node,) = reader.documents(text)
    condition = parse_condition(reader, node)
    assert (condition is None) is bool(reader.problems)
    return condition


STATUS = Leaf("response.status", Operator.IS, 404)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("response.status: 404", STATUS),
        ("response.status: {is: 404}", STATUS),
        (
            "response.status: {at-least: 400, below: 500}",
            All((Leaf("response.status", Operator.AT_LEAST, 400), Leaf("response.status", Operator.BELOW, 500))),
        ),
        ("response.headers: x-a", Leaf("response.headers", Operator.HAS, "x-a")),
        ("request.cookie: true", Leaf("request.cookie", Operator.IS, True)),
        ('response.allow-origin: "null"', Leaf("response.allow-origin", Operator.IS, "null")),
        ("response.allow-origin: null", Leaf("response.allow-origin", Operator.IS, "null")),
        ("response.allow-origin: {present: false}", Leaf("response.allow-origin", Operator.PRESENT, False)),
        ("role: {in: [actual, simple]}", Leaf("role", Operator.IN, ("actual", "simple"))),
        ("not: {response.status: 404}", Not(STATUS)),
        ("any: [{response.status: 404}, {request.cookie: true}]", AnyOf((STATUS, Leaf("request.cookie", Operator.IS, True)))),
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
