"""Make a scenario that shows a disagreement as small as it gets and still shows it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from msgspec import structs

from tests.browser.differential.compare import Agreement
from tests.browser.differential.run import Result
from tests.browser.differential.scenario import Answer, Scenario, Target

ROUNDS = 12

type Runner = Callable[[Sequence[Scenario]], Awaitable[list[Result]]]


def symptoms(result: Result) -> frozenset[tuple[str, str]]:
    """Return what is wrong: for each disagreement our word and the browser's."""
    return frozenset(
        (one.ours, one.told.cors_error or one.told.result) for one in result.comparisons if one.agreement is Agreement.DISAGREED
    )


async def shrink(result: Result, run: Runner) -> Result:
    """Return a result with one of the same symptoms whose scenario has nothing left that can be taken away."""
    wanted = symptoms(result)
    for _ in range(ROUNDS):
        smaller = [structs.replace(one, number=number) for number, one in enumerate(simpler(result.scenario))]
        found = next((one for one in await run(smaller) if symptoms(one) & wanted), None)
        if found is None:
            break
        result = found
    return result


def simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Yield every scenario that is this one with one thing less or one thing more usual, the biggest steps first."""
    for at in range(len(scenario.steps)):
        if len(scenario.steps) > 1:
            yield structs.replace(scenario, steps=scenario.steps[:at] + scenario.steps[at + 1 :])
    keys = list(scenario.targets)
    if len(keys) > 1:
        last = scenario.targets[keys[-2]]
        kept = {key: scenario.targets[key] for key in keys[:-2]}
        plain = structs.replace(
            last, actual=Answer(headers=tuple(line for line in last.actual.headers if line[0] != "Location"))
        )
        yield structs.replace(scenario, targets={**kept, keys[-2]: plain})
    if scenario.cookie:
        yield structs.replace(scenario, cookie=False)
    if scenario.via is not None:
        yield structs.replace(scenario, via=None)
    if scenario.page_scheme != "https" and all(target.scheme == "https" for target in scenario.targets.values()):
        yield structs.replace(scenario, page_scheme="https")
    for at, step in enumerate(scenario.steps):
        for smaller in _simpler_step(step):
            yield structs.replace(scenario, steps=(*scenario.steps[:at], smaller, *scenario.steps[at + 1 :]))
    for key, target in scenario.targets.items():
        for other in _simpler_target(target):
            if other.scheme == "https" or scenario.page_scheme == "http":
                yield structs.replace(scenario, targets={**scenario.targets, key: other})


def _simpler_step(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in step:
        if name not in ("api", "headers"):
            yield {key: value for key, value in step.items() if key != name}
    for name in step.get("headers", {}):
        left = {key: value for key, value in step["headers"].items() if key != name}
        yield {**step, "headers": left} if left else {key: value for key, value in step.items() if key != "headers"}


def _simpler_target(target: Target) -> Iterator[Target]:
    if target.place != "cross":
        yield structs.replace(target, place="cross")
    if target.scheme != "https":
        yield structs.replace(target, scheme="https")
    for answer in _simpler_answer(target.preflight, usual=204):
        yield structs.replace(target, preflight=answer)
    for answer in _simpler_answer(target.actual, usual=200):
        yield structs.replace(target, actual=answer)


def _simpler_answer(answer: Answer, *, usual: int) -> Iterator[Answer]:
    if answer.hang_up:
        yield Answer(status=usual)
    if answer.status != usual and answer.get("Location") is None:
        yield structs.replace(answer, status=usual)
    for at, (name, _) in enumerate(answer.headers):
        if name != "Location":
            yield structs.replace(answer, headers=answer.headers[:at] + answer.headers[at + 1 :])
