"""The same mistake on many exchanges is one group, with a fingerprint that stays."""

import pytest
from corslens.lint.finding import Severity, Stage
from corslens.observation.exchange import Source
from corslens.report.groups import EXAMPLES, Key, examples_text, fold, join, key_of, worst_first
from msgspec import structs

from tests.make import API, exchange, request, response
from tests.report.make import NO_RULES, finding, session
from tests.report.samples import inspected


def folded(inspections):
    groups = {}
    fold(groups, inspections)
    return groups


def orders(number, **fields):
    """As many blocked requests to one endpoint."""
    made = [
        exchange(
            request(url=f"{API}/orders/{n}?n={n}", time=float(n)), response(), id=f"o{n}", source=Source(file="a.har", index=n)
        )
        for n in range(number)
    ]
    return [structs.replace(one, findings=(finding(**fields),)) for one in inspected(made, NO_RULES)]


def test_many_are_one():
    (group,) = folded(orders(9)).values()
    assert group.key == Key("acao-missing", API, "/orders/*")
    assert (group.count, group.first, group.last) == (9, 0.0, 8.0)
    assert (group.methods, group.pages) == ({"GET"}, {"https://app.example"})
    assert list(examples_text(group)) == [f"a.har entry {n}" for n in range(EXAMPLES)]


def test_the_worst_gives_the_words():
    mild, bad = orders(1, severity=Severity.INFO, message="mild"), orders(1, message="bad")
    (group,) = folded(mild + bad).values()
    assert (group.severity, group.message) == (Severity.ERROR, "bad")


def test_order_is_severity_then_rule_then_place():
    groups = worst_first(folded(session()).values())
    assert [(group.severity, group.key) for group in groups] == sorted(
        ((group.severity, group.key) for group in groups), key=lambda pair: (-pair[0], pair[1])
    )


def test_a_cause_stands_before_what_follows_from_it():
    """Though it is only a remark, and before what has nothing to do with it and is as bad."""
    (one,), (other,) = orders(1), orders(1, rule="a-warning", severity=Severity.WARNING)
    follows, cause = finding("follows"), finding("why", Severity.INFO, stage=Stage.NO_RESPONSE)
    alone = structs.replace(other, findings=(finding("a-cause-alone", Severity.INFO, stage=Stage.NO_RESPONSE),))
    groups = worst_first(folded([alone, other, structs.replace(one, findings=(cause, follows))]).values())
    assert [group.key.rule for group in groups] == ["why", "follows", "a-warning", "a-cause-alone"]


def test_groups_of_two_files_join():
    both, second = folded(orders(3)), folded(orders(9))
    for key, group in second.items():
        join(both, key, group)
    (group,) = both.values()
    assert (group.count, group.last, len(group.examples)) == (12, 8.0, EXAMPLES)


SAME = {
    "loopback ports": ("http://localhost:8001", "http://localhost:9002"),
    "loopback address": ("https://127.0.0.1:1", "https://127.0.0.1:2"),
    "loopback in IPv6": ("http://[::1]:1", "http://[::1]:2"),
}


@pytest.mark.parametrize(("one", "two"), SAME.values(), ids=SAME)
def test_a_test_server_is_known_again_on_another_port(one, two):
    assert Key("r", one, "/").fingerprint == Key("r", two, "/").fingerprint


def test_other_ports_and_rules_are_others():
    prints = {Key(rule, api, "/").fingerprint for rule in ("r", "s") for api in ("https://a.example", "https://a.example:8443")}
    assert len(prints) == 4


def test_a_fingerprint_never_changes():
    """Baselines and code-scanning services hold them."""
    assert Key("acao-missing", "https://api.example", "/me").fingerprint == "67c8b1d48e827acd67a29d1db00e66c6"


def test_secrets_in_a_path_do_not_become_a_name():
    made = exchange(request(url=f"{API}/x;token=s3cr3t/y"), response())
    (inspection,) = inspected([made], NO_RULES)
    assert "s3cr3t" not in key_of(inspection, finding()).endpoint
