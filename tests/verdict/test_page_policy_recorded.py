"""Random page policies, held against what Chromium and Firefox made of them (tests/browser/page_policy)."""

import json
from itertools import count
from pathlib import Path

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.content_security_policy import blocking_directive, directives_for, parse_policies
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from corslens.verdict.decide import decide

from tests import make
from tests.each import each
from tests.observation.observe import CHROMIUM

RECORDED = Path(__file__).parents[1] / "browser" / "page_policy"
ORIGINS = {name: f"http://{name}.localhost:800{number}" for number, name in enumerate(("page", "cdn", "other"))}
DESTINATIONS = {"fetch": "empty", "image": "image", "script": "script"}
_times = count()


def filled(given: dict[str, str]) -> dict[str, str]:
    for name, origin in ORIGINS.items():
        given = {header: value.replace(f"{{{name}}}", origin) for header, value in given.items()}
    return given


def document(policy: dict[str, str]) -> Exchange:
    given = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "User-Agent": CHROMIUM}
    request = make.request(url=f"{ORIGINS['page']}/", given=given, origin=None, time=next(_times))
    return make.exchange(request, make.response(200, policy))


def sent(origin: str, kind: str, head: dict[str, str], *, tainted: bool = False) -> Exchange:
    mode = "cors" if kind == "fetch" else "no-cors"
    given = {
        "Sec-Fetch-Mode": mode,
        "Sec-Fetch-Dest": DESTINATIONS[kind],
        "Referer": f"{ORIGINS['page']}/",
        "User-Agent": CHROMIUM,
    }
    asking = None if kind != "fetch" else "null" if tainted else ORIGINS["page"]
    request = make.request(url=f"{ORIGINS[origin]}/x", given=given, origin=asking, time=next(_times))
    return make.exchange(request, make.response(302 if "Location" in head else 200, head))


def observed(*exchanges: Exchange) -> list[Observation]:
    pairing = Pairing(100)
    return [pairing.complete(exchange) for exchange in exchanges if pairing.begin(exchange)]


SCENARIOS = [
    (engine, json.loads(line))
    for engine in (Engine.CHROMIUM, Engine.FIREFOX)
    for line in (RECORDED / f"{engine}.jsonl").read_text().splitlines()
]


def predicted(one: dict, engine: Engine) -> str:  # type: ignore[type-arg]
    """What we say: the page gets the response if every hop is allowed."""
    policy = filled(one["policy"])
    parsed = parse_policies((policy["Content-Security-Policy"],)) if "Content-Security-Policy" in policy else ()
    first = f"{ORIGINS['cdn']}/x"
    if blocking_directive(
        directives_for(parsed, DESTINATIONS[one["kind"]]), first, page_origin=ORIGINS["page"], redirected=False
    ):
        return "blocked"  # never sent
    listed = policy.get("Connection-Allowlist")
    if engine is Engine.CHROMIUM and listed is not None and ORIGINS["cdn"] not in listed:
        return "blocked"
    exchanges = [document(policy)]
    if one["redirects"]:
        exchanges.append(sent("cdn", one["kind"], {"Location": f"{ORIGINS['other']}/x", **one["resource"]}))
        exchanges.append(sent("other", one["kind"], one["resource"], tainted=True))
    else:
        exchanges.append(sent("cdn", one["kind"], one["resource"]))
    for observation in observed(*exchanges)[1:]:
        verdict = decide(observation, engine)
        if (verdict.if_not_credentialed or verdict).blocked:  # each fetch has the default credentials mode
            return "blocked"
    return "allowed"


@pytest.mark.parametrize("engine", {engine for engine, _ in SCENARIOS})
def test_what_the_browser_did(engine: Engine) -> None:
    def check(one: dict) -> None:  # type: ignore[type-arg]
        assert predicted(one, engine) == one["outcome"]

    each((one for recorded_by, one in SCENARIOS if recorded_by is engine), check)


def test_both_outcomes_are_there() -> None:
    outcomes = [one["outcome"] for _, one in SCENARIOS]
    assert len(outcomes) >= 400
    assert min(outcomes.count("allowed"), outcomes.count("blocked")) >= 50
