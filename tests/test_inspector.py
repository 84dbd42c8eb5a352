"""The pipeline of a session: exchanges in, Inspections out, and later facts as new Inspections of the same ids."""

import pytest
from corslens.engines.engine import Engine
from corslens.inspector import Inspector
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange
from corslens.observation.known import Likely
from corslens.observation.observation import Followed, Role
from corslens.patching.policy import PatchPolicy, parse_origins
from corslens.verdict.headline import HeadlinePolicy
from corslens.verdict.verdict import ALLOWED, Outcome
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT

NO_RULES = RuleSet({})
RULES = load_rules()


def asks(id: str = "p", *, at: float = 0.0, agent: str = WEBKIT, allow: str = "*", status: int = 204) -> Exchange:
    answer = response(
        status, {"Access-Control-Allow-Methods": "PUT", "Access-Control-Max-Age": "0"}, allow_origin=allow, time=at + 0.01
    )
    return exchange(preflight("PUT", given={"User-Agent": agent}, time=at), answer, id=id)


def sends(
    id: str = "a", *, at: float = 0.05, agent: str = WEBKIT, method: str = "PUT", allow: str = "*", **given: str
) -> Exchange:
    asked = request(method, given={"User-Agent": agent, **given}, time=at)
    return exchange(asked, response(allow_origin=allow, time=at + 0.01), id=id)


def test_the_first_inspection_returned_is_the_exchanges_own() -> None:
    inspector = Inspector(rules=NO_RULES)
    own, *others = inspector.inspect(sends())
    assert (own.id, others) == ("a", [])
    assert inspector.get("a") is own
    assert set(own.verdicts) == set(Engine)


def test_an_actual_request_makes_its_preflights_inspection_anew() -> None:
    inspector = Inspector(rules=NO_RULES)
    (first,) = inspector.inspect(asks())
    assert first.verdict.outcome is Outcome.DEPENDS
    own, later = inspector.inspect(sends())
    assert (own.id, later.id) == ("a", "p")
    assert (later.observation.followed, later.observation.actual) == (Followed.FOLLOWED, "a")
    assert later.verdict.allowed, "it was followed, so the wildcard was no obstacle"
    assert own.verdict.allowed, "and its request has the same credentials mode"
    assert inspector.get("p") is later


def test_live_the_response_comes_later() -> None:
    inspector = Inspector(rules=NO_RULES)
    asked = sends(method="GET")
    begun = inspector.begin(asked.with_response(None))
    assert (begun.role, begun.exchange.response) == (Role.SIMPLE, None)
    assert inspector.get("a") is None, "nothing is judged yet"
    (own,) = inspector.complete(asked)
    assert own.observation.exchange.response is not None


def test_what_became_known_before_a_response_does_not_outlive_it() -> None:
    """A preflight whose request came, and which ended only then: nobody takes what was known before for the latest."""
    inspector = Inspector(rules=NO_RULES)
    asked = asks()
    inspector.begin(structs.replace(asked, response=None))
    inspector.begin(sends())
    own, *others = inspector.complete(structs.replace(asked, response=None, error="connection lost"))
    assert own.verdict.outcome is not Outcome.NOT_JUDGED
    assert "p" not in [other.id for other in (*others, *inspector.finish())]
    assert inspector.get("p") is own
    again, *others = inspector.complete(asked)
    assert again.observation.exchange == asked
    assert "p" not in [other.id for other in (*others, *inspector.finish())]


def test_completing_twice_judges_again_and_pairs_once() -> None:
    """The live addon looks at the response's head, and again at what the browser got in the end."""
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    inspector.inspect(sends())
    (again,) = inspector.complete(sends(allow="https://other.example"))
    assert again.verdict.blocked
    covering = again.observation.preflight
    assert covering is not None and covering.id == "p"
    assert len(list(inspector.recent())) == 2


def test_a_preflight_that_nobody_followed_is_settled_by_time() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    assert inspector.settle(1.0) == ()
    (settled,) = inspector.settle(10.0)
    assert (settled.id, settled.observation.followed) == ("p", Followed.NEVER)
    assert (settled.verdict.outcome, settled.verdict.likely) == (Outcome.DEPENDS, None), "absence proves nothing"
    assert inspector.settle(20.0) == ()


def test_the_next_exchange_settles_what_is_overdue() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    own, settled = inspector.inspect(sends("b", at=60.0, method="GET"))
    assert (own.id, settled.id) == ("b", "p")


def test_a_preflight_that_nobody_followed_is_a_warning_with_what_it_can_come_from() -> None:
    inspector = Inspector(rules=load_rules())
    inspector.inspect(asks())
    (settled,) = inspector.settle(10.0)
    (told,) = [one for one in settled.findings if one.severity > Severity.INFO]
    assert (told.rule, told.severity) == ("preflight-never-followed", Severity.WARNING)
    given_up, stream, credentials = (
        told.message.index(word) for word in ("canceled the request", "stream", "includes credentials")
    )
    assert given_up < stream < credentials
    *_, last = told.fixes
    assert [fix.side for fix in told.fixes] == ["setup", "page", "server"]
    assert last.headers == (f"Access-Control-Allow-Origin: {PAGE}", "Access-Control-Allow-Credentials: true"), "never one alone"


def test_what_was_followed_moments_before_was_given_up_now() -> None:
    inspector = Inspector(rules=load_rules())
    for one in (asks(), sends(), asks("again", at=0.5)):
        inspector.inspect(one)
    (settled,) = inspector.settle(10.0)
    assert settled.verdict.outcome is Outcome.DEPENDS
    assert settled.verdict.likely == Likely("same-origin-or-omit", ("same-preflight-followed",))
    assert settled.verdict.likely_branch == ALLOWED
    assert settled.worst is Severity.INFO


def test_granted_several_times_and_never_followed_is_said_to_be_inferred() -> None:
    inspector = Inspector(rules=load_rules())
    for number in range(3):
        inspector.inspect(asks(f"p{number}", at=10.0 * number))
    (settled,) = inspector.settle(100.0)
    (told,) = [one for one in settled.findings if one.severity > Severity.INFO]
    assert (settled.verdict.outcome, told.severity) == (Outcome.DEPENDS, Severity.ERROR)
    assert "this is inferred" in told.message and "never followed" in told.message


def test_a_browsers_own_capture_that_lacks_the_request_was_edited() -> None:
    """It lists refused requests, too: what is not there was left out, and nothing is known of it."""
    inspector = Inspector(rules=load_rules())
    inspector.inspect(structs.replace(asks(), by_browser=True))
    (settled,) = inspector.settle(10.0)
    assert settled.observation.followed is Followed.UNKNOWN
    assert settled.worst is not Severity.WARNING


def test_who_watched_long_enough_may_say_that_nothing_came() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    (settled,) = inspector.finish(60.0)
    assert settled.observation.followed is Followed.NEVER and settled.verdict.outcome is Outcome.DEPENDS


def test_the_end_of_a_session_settles_the_rest() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    (settled,) = inspector.finish()
    assert (settled.id, settled.observation.followed, settled.verdict.outcome) == ("p", Followed.UNKNOWN, Outcome.DEPENDS)
    assert inspector.finish() == ()


@pytest.mark.parametrize(
    ("chosen", "agent", "headline"),
    [
        pytest.param(None, FIREFOX, Engine.FIREFOX, id="that of the browser"),
        pytest.param(Engine.WEBKIT, FIREFOX, Engine.WEBKIT, id="the user's choice"),
        pytest.param(None, "curl/8", Engine.CHROMIUM, id="Chromium for what is no browser"),
    ],
)
def test_the_headline(chosen: Engine | None, agent: str, headline: Engine) -> None:
    (own,) = Inspector(rules=NO_RULES, headline=HeadlinePolicy(chosen)).inspect(sends(agent=agent, method="GET"))
    assert own.headline is headline
    assert own.verdict is own.verdicts[headline]


def test_a_verdict_that_is_contradicted_is_told_as_our_mistake() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks(agent=CHROMIUM, status=404))
    _, later = inspector.inspect(sends(agent=CHROMIUM))
    assert later.misprediction is not None
    assert later.misprediction.verdict.blocked


def test_a_redirect_that_we_call_blocked_and_that_was_followed_is_our_mistake() -> None:
    inspector = Inspector(rules=NO_RULES)
    agent = {"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "cors"}
    hop = exchange(request(given=agent), response(302, {"Location": f"{API}/next"}), id="hop")
    (first,) = inspector.inspect(hop)
    assert first.verdict.blocked and first.misprediction is None
    _, later = inspector.inspect(
        exchange(request(url=f"{API}/next", given=agent, time=0.1), response(allow_origin="*"), id="next")
    )
    assert (later.id, later.misprediction is not None) == ("hop", True)


def renewal(id: str, *, at: float, status: int = 304, **given: str) -> Exchange:
    asked = request(given={"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"}, time=at)
    return exchange(asked, response(status, {name.replace("_", "-"): value for name, value in given.items()}, time=at), id=id)


def test_a_304_is_judged_by_the_stored_response_where_that_was_seen() -> None:
    """Otherwise the verdict says that it stands on something unseen."""
    inspector = Inspector(rules=NO_RULES)
    (unseen,) = inspector.inspect(renewal("a", at=1.0))
    assert (unseen.verdict.outcome, unseen.verdict.notes) == (Outcome.DEPENDS, ("stored-response-not-seen",))
    inspector.inspect(renewal("b", at=2.0, status=200, ETag="1", Access_Control_Allow_Origin="https://other.example"))
    (seen,) = inspector.inspect(renewal("c", at=3.0, ETag="1"))
    assert seen.verdict.reason == "acao-mismatch"
    assert seen.observation.exchange.delivered is not None and seen.observation.exchange.delivered.status == 200
    assert unseen.observation.exchange.renewed is None
    (renewed,) = inspector.inspect(renewal("d", at=4.0, ETag="1", Access_Control_Allow_Origin=PAGE))
    assert renewed.verdict.allowed and renewed.verdict.notes == ()
    assert renewed.observation.exchange.response is not None and renewed.observation.exchange.response.status == 304


def test_firefox_keeps_no_empty_line_of_a_stored_response() -> None:
    """Although it says of the response itself that the empty value does not match: measured, and once remembered wrongly."""
    inspector = Inspector(rules=NO_RULES)
    empty = {"ETag": "1", "Access_Control_Allow_Origin": ""}
    (read,) = inspector.inspect(renewal("a", at=1.0, status=201, **empty))
    (renewed,) = inspector.inspect(renewal("b", at=2.0, ETag="1"))
    assert read.verdicts[Engine.FIREFOX].reason == "acao-mismatch"
    assert renewed.verdicts[Engine.FIREFOX].reason == "acao-missing"


def test_findings_come_from_the_rules() -> None:
    (own,) = Inspector(rules=RULES).inspect(sends(method="GET", allow="https://other.example"))
    assert "acao-mismatch" in [finding.rule for finding in own.findings]
    assert own.worst is not None
    (quiet,) = Inspector(rules=NO_RULES).inspect(sends(method="GET", allow="https://other.example"))
    assert (quiet.findings, quiet.worst) == ((), None)


def test_history_is_bounded_and_says_what_it_dropped() -> None:
    inspector = Inspector(rules=NO_RULES, history=5)
    for number in range(20):
        inspector.inspect(sends(f"a{number}", at=float(number), method="GET"))
    assert [inspection.id for inspection in inspector.recent()] == [f"a{number}" for number in range(15, 20)]
    assert inspector.get("a0") is None
    assert inspector.dropped() == {"exchanges": 15}


def test_clearing_starts_a_session_anew() -> None:
    inspector = Inspector(rules=NO_RULES, headline=HeadlinePolicy(Engine.WEBKIT))
    inspector.inspect(asks())
    inspector.clear()
    assert (list(inspector.recent()), inspector.finish(), inspector.dropped()) == ([], (), {})
    assert inspector.headline.engine is Engine.WEBKIT


def test_sessions_know_nothing_of_each_other() -> None:
    one, other = Inspector(rules=NO_RULES), Inspector(rules=NO_RULES)
    one.inspect(asks())
    (own,) = other.inspect(sends())
    assert own.observation.preflight is None


POLICY = PatchPolicy(origins=parse_origins([PAGE]))


def test_nothing_is_patched_unless_asked() -> None:
    inspector = Inspector(rules=NO_RULES, patch_policy=POLICY)
    refused = sends(method="GET", allow="https://other.example")
    assert inspector.inspect(refused)[0].patch is None
    assert Inspector(rules=NO_RULES).complete(refused, patch=True)[0].patch is None, "nor without a policy"


def test_a_patch_is_shown_beside_the_verdict_that_it_mends() -> None:
    inspector = Inspector(rules=NO_RULES, patch_policy=POLICY)
    (own,) = inspector.complete(sends(method="GET", allow="https://other.example"), patch=True)
    assert own.verdict.blocked, "the verdict is on what the server sent"
    assert own.patch is not None and own.patch.applied
    assert all(verdict.allowed for verdict in own.patch.verdicts_after.values())


def test_a_dry_run_proposes_and_applies_nothing() -> None:
    inspector = Inspector(rules=NO_RULES, patch_policy=POLICY)
    inspector.dry_run = True
    (own,) = inspector.complete(sends(method="GET", allow="https://other.example"), patch=True)
    assert own.patch is not None and not own.patch.applied


def test_a_patched_preflight_that_is_followed_is_no_mistake_of_ours() -> None:
    """The browser followed what it got, which is not what the server sent."""
    inspector = Inspector(rules=NO_RULES, patch_policy=POLICY)
    inspector.complete(asks(status=404), patch=True)
    _, later = inspector.complete(sends(), patch=True)
    assert (later.id, later.misprediction) == ("p", None)
    assert later.verdict.blocked
    assert later.patch is not None


def test_nothing_is_shared_between_two_urls_of_one_page() -> None:
    inspector = Inspector(rules=NO_RULES)
    inspector.inspect(asks())
    other = exchange(request("PUT", f"{API}/other", {"User-Agent": WEBKIT}, time=0.05), response(allow_origin="*"), id="o")
    own, *_ = inspector.inspect(other)
    assert own.observation.preflight is None
    assert own.observation.preflights_missed
