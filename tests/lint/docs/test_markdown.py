"""docs/rules and the shipped schema are what the rules and the vocabulary say today."""

import json
from pathlib import Path

from corslens.cli.examples import example_of
from corslens.lint.docs.json_schema import rule_schema
from corslens.lint.docs.markdown import INDEX, PRODUCTS, WRITING, render_pages
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.bundled import bundled_folder
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Family, RuleSet

AGAIN = "run scripts/render_docs"
FOLDER = Path(__file__).resolve().parents[3] / "docs" / "rules"


def pages_of(rules: RuleSet) -> dict[str, str]:
    return render_pages(rules, lambda rule: example_of(rules, rule))


def test_the_pages_are_up_to_date() -> None:
    pages = pages_of(load_rules())
    written = {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()}
    assert sorted(written) == sorted(pages), AGAIN
    assert [name for name, text in pages.items() if written[name] != text] == [], AGAIN


def test_the_schema_is_up_to_date() -> None:
    assert json.loads((bundled_folder() / "rule.schema.json").read_text()) == json.loads(json.dumps(rule_schema())), AGAIN


def test_the_pages_have_every_rule_and_every_fact() -> None:
    loaded = load_rules()
    pages = pages_of(loaded)
    products = {rule.id for rule in loaded.rules.values() if rule.family is Family.PRODUCTS}
    assert set(pages) == {INDEX, PRODUCTS, WRITING} | {f"{name}.md" for name in loaded.rules.keys() - products}
    assert [name for name in loaded.rules.keys() - products if f"| [`{name}`]({name}.md) |" not in pages[INDEX]] == []
    assert [name for name in products if f"| `{name}` |" not in pages[PRODUCTS]] == []
    assert [name for name in VOCABULARY if f"| `{name}`" not in pages[WRITING]] == []
