"""Rule: one entry of the catalog, as its file says; RuleSet: the rules of a session with a user's own changes to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from corslens.lint.facts.fact import FactKind
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.finding import Confidence, Severity, Side, Stage
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator, Test, compile_condition, leaves
from corslens.lint.rules.index import Index
from corslens.lint.rules.message_template import Template
from corslens.lint.rules.plan import Plan, plan_of
from corslens.lint.rules.sample import Sample
from corslens.observation.exchange import Exchange
from corslens.observation.products.catalog import NO_PRODUCTS, ProductCatalog
from corslens.verdict.reasons import Reason

type ExchangeFilter = Callable[[Exchange], bool]
"""A flow filter, as the capturing program reads it."""

WORD = "witness."
"""What the names of facts about the browser's own word begin with."""

type ParseFilter = Callable[[str], ExchangeFilter]
"""Reads a flow filter; ValueError when the text is none."""


class Family(StrEnum):
    """What a rule is about; also the folder of its file."""

    VIOLATIONS = "violations"
    """What a browser blocks."""
    SECURITY = "security"
    """Data exposed to untrusted origins."""
    CORRECTNESS = "correctness"
    """Headers that do not do what was intended."""
    CACHING = "caching"
    COMPATIBILITY = "compatibility"
    """Differences between browsers."""
    PRODUCTS = "products"
    """What a known product responded by itself, in the application's place."""
    CUSTOM = "custom"
    """A user's own."""


class Case(Struct, frozen=True):
    """A severity, and the circumstances in which it counts."""

    severity: Severity
    when: Condition


class FixTemplate(Struct, frozen=True, kw_only=True):
    """A fix before its facts are filled in, and the circumstances in which it is one."""

    side: Side
    text: Template | None = None
    headers: tuple[Template, ...] = ()
    when: Condition | None = None

    @property
    def templates(self) -> tuple[Template, ...]:
        """Everything in it that facts are filled into."""
        return self.headers if self.text is None else (self.text, *self.headers)


class Explanation(Struct, frozen=True):
    """Rules and families whose findings follow from this one, and the circumstances in which they do."""

    names: tuple[str, ...]
    when: Condition | None = None


class Rule(Struct, frozen=True, kw_only=True):
    """A rule as its file says."""

    id: str
    family: Family
    title: str
    """A noun phrase or short clause."""
    why: str
    severity: Severity
    """When no case holds."""
    cases: tuple[Case, ...] = ()
    """The first that holds decides."""
    confidence: Confidence
    when: Condition | None
    """None: it never fires; `never` says why."""
    never: str | None = None
    reason: Reason | None = None
    """The reason of a verdict that this rule puts into words."""
    stage: Stage = Stage.HEADERS
    whole_host: bool = False
    """What it says is true of the host, or of one setting there, and is said once."""
    explains: tuple[Explanation, ...] = ()
    message: Template
    fixes: tuple[FixTemplate, ...] = ()
    """Best first; all that hold are kept."""
    sources: tuple[str, ...] = ()
    bad: tuple[Sample, ...] = ()
    good: tuple[Sample, ...] = ()
    file: str = ""

    @property
    def condition(self) -> Condition | None:
        """When it fires: its `reason` is among the verdict's, and its `when` holds."""
        if self.never is not None:
            return None
        parts: list[Condition] = []
        if self.reason is not None:
            parts.append(Leaf("verdict.reasons", Operator.HAS, str(self.reason)))
        if self.when is not None:
            parts.append(self.when)
        return All(tuple(parts)) if parts else None

    @property
    def facts(self) -> Iterator[str]:
        """The names of the facts that it asks for or says, anywhere."""
        conditions = [self.when, *(one.when for one in self.cases), *(one.when for one in self.fixes)]
        conditions += [one.when for one in self.explains]
        for condition in conditions:
            yield from () if condition is None else (leaf.fact for leaf in leaves(condition))
        for template in (self.message, *(one for fix in self.fixes for one in fix.templates)):
            yield from template.fields

    @property
    def worst(self) -> Severity:
        """The highest severity that it can have."""
        return max((self.severity, *(case.severity for case in self.cases)))


class Suppression(Struct, frozen=True, kw_only=True):
    """A user's word that a rule's findings on certain exchanges are known and accepted."""

    rule: str
    filter: str
    matches: ExchangeFilter
    because: str
    where: str = ""
    """File and line."""

    @property
    def note(self) -> str:
        """Where it is written, and why."""
        return f"{self.where}: {self.because}" if self.where else self.because


class Override(Struct, frozen=True, kw_only=True):
    """A user's own severity for a rule."""

    rule: str
    severity: Severity
    because: str = ""


class CompiledRule(Struct, frozen=True):
    """A rule, ready to fire."""

    rule: Rule
    cases: tuple[tuple[Severity, Test], ...]
    severity: Severity
    fixes: tuple[tuple[FixTemplate, Test | None], ...]
    explains: tuple[tuple[frozenset[str], Test | None], ...]
    """Families are resolved to the ids of their rules."""
    suppressions: tuple[Suppression, ...]
    evidence: tuple[tuple[str, str], ...]
    """Message and header name of each line that its conditions stand on."""
    evidence_sets: tuple[tuple[str, str], ...]
    """Message and attribute of each fact that is a set of header names."""
    mentions_cut: bool = False
    """It speaks of what was cut off a head."""


class RuleSet:
    """The rules of a session. Immutable: an edited rule file makes a new one."""

    def __init__(
        self,
        rules: Mapping[str, Rule],
        *,
        overrides: tuple[Override, ...] = (),
        suppressions: tuple[Suppression, ...] = (),
        files: tuple[str, ...] = (),
        products: ProductCatalog = NO_PRODUCTS,
    ) -> None:
        self.rules = rules
        self.products = products
        self.overrides = {override.rule: override for override in overrides}
        self.suppressions = suppressions
        self.files = files
        """The user's files that these came from, bundled ones apart."""
        self._places = {id: place for place, id in enumerate(rules)}
        self._compiled: dict[str, CompiledRule] = {}
        conditions = ((rule.condition, rule) for rule in rules.values())
        self._index = Index(((condition, rule) for condition, rule in conditions if condition is not None), VOCABULARY)

    def prepare(self) -> None:
        """Do ahead of traffic what the first exchange of each role, and the first on which a rule fires, would otherwise wait for."""
        self._index.prepare()
        assert self._on_word
        for rule in self.rules.values():
            if rule.id not in self._compiled:
                self._compile(rule)

    @cached_property
    def _on_word(self) -> tuple[frozenset[str], Plan[Rule]]:
        """The rules that ask for what the browser says: all their ids, and the plan of those whose conditions do."""
        about = {id: rule for id, rule in self.rules.items() if any(name.startswith(WORD) for name in rule.facts)}
        conditions = ((rule.condition, rule) for rule in about.values())
        begun = ((one, rule) for one, rule in conditions if one is not None and _needs_word(one))
        return frozenset(about), plan_of(begun, VOCABULARY)

    def hangs_on_word(self, facts: Facts, fired: Iterable[str]) -> bool:
        """Say whether what the browser says changes which rules fire on an exchange, or what they say.

        Args:
            fired: the ids of those that fired before it was known.
        """
        about, plan = self._on_word
        found: list[Rule] = []
        plan.add_matching(facts, found)
        return bool(found) or not about.isdisjoint(fired)

    def matching_rules(self, facts: Facts) -> list[CompiledRule]:
        """Return the rules whose conditions hold, in the order of their files."""
        found = self._index.matching(facts)
        if len(found) > 1:
            found.sort(key=lambda rule: self._places[rule.id])
        return [self._compiled.get(rule.id) or self._compile(rule) for rule in found]

    def __len__(self) -> int:
        return len(self.rules)

    def _compile(self, rule: Rule) -> CompiledRule:
        """Make a rule ready to fire, when it does so first: a capture has few that do."""
        override = self.overrides.get(rule.id)
        cases = () if override is not None else rule.cases
        compiled = self._compiled[rule.id] = CompiledRule(
            rule,
            tuple((case.severity, compile_condition(case.when, VOCABULARY)) for case in cases),
            rule.severity if override is None else override.severity,
            tuple((fix, _optional_test(fix.when)) for fix in rule.fixes),
            tuple((self.resolve(rule, one.names), _optional_test(one.when)) for one in rule.explains),
            tuple(suppression for suppression in self.suppressions if suppression.rule == rule.id),
            *_evidence(rule),
            mentions_cut=rule.when is not None and any(leaf.fact == "exchange.cut" for leaf in leaves(rule.when)),
        )
        return compiled

    def resolve(self, rule: Rule, names: tuple[str, ...]) -> frozenset[str]:
        """Return the ids of the rules that the names stand for; of a family, those that can come after the rule.

        What a product made is known better than what a rule for all products concludes, whatever the stage of that.
        """
        first = Stage.INTERMEDIARY if rule.family is Family.PRODUCTS else rule.stage
        members = {
            other.id
            for other in self.rules.values()
            if other.family in names and (other.stage > rule.stage if other.family is rule.family else other.stage >= first)
        }
        return frozenset(members.union(name for name in names if name in self.rules) - {rule.id})


def _needs_word(condition: Condition) -> bool:
    """Say whether what the browser says can make the condition hold: that it has not said something holds without its word, too."""
    match condition:
        case Leaf(fact, matcher, argument):
            return fact.startswith(WORD) and not (matcher is Operator.PRESENT and argument is False)
        case Not(part):
            return any(leaf.fact.startswith(WORD) for leaf in leaves(part))
        case All(parts) | AnyOf(parts):
            return any(map(_needs_word, parts))


def _optional_test(condition: Condition | None) -> Test | None:
    return None if condition is None else compile_condition(condition, VOCABULARY)


def _evidence(rule: Rule) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    lines: dict[tuple[str, str], None] = {}
    sets: dict[tuple[str, str], None] = {}
    for leaf in () if rule.when is None else leaves(rule.when):
        fact = VOCABULARY[leaf.fact]
        if fact.message is not None and fact.header is not None:
            lines[fact.message, fact.header] = None
        elif fact.message is not None and fact.kind is FactKind.SET:
            sets[fact.message, fact.attribute] = None
    return tuple(lines), tuple(sets)
