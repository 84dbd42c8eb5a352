"""The fixes of the rules' bad samples, applied literally: each sample is served to a real Chromium, before and after.

python -m tests.browser.sample_fixes            # every rule
python -m tests.browser.sample_fixes acao lower # rules whose ids contain one of these
python -m tests.browser.sample_fixes --share 1/4 # the second of four parts
"""

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from math import inf
from time import time
from urllib.parse import urljoin, urlsplit

from corslens.diagnosis.diagnose import Diagnosis, diagnose
from corslens.diagnosis.page_request import PageRequest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.fetch.origins import is_potentially_trustworthy
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.request_headers import is_forbidden_request_header
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.finding import Fix, Side
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.sample import Sample
from corslens.observation.exchange import Exchange
from corslens.observation.header_additions import perhaps_page_set
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from msgspec import Struct, structs

from tests.browser.differential.world import ASSETS
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Setting
from tests.browser.kit.page import Page, ScriptError
from tests.browser.kit.raw_server import RawAnswer, RawHandler, RawRequest, RawServer
from tests.browser.kit.servers import tls_context
from tests.browser.kit.stacked import Stacked
from tests.truth.recorded import reasons_called

RULES = load_rules()
PAGE_PATH = "/corslens-page"
TLS_PORTS = (None, 443, 8443)
UNSAFE_VALUES = {"content-type": "application/json", "authorization": "Bearer x", "accept": "text/{html}", "range": "bytes=-5"}
"""Of request headers that a preflight asks for: values that need one."""
ALLOW_ORIGIN = "access-control-allow-origin"


class Ask(Struct, frozen=True, kw_only=True):
    """What the page requests."""

    url: str
    method: str
    headers: dict[str, str]
    credentials: str


class Served(Struct, frozen=True, kw_only=True):
    """A sample as a page and servers that can be run."""

    name: str
    page: str
    ask: Ask
    answers: dict[tuple[bool, str], Response]
    """By whether it is a preflight, and URL."""


class Seen(Struct, frozen=True, kw_only=True):
    """What became of it."""

    cors_error: str | None
    result: str
    diagnosis: Diagnosis | None


class Outcome(Struct, frozen=True, kw_only=True):
    """One fix of one sample."""

    name: str
    fix: str
    passed: bool
    announced: bool
    detail: str

    @property
    def is_wrong(self) -> bool:
        """Whether the fix neither made the request pass nor led to what was announced."""
        return not self.passed and not self.announced


def served(rule: str, sample: Sample) -> Served | None:
    """Return a sample so that it can be served, None for what no page and server of ours can do."""
    exchanges = sample.exchanges()
    if sample.engine is not Engine.CHROMIUM or any(one.response is None or one.probe is not None for one in exchanges):
        return None
    if any(one.witness is not None or one.response.http_version != "HTTP/1.1" for one in exchanges if one.response):
        return None
    last = _inspected(exchanges)[-1].observation
    first = last.hops[0]
    page, url = last.page_origin, first.exchange.request.url
    if first.role not in (Role.PREFLIGHT, Role.ACTUAL, Role.SIMPLE, Role.SAME_ORIGIN) or page is None:
        return None
    if not all(_is_reachable(one) for one in (page, *(one.request.url for one in exchanges))):
        return None
    if is_potentially_trustworthy(page) and not is_potentially_trustworthy(url):
        return None
    answers = {(_is_preflight(one.request), one.request.url): one.response for one in exchanges if one.response is not None}
    return Served(name=f"{rule}: {sample.name}", page=page, ask=_ask(first), answers=answers)


def _is_reachable(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.hostname.isascii():
        return False
    return (parts.scheme == "https") is (
        (parts.port in TLS_PORTS and parts.port is not None) or (parts.port is None and parts.scheme == "https")
    )


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def _ask(first: Observation) -> Ask:
    request = first.exchange.request
    if first.role is Role.PREFLIGHT:
        headers = {name: UNSAFE_VALUES.get(name, "1") for name in requested_header_names(request)}
        method = requested_method(request)
    else:
        names = (*perhaps_page_set(request.headers.names.ordered), "authorization")
        headers = {name: value for name in names if (value := request.headers.get(name)) is not None}
        method = request.method
    headers = {name: value for name, value in headers.items() if not is_forbidden_request_header(name, value)}
    known = first.credentials
    included = isinstance(known, Known) and known.value is CredentialsMode.INCLUDE
    return Ask(url=request.url, method=method, headers=headers, credentials="include" if included else "same-origin")


def _inspected(exchanges: Iterable[Exchange]) -> Sequence[Inspection]:
    inspector = Inspector(rules=RULES)
    for exchange in exchanges:
        inspector.inspect(exchange)
    inspector.finish(inf)
    return tuple(inspector.recent())


class Stage(Stacked):
    """A Chromium behind a proxy through which every name leads to our servers, one sample at a time."""

    def __init__(self) -> None:
        self._now: Served | None = None
        self._exchanges: list[Exchange] = []

    async def _start(self, stack: AsyncExitStack) -> None:
        plain = await stack.enter_async_context(RawServer(self._handler("http")))
        secure = await stack.enter_async_context(RawServer(self._handler("https"), tls=tls_context()))
        options: dict[str, Setting] = {"connection_strategy": "lazy", "flow_detail": 0}
        mitm = await stack.enter_async_context(Mitm(options=options, routes={"*": (plain.port, secure.port)}, addon=False))
        self._chromium = await stack.enter_async_context(Chromium(proxy=mitm.address))

    async def run(self, case: Served) -> Seen:
        """Let the page request, and return what the browser and we say of it."""
        self._now, self._exchanges = case, []
        page = await self._chromium.page()
        try:
            await page.goto(case.page + PAGE_PATH)
            step = {"api": "fetch", **structs.asdict(case.ask)}
            if case.ask.method.upper() not in ("GET", "HEAD"):
                step["body"] = "{}"
            seen = await page.evaluate(f"runStep({json.dumps(step)})")
            await page.until(lambda: all(hop.over or hop.status for hop in page.last_hops(case.ask.url)))
            return Seen(cors_error=_cors_error(page, case.ask.url), result=seen["result"], diagnosis=self._diagnosis())
        finally:
            await page.close()

    def _diagnosis(self) -> Diagnosis | None:
        members = tuple(one for one in _inspected(self._exchanges) if one.observation.role is not Role.NAVIGATION)
        return diagnose(PageRequest(id=members[0].id, members=members)) if members else None

    def _handler(self, scheme: str) -> RawHandler:
        async def handle(request: RawRequest) -> RawAnswer:
            now = time()
            if request.path == PAGE_PATH:
                html = f'<!doctype html><link rel="icon" href="data:,"><script id="steps">{(ASSETS / "steps.js").read_text()}</script>'
                return RawAnswer(headers=(("Content-Type", "text/html"),), body=html.encode())
            assert self._now is not None
            asked = Request(
                method=request.method,
                url=f"{scheme}://{request.host}{request.path}",
                headers=HeaderList(request.headers),
                http_version="HTTP/1.1",
                time=now,
            )
            given = self._now.answers.get((_is_preflight(asked), asked.url)) or _granting(asked)
            lines = tuple(
                line for line in given.headers.lines if line[0].lower() not in ("content-length", "transfer-encoding")
            )
            response = Response(status=given.status, headers=HeaderList(lines), http_version="HTTP/1.1", time=time())
            id = str(len(self._exchanges))
            self._exchanges.append(Exchange(id=id, request=asked, response=response, client="browser"))
            return RawAnswer(status=given.status, headers=lines, body=b"" if given.status in (204, 304) else b"{}")

        return handle


def _cors_error(page: Page, url: str) -> str | None:
    return next((hop.cors_error for hop in page.last_hops(url) if hop.cors_error), None)


def _granting(request: Request) -> Response:
    """Return the response of a server that allows everything: what the sample does not hold is not what is wrong."""
    lines = [
        ("Access-Control-Allow-Origin", request.headers.get("origin") or "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", request.headers.get("access-control-request-method") or "GET"),
        ("Access-Control-Allow-Headers", request.headers.get("access-control-request-headers") or "x"),
    ]
    return Response(status=204 if _is_preflight(request) else 200, headers=HeaderList(lines), time=request.time)


type Change = Callable[[Served, re.Match[str], tuple[bool, str]], Served]


def _response(case: Served, key: tuple[bool, str], change: Callable[[Response], Response]) -> Served:
    given = case.answers.get(key)
    return case if given is None else structs.replace(case, answers={**case.answers, key: change(given)})


def _allow_origin(change: Callable[[str, Served], str]) -> Change:
    def apply(case: Served, _: re.Match[str], key: tuple[bool, str]) -> Served:
        def changed(response: Response) -> Response:
            value = response.headers.get(ALLOW_ORIGIN) or ""
            return structs.replace(response, headers=response.headers.with_header(ALLOW_ORIGIN, (change(value, case),)))

        return _response(case, key, changed)

    return apply


def _handled(case: Served, _: re.Match[str], key: tuple[bool, str]) -> Served:
    """Let the server handle OPTIONS as it should."""
    answers = {given: answer for given, answer in case.answers.items() if given != (True, key[1])}
    return structs.replace(case, answers=answers)


def _asking(change: Callable[[Ask, re.Match[str]], Ask]) -> Change:
    return lambda case, match, _: structs.replace(case, ask=change(case.ask, match))


def _without(ask: Ask, match: re.Match[str]) -> Ask:
    names = {name.strip(" \"'").lower() for name in re.split(r",| and ", match[1])}
    return structs.replace(ask, headers={name: value for name, value in ask.headers.items() if name.lower() not in names})


MECHANICAL: tuple[tuple[Side, str, Change], ...] = (
    (Side.PAGE, r"^Request (\S+) directly", _asking(lambda ask, match: structs.replace(ask, url=urljoin(ask.url, match[1])))),
    (Side.PAGE, r"^Send the request without credentials", _asking(lambda ask, _: structs.replace(ask, credentials="omit"))),
    (Side.PAGE, r"^Use method: \"(\w+)\"", _asking(lambda ask, match: structs.replace(ask, method=match[1]))),
    (
        Side.PAGE,
        r"^Send the body as text/plain",
        _asking(lambda ask, _: structs.replace(ask, headers={**ask.headers, "content-type": "text/plain"})),
    ),
    (Side.PAGE, r"^Remove (.+?) from the (?:page's )?requests?\b", _asking(_without)),
    (
        Side.SERVER,
        r"^Respond to OPTIONS.* with 204 and the CORS headers|OPTIONS \S+ returns 204 with the CORS headers",
        _handled,
    ),
    (Side.SERVER, r"^Remove the trailing slash", _allow_origin(lambda value, _: value.rstrip("/"))),
    (Side.SERVER, r"^Use lowercase", _allow_origin(lambda value, _: value.lower())),
    (Side.SERVER, r"^Remove everything after the host", _allow_origin(lambda value, _: "/".join(value.split("/")[:3]))),
    (Side.SERVER, r"^Write the origin without quotation", _allow_origin(lambda value, _: value.strip("\"'"))),
    (Side.SERVER, r"^Remove \":443\"", _allow_origin(lambda value, _: re.sub(r":(443|80)$", "", value))),
    (
        Side.SERVER,
        r"^(Set the header in one|Keep the header in the layer)",
        _allow_origin(lambda value, _: value.split(",")[0]),
    ),
    (Side.SERVER, r"^Add (\S+) to the server's allowlist", _allow_origin(lambda _, case: case.page)),
)
"""Fixes of text alone that a machine can apply: side, how the text begins, what is done."""


def applied(case: Served, fix: Fix, place: Exchange) -> Served | None:
    """Return the sample with a fix applied, None for one that takes a person."""
    key = _is_preflight(place.request), place.request.url
    if "purge the cache" in fix.text:
        return None
    if fix.headers and fix.side in (Side.SERVER, Side.GATEWAY):
        lines: dict[str, list[str]] = {}
        for line in fix.headers:
            name, _, value = line.partition(": ")
            lines.setdefault(name.lower(), []).append(value)
        given = case.answers.get(key)
        if given is None or any("{" in value or "..." in value for values in lines.values() for value in values):
            return None
        anew = re.search(r"\bOPTIONS\b.*? (?:with|returns) (2\d\d)\b", fix.text)

        def changed(response: Response) -> Response:
            if anew is not None:
                response = structs.replace(response, status=int(anew[1]), headers=HeaderList(()))
            return structs.replace(response, headers=response.headers.with_headers(lines))

        return _response(case, key, changed)
    for side, pattern, change in MECHANICAL:
        if fix.side is side and not fix.headers and (match := re.search(pattern, fix.text)):
            return change(case, match, key)
    return None


def announced(diagnosis: Diagnosis) -> set[str]:
    """Return the reasons and rules that the diagnosis names as what else is wrong."""
    members = diagnosis.page_request.members
    named = {failure.reason.value for one in members for failure in one.verdicts[Engine.CHROMIUM].failures}
    named |= {finding.rule for one in members for finding in one.findings}
    return named | {name for one in members for finding in one.findings for name in finding.explains}


async def try_fixes(cases: Iterable[Served], count: Counter[str]) -> list[Outcome]:
    """Serve each case as it is and with each fix of its cause, and return what became of the fixes."""
    outcomes: list[Outcome] = []
    async with Stage() as stage:
        for case in cases:
            try:
                before = await stage.run(case)
            except ScriptError:  # the page's own host is none that a browser goes to by a proxy
                count["page not loaded"] += 1
                print(f"page not loaded: {case.name}, {case.page}", file=sys.stderr)
                continue
            if before.cors_error is None or before.diagnosis is None or before.diagnosis.cause is None:
                count["not blocked by CORS when served"] += 1
                continue
            diagnosis = before.diagnosis
            assert diagnosis.cause is not None and diagnosis.place is not None
            count["blocked when served"] += 1
            for number, fix in enumerate(diagnosis.cause.fixes):
                if number and fix.side is not Side.PAGE:
                    continue  # what else servers may do often prevents the next time
                fixed = applied(case, fix, diagnosis.place.observation.exchange)
                if fixed is None:
                    count["first fixes that take a person" if number == 0 else "other fixes that take a person"] += 1
                    continue
                count["first fixes applied" if number == 0 else "other fixes applied"] += 1
                outcome = _outcome(case, diagnosis, fix, await stage.run(fixed))
                outcomes.append(outcome)
                if outcome.is_wrong:
                    print(f"WRONG {outcome.name}\n      {outcome.fix}\n      then {outcome.detail}", flush=True)
    return outcomes


def _outcome(case: Served, diagnosis: Diagnosis, fix: Fix, after: Seen) -> Outcome:
    assert diagnosis.cause is not None
    reasons = (
        set() if after.cors_error is None else {reason.value for reason in reasons_called(Engine.CHROMIUM, after.cors_error)}
    )
    now = reasons | (set() if after.diagnosis is None or after.diagnosis.rule is None else {after.diagnosis.rule})
    same = diagnosis.reason in reasons
    return Outcome(
        name=case.name,
        fix=f"{diagnosis.cause.rule} -> {fix.side}: {' | '.join(fix.lines)}",
        passed=after.cors_error is None and after.result != "error",
        announced=not same and bool(now & announced(diagnosis)),
        detail=f"{after.result} {after.cors_error or ''}, ours {after.diagnosis and after.diagnosis.rule}",
    )


def cases(wanted: Sequence[str] = (), first: int = 0, every: int = 1) -> Iterator[Served]:
    """Yield the bad samples that can be served, of rules whose id contains one of these; from the first on only every so many."""
    number = 0
    for rule in RULES.rules.values():
        if wanted and not any(part in rule.id for part in wanted):
            continue
        for sample in rule.bad:
            if (case := served(rule.id, sample)) is not None:
                if number % every == first:
                    yield case
                number += 1


def main() -> int:
    """Try every rule's samples, and print the figures and each fix that did not lead through."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.sample_fixes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rules", nargs="*", help="parts of rules' ids (default: all rules)")
    parser.add_argument("--share", default="0/1", help="which of how many parts of the samples, from 0 on (default 0/1)")
    arguments = parser.parse_args()
    first, _, every = arguments.share.partition("/")
    count: Counter[str] = Counter()
    outcomes = asyncio.run(try_fixes(cases(arguments.rules, int(first), int(every)), count))
    print("\n".join(f"{number:5} {name}" for name, number in count.most_common()))
    print(f"{sum(one.passed for one in outcomes):5} passed")
    print(f"{sum(not one.passed and one.announced for one in outcomes):5} led to what was announced")
    print(f"{sum(one.is_wrong for one in outcomes):5} did neither")
    return 1 if any(one.is_wrong for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
