"""What responses show of servers joins to the same, however often and in whatever order they come."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.sample import Sample, Step
from corslens.observation.endpoint_history import EndpointHistory, Traffic
from corslens.observation.evidence import (
    EndpointEvidence,
    Level,
    OriginOutcome,
    Prior,
    Seen,
    ServerEvidence,
    Values,
    names_origin_in_vary,
    seen_of,
)
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from hypothesis import given, settings
from hypothesis import strategies as st

_ORIGINS = [None, "null", *(f"https://o{number}.example" for number in range(40))]

_SEEN = st.builds(
    Seen,
    st.sampled_from(OriginOutcome),
    st.sampled_from(_ORIGINS),
    st.sampled_from([None, "*", *_ORIGINS[1:]]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(Level),
    st.booleans(),
    st.booleans(),
)


def content(evidence: EndpointEvidence | ServerEvidence) -> dict[str, Any]:
    """All that it holds."""
    return {
        name: (set(value), value.more) if isinstance(value, Values) else value
        for name, value in ((name, getattr(evidence, name)) for name in evidence.__slots__)
    }


@settings(deadline=None, max_examples=25)
@given(st.lists(_SEEN, max_size=60), st.lists(st.integers(0, 60), max_size=4), st.randoms())
def test_evidence_is_the_same_for_any_cut_order_and_repetition(seen: list[Seen], cuts: list[int], random: Any) -> None:
    for kind in (EndpointEvidence, ServerEvidence):
        whole = kind()
        for one in seen:
            whole.add(one)
        borders = [0, *sorted(cuts), len(seen)]
        parts = [seen[start:end] for start, end in pairwise(borders)]
        parts += random.sample(parts, random.randint(0, len(parts)))  # a part that comes twice
        piles = []
        for part in random.sample(parts, len(parts)):
            piles.append(kind())
            for one in random.sample(part, len(part)):
                piles[-1].add(one)
        while len(piles) > 1:
            one, other = random.sample(range(len(piles)), 2)
            piles[one].join(piles[other])
            del piles[other]
        assert content(piles[0]) == content(whole)


def test_a_limit_keeps_the_same_values_in_any_order() -> None:
    names = [f"https://a{number}.example" for number in range(100)]
    there, back = Values(16), Values(16)
    for name in names:
        there.add(name)
    for name in reversed(names):
        back.add(name)
    assert there == back and len(there) == 16 and there.more
    few = Values(16)
    for name in names[:16] * 2:
        few.add(name)
    assert set(few) == set(names[:16]) and not few.more
    long = Values(16)
    long.add("x" * 100_000)
    assert len(next(iter(long))) <= 512


def _observed(*steps: Step) -> Iterable[Observation]:
    pairing = Pairing(10)
    for exchange in Sample(name="x", steps=steps).exchanges():
        pairing.begin(exchange)
        yield pairing.complete(exchange)


def _echo(origin: str, **more: str) -> Step:
    return Step(request={"origin": origin}, response={"access-control-allow-origin": origin, **more})


def test_a_response_shows_what_its_headers_say() -> None:
    granted, refused, none = _observed(
        _echo("https://a.test", **{"access-control-allow-credentials": "true", "vary": "Accept, Origin"}),
        Step(status=404),
        Step(status=None),
    )
    assert seen_of(granted) == Seen(
        OriginOutcome.GRANTED, "https://a.test", "https://a.test", True, True, Level.SUCCESS, False, False
    )
    assert seen_of(refused) == Seen(OriginOutcome.REFUSED, "https://app.example", None, False, False, Level.ERROR, False, False)
    assert seen_of(none) is None
    assert granted.exchange.response is not None and names_origin_in_vary(granted.exchange.response)


def _prior(*steps: Step) -> Prior:
    """What another session shows of https://api.example/me."""
    endpoint, server = EndpointEvidence(), ServerEvidence()
    for one in map(seen_of, _observed(*steps)):
        assert one is not None
        endpoint.add(one)
        server.add(one)
    return Prior(endpoints={("https://api.example", "/me"): endpoint}, servers={"https://api.example": server})


def test_a_session_goes_on_with_what_others_saw_of_a_server_but_not_with_what_their_browsers_did() -> None:
    put = Step(method="PUT", preflight=(204, {}))
    prior = _prior(_echo("https://a.test"), _echo("https://b.test"), put)
    traffic, history = Traffic(prior=prior), EndpointHistory()
    for observation in _observed(_echo("https://c.test")):
        history = traffic.record(observation)
    assert set(history.evidence.granted_origins) == {f"https://{name}.test" for name in "abc"}
    assert set(history.server.evidence.granted_origins) == {f"https://{name}.test" for name in "abc"}
    assert (history.preflights, history.preflights_without_max_age, history.jsonp) == (0, 0, 0)
    assert set(prior.endpoints["https://api.example", "/me"].granted_origins) == {"https://a.test", "https://b.test"}


def test_what_takes_several_sessions_to_see_is_found_with_their_evidence() -> None:
    credentials = {"access-control-allow-credentials": "true", "vary": "Origin"}

    def rules(prior: Prior) -> set[str]:
        inspector = Inspector(rules=load_rules(), prior=prior)
        found: set[str] = set()
        step = Step(
            request={"origin": "https://c.test", "cookie": "a=1"},
            response={"access-control-allow-origin": "https://c.test", **credentials},
        )
        for exchange in Sample(name="x", steps=(step,)).exchanges():
            for one in inspector.inspect(exchange):
                found |= {finding.rule for finding in one.findings}
        return found

    reflecting = _prior(*(_echo(f"https://{name}.test", **credentials) for name in "abd"))
    listing = _prior(*(_echo(f"https://{name}.test", **credentials) for name in "abd"), Step())
    rule = "any-origin-reflected-with-credentials"
    assert rule not in rules(Prior())
    assert rule in rules(reflecting)
    assert rule not in rules(listing)
