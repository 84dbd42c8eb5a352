"""Samples of rules run through the whole pipeline: what a rule says of its own example, and of the request that a console line names."""

from math import inf

from msgspec import structs

from corslens.diagnosis.diagnose import diagnose_alone
from corslens.engines.sending import unsafe_names
from corslens.fetch.app_origins import App, app_of
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
)
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.docs.console_request import ConsoleRequest
from corslens.lint.docs.terminal import RuleExample
from corslens.lint.finding import Finding
from corslens.lint.rules.rule import Rule, RuleSet
from corslens.lint.rules.sample import Headers, Sample, Step
from corslens.witness.refusals import refusal_of

_CONTENT_TYPE = "content-type"
_OK = 200
_LISTS = {ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS}


def inspections(rules: RuleSet, sample: Sample) -> tuple[Inspection, ...]:
    """Return what becomes of the last step of a sample, and of its preflight."""
    inspector = Inspector(rules=rules)
    for exchange in sample.exchanges():
        inspector.inspect(exchange)
    inspector.finish(inf)  # a sample is all that ever happened
    found = (inspector.get(id) for id in sample.looked_at)
    return tuple(inspection for inspection in found if inspection is not None)


def fires(rules: RuleSet, rule: Rule, sample: Sample) -> bool:
    """Say whether a rule fires at the last step of a sample."""
    return any(
        finding.rule == rule.id
        for inspection in inspections(rules, sample)
        for finding in (*inspection.findings, *inspection.suppressed)
    )


def example_of(rules: RuleSet, rule: Rule) -> RuleExample | None:
    """Return what a rule says of the first sample on which it fires, None if it has none."""
    for sample in rule.bad:
        for inspection in inspections(rules, sample):
            if (finding := _of_rule(inspection, rule)) is not None:
                return RuleExample(about=f"Example ({sample.name})", finding=finding)
    return None


def example_of_line(rules: RuleSet, rule: Rule, request: ConsoleRequest) -> RuleExample | None:
    """Return what is wrong with the request that a console line names, if what the line says fits one of the rule's samples.

    Where the line tells the status, or a browser extension as the page, the cause may be another rule, for which that is enough.
    """
    if not request:
        return None
    extension = request.origin is not None and app_of(request.origin) is App.EXTENSION
    # A status that the line does not tell is 200, and a sample's own only where the rule does not fire on that.
    for status in (request.status or _OK, request.status):
        for sample in rule.bad:
            for inspection in inspections(rules, _asked(sample, request, status)):
                finding = _of_rule(inspection, rule)
                if extension or (finding is not None and request.status is not None):
                    finding = diagnose_alone(inspection).cause or finding
                if finding is not None:
                    return RuleExample(about="Your request (what the line does not say is an example)", finding=finding)
    return None


def _of_rule(inspection: Inspection, rule: Rule) -> Finding | None:
    return next((finding for finding in inspection.findings if finding.rule == rule.id), None)


def _asked(sample: Sample, request: ConsoleRequest, status: int | None) -> Sample:
    """Return the sample with the request that the line names in the place of its last, and of those to the same URL.

    Args:
        status: of the response that the line is about; None for the sample's own.
    """
    last = sample.steps[-1]
    steps = [_step(step, request, status, last.url) if step.url == last.url else step for step in sample.steps]
    return structs.replace(sample, steps=tuple(steps))


def _step(step: Step, request: ConsoleRequest, named: int | None, url: str) -> Step:
    preflight = step.preflight
    failed = preflight is not None and not 200 <= preflight[0] <= 299  # then the line is about the preflight
    if preflight is not None:
        status = named or preflight[0] if failed else preflight[0]
        preflight = (status, _with_values(preflight[1], request, url))
    headers = dict(step.request)
    method = request.method or step.method
    if step.method == "OPTIONS":
        method = step.method
        headers |= {} if request.method is None else {ACCESS_CONTROL_REQUEST_METHOD: request.method}
        headers |= {} if request.header is None else {ACCESS_CONTROL_REQUEST_HEADERS: request.header}
    elif request.header is not None:
        for name in unsafe_names(tuple((name, str(value)) for name, value in headers.items())):
            headers.pop(name, None)
        headers[request.header] = "application/json" if request.header == _CONTENT_TYPE else "1"
    if request.origin is not None:
        headers["origin"] = request.origin
    return structs.replace(
        step,
        url=request.url or step.url,
        method=method,
        request=headers,
        preflight=preflight,
        status=step.status if failed or step.status is None else named or step.status,
        response=_with_values(step.response, request, url),
        browser=_of_browser(step.browser, request.error),
        error=step.error if step.error is None or request.error is None else request.error,
    )


def _of_browser(known: str | None, named: str | None) -> str | None:
    """Return the browser's own word for its failure: the line's, if it stands for the same as the sample's."""
    return named if known is not None and named is not None and refusal_of(named) is refusal_of(known) else known


def _with_values(headers: Headers, request: ConsoleRequest, url: str) -> Headers:
    """Return a sample's response headers as the line has them: its origin, no method or header that is not allowed, redirects of its URL.

    Args:
        url: the sample's own.
    """
    without = {word.lower() for word in (request.method, request.header) if word is not None}
    filled: dict[str, str | tuple[str, ...] | None] = {}
    for name, value in headers.items():
        if isinstance(value, str):
            if name.lower() in _LISTS:
                value = ", ".join(item for item in value.split(", ") if item.lower() not in without)
            elif name.lower() == "location" and request.url is not None and value.startswith(url):
                value = f"{request.url}{value.removeprefix(url)}"
        if name.lower() == ACCESS_CONTROL_ALLOW_ORIGIN and request.allow_origin is not None:
            value = request.allow_origin
        filled[name] = value
    return filled
