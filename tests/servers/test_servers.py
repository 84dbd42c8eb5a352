"""The settings that corslens writes do what they are for, on the real servers; one test for each column of the table in docs/server-settings.md."""

import pytest
from corslens.advice.table import SERVERS
from corslens.lint.finding import Severity

from tests.servers.drivers.table import DRIVERS
from tests.servers.trial import STATUSES, Trial

pytestmark = pytest.mark.servers


def test_the_rows_marked_as_tested_are_those_that_are_started() -> None:
    """Nobody is told that a server is tested which is not, and the other way round."""
    assert {server.name for server in SERVERS if server.tested} == {driver.name for driver in DRIVERS}


@pytest.mark.criterion("blocked → allowed")
async def test_what_was_blocked_now_succeeds(trial: Trial) -> None:
    """Without settings the page reads nothing; with them everything, the headers it wants included."""
    assert {wish: {"blocked": True} for wish in trial.before} == trial.before
    assert {wish: STATUSES[wish] for wish in trial.before} == {wish: got.get("status") for wish, got in trial.after.items()}
    assert [(trial.after[wish]["etag"], trial.after[wish]["total"]) for wish in ("read", "write", "token")] == [
        ('"v1"', "2")
    ] * 3


@pytest.mark.criterion("cross-site blocked")
async def test_foreign_origins_stay_blocked(trial: Trial) -> None:
    """Another site's page reads nothing, and no origin that merely resembles the user's is named in an answer."""
    assert {wish: {"blocked": True} for wish in trial.before} == trial.from_foreign_site
    own = f"http://app.{trial.driver.name}.test"
    assert [raw for raw in trial.raw if raw.origin not in (own, None, "null") and raw.allow_origin not in ((), (own,))] == []
    # A fixed answer that names the user's origin whoever asks would be safe, and wrong in a cache.
    assert [raw for raw in trial.raw if raw.origin != own and raw.allow_origin] == []


@pytest.mark.criterion("null blocked")
async def test_null_stays_blocked(trial: Trial) -> None:
    """A sandboxed frame in the user's own page reads nothing."""
    assert {wish: {"blocked": True} for wish in trial.before} == trial.from_sandbox
    assert [raw for raw in trial.raw if raw.origin == "null" and raw.allow_origin] == []


@pytest.mark.criterion("errors covered")
async def test_errors_keep_their_headers(trial: Trial) -> None:
    """401, 404, 500 (and 502 where there is something behind) reach the page as what they are, and name its origin once."""
    errors = [wish for wish, status in STATUSES.items() if status >= 400 and wish in trial.before]
    assert {wish: STATUSES[wish] for wish in errors} == {wish: trial.after[wish].get("status") for wish in errors}
    own = f"http://app.{trial.driver.name}.test"
    assert [raw for raw in trial.raw if raw.origin == own and raw.allow_origin != (own,)] == []


@pytest.mark.criterion("Vary")
async def test_answers_vary_by_origin(trial: Trial) -> None:
    """Every answer says so: granted, refused, failed, and to a request without Origin (preflights are in no HTTP cache)."""
    assert [raw for raw in trial.raw if "origin" not in raw.vary and not raw.preflight] == []


@pytest.mark.criterion("clean report")
async def test_report_is_clean(trial: Trial) -> None:
    """corslens has nothing to say above `info` on what the user's page asks of the server that it configured."""
    found = [
        (
            finding.rule,
            finding.message,
            inspection.observation.exchange.request.method,
            inspection.observation.exchange.request.url,
        )
        for inspection in trial.inspections
        for finding in inspection.findings
        if finding.severity > Severity.INFO
    ]
    assert found == []


async def test_cors_allows_is_what_chromium_did(trial: Trial) -> None:
    """Of each wish, without settings, with them, and from another site."""
    seen = {"before": trial.before, "after": trial.after, "foreign": trial.from_foreign_site}
    assert trial.asserted == {
        when: {wish: "blocked" not in got for wish, got in answers.items()} for when, answers in seen.items()
    }


async def test_check_finds_what_is_wanted_allowed_and_strangers_refused(trial: Trial) -> None:
    """`corslens check --as-stranger`, for a simple request and one with a preflight."""
    assert [one.passed for one in trial.checked.asked] == [True, True]
    results = list(trial.checked.strangers.values())
    assert [(one.holes, one.everyone, one.rejected) for one in results] == [((), False, 0)] * 2
    assert min(one.tried for one in results) >= 30
    assert [problem.key.rule for problem in trial.checked.summary.problems() if problem.severity > Severity.INFO] == []
