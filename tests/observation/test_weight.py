"""The estimate of what is kept of an exchange is neither far below nor far above what it takes."""

import tracemalloc

import pytest
from corslens.fetch.limits import LIST_ELEMENTS
from corslens.inspection import weigh_inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import within_limits
from corslens.observation.observation import Observation
from corslens.observation.weight import weigh_observation, weigh_observations

from scripts.bench_suite.hostile_shapes import exchange
from tests import make

RULES = load_rules()


def redirects(count: int) -> Observation:
    inspector = Inspector(rules=RULES)
    for number in range(count):
        asked = make.request(url=f"https://api.example/{number}", given={"Sec-Fetch-Mode": "cors"}, time=float(number))
        answered = make.response(302, {"Location": f"/{number + 1}"}, allow_origin="*", time=number + 0.1)
        inspection = inspector.inspect(make.exchange(asked, answered))[0]
    return inspection.observation


def test_an_observation_weighs_what_it_keeps_alive() -> None:
    one, three = redirects(1), redirects(3)
    assert len(three.hops) == 3
    assert 2.5 * weigh_observation(one) < weigh_observation(three) < 3.5 * weigh_observation(one)
    assert weigh_observations((one, one)) == 2 * weigh_observation(one)


@pytest.mark.slow  # follows every allocation
@pytest.mark.parametrize(
    ("request_shape", "response_shape"),
    [
        ("plain", "plain"), ("other names", "other names"), ("near-miss names", "near-miss names"), ("asking names", "allow headers"),
        ("long path", "location"), ("long value", "cookies"), ("asking often", "many header lines"),
    ],
)  # fmt: skip
def test_the_estimate_is_near(request_shape: str, response_shape: str) -> None:
    """Held against what Python allocates for twenty of them."""
    inspector = Inspector(rules=RULES)
    count, size = 20, LIST_ELEMENTS * 2

    def inspect(number: int) -> int:
        inspection = inspector.inspect(within_limits(exchange(f"{request_shape}", response_shape, size + number)))[0]
        return weigh_inspection(inspection)

    inspect(0)  # what is made the first time is made
    tracemalloc.start()
    estimated = sum(inspect(number + 1) for number in range(count))
    inspector.settle(1e12)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken / 3 < estimated < taken * 4, f"estimated {estimated:,}, taken {taken:,}"
