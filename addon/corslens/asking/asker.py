"""Asker: does what a browser would for a page's `fetch()`, exchange by exchange, and has each judged.

A preflight where the standard wants one; the request only if its preflight allows it, and only with a method that changes nothing unless
the user said so; redirects only to servers that the user named.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count

from msgspec import Struct, structs

from corslens.asking.client import ConnectionFailedError
from corslens.asking.hosts import NamedHosts
from corslens.engines.engine import Engine
from corslens.engines.sending import PageFetch, preflight_lines, request_lines
from corslens.fetch.constants import NULL
from corslens.fetch.limits import limited_headers, received_request
from corslens.fetch.messages import Request, Response
from corslens.fetch.origins import origin_of
from corslens.fetch.redirects import (
    MAXIMUM_REDIRECTS,
    headers_dropped_by_redirect,
    is_redirect,
    location_url,
    method_after_redirect,
    redirect_failure,
    taints_origin,
)
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.observation.exchange import Exchange, Source
from corslens.observation.observation import Role
from corslens.observation.probe import Probe
from corslens.witness.witness import Witness, WitnessOutcome

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1, without TRACE, which no page can send."""

type Send = Callable[[Request], Response]
"""Raises ConnectionFailedError."""


class AskResult(Struct, frozen=True, kw_only=True):
    """What became of one page request."""

    fetch: PageFetch
    inspections: tuple[Inspection, ...]
    """Its exchanges in order; the last one says what became of it."""
    unsent: str | None = None
    """Why it was not pursued to its end although nothing blocked it, the end of a sentence."""

    @property
    def blocked(self) -> bool:
        """Whether the headline engine blocks it, or no response came."""
        return any(one.verdict.blocked or one.observation.exchange.response is None for one in self.inspections)

    @property
    def passed(self) -> bool:
        """Whether the page may read the response, or, where only the preflight was sent, whether the request may be sent."""
        return bool(self.inspections) and not self.blocked and (self.unsent is None or self.by_preflight_alone)

    @property
    def by_preflight_alone(self) -> bool:
        """Whether nothing but preflights was sent."""
        return all(one.observation.role is Role.PREFLIGHT for one in self.inspections)

    @property
    def response(self) -> Response | None:
        """The last response."""
        return self.inspections[-1].observation.exchange.response if self.inspections else None


class Asker:
    """Sends what a browser would, and judges what comes back.

    Args:
        inspector: of the session.
        engine: whose header lines are sent; None sends Chromium's, with `user_agent` in place of its own.
        send_unsafe: also requests with methods that may change something.
        name: of the exchanges' source, and the beginning of their ids.
        hint: what to do about a redirect that is not followed.
        answers_to: the URLs' servers that may be sent requests; a cookie goes only to the one of the page request's own URL.
    """

    def __init__(
        self,
        inspector: Inspector,
        send: Send,
        answers_to: NamedHosts,
        *,
        user_agent: str | None = None,
        engine: Engine | None = None,
        send_unsafe: bool = False,
        name: str = "check",
        hint: str = "name it with --allow-host",
    ) -> None:
        self._inspector, self._send, self._hosts = inspector, send, answers_to
        self._engine = engine or Engine.CHROMIUM
        self._user_agent = None if engine is not None else user_agent
        self._send_unsafe = send_unsafe
        self._name, self._hint = name, hint
        self._numbers = count(1)
        self._abandoned: set[str] = set()
        """Preflights whose request was not sent on purpose."""

    def plan(self, fetch: PageFetch) -> Iterator[Request]:
        """Yield the requests that `ask` would send if nothing is blocked or redirected."""
        if fetch.needs_preflight:
            yield self._preflight(fetch)
        if self._may_send(fetch):
            yield self._request(fetch)

    def ask(self, fetch: PageFetch, *, withheld: str | None = None) -> AskResult:
        """Send the page request and judge it.

        Args:
            withheld: why only its preflight is sent, the end of a sentence.
        Raises: ValueError when its server is not one that the user named.
        """
        if fetch.url not in self._hosts:
            raise ValueError(f"{origin_of(fetch.url)} was not named")
        client = f"{self._name}-{next(self._numbers)}"
        found: dict[str, Inspection] = {}
        unsent = None
        page = fetch.origin
        first = fetch
        for hops in range(MAXIMUM_REDIRECTS + 1):
            if fetch.needs_preflight:
                preflight = self._exchange(self._preflight(fetch), fetch, client, found)
                if preflight.verdict.blocked or preflight.observation.exchange.response is None:
                    break
            if withheld is not None or not self._may_send(fetch):
                self._abandoned |= {id for id, one in found.items() if one.observation.role is Role.PREFLIGHT}
                unsent = withheld or f"{fetch.method} may change something; add --send to send it"
                break
            hop = self._exchange(self._request(fetch), fetch, client, found)
            response = hop.observation.exchange.response
            if response is None or hop.verdict.blocked or not is_redirect(response):
                break
            target = location_url(response, fetch.url)
            if (
                target is None
                or redirect_failure(
                    target,
                    request_origin=page or NULL,
                    cors_mode=page is not None,
                    tainted_cors=fetch.target != page,
                    count=hops,
                )
                is not None
            ):
                break
            if target not in self._hosts:
                unsent = f"the redirect to {origin_of(target)} was not followed: {self._hint}"
                break
            fetch = _redirected(fetch, first, target, response.status, page)
        return AskResult(fetch=first, inspections=tuple(found.values()), unsent=unsent)

    def confirm(self, asked: AskResult, probe: Probe) -> tuple[Inspection, ...]:
        """Return the inspections anew, with what the response shows known."""
        found = {one.id: one for one in asked.inspections}
        for one in asked.inspections:
            exchange = structs.replace(one.observation.exchange, probe=probe)
            found |= {new.id: new for new in self._inspector.complete(exchange) if new.id in found}
        return tuple(found.values())

    def _may_send(self, fetch: PageFetch) -> bool:
        return self._send_unsafe or fetch.method in SAFE_METHODS

    def _preflight(self, fetch: PageFetch) -> Request:
        return _request("OPTIONS", fetch.url, preflight_lines(fetch, self._engine, user_agent=self._user_agent))

    def _request(self, fetch: PageFetch) -> Request:
        return _request(fetch.method, fetch.url, request_lines(fetch, self._engine, user_agent=self._user_agent))

    def _exchange(self, request: Request, fetch: PageFetch, client: str, found: dict[str, Inspection]) -> Inspection:
        number = next(self._numbers)
        request = structs.replace(request, time=time.time())
        response, error = None, None
        try:
            response = self._send(request)
        except ConnectionFailedError as failed:
            error = str(failed)
        exchange = Exchange(
            id=f"{self._name}/{number}",
            request=request,
            response=response,
            error=error,
            client=client,
            source=Source(file=self._name, index=number),
            witness=None if fetch.origin is None else Witness(outcome=WitnessOutcome.UNKNOWN, credentialed=fetch.credentialed),
        )
        for one in self._inspector.inspect(exchange):
            # What of a page request came later is known to have been ours to send or not.
            if one.id in (exchange.id, *found) and one.id not in self._abandoned:
                found[one.id] = one
        return found[exchange.id]


def _request(method: str, url: str, lines: list[tuple[str, str]]) -> Request:
    return received_request(method=method, url=url, headers=limited_headers(lines))


def _redirected(fetch: PageFetch, first: PageFetch, target: str, status: int, page: str | None) -> PageFetch:
    """Return the next hop. Standard: HTTP-redirect fetch, https://fetch.spec.whatwg.org/#http-redirect-fetch"""
    current, following = fetch.target, origin_of(target)
    dropped = headers_dropped_by_redirect(status, fetch.method, same_origin=current == following)
    tainted = page is not None and (fetch.origin == NULL or taints_origin(page, current, following))
    return structs.replace(
        fetch,
        url=target.partition("#")[0],
        origin=NULL if tainted else fetch.origin,
        method=method_after_redirect(status, fetch.method),
        headers=tuple(line for line in fetch.headers if line[0].lower() not in dropped),
        cookie=fetch.cookie if following == first.target else None,
    )
