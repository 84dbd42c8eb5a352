"""Every rule against its own samples, through the whole pipeline: each bad one makes it fire, no good one does."""

from corslens.cli.examples import fires
from corslens.lint.rules.loader import load_rules

from tests.each import each

RULES = load_rules()
BAD = {f"{rule.id}: {sample.name}": (rule, sample) for rule in RULES.rules.values() for sample in rule.bad}
GOOD = {f"{rule.id}: {sample.name}": (rule, sample) for rule in RULES.rules.values() for sample in rule.good}


def test_fires_on_its_bad_samples() -> None:
    def check(name: str) -> None:
        assert fires(RULES, *BAD[name])

    each(BAD, check)


def test_stays_silent_on_its_good_samples() -> None:
    def check(name: str) -> None:
        assert not fires(RULES, *GOOD[name])

    each(GOOD, check)
