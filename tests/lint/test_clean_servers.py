"""False positives are defects: a well-behaved page with correctly configured servers gets nothing above info."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from corslens.fetch.messages import Request
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.verdict.verdict import Outcome

from tests.lint.clean import python_servers
from tests.lint.clean.visits import Answer, Policy, Send, refused_steps, steps, visit

RECORDED = Path(__file__).parent / "clean" / "recorded"


def _recorded(name: str) -> Callable[[Policy], Send]:
    def play(policy: Policy) -> Send:
        answers = iter(json.loads((RECORDED / f"{name}-{policy}.json").read_text()))

        def send(request: Request) -> Answer:
            status, lines = next(answers)
            return status, [(name, value) for name, value in lines]

        return send

    return play


SERVERS: dict[str, Callable[[Policy], Send]] = {
    "aiohttp-cors": python_servers.aiohttp,
    "starlette": python_servers.starlette,
    "flask-cors": python_servers.flask,
    "django-cors-headers": python_servers.django,
    "express": _recorded("express"),
    "nginx": _recorded("nginx"),
}


def _inspected(name: str, policy: Policy) -> list[Inspection]:
    """The page's exchanges, with those of a refused origin behind them; only the page's are returned."""
    page = steps(policy)
    exchanges = visit(SERVERS[name](policy), page + (refused_steps() if policy is Policy.LISTED else []))
    inspector = Inspector(rules=load_rules())
    for exchange in exchanges:
        inspector.inspect(exchange)
    inspector.finish()
    asked = [inspector.get(exchange.id) for exchange in exchanges]
    return [one for one in asked if one is not None and one.observation.origin != "https://evil.test"]


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("name", SERVERS)
def test_a_clean_server_gets_nothing_above_info(name: str, policy: Policy) -> None:
    inspections = _inspected(name, policy)
    assert len(inspections) >= 6
    above = [
        (finding.rule, finding.severity.word, one.observation.exchange.request.method, one.observation.exchange.request.url)
        for one in inspections
        for finding in one.findings
        if finding.severity > Severity.INFO
    ]
    assert above == []


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("name", SERVERS)
def test_a_clean_server_is_clean(name: str, policy: Policy) -> None:
    """The run above proves something: the answers are those of a server that lets the page in, every time."""
    cors = [one for one in _inspected(name, policy) if one.observation.is_cors]
    assert {Outcome.ALLOWED} == {one.verdict.outcome for one in cors}
