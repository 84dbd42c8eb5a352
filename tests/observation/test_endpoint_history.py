"""Facts over many exchanges, bounded."""

from corslens.lint.rules.sample import Sample, Step
from corslens.observation.endpoint_history import (
    NO_HISTORY,
    EndpointHistory,
    Traffic,
)
from corslens.observation.evidence import Level, OriginOutcome, jsonp_parameter, site_of
from corslens.observation.pairing import Pairing


def _record(*steps: Step, traffic: Traffic | None = None) -> EndpointHistory:
    traffic = Traffic() if traffic is None else traffic  # an empty one is false
    pairing = Pairing(1_000)
    history = NO_HISTORY
    for exchange in Sample(name="x", steps=steps).exchanges():
        pairing.begin(exchange)
        history = traffic.record(pairing.complete(exchange))
    return history


def _echo(origin: str) -> Step:
    return Step(request={"origin": origin}, response={"access-control-allow-origin": origin})


def test_origins_granted_and_refused_are_remembered() -> None:
    history = _record(_echo("https://a.test"), _echo("https://a.test"), Step(), _echo("null"))
    evidence = history.evidence
    assert set(evidence.granted_origins) == {"https://a.test"}
    assert evidence.null_granted and set(evidence.refused_origins) == {"https://app.example"}
    assert evidence.varies


def test_a_star_is_neither_granted_by_name_nor_refused() -> None:
    evidence = _record(Step(response={"access-control-allow-origin": "*"})).evidence
    assert not evidence.granted_origins and not evidence.refused_origins and not evidence.vary_missing


def test_vary_is_counted_by_kind_of_answer() -> None:
    originless = Step(request={"origin": None, "referer": "https://app.example/", "sec-fetch-mode": "no-cors"})
    varied = Step(response={"access-control-allow-origin": "https://app.example", "vary": "Accept, Origin"})
    evidence = _record(varied, originless, Step()).evidence
    assert evidence.vary_present == {OriginOutcome.GRANTED}
    assert evidence.vary_missing == {OriginOutcome.ORIGINLESS, OriginOutcome.REFUSED}


def test_levels_tell_successes_from_errors() -> None:
    evidence = _record(_echo("https://a.test"), Step(status=404), Step(status=301)).evidence
    assert (evidence.granted_levels, evidence.plain_levels) == ({Level.SUCCESS}, {Level.ERROR, Level.REDIRECT})


def test_an_exchange_counts_once() -> None:
    traffic, pairing = Traffic(), Pairing(10)
    (exchange, _) = Sample(name="x", steps=(Step(method="PUT", preflight=(204, {})),)).exchanges()
    pairing.begin(exchange)
    observation = pairing.complete(exchange)
    traffic.record(observation)
    assert traffic.record(observation).preflights == 1
    assert traffic.of(observation) is traffic.record(observation)


def test_exchanges_without_cors_open_no_history() -> None:
    traffic = Traffic()
    page = Step(
        url="https://app.example/", request={"origin": None, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    )
    assert _record(page, traffic=traffic) is NO_HISTORY
    assert len(traffic) == 0


def test_everything_is_bounded() -> None:
    traffic = Traffic(limit=5)
    _record(*(Step(url=f"https://api{number}.test/") for number in range(30)), traffic=traffic)
    assert len(traffic) == 5
    evidence = _record(*(_echo(f"https://o{number}.test") for number in range(100))).evidence
    assert len(evidence.granted_origins) <= 16 and len(evidence.allow_origins) <= 16
    many = _record(*(Step(method="PUT", url=f"https://api.test/me?x={number}", preflight=(204, {})) for number in range(100)))
    assert many.preflights == 100 and len(many.seen_preflights) <= 32


def test_sites_and_callbacks() -> None:
    assert (site_of("https://a.b.example.com:8443"), site_of("http://127.0.0.1:1")) == ("example.com", "127.0.0.1")
    assert tuple(map(jsonp_parameter, ("https://a/x?y=1&callback=f", "https://a/x?callback=", "https://a/x"))) == (
        "callback",
        None,
        None,
    )


def test_a_server_s_endpoints_share_what_it_grants() -> None:
    history = _record(
        Step(
            url="https://api.example/a",
            request={"origin": "https://a.test"},
            response={"access-control-allow-origin": "https://a.test"},
        ),
        Step(),
    )
    assert not history.evidence.granted_origins
    assert set(history.server.evidence.granted_origins) == {"https://a.test"}
    assert not history.server.evidence.granted_origins.more


def test_another_server_has_a_history_of_its_own() -> None:
    history = _record(_echo("https://a.test"), Step(url="https://other.example/"))
    assert not history.server.evidence.granted_origins


def test_a_server_that_granted_very_many_is_known_to_forget() -> None:
    assert _record(*(_echo(f"https://a{number}.test") for number in range(100))).server.evidence.granted_origins.more
