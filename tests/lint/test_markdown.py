"""rules/README.md and the shipped schema are what the rules and the vocabulary say today."""

import json

from corslens.lint.bundled import bundled_folder
from corslens.lint.facts import VOCABULARY
from corslens.lint.loader import load_rules
from corslens.lint.markdown import render_readme
from corslens.lint.schema import rule_schema

AGAIN = "run scripts/render_docs"


def test_the_page_is_up_to_date() -> None:
    assert (bundled_folder() / "README.md").read_text() == render_readme(load_rules().rules.values()), AGAIN


def test_the_schema_is_up_to_date() -> None:
    assert json.loads((bundled_folder() / "rule.schema.json").read_text()) == json.loads(json.dumps(rule_schema())), AGAIN


def test_the_page_has_every_rule_and_every_fact() -> None:
    rules = load_rules().rules
    page = render_readme(rules.values())
    assert [name for name in rules if f"\n#### {name}\n" not in page] == []
    assert [name for name in VOCABULARY if f"| `{name}`" not in page] == []
