"""The catalog as text: what `corslens rules list` and `corslens explain` print, in 80 columns.

Text of a user's own rules may hold anything; it is not escaped here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap

from msgspec import Struct

from corslens.lint.docs.console_lines import reasons_of_code, rules_of_line
from corslens.lint.docs.describe import describe
from corslens.lint.finding import Finding, Severity
from corslens.lint.rules.rule import Family, Rule, RuleSet
from corslens.suggest import did_you_mean
from corslens.verdict.reasons import NAMES, Effect, Reason

WIDTH = 80
_SHOWN = 10

FAMILY_TITLES: Mapping[Family, str] = {
    Family.VIOLATIONS: "what browsers block or withhold",
    Family.SECURITY: "data exposed to untrusted origins",
    Family.CORRECTNESS: "headers that do not do what was intended",
    Family.CACHING: "preflight caches and HTTP caches",
    Family.COMPATIBILITY: "differences between browsers",
    Family.PRODUCTS: "what a known product responded in the application's place",
    Family.CUSTOM: "your own",
}
_EFFECTS = {
    Effect.BLOCKS: "the browser blocks",
    Effect.DEGRADES: "the page gets the response, but not all of it",
    Effect.CONTRIBUTES: "blocks nothing by itself; explains why another check fails",
}


def list_text(rules: Iterable[Rule]) -> str:
    """Return a list of rules by family, two lines each."""
    lines: list[str] = []
    for family, group in groupby(by_family(rules), key=lambda rule: rule.family):
        members = list(group)
        lines += ["", f"{family} ({len(members)}): {FAMILY_TITLES[family]}", ""]
        for rule in members:
            lines.append(f"  {_severity_word(rule):<8} {rule.id}")
            lines += wrap(rule.title, WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 11)
    return "\n".join(lines[1:]) + "\n"


def by_family(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules in the order of families, those of one in the order of the alphabet."""
    order = list(Family)
    return sorted(rules, key=lambda rule: (order.index(rule.family), rule.id))


def _severity_word(rule: Rule) -> str:
    return "-" if rule.never is not None else rule.worst.word


class RuleExample(Struct, frozen=True, kw_only=True):
    """What a rule says of one request."""

    about: str
    """Which request."""
    finding: Finding


def explain_text(rules: RuleSet, meant: Sequence[str], example: RuleExample | None = None) -> str:
    """Return the page of the first of the rules that a user's words stand for (`rules_meant`), with the names of the others.

    What a person needs comes first: what it means, an example with its message and fixes, and what else the words can mean.
    """
    return "\n".join(_page(rules, rules.rules[meant[0]], example, meant[1:])) + "\n"


def rules_meant(rules: RuleSet, name: str) -> tuple[str, ...]:
    """Return the rules that a user's words stand for, the likeliest first.

    Raises: ValueError naming what comes near when there is none.
    """
    plain = name.strip().lower()
    if not plain:
        raise ValueError("there is nothing to explain: give a name, or paste a console line")
    if plain in rules.rules:
        return (plain,)
    if found := tuple(one for one in (reasons_of_code(plain) or rules_of_line(name)) if one in rules.rules):
        return found
    if " " in plain:
        raise ValueError(
            "corslens does not know this console line; paste it whole, or look the rule up with `corslens rules list`"
        )
    longer = sorted(one for one in rules.rules if one.startswith(plain))
    if len(longer) > 1:
        raise ValueError(f'"{name}" is the start of {", ".join(longer[:_SHOWN])}{", …" if len(longer) > _SHOWN else ""}')
    if longer:
        return tuple(longer)
    raise ValueError(
        f'no rule or reason is called "{name}"{did_you_mean(plain, rules.rules) or "; `corslens rules list` lists them"}'
    )


def fix_lines(rule: Rule) -> Iterator[str]:
    """Yield the fixes, best first: the side, what to do, and when."""
    for fix in rule.fixes:
        when = "" if fix.when is None else f" (when {describe(fix.when)})"
        text = "" if fix.text is None else fix.text.text
        lines = " and ".join(line.text for line in fix.headers)
        yield f"{fix.side}: {text}{'. Headers: ' if text and lines else ''}{lines}{when}"


def explained_text(rule: Rule) -> str:
    """Return what follows from a rule, with the circumstances."""
    return "; ".join(
        ", ".join(one.names) + ("" if one.when is None else f" (when {describe(one.when)})") for one in rule.explains
    )


def _page(rules: RuleSet, rule: Rule, example: RuleExample | None, others: Sequence[str]) -> Iterator[str]:
    yield rule.id
    yield "=" * min(len(rule.id), WIDTH)
    yield from wrap(rule.title, WIDTH)
    yield ""
    if rule.why:
        yield from (*_wrapped(rule.why), "")
    if example is not None:
        yield from (*_example(rule, example), "")
    if others:
        yield from (*_wrapped(f"The same words can also mean {', '.join(others)}: corslens explain NAME."), "")
    override = rules.overrides.get(rule.id)
    yield from _entry("severity", severity_text(rule) if override is None else f"{override.severity.word} (your own setting)")
    yield from _entry("confidence", rule.confidence)
    yield from _entry("family", f"{rule.family}: {FAMILY_TITLES[rule.family]}")
    product = rules.products.making(rule.id)
    if product is not None:
        yield from _entry("product", f"{product.name} ({product.kind}); marks: {product.verified}")
    if rule.id in set(Reason):
        yield from _entry("effect", _EFFECTS[NAMES[Reason(rule.id)].effect])
    for who, words in browser_names(rule.id):
        yield from _entry(f"in {who}", ", ".join(words))
    if rule.never is not None:
        yield from _entry("fires", f"never. {rule.never}")
    elif rule.condition is not None:
        yield from _entry("fires when", describe(rule.condition))
    for suppression in rules.suppressions:
        if suppression.rule == rule.id:
            yield from _entry("suppressed", f"on {suppression.filter}, because {suppression.because}")
    if rule.message.text:
        yield from _entry("says", rule.message.text)
    for number, line in enumerate(fix_lines(rule)):
        yield from _entry("" if number else "fixes", line)
    if rule.explains:
        yield from _entry("explains", explained_text(rule))
    for title, samples in (("fires on", rule.bad), ("silent on", rule.good)):
        if samples:
            yield from _entry(title, "; ".join(sample.name for sample in samples))
    for number, source in enumerate(rule.sources):
        yield f"{'sources' if number == 0 else '':<12}{source}"


def _example(rule: Rule, example: RuleExample) -> Iterator[str]:
    finding = example.finding
    yield f"{example.about}:"
    yield from _wrapped(finding.message, "  ")
    if finding.rule != rule.id:
        yield from _wrapped(f"This is {finding.rule}: what the browser reports is only its consequence.", "  ")
    for number, fix in enumerate(finding.fixes):
        first, *rest = fix.lines
        yield from _wrapped(f"{'Or' if number else 'Fix'} ({fix.side}): {first}", "  ")
        yield from (f"    {line}" for line in rest)


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Fold a text between words; what follows its first line is indented below it, but not at the margin."""
    below = indent + "  " if indent else ""
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)


def severity_text(rule: Rule) -> str:
    """Return how bad what a rule says is, with the circumstances."""
    if rule.never is not None:
        return "none"
    cases = [f"{case.severity.word} when {describe(case.when)}" for case in rule.cases]
    return "; ".join((*cases, f"otherwise {rule.severity.word}" if cases else rule.severity.word))


def browser_names(id: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield who calls a reason what: Chromium, Firefox, MDN."""
    if id not in set(Reason):
        return
    names = NAMES[Reason(id)]
    called = (
        ("Chromium", (*names.chromium, *names.chromium_other)),
        ("Firefox", names.firefox),
        ("MDN", names.mdn),
    )
    yield from ((who, words) for who, words in called if words)


def _entry(title: str, text: str) -> list[str]:
    return wrap(
        " ".join(text.split()), WIDTH, initial_indent=f"{title:<12}", subsequent_indent=" " * 12, break_on_hyphens=False
    )


def choose(rules: Iterable[Rule], *, family: str | None = None, severity: Severity | None = None) -> list[Rule]:
    """Return the rules of a family, and those that can reach a severity."""
    return [
        rule
        for rule in rules
        if (family is None or rule.family == family) and (severity is None or (rule.never is None and rule.worst >= severity))
    ]
