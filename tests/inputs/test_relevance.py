"""What is passed over would not have changed a word of any report."""

from collections.abc import Callable, Iterable

import pytest
from corslens.engines.engine import Engine
from corslens.inputs.har import HarReader
from corslens.inputs.relevance import concerns_cors
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange

from tests.each import each
from tests.inputs.make_har import encoded, entry
from tests.make import API, PAGE
from tests.truth.recorded import exchanges, scenarios

SITE, MODE = "Sec-Fetch-Site", "Sec-Fetch-Mode"
OWN = [(SITE, "same-origin"), (MODE, "cors")]

CASES = {
    "same-origin": ("GET", 200, OWN, [], False),
    "same-origin POST with its own Origin": ("POST", 200, [*OWN, ("Origin", API)], [], False),
    "navigation": (
        "GET",
        200,
        [(SITE, "cross-site"), (MODE, "navigate")],
        [("Cache-Control", "no-store"), ("Accept-Ranges", "x")],
        True,  # its policies count for what its page requests
    ),
    "typed into the address bar": ("GET", 200, [(SITE, "none"), (MODE, "navigate")], [], True),
    "a document without fetch metadata": ("GET", 200, [("Accept", "text/html,*/*")], [], True),
    "another origin": ("GET", 200, [("oRIGIN", PAGE)], [], True),
    "null": ("GET", 200, [("Origin", "null")], [], True),
    "its host on another port": ("GET", 200, [("Origin", f"{API}:8443")], [], True),
    "OPTIONS": ("OPTIONS", 204, OWN, [], True),
    "redirect": ("GET", 302, OWN, [], True),
    "not modified": ("GET", 304, OWN, [], False),
    "grant": ("GET", 200, OWN, [("access-control-allow-origin", "*")], True),
    "misspelt grant": ("GET", 200, OWN, [("Acces-Control-Allow-Origin", "*")], True),
    "resource policy": ("GET", 200, OWN, [("Cross-Origin-Resource-Policy", "same-site")], True),
    "no-cors": ("GET", 200, [(SITE, "cross-site"), (MODE, "no-cors")], [], True),
    "without fetch metadata": ("GET", 200, [], [], False),
    "without fetch metadata, for another site": ("GET", 200, [("Referer", f"{PAGE}/")], [], True),
    "no response": ("GET", 0, OWN, [], False),
}


@pytest.mark.parametrize(("method", "status", "sent", "answered", "concerns"), CASES.values(), ids=CASES)
def test_concerns_cors(
    method: str, status: int, sent: list[tuple[str, str]], answered: list[tuple[str, str]], concerns: bool
) -> None:
    assert concerns_cors(method, f"{API}/me", sent, status, answered) is concerns


def test_the_reader_counts_what_it_passes_over() -> None:
    own = entry(given=[*OWN, ("Cookie", "a=1")])
    reader = HarReader(encoded(own, entry(), own), "a.har", "a", everything=False)
    assert [exchange.source.index for exchange in reader if isinstance(exchange, Exchange)] == [1]
    assert (reader.skipped, reader.cookies_skipped) == (2, True)


RULES = load_rules()
SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in RULES.rules.values() for sample in (*rule.bad, *rule.good)}


def told(session: Iterable[Exchange], wanted: Callable[[Exchange], bool]) -> dict[str, tuple[object, ...]]:
    """What there is to tell of each exchange that is looked at."""
    inspector = Inspector(rules=RULES)
    found: dict[str, Inspection] = {}
    for exchange in session:
        if wanted(exchange):
            found |= {inspection.id: inspection for inspection in inspector.inspect(exchange)}
    found |= {inspection.id: inspection for inspection in inspector.finish()}
    return {
        id: (inspection.findings, inspection.verdicts)
        for id, inspection in found.items()
        if inspection.findings or inspection.observation.is_cors
    }


def relevant(exchange: Exchange) -> bool:
    request, response = exchange.request, exchange.response
    status, lines = (0, ()) if response is None else (response.status, response.headers.lines)
    return concerns_cors(request.method, request.url, request.headers.lines, status, lines)


@pytest.mark.slow  # every sample of every rule
def test_no_finding_of_any_rule_is_lost() -> None:
    def check(name: str) -> None:
        session = list(SAMPLES[name].exchanges())
        assert told(session, relevant) == told(session, lambda _: True)

    each(SAMPLES, check)


@pytest.mark.slow  # hundreds of recordings
@pytest.mark.parametrize("engine", Engine)
def test_no_recorded_session_reads_differently(engine: Engine) -> None:
    """Every seventh of those that real browsers left behind."""
    for scenario in scenarios(engine)[::7]:
        recorded = list(exchanges(scenario))
        assert told(recorded, relevant) == told(recorded, lambda _: True), scenario["scenario"]["id"]
