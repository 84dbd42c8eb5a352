"""The JSON Schema for editors."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from corslens.lint.docs.json_schema import rule_schema
from corslens.lint.rules.bundled import bundled_files

from tests.each import each

VALIDATOR = jsonschema.Draft202012Validator(rule_schema())
RULE: dict[str, Any] = {"title": "x", "severity": "error", "message": "x", "when": {"response.status": 404}}


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(rule_schema())))


def test_every_rule_fits() -> None:
    def check(file: Path) -> None:
        loaded = yaml.load(file.read_text(), Loader=yaml.SafeLoader)  # the strictest: older libyaml reads no more than it
        assert [error.message for error in VALIDATOR.iter_errors(loaded)] == []

    each(bundled_files(), check)


@pytest.mark.parametrize(
    "change",
    [
        {"severity": "bad"},
        {"summry": "x"},
        {"when": {"response.statsu": 404}},
        {"when": {"response.status": {"has": 4}}},
        {"when": {"role": "prefligth"}},
        {"reason": "acao-absent"},
        {"sources": ["http://x"]},
    ],
)
def test_what_the_loader_refuses_does_not_fit(change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(RULE | change)


def test_overrides_fit() -> None:
    assert VALIDATOR.is_valid(
        {"overrides": [{"rule": "x", "severity": "info"}, {"rule": "y", "silence": "~d a", "because": "b"}]}
    )
    assert not VALIDATOR.is_valid({"overrides": [{"rule": "x", "silence": "~d a"}]})
