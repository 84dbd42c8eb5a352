"""The same mistake on many exchanges is one problem."""

from corslens.lint.finding import Confidence, Finding, Severity
from corslens.lint.grouping import EXAMPLES, Grouping
from corslens.observation.observation import Observation

from tests.lint.make import facts


def finding(rule: str = "r", severity: Severity = Severity.INFO) -> Finding:
    return Finding(rule=rule, severity=severity, confidence=Confidence.HIGH, message="m", fix="f")


def observation(url: str, id: str, time: float = 0.0) -> Observation:
    from msgspec import structs

    made = facts({}, url=url).observation
    request = structs.replace(made.exchange.request, time=time)
    return structs.replace(made, exchange=structs.replace(made.exchange, id=id, request=request))


def test_it_is_counted_per_rule_origin_and_path_shape() -> None:
    grouping = Grouping()
    first = grouping.add(observation("https://api.example/users/17", "a", 5.0), finding())
    again = grouping.add(observation("https://api.example/users/18?x=1", "b", 9.0), finding())
    grouping.add(observation("https://api.example/orders", "c"), finding())
    grouping.add(observation("https://api.example/users/17", "d"), finding("other"))
    assert (first.count, again.count, len(grouping)) == (1, 2, 3)
    assert (again.first_seen, again.last_seen, again.examples) == (5.0, 9.0, ("a", "b"))
    assert again.key.path_shape == "/users/*"


def test_one_exchange_counts_once() -> None:
    grouping = Grouping()
    grouping.add(observation("https://api.example/x", "a"), finding())
    assert grouping.add(observation("https://api.example/x", "a"), finding()).count == 1


def test_the_worst_finding_stands_for_all() -> None:
    grouping = Grouping()
    grouping.add(observation("https://api.example/x", "a"), finding(severity=Severity.ERROR))
    group = grouping.add(observation("https://api.example/x", "b"), finding())
    assert group.severity is Severity.ERROR


def test_it_is_bounded() -> None:
    grouping = Grouping(limit=10)
    for number in range(50):
        grouping.add(observation(f"https://api{number}.example/x", str(number)), finding())
    assert (len(grouping), grouping.dropped) == (10, 40)
    for number in range(50):
        group = grouping.add(observation("https://api.example/x", str(number)), finding())
    assert len(group.examples) == EXAMPLES and group.count == 50


def test_the_worst_and_most_frequent_come_first() -> None:
    grouping = Grouping()
    for number, (url, severity) in enumerate((("a", 1), ("b", 1), ("b", 1), ("c", 3))):
        grouping.add(observation(f"https://api.example/{url}", str(number)), finding(severity=Severity(severity)))
    assert [group.key.path_shape for group in grouping.groups()] == ["/c", "/b", "/a"]
