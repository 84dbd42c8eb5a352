"""Rules and rule sets."""

from corslens.lint.facts.vocabulary import Facts
from corslens.lint.finding import Confidence, Severity
from corslens.lint.linter import run
from corslens.lint.rules.condition import All, Leaf, Operator
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.message_template import parse_template
from corslens.lint.rules.rule import WORD, Case, Family, Override, Rule, RuleSet
from corslens.verdict.reasons import Reason
from msgspec import structs

from tests.lint.make import facts, facts_of

STAR = Leaf("response.grant", Operator.IS, "any")


def rule(id: str = "star", **fields: object) -> Rule:
    given = {"when": STAR, "severity": Severity.INFO, **fields}
    return Rule(
        id=id,
        family=Family.CUSTOM,
        title="s",
        why="w",
        confidence=Confidence.HIGH,
        message=parse_template("m"),
        **given,  # type: ignore[arg-type]  # the caller's
    )


def test_a_reason_is_part_of_the_condition() -> None:
    condition = rule(reason=Reason.ACAO_MISSING).condition
    assert All((Leaf("verdict.reasons", Operator.HAS, "acao-missing"), STAR)) == condition


def test_a_rule_that_never_fires_has_no_condition() -> None:
    assert rule(never="because", when=None).condition is None


def test_the_first_case_that_holds_decides_the_severity() -> None:
    cases = (
        Case(Severity.ERROR, Leaf("response.status", Operator.AT_LEAST, 500)),
        Case(Severity.WARNING, Leaf("response.status", Operator.AT_LEAST, 400)),
    )
    rules = RuleSet({"star": rule(cases=cases)})
    found = [
        run(rules, facts({"access-control-allow-origin": "*"}, status=status)).findings[0].severity
        for status in (500, 404, 200)
    ]
    assert found == [Severity.ERROR, Severity.WARNING, Severity.INFO]
    assert rule(cases=cases).worst is Severity.ERROR


def test_an_override_counts_whatever_the_case() -> None:
    case = Case(Severity.ERROR, STAR)
    rules = RuleSet({"star": rule(cases=(case,))}, overrides=(Override(rule="star", severity=Severity.WARNING),))
    assert run(rules, facts({"access-control-allow-origin": "*"})).findings[0].severity == Severity.WARNING
    assert len(rules) == 1


SHIPPED = load_rules()


def test_what_explains_never_goes_round_in_a_circle() -> None:
    """Each rule's own list, whatever the circumstances."""
    graph = {
        rule.id: {name for one in rule.explains for name in SHIPPED.resolve(rule, one.names)} for rule in SHIPPED.rules.values()
    }
    while graph:
        ends = {rule for rule, names in graph.items() if not names & graph.keys()}
        assert ends, sorted(graph)
        graph = {rule: names for rule, names in graph.items() if rule not in ends}


def test_a_family_stands_for_what_comes_after_the_rule() -> None:
    login = SHIPPED.rules["preflight-redirect-to-login"]
    names = SHIPPED.resolve(login, ("violations",))
    assert {"preflight-redirect", "acao-missing"} <= names
    assert not {"preflight-network-error", "actual-network-error", login.id} & names
    network = SHIPPED.rules["actual-network-error"]
    assert "preflight-network-error" not in SHIPPED.resolve(network, ("violations",))
    nginx = SHIPPED.rules["nginx-error-page"]
    assert {"preflight-forbidden", "status-forbidden", "preflight-not-routed"} <= SHIPPED.resolve(nginx, ("correctness",))


def test_what_changes_with_the_browser_s_word_hangs_on_it() -> None:
    """Of every sample in which a browser says something: which rules that ask for its word fire with it, and which without."""
    rules, changed = load_rules(), 0
    asking = {id for id, rule in rules.rules.items() if any(name.startswith(WORD) for name in rule.facts)}
    for sample in (sample for rule in rules.rules.values() for sample in (*rule.bad, *rule.good)):
        made = facts_of(sample)
        exchange = made.observation.exchange
        if exchange.witness is None:
            continue
        silent = structs.replace(made.observation, exchange=structs.replace(exchange, witness=None))
        without = [one.rule.id for one in rules.matching_rules(Facts(silent, made.verdicts, made.past, products=made.catalog))]
        fired = [one.rule.id for one in rules.matching_rules(made)]
        if asking & set(fired) != asking & set(without):
            changed += 1
            assert rules.hangs_on_word(made, without), sample.name
    assert changed > 20
