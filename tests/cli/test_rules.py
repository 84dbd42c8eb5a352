"""corslens explain and corslens rules, as a user types them."""

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from corslens.cli import main

CAPTURES = Path(__file__).parent.parent / "inputs" / "captures"


def corslens(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


RULE = """\
title: A header of ours is there
severity: warning
when: {response.headers: x-ours}
message: '{request.url} has it'
bad: [{name: there, response: {x-ours: "1"}}]
good: [{name: not there}]
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "my-rule.yaml"
    path.write_text(RULE)
    return path


def test_explain_prints_a_rule_and_a_reason() -> None:
    assert "response echoes the request's Origin" in corslens("explain", "origin-reflected").output
    assert "MissingAllowOriginHeader" in corslens("explain", "acao-missing").output


def test_explain_reads_a_line_from_standard_input() -> None:
    """With the quotes and backticks that a shell would take for its own."""
    line = (
        "x.js:1 Access to fetch at 'http://localhost:8080/' from origin 'https://app.example' has been blocked by CORS policy:\n"
        " Permission was denied for this request to access the `loopback` address space.\n"
    )
    result = CliRunner().invoke(main, ["explain", "-"], input=line)
    assert result.output.startswith("lna-permission-denied\n") and "GET http://localhost:8080/ was blocked" in result.output
    nothing = CliRunner().invoke(main, ["explain", "-"], input="\xff")
    assert nothing.exit_code == 2


def test_explain_names_the_page_requests_of_a_capture() -> None:
    capture = str(CAPTURES / "capture-stopped-midway.har")
    shown = corslens("explain", "acao-wildcard-with-credentials", "--in", capture).output
    assert "1 problem with it in " in shown and "DEPENDS" in shown.split("1 problem with it in ")[1]
    assert "0 problems with it in " in corslens("explain", "acao-missing", "--in", capture).output
    assert "no.har: cannot be read: No such file or directory" in corslens("explain", "acao-missing", "--in", "no.har").stderr


def test_a_shell_completes_the_names_of_rules_and_servers() -> None:
    for command, words, incomplete, offered in (
        ("explain", [], "acao-mis", ["acao-mismatch", "acao-missing"]),
        ("advise", [], "ngin", ["nginx"]),
    ):
        complete = ShellComplete(main, {}, "corslens", "_CORSLENS_COMPLETE")
        assert sorted(item.value for item in complete.get_completions([command, *words], incomplete)) == offered


def test_explain_knows_one_s_own_rules(rule: Path) -> None:
    assert "A header of ours" in corslens("explain", "my-rule", "--rules", str(rule)).output


def test_an_unknown_name_is_wrong_usage() -> None:
    result = corslens("explain", "acao-mising")
    assert result.exit_code == 2 and 'did you mean "acao-missing"?' in result.output


def test_list_can_be_narrowed() -> None:
    text = corslens("rules", "list", "--family", "caching", "--severity", "error").output
    assert "cached-for-another-origin" in text and "max-age-absent" not in text and "acao-missing" not in text


def test_check_says_that_all_is_well(rule: Path) -> None:
    result = corslens("rules", "check", str(rule))
    assert (result.exit_code, result.output) == (0, "1 rule, 2 samples and 0 overrides: no mistakes.\n")


def test_check_names_every_mistake(rule: Path) -> None:
    rule.write_text(RULE.replace("response.headers", "response.haeders").replace("warning", "warn"))
    result = corslens("rules", "check", str(rule))
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[0].endswith('my-rule.yaml:2:11: severity cannot be "warn"; did you mean "warning"?')
    assert lines[1].endswith('my-rule.yaml:3:8: unknown fact "response.haeders"; did you mean "response.headers"?')
    assert lines[2] == "2 mistakes"


def test_check_runs_the_samples(rule: Path) -> None:
    rule.write_text(RULE.replace('x-ours: "1"', 'x-theirs: "1"').replace("not there}", 'not there, response: {x-ours: "1"}}'))
    result = corslens("rules", "check", str(rule))
    assert result.exit_code == 1
    assert 'does not fire on its bad sample "there"' in result.stderr
    assert 'fires on its good sample "not there"' in result.stderr


def test_text_of_a_rule_file_drives_no_terminal(rule: Path) -> None:
    rule.write_text(RULE.replace("A header of ours is there", '"\\e[31mred\\u202e"'))
    result = corslens("explain", "my-rule", "--rules", str(rule))
    assert result.exit_code == 0 and "\x1b" not in result.output and "\u202e" not in result.output


def test_a_broken_file_is_wrong_usage_elsewhere(rule: Path) -> None:
    rule.write_text("when: [")
    result = corslens("rules", "list", "--rules", str(rule))
    assert result.exit_code == 2 and "not YAML" in result.output and "Traceback" not in result.output


def test_docs_are_written(tmp_path: Path, rule: Path) -> None:
    result = corslens("rules", "docs", str(tmp_path / "pages"), "--rules", str(rule))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "pages" / "README.md").read_text().startswith("# Rules\n")
    assert (tmp_path / "pages" / "my-rule.md").read_text().startswith("# my-rule\n")


def test_docs_that_cannot_be_written_are_wrong_usage(tmp_path: Path, rule: Path) -> None:
    result = corslens("rules", "docs", str(rule / "pages"))
    assert result.exit_code == 2 and "Not a directory" in result.output


def test_the_schema_is_printed() -> None:
    assert "$defs" in json.loads(corslens("rules", "schema").output)


@pytest.mark.parametrize(
    ("words", "id"),
    [
        (["MissingAllowOriginHeader"], "acao-missing"),
        (["CORSMissingAllowOrigin"], "acao-missing"),
        (["preflight-acam"], "preflight-acam-unparsable"),
        (["Method", "PUT", "is", "not", "allowed", "by", "Access-Control-Allow-Methods", "in", "preflight", "response."], "preflight-method-not-allowed"),
    ],
)  # fmt: skip
def test_explain_takes_what_a_user_has(words: list[str], id: str) -> None:
    assert corslens("explain", *words).output.startswith(f"{id}\n")


def test_explain_names_the_others_that_a_code_stands_for() -> None:
    lines = corslens("explain", "CORSMissingAllowOrigin").output.splitlines()
    place = lines.index("The same words can also mean preflight-acao-missing: corslens explain NAME.")
    assert lines[place + 2].startswith("severity"), "before what few people need"


def test_explain_lists_what_begins_so() -> None:
    result = corslens("explain", "acao-")
    assert result.exit_code == 2 and "acao-missing" in result.output


def test_a_line_that_names_no_reason_is_wrong_usage() -> None:
    result = corslens("explain", 'Refused to set unsafe header "Origin"')
    assert result.exit_code == 2 and "does not know this console line" in result.output
