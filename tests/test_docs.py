"""What the README and docs/ say is so: tables, links, commands."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from corslens.cli import main
from corslens.exits import Exit
from corslens.mitm.options import NAMES
from mitmproxy.io import FlowWriter

from scripts.docs_tables import PAGE, rendered
from tests.deadline import DEADLINE_SECONDS
from tests.each import each
from tests.mitm.make import answered, flow

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
WRITTEN = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "rules" / "README.md", *sorted(DOCS.glob("*.md"))]
"""The pages that people write."""
PAGES = [*WRITTEN, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("rules/*.md"))]

_LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)|<img src=\"([^\"]+)\"")
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`[^`\n]*`")


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_somewhere() -> None:
    """To a file of the repository, and to a heading of it."""

    def check(page: Path) -> None:
        text = _SPAN.sub("", _FENCED.sub("", page.read_text("utf-8")).replace("[`", "[").replace("`]", "]"))
        for found in _LINK.finditer(text):
            target, _, anchor = (found[1] or found[2]).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = page.parent / target if target else page
            assert file.exists(), target
            if anchor:
                assert anchor in anchors(file), f"{target}#{anchor}"

    each(PAGES, check)


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    assert [file.name for file in DOCS.glob("*.md") if file.name != "README.md" and f"({file.name})" not in index] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 170


def test_generated_tables_are_what_the_code_declares() -> None:
    """Every option with its default and choices, and every command, is there as scripts/render_docs writes it."""
    assert PAGE.read_text("utf-8") == rendered(PAGE.read_text("utf-8")), "run scripts/render_docs"


def test_every_exit_code_is_in_its_table() -> None:
    """The table of exit codes has a row for each, and no other."""
    section = (DOCS / "ci.md").read_text("utf-8").partition("## Exit codes\n")[2].partition("\n## ")[0]
    assert [int(number) for number in re.findall(r"^\| (\d) \|", section, re.MULTILINE)] == [code.value for code in Exit]


def test_every_script_that_is_named_exists_and_runs() -> None:
    """A command of scripts/ that a page names is an executable file."""
    named = {name for page in WRITTEN for name in re.findall(r"\bscripts/[a-z_-]+(?![\w./*-])", page.read_text("utf-8"))}
    assert {"scripts/demo", "scripts/test", "scripts/differential"} <= named
    for name in named - {"scripts/locks"}:
        path = ROOT / name
        assert path.is_file(), name
        assert path.stat().st_mode & 0o111, name


def commands() -> Iterator[tuple[str, str, bool]]:
    """Yield every command line of corslens: its page, its text, and whether it is whole (in a block) or mentioned (in a span)."""
    for page in WRITTEN:
        text = page.read_text("utf-8")
        blocks = [block for block in _FENCED.findall(text) if block.lstrip().startswith("```sh")]
        lines = [(line.strip(), True) for block in blocks for line in block.splitlines()]
        lines += [(span.strip("`"), False) for span in _SPAN.findall(_FENCED.sub("", text))]
        for line, whole in lines:
            words = line.partition(" #")[0].removesuffix("&").strip()
            if words.startswith("corslens ") and not re.search(r"[A-Z]{3}|…|\.\.\.|\|", words):
                yield page.name, words, whole


COMMANDS = sorted(set(commands()))
PROGRAMS = ("dump", "web", "console")


@pytest.mark.parametrize(("page", "line", "whole"), COMMANDS, ids=str)
def test_every_command_is_one(page: str, line: str, whole: bool) -> None:
    """Its options exist; one that is whole is right usage."""
    words = shlex.split(line)[1:]
    if "--" in words:  # what follows is another program's, and begins with its name
        words = [*words[: words.index("--")], words[words.index("--") + 1]]
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"{page}: {line}"
        command, words = found, words[1:]
    if command.name in PROGRAMS:
        assert set(re.findall(r"\bcors_\w+", line)) <= NAMES, f"{page}: {line}"
        return
    known = {name for param in command.get_params(click.Context(command)) for name in param.opts}
    assert {word for word in words if word.startswith("-") and word != "-"} <= known, f"{page}: {line}"
    if whole:
        try:
            command.make_context(command.name, words)
        except click.UsageError as error:
            raise AssertionError(f"{page}: {line}: {error.format_message()}") from error


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20


DUMPS = sorted({line for _, line, whole in COMMANDS if whole and line.startswith("corslens dump")})


@pytest.mark.slow  # starts a program
@pytest.mark.parametrize("line", DUMPS)
def test_every_mitmdump_runs(line: str, tmp_path: Path) -> None:
    """With every option that the page gives it, on a recorded flow instead of a port."""
    with (tmp_path / "session.mitm").open("wb") as file:
        FlowWriter(file).add(answered(flow()))
    words = [*shlex.split(line)[1:], "--no-server", "--rfile", "session.mitm"]
    found = subprocess.run(
        [sys.executable, "-m", "corslens", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "addon"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert found.returncode == (1 if "cors_fail_on=error" in line else 0), found.stderr
    assert found.stderr == "" and ("acao-missing" in found.stdout or "-q" in words), found.stdout
