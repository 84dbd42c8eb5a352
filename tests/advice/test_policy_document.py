"""The policy is the same in YAML and JSON, evidence included."""

import json

import pytest
import yaml
from corslens.advice.policy import draw_policies
from corslens.advice.policy_document import LARGEST, SCHEMA, document, read_document, render_json, render_yaml

from tests.advice.observed import INCLUDE, preflight, simple
from tests.make import API, PAGE


def test_yaml_and_json_say_the_same() -> None:
    """Both read back as the document, which names the schema."""
    policies = draw_policies([preflight("PUT", "x-a"), simple(credentials=INCLUDE)], allow_origins=[PAGE]).policies
    plain = document(policies)
    assert read_document(render_yaml(policies)) == read_document(render_json(policies))
    assert yaml.safe_load(render_yaml(policies)) == json.loads(render_json(policies)) == plain
    (policy,) = plain["policies"]
    assert (plain["schema"], policy["api"], policy["max_age_seconds"]) == (SCHEMA, API, 600)
    assert [item["value"] for item in policy["methods"]] == ["GET", "PUT"]
    assert policy["credentials"]["allowed"] is True
    assert policy["origins"][0]["because"] == "named as yours"
    assert policy["request_headers"][0]["times"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: &a [x, x]\nb: &b [*a, *a]\npolicies: [{api: *b}]", "aliases", id="an alias"),
        pytest.param("a: &a {k: v}\nb: &b {<<: [*a, *a]}\npolicies: *b", "aliases", id="a merge"),
        pytest.param("policies: " + "[" * 20_000, "nested too deep", id="depth"),
        pytest.param("a: " + "x" * LARGEST, "more than", id="size"),
        pytest.param("a: !!python/object/apply:os.getcwd []", "is not YAML", id="a tag"),
        pytest.param(
            f"schema: {SCHEMA}\npolicies: [{{api: [x], origins: [https://a.example]}}]", "api is not an origin", id="a type"
        ),
    ],
)
def test_a_hostile_document_is_one_sentence(text: str, said: str) -> None:
    """Ten aliases of ten aliases of… were written out to name the API; depth ended in a traceback."""
    with pytest.raises(ValueError, match=said) as error:
        read_document(text)
    assert len(str(error.value)) < 300
