"""One exchange laid out for reading: the text of mitmproxy's content view and of `cors.explain`.

Plain lines with words instead of signs, because viewers differ in fonts; redacted and escaped.
"""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from corslens.diagnosis.diagnose import Diagnosis, diagnose_alone
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.fetch.response_headers import readable_header_names
from corslens.inspection import FindInspection, Inspection, PatchedView
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known
from corslens.observation.network_error import plain_words
from corslens.observation.observation import Followed, Observation, Role
from corslens.observation.redaction import redact_header, redact_method, redact_name, redact_symbol, redact_text, redact_url
from corslens.report.escape import escape
from corslens.report.formats.jsonl import timestamp
from corslens.report.initiators import browser_reason, requested_by
from corslens.report.plain import fix_block, fix_line, without_origin
from corslens.verdict.decide import explain
from corslens.verdict.reasons import NAMES, Reason
from corslens.verdict.verdict import Check, CheckState, Outcome, Verdict

WIDTH = 78
"""What fits beside mitmweb's flow list, and into a console of 80 columns."""
_STATES = {
    CheckState.PASSED: "passed",
    CheckState.FAILED: "FAILED",
    CheckState.NOT_REACHED: "not reached",
    CheckState.NOT_NEEDED: "not needed",
}
_ROLES = {
    Role.PREFLIGHT: "a preflight",
    Role.ACTUAL: "a CORS request that needs a preflight",
    Role.SIMPLE: "a CORS request that needs no preflight",
    Role.NO_CORS: "a no-cors request",
    Role.NAVIGATION: "a navigation",
    Role.SAME_ORIGIN: "a same-origin request",
    Role.WEBSOCKET: "a WebSocket handshake, which is not subject to CORS",
}


def render_view(inspection: Inspection, find: FindInspection, width: int = WIDTH, *, diagnosis: Diagnosis | None = None) -> str:
    """Return everything known of an exchange: the cause and its fixes first, then from the verdict to the patch.

    Args:
        diagnosis: of the page request that it is part of; by default of the exchange by itself.
        width: columns; words that are longer, as URLs may be, stay whole.
    """
    diagnosis = diagnosis or diagnose_alone(inspection)
    sections = (
        ("Verdict", _verdicts(inspection)),
        ("Exchange", _exchange(inspection)),
        ("Pair", _pair(inspection, find)),
        (f"Checks, in {inspection.headline.label}'s order", _checks(inspection)),
        ("Why a preflight", _need(inspection.observation)),
        ("What the page's script can read", _readable(inspection)),
        ("Credentials", _credentials(inspection.observation)),
        ("Findings", _findings(inspection, diagnosis)),
        ("Patch", () if inspection.patch is None else _patch(inspection, inspection.patch)),
    )
    text = ["\n".join(folded for line in _cause(diagnosis, width) for folded in _fold(line, width))]
    for title, lines in sections:
        shown = [folded for line in lines for folded in _fold(f"  {line}", width)]
        if shown:
            # In capitals, because mitmweb swallows the empty line before a title.
            text.append("\n".join([title.upper(), *shown]))
    return "\n\n".join(filter(None, text)) + "\n"


def _fold(line: str, width: int) -> list[str]:
    """Break a long line between words; what follows is indented below its text."""
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return wrap(line, width, initial_indent="", subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _exchange(inspection: Inspection) -> Iterator[str]:
    observation = inspection.observation
    request = observation.exchange.request
    yield f"{escape(redact_method(request.method))} {escape(redact_url(request.url))}"
    yield f"is {_ROLES[observation.role]}"
    if observation.origin is not None:
        yield f"from {escape(redact_url(observation.origin))}" + _where_from(observation)
    elif observation.page_origin is not None:
        yield f"from a page of {escape(redact_url(observation.page_origin))}"
    for what, known in (("mode", observation.mode), ("destination", observation.destination)):
        if isinstance(known, Known):
            yield f"{what}: {escape(redact_text(known.value))}  (shown by {_list(known.evidence)})"
    if observation.exchange.edited_by:
        yield f"changed in the proxy, after corslens, by {escape(_list(observation.exchange.edited_by))}"
    if observation.exchange.error is not None:
        yield f"no response: {escape(redact_text(plain_words(observation.exchange.error)))}"
        if observation.exchange.got_proxy_error_page:
            yield "the browser got the proxy's own error page, which has no CORS headers; its CORS error is only a symptom"


def _where_from(observation: Observation) -> str:
    if observation.tainted and observation.page_origin is not None:
        return f", because of a redirect; the page is {escape(redact_url(observation.page_origin))}"
    return ""


def _verdicts(inspection: Inspection) -> Iterator[str]:
    if not inspection.observation.is_cors and all(verdict.allowed for verdict in inspection.verdicts.values()):
        yield "no CORS check is made on it"
        return
    engines = (inspection.headline, *(engine for engine in inspection.verdicts if engine is not inspection.headline))
    for engine in engines:
        yield f"{engine.label:<9} {_outcome(inspection.verdicts[engine], engine)}"
    yield from _browser(inspection)
    if inspection.misprediction is not None:
        yield f"but {inspection.misprediction.seen}: this verdict is a mistake of corslens, please report it"


def _browser(inspection: Inspection) -> Iterator[str]:
    """Say what the browser itself says became of it."""
    witness = inspection.observation.exchange.witness
    if witness is None:
        return
    why = browser_reason(witness)
    said = witness.outcome.value + ("" if why is None else f" ({escape(why)})")
    agrees = {True: ", which confirms the verdict", False: ", which contradicts the verdict", None: ""}[inspection.confirmed]
    yield f"the browser itself: {said}{agrees}"
    if witness.from_cache is not None:
        yield f"from the browser's cache: {escape(witness.from_cache)}"
    for cookie in witness.withheld:
        yield f"cookie not sent: {escape(redact_symbol(cookie.name))} ({escape(cookie.why)})"


def _outcome(verdict: Verdict, engine: Engine) -> str:
    if verdict.outcome is Outcome.DEPENDS and verdict.if_credentialed is None:
        return f"depends  ({_list(verdict.notes)})"
    if verdict.outcome is Outcome.DEPENDS:
        branches = (("with", verdict.if_credentialed), ("without", verdict.if_not_credentialed))
        branches_text = "; ".join(
            f"{word} credentials {_outcome(branch, engine)}" for word, branch in branches if branch is not None
        )
        return f"depends on the credentials mode: {branches_text}"
    if verdict.reason is None:
        notes = f"  ({_list(verdict.notes)})" if verdict.notes else ""
        return f"{verdict.outcome.value}{notes}"
    called = _names(verdict.reason, engine)
    name = f"  (it says {_list(called)})" if called else ""
    more = len(verdict.failures) - 1
    also = f", then {_list(failure.reason.value for failure in verdict.failures[1:])}" if more else ""
    return f"{verdict.outcome.value.upper()}: {verdict.reason.value}{also}{name}"


def _names(reason: Reason, engine: Engine) -> tuple[str, ...]:
    """Return what the engine itself calls the reason; WebKit has sentences, no names."""
    names = NAMES[reason]
    match engine:
        case Engine.CHROMIUM:
            return names.chromium or names.chromium_other
        case Engine.FIREFOX:
            return names.firefox
        case _:
            return ()


def _pair(inspection: Inspection, find: FindInspection) -> Iterator[str]:
    observation = inspection.observation
    start = observation.exchange.request.time
    for hop in observation.hops[:-1]:
        yield f"redirected  {_line(hop.exchange, start)}"
    covering = observation.preflight
    if covering is not None:
        cached = f", cached for {covering.age:.1f} s" if covering.from_cache else ""
        yield f"preflight   {_line(covering.exchange, start)}{cached}{_verdict_of(find(covering.id))}"
    elif observation.preflights_missed:
        yield "preflight   none was seen, though this session shows preflights: it was cached before, or another proxy responded"
    what = "preflight" if observation.role is Role.PREFLIGHT else "request"
    yield f"{what:<11} {_line(observation.exchange, start)}  <- this one"
    if observation.role is Role.PREFLIGHT:
        yield f"request     {_follow_up(inspection, find, start)}"


def _follow_up(inspection: Inspection, find: FindInspection, start: float) -> str:
    observation = inspection.observation
    actual = None if observation.actual is None else find(observation.actual)
    if actual is not None:
        return _line(actual.observation.exchange, start) + _verdict_of(actual)
    asked = escape(redact_method(observation.exchange.request.headers.get("access-control-request-method") or "?"))
    match observation.followed:
        case Followed.FOLLOWED:
            return f"{asked} was sent"
        case Followed.NEVER:
            return f"{asked} was never sent"
        case Followed.UNKNOWN if not inspection.verdict.blocked:
            return f"{asked} was not seen: the traffic ends before it could follow"
        case _:
            return f"{asked} was never sent" if inspection.verdict.blocked else f"{asked} has not been sent yet"


def _line(exchange: Exchange, start: float) -> str:
    request, response = exchange.request, exchange.delivered
    status = "no response" if response is None else str(response.status)
    offset = request.time - start
    when = timestamp(request.time)[11:-1] if not offset else f"{offset:+.3f} s"
    return f"{escape(redact_method(request.method))} {escape(redact_url(request.url))} -> {status}  {when}"


def _verdict_of(inspection: Inspection | None) -> str:
    if inspection is None:
        return ""
    reason = inspection.verdict.reason
    return f"  {inspection.verdict.outcome.value}" + (f" ({reason.value})" if reason is not None else "")


def _checks(inspection: Inspection) -> Iterator[str]:
    observation = inspection.observation
    if observation.exchange.delivered is None and observation.exchange.error is None:
        return
    modes: tuple[CredentialsMode | None, ...] = (None,)
    if inspection.verdict.outcome is Outcome.DEPENDS and inspection.verdict.if_credentialed is not None:
        modes = (CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT)
    if inspection.observation.exchange.renewed is not None:
        yield "of the response in the browser's cache, which this 304 renews:"
    for mode in modes:
        if mode is not None:
            yield "with credentials:" if mode is CredentialsMode.INCLUDE else "without credentials:"
        for check in explain(inspection.observation.as_sent, inspection.headline, mode):
            yield from _check(check)


def _check(check: Check) -> Iterator[str]:
    only = " (it only matters with credentials)" if check.state is CheckState.NOT_NEEDED else ""
    yield f"{_STATES[check.state]:<12} {check.title}{only}"
    if check.header is not None:
        shown = "(missing)" if check.value is None else escape(redact_header(check.header, check.value))
        yield f"{'':<12}   {escape(check.header)}: {shown}"
    if check.failure is not None and check.failure.wanted:
        would = "" if check.state is CheckState.FAILED else " (would fail, too)"
        yield f"{'':<12}   wanted: {escape(redact_text(check.failure.wanted))}{would}"


def _need(observation: Observation) -> Iterator[str]:
    need = observation.need
    if need is None:
        return
    if need.method is not None:
        yield f"the method {escape(redact_method(need.method))} is not safelisted"
    for name in need.header_names:
        yield f"the request header {escape(redact_name(name))} is not safelisted{_value_of(observation.exchange.request, name)}"
    if need.forced:
        yield "neither method nor headers need one: an upload listener or a streaming body forces it"


def _value_of(request: Request, name: str) -> str:
    value = request.headers.get(name)
    return "" if value is None else f": {escape(redact_header(name, value))}"


def _readable(inspection: Inspection) -> Iterator[str]:
    observation = inspection.observation.as_sent
    response = observation.exchange.delivered
    if response is None:
        return
    if observation.role is Role.NO_CORS:
        yield "nothing: the response is opaque"
    if observation.role not in (Role.ACTUAL, Role.SIMPLE):
        return
    if inspection.verdict.blocked:
        yield "nothing: the server responded, but the script gets a network error"
        return
    included = isinstance(observation.credentials, Known) and observation.credentials.value is CredentialsMode.INCLUDE
    mode = CredentialsMode.INCLUDE if included else CredentialsMode.SAME_ORIGIN_OR_OMIT
    readable = readable_header_names(response, mode)
    hidden = sorted(response.headers.names.members - set(readable))
    yield "status and body" + (" (were it allowed)" if inspection.verdict.outcome is Outcome.DEPENDS else "")
    yield f"headers: {_list(map(_name, readable)) or 'none'}"
    if hidden:
        yield f"hidden headers: {_list(map(_name, hidden))}"


def _name(header: str) -> str:
    return escape(redact_name(header))


def _credentials(observation: Observation) -> Iterator[str]:
    if not observation.is_cors:
        return
    known = observation.credentials
    if isinstance(known, Known):
        yield f"{known.value.value}  (shown by {_list(known.evidence)})"
    else:
        yield f"unknown: {known.why}"


def _cause(diagnosis: Diagnosis, width: int) -> Iterator[str]:
    """Yield the cause, then the fix: a narrow pane, or a console of 24 rows, shows little more."""
    cause = diagnosis.cause
    if cause is None:
        return
    heading, name = f"{diagnosis.word}: {escape(cause.title or cause.rule)}", f"[{cause.rule}]"
    fits = len(heading) + len(name) + 2 <= width
    yield f"{heading}  {name}" if fits else heading
    if cause.fix is not None:
        yield from (f"  {escape(line)}" for line in fix_block(cause.fix))
    yield f"  {escape(without_origin(diagnosis, cause.message))}{'' if fits else f' {name}'}"
    asked_by = requested_by(diagnosis)
    if asked_by is not None:
        yield f"  requested by {escape(asked_by)}"
    for fix in cause.fixes[1:]:
        yield f"  {escape(fix_line(fix).replace('Fix', 'Or', 1))}"
    if diagnosis.explained:
        yield f"    so: {_list(dict.fromkeys(finding.rule for finding in diagnosis.explained))}"


def _findings(inspection: Inspection, diagnosis: Diagnosis) -> Iterator[str]:
    for finding in inspection.findings:
        follows = any(finding is one for one in diagnosis.explained)
        message = escape(without_origin(diagnosis, finding.message))
        yield f"{'FOLLOWS' if follows else finding.severity.word.upper()}  {message}  [{finding.rule}]"
        for proof in finding.evidence:
            shown = "(missing)" if proof.value is None else escape(redact_header(proof.header, proof.value))
            yield f"  {proof.message}: {escape(proof.header)}: {shown}"
        if finding.fix is not None and finding is not diagnosis.cause and not follows:
            yield f"  {escape(fix_line(finding.fix))}"
    if inspection.suppressed:
        yield f"suppressed by your rules: {_list(finding.rule for finding in inspection.suppressed)}"


def _patch(inspection: Inspection, view: PatchedView) -> Iterator[str]:
    if inspection.observation.exchange.made_by_proxy:
        yield "the proxy itself responded; the request did not reach the server"
    patch = view.patch
    if patch.refused:
        yield f"refused: {escape(redact_text(patch.refused))}"
    if patch.beyond:
        yield f"no change of the response can fix: {_list(reason.value for reason in patch.beyond)}"
    if patch.empty:
        return
    what = "injected" if view.injected else "applied"
    yield what if view.applied else "dry run: this would be changed"
    if patch.status is not None:
        yield f"- status {patch.status.before}"
        yield f"+ status {patch.status.after}  ({escape(redact_text(patch.status.because))})"
    for change in patch.changes:
        for value in change.before:
            yield f"- {escape(change.header)}: {escape(redact_header(change.header, value))}"
        after = "(removed)" if change.combined is None else escape(redact_header(change.header, change.combined))
        yield f"+ {escape(change.header)}: {after}  ({escape(redact_text(change.because))})"
    for engine, verdict in view.verdicts_after.items():
        yield f"then in {engine.label}: {_outcome(verdict, engine)}"


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)
