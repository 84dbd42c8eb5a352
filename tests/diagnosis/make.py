"""Inspections with findings of the test's own, whatever rules would say."""

from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Finding, Fix, Severity, Side
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange
from msgspec import structs

from tests.make import API, PAGE
from tests.report.samples import ask, inspected

NO_RULES = RuleSet({})


def finding(rule: str = "acao-missing", severity: Severity = Severity.ERROR, **fields: object) -> Finding:
    """A finding; `explains` names what follows from it."""
    made: dict[str, object] = {
        "confidence": Confidence.HIGH,
        "title": f"Title of {rule}",
        "message": f"{rule} happened",
        "fixes": (Fix(side=Side.SERVER, text="Fix it"),),
    }
    return Finding(rule=rule, severity=severity, **(made | fields))  # type: ignore[arg-type]  # fields are the caller's


def inspection(
    id: str, *findings: Finding, at: float = 0, url: str = f"{API}/me", origin: str = PAGE, well: bool = False
) -> Inspection:
    """An inspection of one exchange with these findings; `well` allows it."""
    (made,) = inspected([ask(id, at, url=url, origin=origin, allow_origin="*" if well else None)], NO_RULES)
    return structs.replace(made, findings=findings)


def session(*exchanges: Exchange, **findings: tuple[Finding, ...]) -> list[Inspection]:
    """The last inspections of these exchanges, with findings by the id of an exchange."""
    return [structs.replace(made, findings=findings.get(made.id, ())) for made in inspected(exchanges, NO_RULES)]
