"""corslens advise: settings on standard output, what is left out on standard error, exit codes."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from corslens.cli import main

PAGE, API = "https://app.example", "https://api.example"


def entry(method: str, headers: dict[str, str], answer: dict[str, str], status: int = 204) -> dict[str, object]:
    """An entry of a HAR."""

    def pairs(given: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in given.items()]

    sizes = {"headersSize": -1, "bodySize": 0, "cookies": [], "httpVersion": "HTTP/1.1"}
    return {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "time": 1,
        "request": {"method": method, "url": f"{API}/me", "headers": pairs(headers), "queryString": [], **sizes},
        "response": {
            "status": status, "statusText": "", "headers": pairs(answer), "redirectURL": "",
            "content": {"size": 0, "mimeType": ""}, **sizes,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }  # fmt: skip


@pytest.fixture
def har(tmp_path: Path) -> str:
    """A preflight that nginx refuses."""
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}
    log = {
        "version": "1.2",
        "creator": {"name": "test", "version": "1"},
        "entries": [entry("OPTIONS", asked, {"Server": "nginx"}, 405)],
    }
    path = tmp_path / "session.har"
    path.write_text(json.dumps({"log": log}))
    return str(path)


def advise(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["advise", *arguments], catch_exceptions=False)


def test_settings_go_to_standard_output(har: str) -> None:
    """For the server that was named."""
    result = advise("express", har, "--allow-origin", PAGE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f'origin: ["{PAGE}"]' in result.stdout
    assert 'allowedHeaders: ["X-A"]' in result.stdout


def test_without_a_server_it_is_guessed(har: str) -> None:
    """And said to be a guess."""
    result = advise(har, "--allow-origin", PAGE)
    assert result.exit_code == 0
    assert result.stdout.startswith("# nginx:")
    assert "The server is a guess" in result.stdout


def test_nobody_is_allowed_unasked(har: str) -> None:
    """No settings, exit code 1, and the option that would help."""
    result = advise("nginx", har)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"--allow-origin {PAGE}" in result.stderr


@pytest.mark.parametrize(("form", "load"), [("policy", yaml.safe_load), ("policy-json", json.loads)])
def test_the_policy_alone_is_yaml_or_json(har: str, form: str, load: object) -> None:
    """With the evidence, for servers that are not on the list."""
    result = advise("nginx", har, "--allow-origin", PAGE, "--format", form)
    (policy,) = load(result.stdout)["policies"]  # type: ignore[operator]  # a loader
    assert [item["value"] for item in policy["request_headers"]] == ["x-a"]
    assert policy["request_headers"][0]["exchanges"] == ["session:0"]


def test_a_file_can_be_written_instead(har: str, tmp_path: Path) -> None:
    """Standard output stays empty."""
    result = advise("caddy", har, "--allow-origin", PAGE, "-o", str(tmp_path / "Caddyfile"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert PAGE in (tmp_path / "Caddyfile").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ngnix", "{har}"], 'did you mean "nginx"?'),
        (["nginx"], "name the files"),
        (["nginx", "{har}", "--allow-origin", "null"], "cannot be yours"),
        (["nginx", "{har}", "--allow-origin", "https://*.example"], "list each origin"),
        (["nginx", "{har}", "--api", "api.example"], "--api 'api.example': not an origin"),
        (["nginx", "{har}", "-o", "/nowhere/at/all"], "there is no folder"),
    ],
)
def test_wrong_usage_is_one_sentence(har: str, arguments: list[str], said: str) -> None:
    """With exit code 2."""
    result = advise(*(argument.format(har=har) for argument in arguments))
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_cannot_be_read_is_told(har: str) -> None:
    """Exit code 3; what could be read is used."""
    result = advise("nginx", har, "/nowhere.har", "--allow-origin", PAGE)
    assert result.exit_code == 3
    assert "/nowhere.har" in result.stderr
    assert PAGE in result.stdout
    assert advise("nginx", "/nowhere.har").exit_code == 3


def test_one_api_can_be_picked(har: str) -> None:
    """By its origin; a path behind it does no harm."""
    assert PAGE in advise("nginx", har, "--allow-origin", PAGE, "--api", f"{API}/me").stdout
    result = advise("nginx", har, "--allow-origin", PAGE, "--api", "https://elsewhere.example")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no cross-origin exchange" in result.stderr


def test_the_servers_are_in_the_help() -> None:
    """So that nobody has to guess names."""
    assert "go-jub0bs-cors" in advise("--help").stdout


def test_who_cannot_be_guessed_is_to_be_chosen_from_a_list(tmp_path: Path) -> None:
    answer = {"Access-Control-Allow-Origin": PAGE}
    har = tmp_path / "a.har"
    har.write_text(json.dumps({"log": {"entries": [entry("GET", {"Origin": PAGE}, answer, 200)]}}))
    result = CliRunner().invoke(main, ["advise", str(har)])
    assert result.exit_code == 1 and "name it, one of nginx" in result.stderr and "fastapi" in result.stderr
