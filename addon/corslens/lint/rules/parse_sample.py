"""From YAML to Sample."""

import yaml

from corslens.engines.engine import Engine
from corslens.lint.rules.sample import TARGET, Headers, Sample, Step
from corslens.observation.probe import OriginComparison
from corslens.yaml_reader import Node, YamlReader

_STEP_FIELDS = ("request", "response", "preflight", "error", "browser", "credentials", "after", "version", "probe", "address")


def parse_samples(reader: YamlReader, node: Node | None, what: str) -> tuple[Sample, ...]:
    """Return the samples written in a list."""
    if node is None:
        return ()
    samples = [_sample(reader, item, f"a sample of {what}") for item in reader.items(node, what)]
    names = [sample.name for sample in samples]
    for name in {name for name in names if names.count(name) > 1}:
        reader.refuse(node, f'two samples of {what} are called "{name}"')
    return tuple(samples)


def _sample(reader: YamlReader, node: Node, what: str) -> Sample:
    fields = reader.fields(node, what, ("name", "engine", "history", *_STEP_FIELDS), ("name",))
    engine = reader.choice(fields.get("engine"), "engine", Engine)
    history = fields.get("history")
    steps = []
    if history is not None:
        for item in reader.items(history, "history"):
            before = reader.fields(item, "an exchange of history", ("times", *_STEP_FIELDS))
            times = before.pop("times", None)
            count = 1 if times is None else int(reader.number(times, "times") or 1)
            steps += [_step(reader, before)] * min(count, 100)
    return Sample(
        name=reader.text(fields.get("name"), "name"),
        engine=Engine.CHROMIUM if engine is None else Engine(engine),
        steps=(*steps, _step(reader, fields)),
    )


def _step(reader: YamlReader, fields: dict[str, Node]) -> Step:
    request = _headers(reader, fields.get("request"), "request")
    response = _headers(reader, fields.get("response"), "response")
    preflight = fields.get("preflight")
    preflight_response = None
    if preflight is not None:
        headers = _headers(reader, preflight, "preflight")
        preflight_response = (_status(reader, preflight, headers, 204), headers)
    method, url = request.pop("method", None), request.pop("url", None)
    error, credentials, after = fields.get("error"), fields.get("credentials"), fields.get("after")
    browser, probe = fields.get("browser"), fields.get("probe")
    return Step(
        method=method if isinstance(method, str) else "GET",
        url=url if isinstance(url, str) else TARGET,
        request=request,
        status=_status(reader, fields.get("response"), response, 200),
        response=response,
        error=None if error is None else reader.text(error, "error"),
        browser=None if browser is None else reader.text(browser, "browser"),
        preflight=preflight_response,
        address=None if "address" not in fields else reader.text(fields["address"], "address"),
        version=reader.text(fields.get("version"), "version", "HTTP/1.1"),
        probe=None
        if probe is None
        else OriginComparison(reader.choice(probe, "probe", OriginComparison) or OriginComparison.ANY),
        credentials=credentials is not None and reader.text(credentials, "credentials") == "include",
        after=10.0 if after is None else float(reader.number(after, "after") or 0),
    )


def _headers(reader: YamlReader, node: Node | None, what: str) -> dict[str, str | tuple[str, ...] | None]:
    if node is None:
        return {}
    headers: dict[str, str | tuple[str, ...] | None] = {}
    for name, (_, value) in reader.mapping(node, what).items():
        if isinstance(value, yaml.SequenceNode):
            headers[name] = tuple(reader.text(item, name) for item in value.value)
        elif isinstance(value, yaml.ScalarNode) and value.tag == "tag:yaml.org,2002:null" and value.value in ("", "~"):
            headers[name] = None
        else:
            headers[name] = reader.text(value, name)
    return headers


def _status(reader: YamlReader, node: Node | None, headers: Headers, default: int) -> int:
    status = headers.pop("status", None)  # type: ignore[attr-defined]  # our own dict, see _headers
    if status is None:
        return default
    if isinstance(status, str) and status.isdigit() and len(status) == 3:
        return int(status)
    assert node is not None
    reader.refuse(node, f"status must be a number of three digits, not {status}")
    return default
