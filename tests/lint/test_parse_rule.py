"""From YAML to rules."""

import pytest
from corslens.lint.finding import Confidence, Severity
from corslens.lint.parse_rule import parse_rule
from corslens.lint.rule import Family, Rule
from corslens.lint.yaml_reader import Reader
from corslens.verdict.reasons import Reason


def parsed(text: str, folder: str = "security") -> Rule:
    reader = Reader("rules/x.yaml")
    (node,) = reader.documents(text)
    rule = parse_rule(reader, node, stem="x", folder=folder, alone=True)
    assert rule is not None, reader.problems
    return rule


WHOLE = """\
summary: a fault
why: it hurts
severity:
  - error: {response.status: 500}
  - warning: {response.status: 404}
  - info
confidence: low
reason: acao-missing
message: 'the {failure.header}
  is missing'
fix: add it
sources: ["https://fetch.spec.whatwg.org/"]
bad: [{name: one, response: {status: 500}}]
good: [{name: two}]
"""


def test_every_field_arrives() -> None:
    rule = parsed(WHOLE)
    assert (
        rule.id,
        rule.family,
        rule.summary,
        rule.why,
        rule.confidence,
    ) == ("x", Family.SECURITY, "a fault", "it hurts", Confidence.LOW)
    assert (rule.reason, rule.message.text, rule.fix.text) == (Reason.ACAO_MISSING, "the {failure.header} is missing", "add it")
    assert [*(case.severity for case in rule.cases), rule.severity] == [Severity.ERROR, Severity.WARNING, Severity.INFO]
    assert (len(rule.bad), len(rule.good)) == (1, 1)


CASES = "fix:\n  - {when: {response.status: 500}, say: 'see {request.url}'}\n  - add it\n"


def test_a_fix_may_have_cases() -> None:
    rule = parsed(WHOLE.replace("fix: add it\n", CASES))
    assert ([case.say.text for case in rule.fix_cases], rule.fix.text) == (["see {request.url}"], "add it")


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ("[{when: {response.status: 500}, say: x}]", "the last fix stands alone"),
        ("[{when: {response.status: 500}}, x]", 'a case of fix lacks the field "say"'),
        ("[{say: x}, x]", 'a case of fix lacks the field "when"'),
        ("[{say: '{failure.wnated}', when: {response.status: 500}}, x]", 'unknown fact "failure.wnated" in fix'),
        ("[]", "the last fix stands alone"),
    ],
)
def test_a_wrong_case_of_a_fix_is_told(fix: str, expected: str) -> None:
    reader = Reader("rules/x.yaml")
    (node,) = reader.documents(WHOLE.replace("fix: add it", f"fix: {fix}"))
    parse_rule(reader, node, stem="x", folder="security", alone=True)
    assert expected in str(reader.problems[0])


def test_a_cause_is_a_flag() -> None:
    assert not parsed(WHOLE).cause
    assert parsed(f"{WHOLE}cause: true\n").cause
    reader = Reader("rules/x.yaml")
    (node,) = reader.documents(f"{WHOLE}cause: perhaps\n")
    parse_rule(reader, node, stem="x", folder="security", alone=True)
    assert "cause is true or false" in str(reader.problems[0])


def test_a_folder_that_is_no_family_makes_a_custom_rule() -> None:
    assert parsed(WHOLE, "team").family is Family.CUSTOM
    assert parsed(WHOLE + "family: caching\n", "team").family is Family.CACHING
