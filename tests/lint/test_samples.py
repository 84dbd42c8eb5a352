"""Every rule against its own samples, through the whole pipeline: each bad one makes it fire, no good one does."""

import pytest
from corslens.cli.rules import fires
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Rule
from corslens.lint.rules.sample import Sample

RULES = load_rules()
BAD = [pytest.param(rule, sample, id=f"{rule.id}: {sample.name}") for rule in RULES.rules.values() for sample in rule.bad]
GOOD = [pytest.param(rule, sample, id=f"{rule.id}: {sample.name}") for rule in RULES.rules.values() for sample in rule.good]


@pytest.mark.parametrize(("rule", "sample"), BAD)
def test_fires_on_its_bad_samples(rule: Rule, sample: Sample) -> None:
    assert fires(RULES, rule, sample)


@pytest.mark.parametrize(("rule", "sample"), GOOD)
def test_stays_silent_on_its_good_samples(rule: Rule, sample: Sample) -> None:
    assert not fires(RULES, rule, sample)
