"""From YAML to samples."""

from corslens.engines.engine import Engine
from corslens.lint.rules.parse_sample import parse_samples
from corslens.lint.rules.sample import Sample
from corslens.yaml_reader import YamlReader


def parsed(text: str) -> Sample:
    reader = YamlReader("x.yaml")
    (node,) = reader.documents(text)
    (sample,) = parse_samples(reader, node, "bad")
    assert not reader.problems
    return sample


def test_every_field_arrives() -> None:
    sample = parsed("""
- name: all of it
  engine: firefox
  credentials: include
  version: HTTP/2.0
  after: 0.5
  history: [{times: 2, response: {status: 404}}]
  request: {method: PUT, url: "https://a.example/x", origin: ~, x-a: 1}
  preflight: {status: 200, access-control-allow-methods: PUT}
  response: {status: 201, x-b: [one, two]}
""")
    *before, last = sample.steps
    assert (sample.engine, [step.status for step in before]) == (Engine.FIREFOX, [404, 404])
    assert (last.method, last.url, last.request) == ("PUT", "https://a.example/x", {"origin": None, "x-a": "1"})
    assert (
        last.status,
        last.response,
        last.preflight,
    ) == (201, {"x-b": ("one", "two")}, (200, {"access-control-allow-methods": "PUT"}))
    assert (last.credentials, last.version, last.after) == (True, "HTTP/2.0", 0.5)


def test_an_error_is_no_answer() -> None:
    assert parsed("- {name: down, error: connection refused}").steps[-1].error == "connection refused"
