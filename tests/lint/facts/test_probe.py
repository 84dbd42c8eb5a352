"""`probe.*`: what a request of `corslens check` shows."""

from corslens.lint.rules.sample import Sample, Step
from corslens.observation.probe import BEHAVIOR, OriginComparison

from tests.lint.make import facts_of


def test_a_stranger_s_exchange_says_what_it_shows() -> None:
    found = facts_of(Sample(name="x", steps=(Step(probe=OriginComparison.SUFFIX),)))
    assert (found.probe_comparison, found.probe_own_site) == (OriginComparison.SUFFIX, False)
    assert found.probe_behavior == "compares only the end of Origin"
    assert set(BEHAVIOR) == set(OriginComparison)


def test_another_exchange_says_nothing() -> None:
    found = facts_of(Sample(name="x", steps=(Step(),)))
    assert (found.probe_comparison, found.probe_own_site, found.probe_behavior) == (None, False, None)
