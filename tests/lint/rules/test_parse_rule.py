"""From YAML to rules."""

import pytest
from corslens.lint.finding import Confidence, Severity, Side, Stage
from corslens.lint.rules.parse_rule import parse_rule
from corslens.lint.rules.rule import Family, Rule
from corslens.verdict.reasons import Reason
from corslens.yaml_reader import YamlReader


def parsed(text: str, folder: str = "security") -> Rule:
    reader = YamlReader("rules/x.yaml")
    (node,) = reader.documents(text)
    rule = parse_rule(reader, node, stem="x", folder=folder, alone=True)
    assert rule is not None, reader.problems
    return rule


WHOLE = """\
title: a fault
why: it hurts
severity:
  - error: {response.status: 500}
  - warning: {response.status: 404}
  - info
confidence: low
reason: acao-missing
message: 'the {failure.header}
  is missing'
fixes: [{side: page, text: add it}]
sources: ["https://fetch.spec.whatwg.org/"]
bad: [{name: one, response: {status: 500}}]
good: [{name: two}]
"""


def test_every_field_arrives() -> None:
    rule = parsed(WHOLE)
    assert (
        rule.id,
        rule.family,
        rule.title,
        rule.why,
        rule.confidence,
    ) == ("x", Family.SECURITY, "a fault", "it hurts", Confidence.LOW)
    assert (rule.reason, rule.message.text) == (Reason.ACAO_MISSING, "the {failure.header} is missing")
    (fix,) = rule.fixes
    assert (fix.side, [template.text for template in fix.templates], fix.when) == (Side.PAGE, ["add it"], None)
    assert [*(case.severity for case in rule.cases), rule.severity] == [Severity.ERROR, Severity.WARNING, Severity.INFO]
    assert (len(rule.bad), len(rule.good)) == (1, 1)


def refused(text: str) -> str:
    reader = YamlReader("rules/x.yaml")
    (node,) = reader.documents(text)
    parse_rule(reader, node, stem="x", folder="security", alone=True)
    return "\n".join(map(str, reader.problems))


FIXES = "fixes: [{side: page, text: add it}]\n"


def test_fixes_have_a_side_a_text_and_header_lines() -> None:
    fixes = """\
fixes:
  - {side: server, when: {response.status: 500}, headers: ['Vary: Origin', 'Access-Control-Allow-Origin: {failure.wanted}']}
  - {side: gateway, text: 'See {request.url}'}
"""
    first, second = parsed(WHOLE.replace(FIXES, fixes)).fixes
    assert (first.side, first.text, [line.text for line in first.headers]) == (
        Side.SERVER,
        None,
        ["Vary: Origin", "Access-Control-Allow-Origin: {failure.wanted}"],
    )
    assert first.when is not None and second.when is None
    assert second.text is not None and second.text.fields == ("request.url",)


@pytest.mark.parametrize(
    ("fixes", "expected"),
    [
        ("[{side: server}]", 'a fix lacks "text" or "headers"'),
        ("[{text: x}]", 'a fix lacks the field "side"'),
        ("[{side: sever, text: x}]", 'side cannot be "sever"; did you mean "server"?'),
        ("[{side: server, text: '{failure.wnated}'}]", 'unknown fact "failure.wnated" in text'),
        ("[{side: server, headers: ['send Vary']}]", 'a header line is written "Name: value", not "send Vary"'),
        ("add it", "fixes must be a list"),
        ("[add it]", "a fix must be a mapping"),
    ],
)
def test_a_wrong_fix_is_refused(fixes: str, expected: str) -> None:
    assert expected in refused(WHOLE.replace(FIXES, f"fixes: {fixes}\n"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("summary: x", 'a rule no longer has the field "summary": it is called "title" now'),
        ("fix: x", 'a rule no longer has the field "fix": it is a list called "fixes" now'),
        ("cause: true", 'a rule no longer has the field "cause": it is called "stage" now'),
    ],
)
def test_the_fields_of_the_former_version_are_refused_with_the_new_name(line: str, expected: str) -> None:
    assert expected in refused(f"{WHOLE}{line}\n")


def test_a_stage_says_where_the_request_went_wrong() -> None:
    assert parsed(WHOLE).stage is Stage.HEADERS
    assert parsed(f"{WHOLE}stage: no-response\n").stage is Stage.NO_RESPONSE
    assert 'stage cannot be "perhaps"' in refused(f"{WHOLE}stage: perhaps\n")


def test_what_a_rule_explains_may_stand_under_a_condition() -> None:
    rule = parsed(f"{WHOLE}explains: [acac-not-true, {{when: {{response.status: 500}}, rules: [violations]}}]\n")
    always, sometimes = rule.explains
    assert (always.names, always.when) == (("acac-not-true",), None)
    assert sometimes.names == ("violations",) and sometimes.when is not None


def test_a_folder_that_is_no_family_makes_a_custom_rule() -> None:
    assert parsed(WHOLE, "team").family is Family.CUSTOM
    assert parsed(WHOLE + "family: caching\n", "team").family is Family.CACHING
