"""A test suite of a page's five requests kills the apps with a mistake and no other."""

from typing import Any

import pytest
from corslens.lint.finding import Severity
from corslens.testing.assertions import Cors

from tests.testing.planted import ADMIN, APP, PAGE_REQUESTS, clean, planted

SURVIVORS = {"no Vary", "another Vary"}
"""Nothing here is stored by a cache, so that this is an info finding, and --cors-fail-on is warning."""


def failure(app: Any) -> str | None:
    """The message of the first assertion that fails, or what makes --cors-fail-on=warning fail; None when all pass."""
    cors = Cors()
    try:
        for origin, method, path, headers in PAGE_REQUESTS:
            cors.allows(app, origin, method, path, headers=headers, credentials=True)
        cors.refuses_everyone_but(app, [APP, ADMIN], url="/me", credentials=True)
    except AssertionError as error:
        return str(error)
    return next(iter(cors.diagnoses(Severity.WARNING)), None)


@pytest.mark.slow
def test_planted_mistakes_are_killed() -> None:
    """All but those that are known to survive; each failure says what to do, or what became of the request."""
    apps = list(planted())
    assert len({app.name for app in apps}) == len(apps) >= 200
    failures = {app.name: failure(app) for app in apps}
    assert {name for name, message in failures.items() if message is None} == SURVIVORS
    silent = {name for name, message in failures.items() if message and "Fix (" not in message}
    assert silent == {f"{status} to another host" for status in (301, 302, 307)}


@pytest.mark.slow
def test_clean_apps_are_not() -> None:
    assert {app.name: message for app in clean() if (message := failure(app)) is not None} == {}
