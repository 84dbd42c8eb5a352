"""What belongs to one page request, and what becomes of it."""

from collections.abc import Iterable

from corslens.diagnosis.page_request import PageRequest
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.observation.exchange import Exchange
from corslens.patching.injection import Injection
from corslens.patching.policy import PatchPolicy, parse_origins
from corslens.verdict.verdict import Outcome

from tests.diagnosis.make import NO_RULES, session
from tests.make import API, PAGE, exchange, request, response
from tests.report.samples import START, ask, ask_first

PUT_ALLOWED = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-type"}
JSON = {"Content-Type": "application/json"}


def page_requests(inspections: Iterable[Inspection]) -> list[PageRequest]:
    """All page requests, in order."""
    summary = SessionSummary(everything=True)
    for one in inspections:
        summary.add(one)
    return [diagnosis.page_request for diagnosis in summary.held()]


def of(*exchanges: Exchange) -> list[PageRequest]:
    """The page requests of these exchanges."""
    return page_requests(session(*exchanges))


def test_a_preflight_and_its_request_are_one():
    preflight = ask_first("pre", 0, allow_origin=PAGE, answer=PUT_ALLOWED)
    (one,) = of(preflight, ask("put", 0.1, "PUT", given=JSON, allow_origin=PAGE))
    assert (one.id, [each.id for each in one.preflights], [each.id for each in one.hops]) == ("pre", ["pre"], ["put"])
    assert (one.method, one.outcome) == ("PUT", Outcome.ALLOWED)


def test_a_preflight_that_was_not_followed_is_one_too():
    (one,) = of(ask_first("pre", 0, "DELETE"))
    assert one.final is None and (one.method, one.outcome) == ("DELETE", Outcome.BLOCKED)


def test_a_preflight_alone_that_allows_is_not_judged():
    answer = {**PUT_ALLOWED, "Access-Control-Allow-Credentials": "true"}
    (one,) = of(ask_first("pre", 0, allow_origin=PAGE, answer=answer))
    assert one.outcome is Outcome.NOT_JUDGED and set(one.outcomes.values()) == {Outcome.NOT_JUDGED}


def test_the_redirect_of_the_pages_own_server_is_the_first_hop():
    own = [("Location", f"{API}/me")]
    moved = exchange(
        request("GET", f"{PAGE}/go", [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin"), ("Referer", f"{PAGE}/")],
                origin=None, time=START),
        response(302, own, time=START + 0.01),
        id="own",
    )  # fmt: skip
    there = exchange(
        request("GET", f"{API}/me", [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")], time=START + 0.02),
        response(200, time=START + 0.03),
        id="api",
    )
    (one,) = of(moved, there)
    assert (one.id, [each.id for each in one.hops], one.outcome) == ("own", ["own", "api"], Outcome.BLOCKED)
    assert one.url == f"{PAGE}/go"


def test_a_redirect_that_passes_and_a_target_that_does_not_are_one_blocked_request():
    hop = ask("hop", 0, url=f"{API}/old", status=302, answer={"Location": "https://cdn.example/new"}, allow_origin=PAGE)
    (one,) = of(hop, ask("new", 0.05, url="https://cdn.example/new", origin="null"))
    assert one.outcome is Outcome.BLOCKED and one.decisive.id == "new"


def test_what_the_network_stack_repeated_is_no_second_request():
    """Of a 421 and the same request again at once, the page sees the second response alone."""
    (one,) = of(ask("first", 0, status=421), ask("again", 0.1, allow_origin=PAGE))
    assert ([each.id for each in one.judged], one.outcome, one.decisive.id) == (["again"], Outcome.ALLOWED, "again")


def test_a_later_request_after_a_421_is_one_of_its_own():
    assert [one.outcome for one in of(ask("first", 0, status=421), ask("later", 9, allow_origin=PAGE))] == [
        Outcome.BLOCKED,
        Outcome.ALLOWED,
    ]


def test_every_engine_has_its_outcome():
    (one,) = of(ask("a", 0))
    assert dict(one.outcomes) == dict.fromkeys(Engine, Outcome.BLOCKED)


def test_patched_is_not_blocked():
    policy = PatchPolicy(origins=parse_origins([PAGE]))
    inspector = Inspector(rules=NO_RULES, patch_policy=policy)
    (one,) = page_requests(inspector.complete(ask("a", 0), patch=True))
    assert one.patched and one.outcome is Outcome.ALLOWED and one.reason == "acao-missing"


def test_an_injection_that_breaks_is_a_block():
    """It is what the browser got that counts, and an injection is no patch."""
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins([PAGE])))
    breaking = Injection(name="break", remove=("Access-Control-Allow-Origin",))
    (one,) = page_requests(inspector.complete(ask("a", 0, allow_origin=PAGE), injections=[breaking]))
    assert not one.patched and one.outcome is Outcome.BLOCKED and one.members[0].verdict.allowed
