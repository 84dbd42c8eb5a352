"""Seeded scenarios through real browsers: our verdicts are the browsers' own. scripts/differential runs as many as you like."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.browser.differential.__main__ import describe, summary
from tests.browser.differential.compare import Agreement, Told, compare
from tests.browser.differential.drivers import by_request
from tests.browser.differential.generate import KINDS, make, make_of
from tests.browser.differential.run import Result, run
from tests.browser.differential.scenario import Answer, Scenario, Target, parse
from tests.browser.differential.shrink import shrink, simpler
from tests.browser.differential.webkit import sentences
from tests.browser.kit.firefox import Message
from tests.browser.kit.mitmdump import Record
from tests.browser.kit.webkit import NoWebKitError, find_webkit

COUNT = 120
FIREFOX_COUNT = 40
WEBKIT_COUNT = 12
KIND_COUNT = 3
SEED = 20


async def agree(engine: str, count: int, reasons: int) -> None:
    """Check that no verdict and no first reason differs from the browser's, and that the sample is worth something.

    Args:
        reasons: how many of the browser's reasons it must hold at least.
    """
    results = await run([make(SEED, number) for number in range(count)], engine)
    told = summary(results, engine) + "".join(describe(one, engine, one.scenario.number) for one in results if one.disagrees)
    comparisons = [one for result in results for one in result.comparisons]
    assert not [one for one in comparisons if one.agreement is Agreement.DISAGREED], told
    compared = [one for one in comparisons if one.agreement is not Agreement.NOT_CORS]
    assert len(compared) > count, told
    assert len({one.told.cors_error for one in compared} - {None}) >= reasons, told
    # Neither open verdicts nor a browser without words must hide what is wrong.
    assert sum(one.agreement is Agreement.DEPENDS for one in compared) < len(compared) / 5, told
    assert sum(one.agreement is Agreement.UNNAMED for one in compared) < len(compared) / 20, told


@pytest.mark.browser
async def test_chromium_agrees(chromium_path: str) -> None:
    """Over 120 scenarios Chromium says what we say."""
    await agree("chromium", COUNT, reasons=12)


@pytest.mark.browser
async def test_firefox_agrees(firefox_path: str) -> None:
    """Over 40 scenarios Firefox says what we say."""
    await agree("firefox", FIREFOX_COUNT, reasons=5)


@pytest.mark.browser
async def test_chromium_agrees_on_what_a_proxy_sees_in_pieces(chromium_path: str) -> None:
    """Aborts, parallel requests, cookies with attributes, redirects home, the HTTP cache, workers, frames: a few of each."""
    kinds = [kind for kind in KINDS[1:] for _ in range(KIND_COUNT)]
    results = await run([make_of(kind, SEED, number) for number, kind in enumerate(kinds)], "chromium")
    assert not [one for one in results if one.disagrees], "".join(
        describe(one, "chromium", one.scenario.number) for one in results if one.disagrees
    )


@pytest.mark.browser
@pytest.mark.slow
async def test_webkit_agrees() -> None:
    """Over a few scenarios WebKitGTK, where it is installed, says what we say."""
    try:
        find_webkit()
    except NoWebKitError as error:
        pytest.skip(str(error))
    results = await run([make(SEED, number) for number in range(WEBKIT_COUNT)], "webkit")
    assert not [one for one in results if one.disagrees], "".join(
        describe(one, "webkit", one.scenario.number) for one in results
    )


def test_webkits_sentences_belong_to_the_request_that_was_narrated_or_is_named() -> None:
    """Of parallel requests the consequence has the number; a sentence on nothing of ours is nobody's."""
    refused = "Origin https://www.page.test is not allowed by Access-Control-Allow-Origin. Status code: 200"
    several = "Access-Control-Allow-Origin cannot contain more than one origin."
    first = "Fetch API cannot load https://api.s2-x.test/s2/a?n=0 due to access control checks."
    second = "XMLHttpRequest cannot load https://api.s2-x.test/s2/a?n=1 due to access control checks."
    lines = [
        "MiniBrowser: a warning of the toolkit",
        "CONSOLE LOG scenario 1 request 0",
        f"CONSOLE SECURITY ERROR {refused}",
        "CONSOLE LOG scenario 1 request 1",
        "CONSOLE LOG scenario 2 at once",
        f"CONSOLE SECURITY ERROR {several}",
        f"CONSOLE JS ERROR {second}",
        f"CONSOLE SECURITY ERROR {refused}",
        f"CONSOLE JS ERROR {first}",
    ]
    assert sentences(lines) == {(1, 0): [refused], (2, 0): [refused, first], (2, 1): [several, second]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_scenario_of_each_kind_reads_back(kind: str) -> None:
    for number in range(20):
        scenario = make_of(kind, 3, number)
        assert make_of(kind, 3, number) == scenario == parse(scenario.text())
    assert make_of("parallel", 3, 0).step_url(1).endswith("?n=1")


def test_an_abort_contradicts_only_a_block() -> None:
    told = Told(result="aborted")
    allowed: Record = {
        "role": "preflight",
        "verdicts": {"chromium": {"outcome": "depends", "reason": None}},
        "patch": None,
        "findings": [],
        "error": None,
    }
    blocked: Record = {**allowed, "verdicts": {"chromium": {"outcome": "blocked", "reason": "preflight-acac-not-true"}}}
    assert compare([allowed], told, "chromium").agreement is Agreement.AGREED
    assert compare([blocked], told, "chromium").agreement is Agreement.DISAGREED


def test_a_scenario_is_the_same_every_time() -> None:
    """Seed and number alone decide it, and its printed form reads back as the same scenario."""
    for number in range(50):
        scenario = make(3, number)
        assert make(3, number) == scenario
        assert parse(scenario.text()) == scenario
    assert make(3, 0) != make(4, 0)


def test_scenarios_are_spread_over_the_ground() -> None:
    """Two hundred of them hold every API, every place, redirects, cookies, sandboxes and both schemes."""
    scenarios = [make(SEED, number) for number in range(200)]
    apis = {step["api"] for scenario in scenarios for step in scenario.steps}
    assert apis == {"fetch", "xhr", "img", "script", "module", "css", "font", "eventsource", "beacon"}
    assert {target.place for scenario in scenarios for target in scenario.targets.values()} == {
        "own",
        "port",
        "site",
        "cross",
        "far",
    }
    assert {scenario.page_scheme for scenario in scenarios} == {"http", "https"}
    assert {scenario.via for scenario in scenarios} == {None, "sandbox"}
    assert {len(scenario.targets) for scenario in scenarios} >= {1, 2, 3}


def test_what_is_simpler_is_never_the_same() -> None:
    """Shrinking ends, because each candidate has less in it than what it came from."""
    for number in range(20):
        scenario = make(5, number)
        assert all(len(one.text()) < len(scenario.text()) or one.text() != scenario.text() for one in simpler(scenario))
        assert scenario not in list(simpler(scenario))


def test_a_disagreement_shrinks_to_its_cause() -> None:
    """Of a scenario with much in it only what makes the difference is left."""

    async def runner(scenarios: Sequence[Scenario]) -> list[Result]:
        def wrong(scenario: Scenario) -> bool:
            return any("Authorization" in step.get("headers", {}) for step in scenario.steps)

        record: Record = {
            "role": "simple",
            "error": None,
            "findings": [],
            "patch": None,
            "verdicts": {"chromium": {"outcome": "allowed", "reason": None}},
        }
        return [
            Result(
                scenario=one,
                comparisons=(
                    compare(
                        [record],
                        Told(result="error", cors_error="AllowOriginMismatch") if wrong(one) else Told(result="allowed"),
                        "chromium",
                    ),
                ),
            )
            for one in scenarios
        ]

    big = Scenario(
        number=1,
        via="sandbox",
        cookie=True,
        targets={"a": Target(place="site", actual=Answer(headers=(("Access-Control-Allow-Origin", "*"),)))},
        steps=({"api": "fetch", "method": "PUT", "headers": {"Authorization": "x", "X-Two": "2"}}, {"api": "fetch"}),
    )

    async def shrunk() -> Result:
        (result,) = await runner([big])
        return await shrink(result, runner)

    left = asyncio.run(shrunk()).scenario
    assert (left.via, left.cookie, left.targets) == (None, False, {"a": Target()})
    assert left.steps == ({"api": "fetch", "headers": {"Authorization": "x"}},)


@pytest.mark.parametrize(
    ("ours", "told", "expected"),
    [
        ({"outcome": "allowed", "reason": None}, Told(result="allowed"), Agreement.AGREED),
        (
            {"outcome": "blocked", "reason": "acao-missing"},
            Told(result="error", cors_error="MissingAllowOriginHeader"),
            Agreement.AGREED,
        ),
        (
            {"outcome": "blocked", "reason": "acao-missing"},
            Told(result="error", cors_error="AllowOriginMismatch"),
            Agreement.DISAGREED,
        ),
        ({"outcome": "blocked", "reason": "acao-missing"}, Told(result="allowed"), Agreement.DISAGREED),
        ({"outcome": "allowed", "reason": None}, Told(result="error", cors_error="AllowOriginMismatch"), Agreement.DISAGREED),
        ({"outcome": "allowed", "reason": None}, Told(result="error", detail="net::ERR_FAILED"), Agreement.NOT_CORS),
        ({"outcome": "blocked", "reason": "acao-missing"}, Told(result="error"), Agreement.DISAGREED),
        ({"outcome": "blocked", "reason": "acao-missing"}, Told(result="error", always_names=False), Agreement.UNNAMED),
        ({"outcome": "allowed", "reason": None}, Told(result="error", always_names=False), Agreement.NOT_CORS),
        ({"outcome": "allowed", "reason": None}, Told(result="refused"), Agreement.NOT_CORS),
        (
            {
                "outcome": "depends",
                "reason": None,
                "if_credentialed": {"outcome": "blocked", "reason": "acac-not-true"},
                "if_not_credentialed": {"outcome": "allowed", "reason": None},
            },
            Told(result="error", cors_error="InvalidAllowCredentials"),
            Agreement.DEPENDS,
        ),
    ],
)
def test_comparing(ours: dict[str, object], told: Told, expected: Agreement) -> None:
    """Outcome and reason must be the browser's; an open verdict must name the browser's among its two."""
    record: Record = {"role": "simple", "error": None, "findings": [], "patch": None, "verdicts": {"chromium": ours}}
    assert compare([record], told, "chromium").agreement is expected


@pytest.mark.parametrize(
    ("results", "times", "expected"),
    [
        # in time, and the second one late by a request
        (("error", "allowed", "error"), (0.1, 2.1), ((0.1,), (), (2.1,))),
        (("error", "error", "error"), (0.1, 2.01, 2.1), ((0.1,), (2.01,), (2.1,))),
        (("error", "allowed", "allowed"), (1.1,), ((1.1,), (), ())),
        # not one for each: an image that did not load has none, a beacon may have failed unseen
        (("error", "error", "allowed"), (1.1,), ((), (1.1,), ())),
        (("error", "sent", "allowed"), (1.01, 1.1), ((1.01,), (1.1,), ())),
        (("error", "sent", "error"), (0.1, 1.1, 2.1), ((0.1,), (1.1,), (2.1,))),
        (("allowed", "error", "error"), (0.1,), ((0.1,), (), ())),
    ],
)
def test_a_late_message_belongs_to_the_request_before(
    results: tuple[str, ...], times: tuple[float, ...], expected: tuple[tuple[float, ...], ...]
) -> None:
    """The requests began at 0, 1, and 2; a remark blocks nothing and counts for nothing."""
    messages = [Message(time=time, category="CORSMissingAllowOrigin", text="") for time in times]
    remark = Message(time=0.5, category="CORSAllowHeaderFromPreflightDeprecation", text="")
    parts = by_request([remark, *messages], results, [0, 1, 2])
    assert tuple(tuple(one.time for one in part) for part in parts) == expected
