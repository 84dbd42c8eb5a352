"""Loading rule files: what a user gets to read when one is wrong, and edits while a session runs."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from corslens.lint.finding import Severity
from corslens.lint.rules.bundled import bundled_folder
from corslens.lint.rules.loader import RuleFiles, load_rules
from corslens.mistakes import RuleErrors
from corslens.observation.exchange import Exchange

GOOD = """\
title: A header of ours is there
severity: warning
when: {response.headers: x-ours}
message: '{request.url} has it'
"""


def parse_filter(text: str) -> Callable[[Exchange], bool]:
    if text.startswith("~bad"):
        raise ValueError(f"{text!r} is not a flow filter")
    return lambda exchange: text in exchange.request.url


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(text: str, name: str = "my-rule.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_file


def problems(*paths: Path) -> list[str]:
    with pytest.raises(RuleErrors) as caught:
        load_rules(paths, parse_filter=parse_filter)
    return [f"{Path(one.file).name}:{one.line}:{one.column}: {one.text}" for one in caught.value.problems]


def test_a_rule_of_one_s_own_is_added(write: Callable[..., Path]) -> None:
    rules = load_rules([write(GOOD)])
    assert rules.rules["my-rule"].severity is Severity.WARNING
    assert len(rules) == len(load_rules()) + 1


def test_a_folder_stands_for_its_rule_files(write: Callable[..., Path], tmp_path: Path) -> None:
    write(GOOD)
    write(GOOD, "second.yml")
    write("not a rule", "notes.txt")
    assert {"my-rule", "second"} <= set(load_rules([tmp_path]).rules)


def test_several_rules_in_a_file_have_ids(write: Callable[..., Path]) -> None:
    both = f"id: one-thing\n{GOOD}---\nid: other-thing\n{GOOD}"
    assert {"one-thing", "other-thing"} <= set(load_rules([write(both)]).rules)
    assert problems(write(f"{GOOD}---\nid: a-b\n{GOOD}", "two.yaml")) == ['two.yaml:1:1: a rule lacks the field "id"']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("titel: x\n" + GOOD, 'my-rule.yaml:1:1: unknown field "titel" in a rule; did you mean "title"?'),
        (
            GOOD.replace("response.headers", "response.header"),
            'my-rule.yaml:3:8: unknown fact "response.header"; did you mean "response.headers"?',
        ),
        (
            GOOD.replace("{request.url}", "{request.ulr}"),
            'my-rule.yaml:4:10: unknown fact "request.ulr" in message; did you mean "request.url"?',
        ),
        (GOOD.replace("warning", "warn"), 'my-rule.yaml:2:11: severity cannot be "warn"; did you mean "warning"?'),
        (GOOD.replace("severity: warning\n", ""), 'my-rule.yaml:1:1: a rule lacks the field "severity"'),
        (GOOD + "severity: error\n", 'my-rule.yaml:5:1: duplicate name "severity" (first on line 2)'),
        (GOOD.replace("x-ours}", "x-ours"), "my-rule.yaml:4:8: not YAML"),
        (
            GOOD.replace("{response.headers: x-ours}", "{response.status: {above: high}}"),
            "my-rule.yaml:3:33: response.status must be a number",
        ),
        (
            GOOD.replace("{response.headers: x-ours}", "{response.status: {has: 5}}"),
            'my-rule.yaml:3:26: "response.status" is a number and takes',
        ),
        (
            GOOD.replace("{response.headers: x-ours}", "{role: prefligth}"),
            'my-rule.yaml:3:14: role cannot be "prefligth"; did you mean "preflight"?',
        ),
        (
            GOOD.replace("{response.headers: x-ours}", "{request.cookie: yes}"),
            "my-rule.yaml:3:24: request.cookie must be true or false",
        ),
        (GOOD.replace("{response.headers: x-ours}", "[]"), "my-rule.yaml:3:7: when must be a mapping"),
        (GOOD.replace("{response.headers: x-ours}", "{all: []}"), 'my-rule.yaml:3:13: "all" has no entries'),
        (
            GOOD.replace("'{request.url} has it'", "'{failure.value}'"),
            'my-rule.yaml:4:10: "{failure.value}" can only be said by a rule with a "reason"',
        ),
        (
            GOOD.replace("'{request.url} has it'", "'{request.url.line}'"),
            'my-rule.yaml:4:10: unknown fact "request.url.line" in message; did you mean "request.url"?',
        ),
        (GOOD.replace("'{request.url} has it'", "'{oh'"), "my-rule.yaml:4:10: message: a brace stands alone"),
        (GOOD + "sources: [ftp://x]\n", "my-rule.yaml:5:11: a source must be an https address"),
        (GOOD + "bad: [{request: {}}]\n", 'my-rule.yaml:5:7: a sample of bad lacks the field "name"'),
        (GOOD + "bad: [{name: x, response: {status: ok}}]\n", "my-rule.yaml:5:27: status must be a number of three digits"),
        (GOOD + "never: x\n", 'my-rule.yaml:5:8: "never" and "when" exclude each other'),
        ("", "my-rule.yaml:1:1: holds no rule"),
        ("just text", "my-rule.yaml:1:1: a rule must be a mapping"),
        ("a: &x [1]\nb: *x\n", "my-rule.yaml:2:4: aliases (*name) cannot be used here"),
        ("[" * 50 + "]" * 50, "my-rule.yaml:1:41: nested deeper than 40 levels"),
        ("a" * (1 << 21), "my-rule.yaml:1:1: larger than 1 MiB"),
        ("a: \x00", "my-rule.yaml:1:1: not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(write: Callable[..., Path], text: str, expected: str) -> None:
    found = problems(write(text))
    assert any(one.startswith(expected) for one in found), found


def test_a_hostile_depth_is_refused_in_the_same_words_by_every_libyaml(write: Callable[..., Path]) -> None:
    """Newer versions of libyaml refuse it themselves while they read ahead, at another column of the line."""
    (problem,) = problems(write("[" * 100_000))
    assert re.fullmatch(r"my-rule\.yaml:1:\d+: nested deeper than 40 levels", problem)


def test_all_mistakes_in_all_files_are_told_at_once(write: Callable[..., Path], tmp_path: Path) -> None:
    write("title: x\nseverity: bad\nwhen: {nothing: 1, response.status: {is: x}}\nmessage: x\n", "a.yaml")
    write("overrides: [{rule: vary-orgin-missing, severity: error}]", "b.yaml")
    assert problems(tmp_path) == [
        'a.yaml:2:11: severity cannot be "bad"; it must be info, warning or error',
        'a.yaml:3:8: unknown fact "nothing"; did you mean "not"?',
        "a.yaml:3:42: response.status must be a number",
        'b.yaml:1:20: unknown rule "vary-orgin-missing"; did you mean "vary-origin-missing"?',
    ]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"title: \xff")
    empty = tmp_path / "empty"
    empty.mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    assert problems(tmp_path / "nothing.yaml", tmp_path / "pipe.yaml", empty, binary) == [
        "nothing.yaml:1:1: no such file or folder",
        "pipe.yaml:1:1: is neither a file nor a folder",
        "empty:1:1: no rule files (*.yaml) in this folder",
        "b.yaml:1:1: is not UTF-8 text (byte 7)",
    ]


def test_an_id_that_is_taken_is_refused(write: Callable[..., Path]) -> None:
    (found,) = problems(write(GOOD, "acao-missing.yaml"))
    assert found.startswith(
        'acao-missing.yaml:1:1: the rule "acao-missing" is there already, in rules/violations/acao-missing.yaml'
    )


def test_a_shipped_file_that_is_named_is_read_as_the_shipped_one() -> None:
    """Who writes a rule for the catalog checks it where it stands."""
    folder = bundled_folder()
    loaded = load_rules([folder / "violations", folder / "products" / "nginx.yaml"])
    assert loaded.rules.keys() == load_rules().rules.keys()
    assert "rules/violations/acao-missing.yaml" in loaded.files
    assert loaded.rules["acao-missing"].file in loaded.files


def test_overrides_change_a_severity_and_suppress_a_rule(write: Callable[..., Path]) -> None:
    text = """\
overrides:
  - {rule: vary-origin-missing, severity: error, because: our network caches all}
  - {rule: acao-missing, silence: api.example, because: not ours}
"""
    rules = load_rules([write(text)], parse_filter=parse_filter)
    assert rules.overrides["vary-origin-missing"].severity is Severity.ERROR
    (suppression,) = rules.suppressions
    assert (suppression.rule, suppression.filter, suppression.because) == ("acao-missing", "api.example", "not ours")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "{rule: acao-missing}",
            'my-rule.yaml:1:13: an override changes the "severity" or suppresses the rule: "silence" with a flow filter',
        ),
        ("{rule: acao-missing, silence: x}", 'my-rule.yaml:1:43: a suppression needs a justification: add "because"'),
        ("{rule: acao-missing, silence: ~bad, because: y}", "my-rule.yaml:1:43: '~bad' is not a flow filter"),
        ("{rule: acao-missing, level: x}", 'my-rule.yaml:1:34: unknown field "level" in an override'),
    ],
)
def test_a_wrong_override_is_told(write: Callable[..., Path], entry: str, expected: str) -> None:
    assert any(one.startswith(expected) for one in problems(write(f"overrides: [{entry}]")))


def test_without_a_reader_of_filters_a_suppression_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(RuleErrors, match="flow filters cannot be read here"):
        load_rules([write("overrides: [{rule: acao-missing, silence: x, because: y}]")])


def test_an_edit_counts_and_a_broken_file_keeps_the_last_good_rules(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(GOOD)
    files = RuleFiles([tmp_path])
    assert files.refresh() is None
    path.write_text(GOOD.replace("warning", "error") + "\n")
    edited = files.refresh()
    assert edited is not None and not edited.problems
    assert edited.rules.rules["my-rule"].severity is Severity.ERROR
    path.write_text("when: [broken")
    broken = files.refresh()
    assert broken is not None and broken.problems
    assert broken.rules is files.rules is edited.rules
    assert files.refresh() is None
    path.write_text(GOOD)
    mended = files.refresh()
    assert mended is not None and not mended.problems
    write(GOOD, "another.yaml")
    added = files.refresh()
    assert added is not None and "another" in added.rules.rules
    path.unlink()
    removed = files.refresh()
    assert removed is not None and "my-rule" not in removed.rules.rules


def test_the_first_read_of_a_broken_file_raises(write: Callable[..., Path]) -> None:
    with pytest.raises(RuleErrors):
        RuleFiles([write("when: [broken")])


def test_mistakes_are_told_file_by_file_from_the_top(write: Callable[..., Path]) -> None:
    first = write("overrides:\n  - rule: no-such-rule\n    severity: bad\n  - rule: neither\n    severity: info\n", "b.yaml")
    found = problems(first, write("title: x\n", "a.yaml"))
    places = [one.split(":")[:3] for one in found]
    assert [file for file, _, _ in places] == sorted((file for file, _, _ in places), reverse=True)
    assert [int(line) for file, line, _ in places if file == "b.yaml"] == [2, 3, 4]
