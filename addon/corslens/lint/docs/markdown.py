"""The catalog and the vocabulary in Markdown: docs/rules, an index, a page a rule, a list of products, and how to write a rule."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pkgutil import get_data
from typing import Any

from corslens.lint.docs.describe import describe
from corslens.lint.docs.terminal import FAMILY_TITLES, RuleExample, browser_names, by_family, fix_lines, severity_text
from corslens.lint.facts.fact import Fact, FactKind
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.condition import MATCHERS
from corslens.lint.rules.message_template import LINE
from corslens.lint.rules.rule import Family, Rule, RuleSet

_DO_NOT_EDIT = "<!-- Written by corslens rules docs from the rule files and the vocabulary; do not edit. -->"
_KIND_WORDS = {
    FactKind.FLAG: "true or false",
    FactKind.NUMBER: "number",
    FactKind.TEXT: "text",
    FactKind.CHOICE: "one of",
    FactKind.SET: "set of texts",
}


INDEX, WRITING, PRODUCTS = "README.md", "writing-rules.md", "products.md"


def render_pages(loaded: RuleSet, example_of: Callable[[Rule], RuleExample | None]) -> dict[str, str]:
    """Return the text of every page by its file name; a page shows the example that is given for its rule."""
    rules = by_family(loaded.rules.values())
    pages = {
        INDEX: _index(loaded, rules),
        WRITING: ["# Writing rules\n", f"{_DO_NOT_EDIT}\n", _by_hand(), *_conditions(), *_vocabulary(rules)],
        PRODUCTS: _products(loaded, rules),
    }
    pages |= {f"{rule.id}.md": _page(loaded, rule, example_of(rule)) for rule in rules if rule.family is not Family.PRODUCTS}
    return {name: "\n".join(lines).rstrip("\n") + "\n" for name, lines in pages.items()}


def _by_hand() -> str:
    """Return what is written by hand of how to write a rule."""
    content = get_data(__package__, WRITING)
    assert content is not None
    return content.decode()


def _conditions() -> Iterator[str]:
    yield "## Conditions\n"
    yield "`when` names facts and conditions on them. All lines of a mapping must hold; `all`, `any` (lists of mappings) and `not` (a mapping) combine them."
    yield "An unknown fact matches nothing, not even under `not`. There are no regular expressions, so no rule can hang.\n"
    yield "| matcher | for | meaning |"
    yield "| --- | --- | --- |"
    for matcher, asking in MATCHERS.items():
        kinds = ", ".join(sorted(asking.kinds)) if len(asking.kinds) < len(FactKind) else "what may be absent"
        yield f"| `{matcher}` | {kinds} | {asking.meaning} |"
    yield ""


def _vocabulary(rules: list[Rule]) -> Iterator[str]:
    yield "## The vocabulary\n"
    yield "Facts marked with ° are there for your own rules: no shipped rule uses them.\n"
    used = facts_in_use(rules)
    for group, facts in groupby(
        sorted(VOCABULARY.values(), key=lambda one: one.name), key=lambda one: one.name.partition(".")[0]
    ):
        yield f"### `{group}`\n"
        yield "| fact | type | meaning |"
        yield "| --- | --- | --- |"
        for one in facts:
            mark = "" if one.name in used else " °"
            yield f"| `{one.name}`{mark} | {_type(one)} | {_cell(one.doc)} |"
        yield ""


def facts_in_use(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the names of the facts that rules ask for or say."""
    used = {name.removesuffix(LINE) for rule in rules for name in rule.facts}
    if any(rule.reason is not None for rule in rules):
        used.add("verdict.reasons")
    return frozenset(used & VOCABULARY.keys())


def _type(one: Fact[Any]) -> str:
    words = _KIND_WORDS[one.kind]
    if one.choices:
        shown = ", ".join(f"`{choice}`" for choice in one.choices) if len(one.choices) <= 20 else "the reasons below"
        words = f"{'set of' if one.kind is FactKind.SET else words} {shown}"
    notes = [note for note, holds in (("may be absent", one.optional), ("may be unknown", one.may_be_unknown)) if holds]
    return "; ".join((words, *notes))


def _index(loaded: RuleSet, rules: list[Rule]) -> Iterator[str]:
    yield "# Rules\n"
    yield f"{_DO_NOT_EDIT}\n"
    yield f"{len(rules)} rules. `corslens explain RULE` prints the page of one, `corslens rules list` lists them, [{WRITING}]({WRITING}) says how to write one."
    for family, group in groupby(rules, key=lambda rule: rule.family):
        members = list(group)
        yield f"\n## {family}\n"
        yield f"{FAMILY_TITLES[family].capitalize()}: {len(members)} rules.".replace("Http", "HTTP")
        if family is Family.PRODUCTS:
            yield f"They are listed [by product]({PRODUCTS})."
            continue
        yield "\n| rule | severity | title |"
        yield "| --- | --- | --- |"
        for rule in members:
            yield f"| {_link(loaded, rule.id)} | {_severity(rule)} | {_cell(rule.title)} |"


def _products(loaded: RuleSet, rules: list[Rule]) -> Iterator[str]:
    yield "# Products\n"
    yield f"{_DO_NOT_EDIT}\n"
    yield "What a known product (a framework, gateway, CDN, login or tunnel) responded in the application's place. `corslens explain RULE` prints the details.\n"
    yield "| product | rule | title | fix |"
    yield "| --- | --- | --- | --- |"
    rows = []
    for rule in rules:
        if rule.family is Family.PRODUCTS:
            product = loaded.products.making(rule.id)
            name = "" if product is None else f"{product.name} ({product.kind})"
            rows.append(f"| {_cell(name)} | `{rule.id}` | {_cell(rule.title)} | {_cell(_text(next(fix_lines(rule), '')))} |")
    yield from sorted(rows)


def _link(loaded: RuleSet, name: str) -> str:
    rule = loaded.rules.get(name)
    if rule is None:
        return f"[`{name}`]({INDEX}#{name})" if name in set(Family) else f"`{name}`"
    return f"[`{name}`]({PRODUCTS if rule.family is Family.PRODUCTS else f'{name}.md'})"


def _severity(rule: Rule) -> str:
    if rule.never is not None:
        return "never fires"
    words = sorted({rule.severity, *(case.severity for case in rule.cases)}, reverse=True)
    return " / ".join(word.word for word in words)


def _page(loaded: RuleSet, rule: Rule, example: RuleExample | None) -> Iterator[str]:
    yield f"# {rule.id}\n"
    yield f"{_DO_NOT_EDIT}\n"
    yield f"**{_text(rule.title)}.** {_text(rule.why)}\n"
    if example is not None:
        yield from _example(example)
        yield "## When it fires\n"
    yield f"- Family: [{rule.family}]({INDEX}#{rule.family})"
    if rule.never is not None:
        yield f"- Never fires: {_text(rule.never)}"
    elif rule.condition is not None:
        yield f"- Fires when: {_text(describe(rule.condition))}"
        yield f"- Severity: {_text(severity_text(rule))}"
        yield f"- Confidence: {rule.confidence}"
    for who, words in browser_names(rule.id):
        yield f"- In {who}: {', '.join(f'`{word}`' for word in words)}"
    if rule.message.text:
        yield f"- Says: {_text(rule.message.text)}"
    if rule.explains:
        names = (
            ", ".join(_link(loaded, name) for name in one.names)
            + ("" if one.when is None else f" (when {_text(describe(one.when))})")
            for one in rule.explains
        )
        yield f"- Explains: {'; '.join(names)}"
    causes = sorted(other.id for other in loaded.rules.values() if any(rule.id in one.names for one in other.explains))
    if causes:
        yield f"- Explained by: {', '.join(_link(loaded, name) for name in causes)}"
    yield from _list("Fixes, best first", map(_text, fix_lines(rule)))
    yield from _list("Samples on which it fires", (_text(sample.name) for sample in rule.bad))
    yield from _list("Samples on which it does not", (_text(sample.name) for sample in rule.good))
    yield from _list("Sources", (f"<{source}>" for source in rule.sources))


def _example(example: RuleExample) -> Iterator[str]:
    """Yield what the rule says of one request; the header lines stand by themselves, to be copied."""
    yield f"## {_text(example.about)}\n"
    yield f"{_text(example.finding.message)}\n"
    for number, fix in enumerate(example.finding.fixes):
        who = f"**{'Or' if number else 'Fix'} ({fix.side})**"
        yield f"{who}: {_text(fix.text)}\n" if fix.text else f"{who}\n"
        if fix.beside:
            yield from ("```http", *fix.beside, "```\n")


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield f"\n## {title}\n"
        yield from lines


def _text(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
