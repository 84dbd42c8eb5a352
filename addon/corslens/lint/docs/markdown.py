"""The catalog and the vocabulary in Markdown: docs/rules, an index, a page a rule, a list of products, and how to write a rule."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from corslens.lint.docs.describe import describe
from corslens.lint.docs.terminal import FAMILY_TITLES, Example, browser_names, fix_lines
from corslens.lint.facts.fact import Fact, FactKind
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.condition import MATCHERS, leaves
from corslens.lint.rules.message_template import LINE
from corslens.lint.rules.rule import Family, Rule, RuleSet

_DO_NOT_EDIT = "<!-- Written by corslens rules docs from the rule files and the vocabulary; do not edit. -->"
_HEAD = """\
# Writing rules

<!-- Written by corslens rules docs from the rule files and the vocabulary; do not edit. -->

One file is one rule: `rules/<family>/<rule-id>.yaml` holds what it means for a person, when it fires, what it says, how to fix it, its
sources, and samples on which it must fire and must not fire. The samples are tests. The rules that exist are in the [catalog](README.md).

- [Add a rule](#add-a-rule)
- [Add a product](#add-a-product)
- [Your own rules](#your-own-rules)
- [Conditions](#conditions)
- [The vocabulary](#the-vocabulary)

## Add a rule

1. Write `rules/<family>/<rule-id>.yaml`; the id names the fault. At least one `bad` and one `good` sample.
2. `pytest -k <rule-id>` runs its samples through the whole pipeline.
3. `scripts/render_docs` regenerates these pages.

There is no registration and no second list. Anything that needs an `if`, arithmetic or a pattern is a new fact with a name and a test of its own, in `lint/*_facts.py`.

```yaml
title: Wildcard origin with credentials   # at most 60 characters
severity:                       # error, warning or info; or cases, the first that holds counts
  - error: {verdict.outcome: blocked}
  - warning
confidence: high                # how sure one can be from the wire: high, medium or low
when:                           # every line must hold; see Conditions
  response.grant: any
  response.credentials-allowed: true
message: '{request.method} {request.url} returned "*" with credentials'   # facts in braces; {{ is a brace
why: What it means for a person.
fixes:                          # best first; each with a side: server, gateway, page or setup
  - side: server
    headers: ['Access-Control-Allow-Origin: {request.origin}', 'Vary: Origin']   # the exact lines to send
  - side: page
    when: {request.credentials: unknown}
    text: 'Send the request without credentials'
sources: ["https://fetch.spec.whatwg.org/#cors-protocol-and-credentials"]
bad:
  - name: the star with credentials
    response: {access-control-allow-origin: "*", access-control-allow-credentials: "true"}
good:
  - name: the star alone
    response: {access-control-allow-origin: "*"}
```

A rule with `reason: <reason>` fires when the browser that sent the request blocks for it, and may say `{failure.header}`, `{failure.value}` and `{failure.wanted}` of the
failing check. `{failure.line}`, and a fact that is one header's text with `.line` behind it (`{response.allow-origin.line}`), say the whole line, or that there is
`no Access-Control-Allow-Origin`. A fix is left out when a value in it is absent or unknown, or is the origin `null`; a header line also when it would be shortened.

`stage` says where the request went wrong (`no-response`, `intermediary`, `status`, `request`, `headers`, the default): of several findings on one page request the one
with the smallest stage is the cause. `scope: host` is for what is true of a whole host, or of one setting there, and is said once. `explains` lists rules (or families) whose findings on the same page request are consequences of this one; an entry
`{when: …, rules: […]}` holds only under a condition. A rule with `never: why` is an entry for something that no traffic shows.

A sample is a request and its response, from a page on `https://app.example` to `https://api.example/me` unless it says otherwise. `request` and `response` take
`method`, `url`, `status` and headers (a list is several lines, `~` removes what a browser adds); `preflight` holds the status and headers of the preflight's response;
`error` stands for no response; `address` is the server's IP address; `browser` is the browser's own word for its failure; `credentials: include` is the mode of the request; `engine` is the browser; `history` holds exchanges before, each with `times` and `after` (seconds).

## Add a product

One file is one product: `rules/products/<product-id>.yaml` says how its responses are recognized, and holds a rule for each kind of response that it makes by itself.

```yaml
name: Example Cloud             # as people call it
kind: platform                  # what it is to the request; rules/rule.schema.json lists the kinds
verified: Example's documentation   # how the marks were checked
sources: ["https://docs.example.com/errors"]
hosts: ["*.cloud.example", api.example.com]   # optional: the product's own hosts, where more than one head needs them
marks:                          # a response that matches one of these heads was made by the product or passed through it
  - {server: Example Cloud}
  - {host: true}                # any of the hosts above
responses:
  - id: example-cloud-not-deployed   # a rule: the fields above except `family` and `reason`, and
    head: {host: true, status: [404, 502-504], content-type: "text/html*"}   # one head, or a list of which one must match
    applies-to: script-requests      # blocked-requests (default), script-requests or any
    title: The service is not deployed
    message: "Example Cloud itself returned {response.status} for {request.method} {request.url}"
    fixes:
      - side: gateway
        text: Deploy the service
    bad: [{name: not deployed, request: {url: "https://shop.cloud.example/me"}, response: {status: 404, content-type: text/html}}]
    good: [{name: its application, request: {url: "https://shop.cloud.example/me"}, response: {status: 404, content-type: application/json}}]
```

All marks of a head must hold: `status`, `method`, `length` (Content-Length), `host`, `port`, `path` (with its query), `location-host`, `location-path`, `cookie` (the name of one that is set), or the name of a
response header in lowercase; `request.` before the name makes it a request header. A value is one pattern or a list of alternatives, with `*` for anything. For a header, `true` means that it is there, `false` that it
is not, and `{all: […]}` that its list holds all of these elements. A library that adds request headers has `request-headers` and `request-fix` instead of marks.

## Your own rules

`corslens analyze --rules PATH` and the mitmproxy option `cors_rules` take files and folders. A rule has the same form (`id` when the file holds several, separated by
`---`). A file with `overrides` changes others; while a session runs, edits count at once, and a broken file leaves the last good rules in force.

```yaml
overrides:
  - rule: vary-origin-missing
    severity: error
    because: our CDN caches everything
  - rule: wildcard-on-private-host
    silence: "~d kiosk.internal"          # a mitmproxy flow filter
    because: the kiosk is public by design
```

A suppressed finding is counted and not shown. `corslens rules check PATH` reports every mistake with file, line and column, and runs the samples;
`corslens rules schema` prints a JSON Schema for editors (also in `rules/rule.schema.json`).
"""

_KIND_WORDS = {
    FactKind.FLAG: "true or false",
    FactKind.NUMBER: "number",
    FactKind.TEXT: "text",
    FactKind.CHOICE: "one of",
    FactKind.SET: "set of texts",
}


INDEX, WRITING, PRODUCTS = "README.md", "writing-rules.md", "products.md"


def render_pages(loaded: RuleSet, example_of: Callable[[Rule], Example | None]) -> dict[str, str]:
    """Return the text of every page by its file name; a page shows the example that is given for its rule."""
    rules = list(loaded.rules.values())
    order = list(Family)
    rules.sort(key=lambda rule: (order.index(rule.family), rule.id))
    pages = {
        INDEX: _index(loaded, rules),
        WRITING: [_HEAD, *_conditions(), *_vocabulary(rules)],
        PRODUCTS: _products(loaded, rules),
    }
    pages |= {f"{rule.id}.md": _page(loaded, rule, example_of(rule)) for rule in rules if rule.family is not Family.PRODUCTS}
    return {name: "\n".join(lines).rstrip("\n") + "\n" for name, lines in pages.items()}


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
    used: set[str] = set()
    for rule in rules:
        conditions = [case.when for case in rule.cases]
        conditions += [fix.when for fix in rule.fixes if fix.when is not None]
        conditions += [one.when for one in rule.explains if one.when is not None]
        conditions += () if rule.condition is None else (rule.condition,)
        used |= {leaf.fact for condition in conditions for leaf in leaves(condition)}
        used |= {name.removesuffix(LINE) for name in rule.message.fields}
        used |= {name.removesuffix(LINE) for fix in rule.fixes for template in fix.templates for name in template.fields}
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


def _page(loaded: RuleSet, rule: Rule, example: Example | None) -> Iterator[str]:
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
        cases = [f"{case.severity.word} when {describe(case.when)}" for case in rule.cases]
        last = f"otherwise {rule.severity.word}" if cases else rule.severity.word
        yield f"- Severity: {_text('; '.join((*cases, last)))}"
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


def _example(example: Example) -> Iterator[str]:
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
