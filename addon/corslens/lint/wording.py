"""Conditions and values in words, for the pages of the catalogue."""

from corslens.lint.condition import All, AnyOf, Condition, Leaf, Matcher, Not

_IS = {
    Matcher.IS: "is",
    Matcher.IN: "is one of",
    Matcher.CONTAINS: "contains",
    Matcher.STARTS_WITH: "starts with",
    Matcher.ENDS_WITH: "ends with",
    Matcher.AT_LEAST: "is at least",
    Matcher.AT_MOST: "is at most",
    Matcher.ABOVE: "is above",
    Matcher.BELOW: "is below",
    Matcher.HAS: "has",
    Matcher.HAS_ANY: "has any of",
    Matcher.HAS_ALL: "has all of",
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
        case Matcher.PRESENT:
            return f"{leaf.fact} is {'there' if leaf.argument else 'absent'}"
        case Matcher.EMPTY:
            return f"{leaf.fact} is {'empty' if leaf.argument else 'not empty'}"
        case matcher:
            return f"{leaf.fact} {_IS[matcher]} {_value(leaf.argument)}"


def _value(argument: object) -> str:
    if isinstance(argument, tuple):
        return ", ".join(map(_value, argument))
    if isinstance(argument, bool):
        return "true" if argument else "false"
    return str(argument) if str(argument) not in ("", "*", "null") else f'"{argument}"'
