"""Conditions and values in words, for the pages of the catalog."""

from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator

_IS = {
    Operator.IS: "is",
    Operator.IN: "is one of",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.ENDS_WITH: "ends with",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.ABOVE: "is above",
    Operator.BELOW: "is below",
    Operator.HAS: "has",
    Operator.HAS_ANY: "has any of",
    Operator.HAS_ALL: "has all of",
}


def describe(condition: Condition) -> str:
    """Say in one line when a condition holds."""
    match condition:
        case Leaf():
            return _leaf(condition)
        case Not(part):
            return f"not ({describe(part)})"
        case All(parts):
            return " and ".join(f"({describe(part)})" if isinstance(part, AnyOf) else describe(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(f"({describe(part)})" if isinstance(part, All) else describe(part) for part in parts)


def _leaf(leaf: Leaf) -> str:
    match leaf.matcher:
        case Operator.PRESENT:
            return f"{leaf.fact} is {'there' if leaf.argument else 'absent'}"
        case Operator.EMPTY:
            return f"{leaf.fact} is {'empty' if leaf.argument else 'not empty'}"
        case matcher:
            return f"{leaf.fact} {_IS[matcher]} {_value(leaf.argument)}"


def _value(argument: object) -> str:
    if isinstance(argument, tuple):
        return ", ".join(map(_value, argument))
    if isinstance(argument, bool):
        return "true" if argument else "false"
    return str(argument) if str(argument) not in ("", "*", "null") else f'"{argument}"'
