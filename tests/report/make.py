"""Inspections to report on: the shop's session, with findings of this file's own, so that no edit of a rule changes a golden file."""

from corslens.diagnosis.page_request import reported_reason
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Evidence, Finding, Fix, Severity, Side
from corslens.lint.rules.message_template import parse_template
from corslens.lint.rules.rule import Family, Rule, RuleSet
from msgspec import structs

from tests.report.samples import inspected, shop

NO_RULES = RuleSet({})


def rule(id: str, family: Family = Family.VIOLATIONS, severity: Severity = Severity.ERROR) -> Rule:
    """A rule of the catalog, as the SARIF report shows it."""
    return Rule(
        id=id,
        family=family,
        title=f"Summary of {id}",
        why=f"Why {id} matters.",
        severity=severity,
        confidence=Confidence.HIGH,
        when=None,
        message=parse_template("message"),
        sources=("https://fetch.spec.whatwg.org/#cors-check",),
    )


def finding(rule: str = "acao-missing", severity: Severity = Severity.ERROR, **fields: object) -> Finding:
    """A finding."""
    made: dict[str, object] = {
        "confidence": Confidence.HIGH,
        "message": f"what is wrong is {rule}",
        "fixes": (Fix(side=Side.SERVER, headers=("Access-Control-Allow-Origin: https://app.example",)),),
        "evidence": (Evidence(message="response", header="Access-Control-Allow-Origin", value="*"),),
    }
    return Finding(rule=rule, severity=severity, **(made | fields))  # type: ignore[arg-type]  # fields are the caller's


def session() -> list[Inspection]:
    """The shop's session: what blocks has an error, a reflected origin a warning, what is allowed a note."""
    found = []
    for inspection in inspected(shop(), NO_RULES):
        reason = reported_reason(inspection.verdict)
        findings = [] if reason is None else [finding(reason)]
        if inspection.id == "reflect-1":
            findings.append(finding("reflected-origin", Severity.WARNING, confidence=Confidence.MEDIUM, fixes=()))
        if inspection.id == "ok-1":
            findings.append(finding("no-max-age", Severity.INFO))
        found.append(structs.replace(inspection, findings=tuple(findings)))
    return found


def rules() -> RuleSet:
    """The catalog that goes with `session`."""
    ids = {found.rule for inspection in session() for found in inspection.findings}
    made = {id: rule(id) for id in ids}
    made["reflected-origin"] = rule("reflected-origin", Family.SECURITY, Severity.WARNING)
    return RuleSet(made)


def summary(inspections: list[Inspection] | None = None, **settings: object) -> SessionSummary:
    """The summary of these inspections, or of the shop's, out of one damaged capture."""
    gathered = SessionSummary(**settings)  # type: ignore[arg-type]  # settings are the caller's
    entry = gathered.begin("shop.har")
    for inspection in session() if inspections is None else inspections:
        gathered.add(inspection)
    entry.exchanges = gathered.exchanges
    if inspections is None:
        entry.damages.append("shop.har: is cut off in entry 12")
        entry.notes.append("shop.har holds no cookie at all")
    return gathered


def suppressed_session() -> list[Inspection]:
    """The shop's session, in which a user's rules suppress every `acao-missing`."""
    found = []
    for inspection in session():
        kept = tuple(one for one in inspection.findings if one.rule != "acao-missing")
        gone = tuple(
            structs.replace(one, justification="my.yaml:2: known <so>") for one in inspection.findings if one not in kept
        )
        found.append(structs.replace(inspection, findings=kept, suppressed=gone))
    return found
