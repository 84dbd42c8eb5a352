"""Assertions on what an app allows: requests as three engines send them, judged as they would judge the responses."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from corslens.asking.asker import Asker, AskResult
from corslens.asking.checks import Checks, Expectation
from corslens.asking.hosts import NamedHosts
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.engines.sending import PageFetch
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, NULL
from corslens.fetch.header_values import is_token
from corslens.fetch.methods import is_forbidden_method, normalize_method
from corslens.fetch.origins import is_serialized_origin
from corslens.fetch.request_headers import is_forbidden_request_header
from corslens.inspector import Inspector
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.report.baseline import Gate
from corslens.report.escape import escape
from corslens.report.formats.text import render_problem
from corslens.testing.clients import Target, target_of

if TYPE_CHECKING:
    from corslens.testing.watching import Lens

ENGINES = tuple(Engine)

_NUMBERS = count(1)
"""No two assertions give their exchanges the same names: what they find is merged."""


class Cors:
    """What an app allows, asserted; what else is found stands in `summary`.

    The app is an ASGI or WSGI app, an `httpx.Client` or `TestClient`, a `requests.Session`, or a server's URL. Sent is what a browser
    sends for a page's `fetch()`, preflight included and without a body, once as Chromium, Firefox and WebKit each do it. No header line
    of the client's own is added; with `credentials`, the client's cookies are.

    Each assertion raises AssertionError with a diagnosis; ValueError or TypeError where an argument is not what it should be.
    """

    def __init__(self) -> None:
        self.summary = SessionSummary()
        """What was found in what was to be allowed."""

    def allows(
        self,
        client: object,
        origin: str,
        method: str = "GET",
        url: str = "/",
        *,
        headers: Mapping[str, str] | None = None,
        credentials: bool = False,
        engines: Collection[str] = ENGINES,
    ) -> None:
        """Assert that a page may send this request and read the response.

        Args:
            client: an app, a client, or a server's URL.
            origin: the page's, such as `https://app.example`.
            url: absolute, or relative to the client's base URL, which for an app is `https://testserver`.
            headers: those that the page sets.
            credentials: the page includes credentials.
            engines: in which; all of `chromium`, `firefox` and `webkit` by default.
        """
        target, fetch = _request(client, origin, method, url, headers, credentials)
        self._check_allowed(target, [fetch], [Engine(engine) for engine in engines])

    def refuses(
        self,
        client: object,
        origin: str,
        method: str = "GET",
        url: str = "/",
        *,
        headers: Mapping[str, str] | None = None,
        credentials: bool = False,
    ) -> None:
        """Assert that in no engine a page may read the response, or that its request is not sent. The arguments are those of `allows`."""
        target, fetch = _request(client, origin, method, url, headers, credentials)
        summary, inspector = SessionSummary(), Inspector(rules=load_rules())
        for engine in Engine:
            checks = _checks(target, fetch, engine, inspector, summary)
            checks.check([Expectation(fetch=fetch)])
            (asked,) = checks.asked
            if asked.passed:
                raise AssertionError(f"{_line(fetch)} is allowed in {engine.label}: {_allowing(asked)}")
            if not asked.blocked:
                raise AssertionError(f"{_line(fetch)} was not followed to its end: {asked.unsent}")

    def refuses_everyone_but(
        self,
        client: object,
        origins: Collection[str],
        method: str = "GET",
        url: str = "/",
        *,
        headers: Mapping[str, str] | None = None,
        credentials: bool = False,
    ) -> None:
        """Assert that pages at these origins are allowed, as `allows` does, and that no stranger is.

        Strangers are 50 to 100 origins, each of which one kind of careless comparison allows: a suffix, an unescaped dot, `null`, and so on.
        """
        if isinstance(origins, str) or not origins:
            raise ValueError("origins is a list of one or more origins, such as ['https://app.example']")
        requests = [_request(client, origin, method, url, headers, credentials) for origin in origins]
        target, fetches = requests[0][0], [fetch for _, fetch in requests]
        self._check_allowed(target, fetches, ENGINES)
        summary = SessionSummary()
        checks = _checks(target, fetches[0], Engine.CHROMIUM, Inspector(rules=load_rules()), summary)
        checks.check_against_strangers([Expectation(fetch=fetch) for fetch in fetches])
        blocks = _blocks(summary.problems())
        self.summary.merge(summary)
        if not checks.strangers:
            raise AssertionError(f"{_line(fetches[0])} without Origin got no response, so strangers were not tried")
        for where, result in checks.strangers.items():
            if result.everyone or result.holes:
                raise AssertionError("\n\n".join([escape(result.sentence(where.partition("?")[0])), *blocks]))

    @contextmanager
    def watch(self, *settings: str) -> "Iterator[Lens]":
        """Run a proxy, as `corslens.testing.watch` does; what it saw is in the summary afterwards."""
        from corslens.testing.watching import watch  # late: mitmproxy takes longer to import than an app to check

        with watch(*settings) as lens:
            try:
                yield lens
            finally:
                self.summary.merge(lens.summary)

    def diagnoses(self, at_or_above: Severity = Severity.INFO) -> list[str]:
        """Return what was found at or above a severity, worst first: a block of text for each cause at an endpoint."""
        gate = Gate(fail_on=at_or_above)
        return _blocks([problem for problem in self.summary.problems() if gate.fails(problem)])

    def _check_allowed(self, target: Target, fetches: Collection[PageFetch], engines: Collection[Engine]) -> None:
        summary, inspector = SessionSummary(), Inspector(rules=load_rules())
        failed: list[tuple[PageFetch, AskResult]] = []
        for engine in engines:
            for fetch in fetches:
                checks = _checks(target, fetch, engine, inspector, summary)
                checks.check([Expectation(fetch=fetch)])
                failed += [(fetch, asked) for asked in checks.asked if not asked.passed]
        blocking = _blocks([problem for problem in summary.problems() if problem.word in ("BLOCKED", "DEPENDS")])
        self.summary.merge(summary)
        if not failed:
            return
        fetch, asked = next(((fetch, asked) for fetch, asked in failed if asked.unsent is not None), failed[0])
        raise AssertionError("\n\n".join(blocking or [f"{_line(fetch)} was not followed to its end: {asked.unsent}"]))


cors = Cors()
"""For tests without pytest's fixture."""


def _request(
    client: object, origin: str, method: str, url: str, headers: Mapping[str, str] | None, credentials: bool
) -> tuple[Target, PageFetch]:
    """Return where a page request goes and what it is. Raises: TypeError, ValueError."""
    target = target_of(client)
    if origin != NULL and not is_serialized_origin(origin):
        raise ValueError(f"{origin!r} is not an origin, such as https://app.example")
    if not is_token(method) or is_forbidden_method(method):
        raise ValueError(f"{method!r} is not a method that a page can use")
    lines = tuple((headers or {}).items())
    for name, value in lines:
        if not is_token(name) or is_forbidden_request_header(name, value):
            raise ValueError(f"{name!r} is not a header that a page can set; the browser sets Origin, Cookie and others itself")
    absolute = target.resolve(url)
    return target, PageFetch(
        url=absolute,
        origin=origin,
        method=normalize_method(method),
        headers=lines,
        credentialed=credentials,
        cookie=target.cookies(absolute) if credentials else None,
    )


def _checks(target: Target, fetch: PageFetch, engine: Engine, inspector: Inspector, summary: SessionSummary) -> Checks:
    asker = Asker(
        inspector,
        target.send,
        NamedHosts([fetch.url]),
        engine=engine,
        send_unsafe=True,
        name=f"test-{next(_NUMBERS)}",
        hint="what is asserted stays at one server",
    )
    return Checks(asker, summary, "test")


def _blocks(problems: Collection[Problem]) -> list[str]:
    return [render_problem(problem.diagnosis).plain for problem in problems]


def _line(fetch: PageFetch) -> str:
    return escape(f"{fetch.method} {fetch.url.partition('?')[0]} from {fetch.origin}")


def _allowing(asked: AskResult) -> str:
    response = asked.response
    names = (ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS)
    lines = [f"{name}: {value}" for name in names if response is not None and (value := response.headers.get(name)) is not None]
    return escape("the response has " + " and ".join(lines) if lines else "the request is same-origin")
