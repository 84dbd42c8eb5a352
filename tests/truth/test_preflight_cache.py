"""The modelled preflight cache says of every recorded request whether the browser made a preflight.

`deviations.cache_faults` fills the cache with what is known to have passed (its actual request followed), so this holds the policies
against the browsers with nothing inferred.
"""

import pytest
from corslens.engines.engine import Engine
from corslens.observation.observation import Role

from tests.truth.judged import judged

engines = pytest.mark.parametrize("engine", Engine)


@pytest.mark.slow  # all recordings
@engines
def test_no_missing_preflight_is_left_unexplained(engine: Engine) -> None:
    """The whole pipeline, which has to infer what passed, finds a preflight for every actual request."""
    spared = made = 0
    for request in judged(engine):
        for inspection in request.inspections:
            if inspection.observation.role is Role.ACTUAL:
                covering = inspection.observation.preflight
                assert covering is not None, request.name
                assert not inspection.observation.preflights_missed
                spared += covering.from_cache
                made += not covering.from_cache
    assert spared >= 10
    assert made > 100
