"""The policy is the same in YAML and JSON, evidence included."""

import json

import yaml
from corslens.advice.policy import draw_policies
from corslens.advice.policy_document import SCHEMA, document, render_json, render_yaml

from tests.advice.observed import INCLUDE, preflight, simple
from tests.make import API, PAGE


def test_yaml_and_json_say_the_same() -> None:
    """Both read back as the document, which names the schema."""
    policies = draw_policies([preflight("PUT", "x-a"), simple(credentials=INCLUDE)], allow_origins=[PAGE]).policies
    plain = document(policies)
    assert yaml.safe_load(render_yaml(policies)) == json.loads(render_json(policies)) == plain
    (policy,) = plain["policies"]
    assert (plain["schema"], policy["api"], policy["max_age_seconds"]) == (SCHEMA, API, 600)
    assert [item["value"] for item in policy["methods"]] == ["GET", "PUT"]
    assert policy["credentials"]["allowed"] is True
    assert policy["origins"][0]["because"] == "named as yours"
    assert policy["request_headers"][0]["times"] == 1
