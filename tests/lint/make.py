"""Facts of one exchange, made the way the Inspector makes them."""

from corslens.engines.engine import Engine
from corslens.lint.facts.vocabulary import Facts
from corslens.lint.rules.loader import bundled_products
from corslens.lint.rules.sample import Headers, Sample, Step
from corslens.observation.endpoint_history import Traffic
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from corslens.verdict.decide import decide


def facts_of(sample: Sample) -> Facts:
    """The facts of a sample's last exchange."""
    pairing, traffic = Pairing(100), Traffic()
    for exchange in sample.exchanges():
        pairing.begin(exchange)
        observation: Observation = pairing.complete(exchange)
        history = traffic.record(observation)
    return Facts(observation, {engine: decide(observation, engine) for engine in Engine}, history, products=bundled_products())


def facts(
    response: Headers | None = None,
    *,
    status: int | None = 200,
    request: Headers | None = None,
    before: tuple[Step, ...] = (),
    engine: Engine = Engine.CHROMIUM,
    **step: object,
) -> Facts:
    """The facts of one exchange from https://app.example to https://api.example/me, after others."""
    last = Step(status=status, request=request or {}, response=response or {}, **step)  # type: ignore[arg-type]  # fields of Step
    return facts_of(Sample(name="", engine=engine, steps=(*before, last)))


def preflight(
    response: Headers | None = None, *, status: int = 204, asks: str = "PUT", given: Headers | None = None, **more: object
) -> Facts:
    """The facts of a preflight."""
    request = {"access-control-request-method": asks, **(given or {})}
    return facts(response, status=status, request=request, method="OPTIONS", **more)  # type: ignore[arg-type]  # fields of Step
