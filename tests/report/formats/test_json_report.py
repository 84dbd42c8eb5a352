"""The JSON report is valid against the schema that is shipped with it, and so is a line of the log."""

import json

import jsonschema
import pytest
from corslens.report.baseline import Gate
from corslens.report.formats.json_report import document, json_schema, render_report
from corslens.report.formats.jsonl import encode

from tests.report.make import NO_RULES, session, summary, suppressed_session


@pytest.fixture(scope="module")
def schema():
    return json.loads(json.dumps(json_schema()))


def test_valid(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render_report(summary(), NO_RULES, Gate())), schema)


@pytest.mark.slow  # jsonschema takes its time
def test_a_line_of_jsonl_is_a_record_of_the_schema(schema):
    lines = {**schema, "$ref": "#/$defs/Record"}
    for inspection in session():
        jsonschema.validate(json.loads(encode(inspection)), lines)


def test_the_schema_refuses_what_is_none(schema):
    report = json.loads(render_report(summary(), NO_RULES, Gate()))
    del report["problems"][0]["rule"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, schema)


def test_counts():
    found = document(summary(), Gate()).summary
    assert (found.exchanges, found.cors, found.pairs, found.blocked) == (12, 12, 1, 8)
    assert (found.errors, found.warnings, found.infos, found.known, found.failed) == (7, 1, 1, 0, True)


def test_inputs_say_what_could_not_be_read_or_seen():
    (one,) = document(summary(), Gate()).inputs
    assert one.damages == ("shop.har: is cut off in entry 12",) and one.notes == ("shop.har holds no cookie at all",)


def test_what_is_suppressed_is_told_with_its_note(schema):
    report = json.loads(render_report(summary(suppressed_session()), NO_RULES, Gate()))
    jsonschema.validate(report, schema)
    assert report["summary"]["suppressed"] == 2
    assert report["suppressed"] == [{"rule": "acao-missing", "justification": "my.yaml:2: known <so>", "count": 2}]
