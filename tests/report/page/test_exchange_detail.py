"""One exchange in full: its steps in order, its deciding lines marked, its secrets gone."""

from collections.abc import Iterable, Sequence
from typing import Any

from corslens.diagnosis.diagnose import diagnose_alone
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import REDACTED
from corslens.patching.policy import PatchPolicy, parse_origins
from corslens.report.page.exchange_detail import CORS, DECIDES, PLAIN, Pool, detail, details

from tests.make import API, PAGE
from tests.report import samples
from tests.report.samples import ask, ask_first

NO_RULES = RuleSet({})


def shown(exchanges: Iterable[Exchange], id: str) -> tuple[dict[str, Any], Sequence[Any]]:
    """One exchange of a session in full, and the pool."""
    known = {each.id: each for each in samples.inspected(exchanges, NO_RULES)}
    pool = Pool()
    return detail(known[id], known.get, pool), pool.values


def marks(lines: Iterable[int], pool: Sequence[Any]) -> dict[str, tuple[str | None, int]]:
    """Header lines by name."""
    return {pool[line][0]: (pool[line][1], pool[line][2]) for line in lines}


def kinds(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What the steps are and how they went."""
    return [(step["kind"], step["outcome"]) for step in found["steps"]]


def test_a_blocked_preflight_shows_what_was_never_sent() -> None:
    """The preflight, then the request that it was for; the absent header decides."""
    found, pool = shown(
        [ask_first("p", 0, "PUT", unsafe="x-trace", allow_origin=PAGE, answer={"Access-Control-Allow-Methods": "PUT"})], "p"
    )
    assert kinds(found) == [("preflight", "blocked"), ("request", "not-sent")]
    assert found["steps"][1]["method"] == "PUT"
    lines = marks(found["steps"][0]["response"], pool)
    assert lines["Access-Control-Allow-Headers"] == (None, DECIDES)
    assert lines["Access-Control-Allow-Origin"] == (PAGE, CORS)
    assert lines["Server"][1] == PLAIN


def test_a_preflight_and_its_request_are_two_steps_of_either() -> None:
    """Seen from the request as well as from the preflight."""
    grants = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-type"}
    session = [
        ask_first("p", 0, allow_origin=PAGE, answer=grants),
        ask("a", 0.1, "PUT", given={"Content-Type": "application/json"}),
    ]
    for id in ("p", "a"):
        found, _ = shown(session, id)
        assert kinds(found) == [("preflight", "allowed"), ("request", "blocked")]
        assert [step["id"] for step in found["steps"]] == ["p", "a"]


def test_a_preflight_from_the_cache_is_marked_so() -> None:
    """With the time since it was made."""
    grants = {
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": "600",
    }
    json = {"Content-Type": "application/json"}
    session = [
        ask_first("p", 0, allow_origin=PAGE, answer=grants),
        ask("a", 0.1, "PUT", given=json),
        ask("b", 9, "PUT", given=json),
    ]
    found, _ = shown(session, "b")
    assert found["steps"][0]["cached"] and 8 < found["steps"][0]["age"] < 9


def test_a_redirect_is_a_step_for_each_hop() -> None:
    """The hop that failed is the last one, and its line decides."""
    found, pool = shown(samples.shop(), "hop-2")
    assert kinds(found) == [("request", "allowed"), ("redirected", "blocked")]
    assert marks(found["steps"][1]["response"], pool)["Access-Control-Allow-Origin"] == (None, DECIDES)
    assert found["page"] == PAGE and found["tainted"]


def test_every_engine_has_its_verdict_and_checks() -> None:
    """In the engine's own order."""
    found, pool = shown(samples.shop(), "pre-3")
    assert list(found["verdicts"]) == ["chromium", "firefox", "webkit"]
    assert pool[found["verdicts"]["chromium"]].reason == "preflight-acao-missing"
    assert pool[found["verdicts"]["webkit"]].reason == "preflight-status-not-ok"
    states = [check["state"] for check in pool[found["checks"]["chromium"]]]
    assert states.count("failed") == 1 and states[-1] == "not-reached"


def test_secrets_are_gone() -> None:
    """Cookies, Set-Cookie and tokens in URLs are named and not shown."""
    everything = details(map(diagnose_alone, samples.inspected(samples.shop(), NO_RULES)), lambda id: None)
    text = repr(everything)
    assert "[redacted]" in text
    for secret in ("s3cret", "abcdef", "topsecret"):
        assert secret not in text


def test_equal_values_are_kept_once() -> None:
    """A hundred exchanges with the same headers take the place of one and their ids."""
    one = details(map(diagnose_alone, samples.inspected([ask("x", 0)], NO_RULES)), lambda id: None)
    many = details(
        map(diagnose_alone, samples.inspected([ask(f"x{index}", index) for index in range(100)], NO_RULES)), lambda id: None
    )
    assert len(many["pool"]) == len(one["pool"])


def test_what_is_forgotten_is_left_out() -> None:
    """Steps of exchanges that are no longer kept still show what the observation holds."""
    known = {each.id: each for each in samples.inspected(samples.shop(), NO_RULES)}

    def nobody(id: str) -> Inspection | None:
        return None

    assert kinds(detail(known["pre-2"], nobody, Pool())) == [("preflight", "allowed"), ("request", "sent")]
    assert kinds(detail(known["actual-2"], nobody, Pool())) == [("preflight", "allowed"), ("request", "blocked")]
    assert detail(known["actual-2"], nobody, Pool())["url"] == f"{API}/me"


def test_a_patched_preflight_lets_the_request_follow() -> None:
    """It was blocked as the server sent it; the proxy's patch is told, and what then was sent is a step."""
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins([PAGE])))
    known: dict[str, Inspection] = {}
    session = [ask_first("p", 0, unsafe="x-trace"), ask("a", 0.1, "PUT", given={"X-Trace": "1"}, allow_origin=PAGE)]
    for id, exchange, step in zip("pa", session, ("pending", "allowed"), strict=True):
        inspector.begin(exchange)
        known.update((each.id, each) for each in inspector.complete(exchange, patch=True))
        found = detail(known["p"], known.get, Pool())
        assert kinds(found) == [("preflight", "blocked"), ("request", step)], id
        assert found["steps"][0]["patched"]
    assert detail(known["a"], known.get, Pool())["steps"][0]["patched"]


def test_equal_redacted_values_have_the_same_number() -> None:
    """Whether it is the same cookie or token explains much, and its value is nobody's business."""
    sent = [("Cookie", "sid=7f3a9c0d2b41"), ("X-Session", "sid=7f3a9c0d2b41"), ("X-Other", "another-value-1")]
    inspections = samples.inspected([ask("x", 0, given=sent)], NO_RULES)
    shown = details(map(diagnose_alone, inspections), lambda id: None)
    marked = {name: value for name, value, *_ in (line for line in shown["pool"] if isinstance(line, list) and len(line) == 3)}
    assert marked["Cookie"] == marked["X-Session"] != marked["X-Other"]
    assert marked["Cookie"].startswith(f"{REDACTED} #")
