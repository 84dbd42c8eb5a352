"""From YAML to Rule, and to a user's overrides and suppressions."""

import re
from collections.abc import Mapping

import yaml
from msgspec import Struct

from corslens.lint.facts.fact import FactKind
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.finding import Confidence, Severity, Side, Stage
from corslens.lint.rules.condition import Condition
from corslens.lint.rules.message_template import FAILURE_FIELDS, LINE, Template, parse_template
from corslens.lint.rules.parse_condition import parse_condition
from corslens.lint.rules.parse_sample import parse_samples
from corslens.lint.rules.rule import Case, Explanation, Family, FixTemplate, Override, ParseFilter, Rule, Suppression
from corslens.suggest import did_you_mean
from corslens.verdict.reasons import Reason
from corslens.yaml_reader import Node, YamlReader

RULE_FIELDS = (
    "id", "family", "title", "why", "severity", "confidence", "reason", "stage", "scope", "explains", "when", "never", "message", "fixes", "sources", "bad", "good",
)  # fmt: skip
FIX_FIELDS = ("side", "when", "text", "headers")
EXPLANATION_FIELDS = ("when", "rules")
OVERRIDE_FIELDS = ("rule", "severity", "silence", "because")
SCOPES = ("endpoint", "host")
STAGES = {stage.word: stage for stage in Stage}
_FORMER_FIELDS = {
    "summary": 'it is called "title" now',
    "fix": 'it is a list called "fixes" now, each with a "side" and a "text" or "headers"',
    "cause": 'it is called "stage" now',
}
"""Fields of rule files of corslens 0.1, and what a user writes instead."""
SEVERITIES = {severity.word: severity for severity in Severity}
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PLACEHOLDER = parse_template("…")


class ParsedChange(Struct, frozen=True):
    """An entry of `overrides`, with the place of its rule's name for messages."""

    node: Node
    rule: str
    override: Override | None
    suppression: Suppression | None


def parse_rule(
    reader: YamlReader, node: Node, *, stem: str, folder: str, alone: bool, mentions: list[Node] | None = None
) -> Rule | None:
    """Return the rule written at a document's root, None when it cannot be made out at all.

    Args:
        stem: of the file's name, the id unless the rule names one.
        folder: in which the file is, the family where it is one.
        alone: the file holds this rule only.
        mentions: takes the nodes that name other rules, which can be looked up once all are known.
    """
    before = len(reader.problems)
    required = ("title", "severity", "message") if alone else ("id", "title", "severity", "message")
    fields = reader.fields(node, "a rule", RULE_FIELDS, required, _FORMER_FIELDS)
    id = reader.text(fields.get("id"), "id", stem)
    if not _ID.fullmatch(id):
        reader.refuse(fields.get("id", node), f'"{id}" is not a rule id: lowercase words joined by hyphens')
    family = reader.choice(fields.get("family"), "family", Family)
    if family is None:
        family = folder if folder in set(Family) else Family.CUSTOM
    reason = reader.choice(fields.get("reason"), "reason", Reason)
    when, never = fields.get("when"), fields.get("never")
    if when is None and never is None and "reason" not in fields:
        reader.refuse(node, 'a rule lacks the field "when"')
    if when is not None and never is not None:
        reader.refuse(never, '"never" and "when" exclude each other')
    condition = None if when is None else parse_condition(reader, when)
    rule = rule_of(
        reader,
        fields,
        id=id,
        family=Family(family),
        when=condition,
        reason=None if reason is None else Reason(reason),
        mentions=[] if mentions is None else mentions,
    )
    return rule if len(reader.problems) == before else None


def rule_of(
    reader: YamlReader,
    fields: Mapping[str, Node],
    *,
    id: str,
    family: Family,
    when: Condition | None,
    mentions: list[Node],
    reason: Reason | None = None,
    severity: Severity = Severity.INFO,
    stage: Stage = Stage.HEADERS,
    explains: tuple[str, ...] = (),
) -> Rule:
    """Return the rule that these fields make, which is of use only if the reader refused none of them.

    Args:
        severity, stage, explains: what holds where the fields do not say; what a rule explains is added to `explains`.
    """
    word, cases = _severity(reader, fields.get("severity"), severity)
    has_failure = reason is not None
    never = fields.get("never")
    fixes = reader.items(fields["fixes"], "fixes") if "fixes" in fields else ()
    explained = reader.items(fields["explains"], "explains") if "explains" in fields else []
    return Rule(
        id=id,
        family=family,
        title=reader.text(fields.get("title"), "title"),
        why=reader.text(fields.get("why"), "why"),
        severity=word,
        cases=cases,
        confidence=Confidence(reader.choice(fields.get("confidence"), "confidence", Confidence) or Confidence.MEDIUM),
        when=when,
        never=None if never is None else reader.text(never, "never"),
        reason=reason,
        stage=STAGES[reader.choice(fields.get("stage"), "stage", STAGES) or stage.word],
        whole_host=reader.choice(fields.get("scope"), "scope", SCOPES) == "host",
        explains=(*((Explanation(explains),) if explains else ()), *_explains(reader, explained, mentions)),
        message=_template(reader, fields.get("message"), "message", has_failure=has_failure),
        fixes=tuple(fix for item in fixes if (fix := _fix(reader, item, has_failure=has_failure)) is not None),
        sources=tuple(_url(reader, item) for item in reader.items(fields["sources"], "sources")) if "sources" in fields else (),
        bad=parse_samples(reader, fields.get("bad"), "bad"),
        good=parse_samples(reader, fields.get("good"), "good"),
        file=reader.file,
    )


def _url(reader: YamlReader, node: Node) -> str:
    url = reader.text(node, "a source")
    if url and not url.startswith("https://"):
        reader.refuse(node, f'a source must be an https address, not "{url}"')
    return url


def _severity(reader: YamlReader, node: Node | None, default: Severity = Severity.INFO) -> tuple[Severity, tuple[Case, ...]]:
    """Return the severity and the cases before it: a word, or a list of `word: condition` that ends with a word."""
    if node is None:
        return default, ()
    if not isinstance(node, yaml.SequenceNode):
        return SEVERITIES.get(reader.choice(node, "severity", SEVERITIES) or "", Severity.INFO), ()
    *entries, last = node.value or [node]
    if not isinstance(last, yaml.ScalarNode):
        reader.refuse(last, "the last severity stands alone: it counts when no case before it does")
        return Severity.INFO, ()
    cases: list[Case] = []
    for entry in entries:
        for word, (key, value) in reader.mapping(entry, "a case of severity").items():
            condition = parse_condition(reader, value, f"the case {word}")
            if word not in SEVERITIES:
                reader.refuse(key, f'severity cannot be "{word}"{did_you_mean(word, SEVERITIES)}')
            elif condition is not None:
                cases.append(Case(SEVERITIES[word], condition))
    return SEVERITIES.get(reader.choice(last, "severity", SEVERITIES) or "", Severity.INFO), tuple(cases)


def _fix(reader: YamlReader, node: Node, *, has_failure: bool) -> FixTemplate | None:
    fields = reader.fields(node, "a fix", FIX_FIELDS, ("side",))
    side = reader.choice(fields.get("side"), "side", Side)
    when, text, headers = fields.get("when"), fields.get("text"), fields.get("headers")
    if fields and text is None and headers is None:
        reader.refuse(node, 'a fix lacks "text" or "headers"')
    lines = [] if headers is None else reader.items(headers, "headers")
    fix = FixTemplate(
        side=Side(side or Side.SERVER),
        text=None if text is None else _template(reader, text, "text", has_failure=has_failure),
        headers=tuple(_template(reader, line, "headers", has_failure=has_failure) for line in lines),
        when=None if when is None else parse_condition(reader, when),
    )
    for line, template in zip(lines, fix.headers, strict=True):
        if not _HEADER_LINE.match(template.text):
            reader.refuse(line, f'a header line is written "Name: value", not "{template.text}"')
    return None if side is None else fix


def _explains(reader: YamlReader, items: list[Node], mentions: list[Node]) -> tuple[Explanation, ...]:
    """Return what a rule explains always, then what it explains only when a condition holds."""
    always = [item for item in items if not isinstance(item, yaml.MappingNode)]
    mentions += always
    found = [Explanation(tuple(reader.text(item, "explains") for item in always))] if always else []
    for item in items:
        if isinstance(item, yaml.MappingNode):
            fields = reader.fields(item, "an entry of explains", EXPLANATION_FIELDS, EXPLANATION_FIELDS)
            names = reader.items(fields["rules"], "rules") if "rules" in fields else []
            when = parse_condition(reader, fields["when"]) if "when" in fields else None
            mentions += names
            found.append(Explanation(tuple(reader.text(name, "a rule's id") for name in names), when))
    return tuple(found)


_HEADER_LINE = re.compile(r"[A-Z][A-Za-z-]+: \S")

_LINES = tuple(
    f"{name}{LINE}"
    for name, fact in VOCABULARY.items()
    if fact.header is not None and fact.kind is FactKind.TEXT and not fact.may_be_unknown
)
"""Of these facts a text may say the whole header line."""


def _template(reader: YamlReader, node: Node | None, what: str, *, has_failure: bool) -> Template:
    if node is None:
        return parse_template("")
    try:
        template = parse_template(" ".join(reader.text(node, what).split()))
    except ValueError as error:
        reader.refuse(node, f"{what}: {error}")
        return _PLACEHOLDER
    known = (*VOCABULARY, *_LINES, *FAILURE_FIELDS) if has_failure else (*VOCABULARY, *_LINES)
    for name in template.fields:
        if name in FAILURE_FIELDS and not has_failure:
            reader.refuse(node, f'"{{{name}}}" can only be said by a rule with a "reason"')
        elif name not in known:
            reader.refuse(node, f'unknown fact "{name}" in {what}{did_you_mean(name, known)}')
    return template


def parse_overrides(reader: YamlReader, node: Node, parse_filter: ParseFilter | None) -> list[ParsedChange]:
    """Return the entries of a user's `overrides`."""
    changes: list[ParsedChange] = []
    for item in reader.items(node, "overrides"):
        fields = reader.fields(item, "an override", OVERRIDE_FIELDS, ("rule",))
        rule, because = reader.text(fields.get("rule"), "rule"), reader.text(fields.get("because"), "because")
        severity = reader.choice(fields.get("severity"), "severity", SEVERITIES)
        suppression = fields.get("silence")
        if "severity" not in fields and suppression is None:
            reader.refuse(item, 'an override changes the "severity" or suppresses the rule: "silence" with a flow filter')
        if suppression is not None and not because:
            reader.refuse(suppression, 'a suppression needs a justification: add "because"')
        changes.append(
            ParsedChange(
                fields.get("rule", item),
                rule,
                None if severity is None else Override(rule=rule, severity=SEVERITIES[severity], because=because),
                None if suppression is None else _suppression(reader, item, suppression, rule, because, parse_filter),
            )
        )
    return changes


def _suppression(
    reader: YamlReader, item: Node, node: Node, rule: str, because: str, parse_filter: ParseFilter | None
) -> Suppression | None:
    text = reader.text(node, "silence")
    if parse_filter is None:
        reader.refuse(node, "flow filters cannot be read here")
        return None
    try:
        matches = parse_filter(text)
    except ValueError as error:
        reader.refuse(node, str(error))
        return None
    where = f"{reader.file}:{item.start_mark.line + 1}"
    return Suppression(rule=rule, filter=text, matches=matches, because=because, where=where)
