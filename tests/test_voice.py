"""One word a thing in everything that people read outside the rules: texts of the code, help, options, the page, the docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from corslens.cli import COMMANDS, main
from corslens.cli.rules import rules
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.mitm.commands import Commands
from corslens.mitm.options import OPTIONS

from tests.each import each
from tests.lint.test_voice import AVOIDED

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "addon" / "corslens"
MODULES = sorted(PACKAGE.rglob("*.py"))
ASSETS = sorted((PACKAGE / "report" / "assets").glob("*.js*")) + sorted((PACKAGE / "report" / "assets").glob("*.j2"))
TEMPLATES = sorted((PACKAGE / "advice" / "servers").glob("*.j2"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

_NAMES = re.compile(r"`[^`\n]*`|\{[^{}]*\}|https?://\S+|\w+\.\w+|\"silence\"|\(answer\)")
"""What is a name and not a word: code, fields, URLs, files, and the values of options."""
_IN_QUOTES = r"\"([^\"\n]* [^\"\n]*)\"|`([^`\n]* [^`\n]*)`"
_IN_TAGS = r"(?:placeholder|title|label)=\"([^\"]*)\"|>([^<>{}]+)<"
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def _is_avoided(text: str) -> str | None:
    found = AVOIDED.search(_NAMES.sub("", _FENCED.sub("", text)))
    return None if found is None else f"{found.group()!r} in {text!r}"


def _docstrings(tree: ast.AST) -> set[int]:
    """The ids of the strings that document code; what click shows of them is looked at by its commands."""
    return {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list)
        for statement in body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }


def texts_of(module: Path) -> Iterator[str]:
    """Yield the strings of several words in a module: what it prints, logs, raises or writes."""
    tree = ast.parse(module.read_text("utf-8"))
    documentation = _docstrings(tree)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
            and " " in node.value
        ):
            yield node.value


def test_texts_in_the_code() -> None:
    def check(module: Path) -> None:
        assert [found for text in texts_of(module) if (found := _is_avoided(text))] == []

    each(MODULES, check)


def helps() -> Iterator[tuple[str, str]]:
    """Yield every text of `corslens --help` and of its commands' help, of the options and of mitmproxy's commands."""
    commands: dict[str, click.Command] = {"corslens": main, **{f"rules {name}": one for name, one in rules.commands.items()}}
    for name in COMMANDS:
        found = main.get_command(click.Context(main), name)
        assert found is not None
        commands[name] = found
    for name, command in commands.items():
        yield name, f"{command.short_help or ''} {command.help or ''} {command.epilog or ''}"
        yield from ((f"{name} {param.name}", param.help or "") for param in command.params if isinstance(param, click.Option))
    yield from ((option.name, option.help) for option in OPTIONS)
    yield from ((name, one.__doc__ or "") for name, one in vars(Commands).items() if hasattr(one, "command_name"))


def test_help() -> None:
    assert [(name, found) for name, text in helps() if (found := _is_avoided(text))] == []


def test_the_vocabulary() -> None:
    assert [(one.name, found) for one in VOCABULARY.values() if (found := _is_avoided(one.doc))] == []


@pytest.mark.parametrize("asset", ASSETS, ids=lambda path: path.name)
def test_the_page(asset: Path) -> None:
    """What stands in quotes or between tags, apart from expressions."""
    text = re.sub(r"/\*.*?\*/|^\s*//.*$|\{#.*?#\}", "", asset.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    found = re.findall(_IN_TAGS if asset.suffix == ".j2" else _IN_QUOTES, text)
    words = [re.sub(r"\$\{[^{}]*\}", "", "".join(one)) for one in found]
    assert words or asset.name not in ("page.html.j2", "detail.js")
    assert [bad for one in words if (bad := AVOIDED.search(one))] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_what_advise_writes(template: Path) -> None:
    """The comments in the settings for a server, and where they say that a setting belongs."""
    lines = template.read_text("utf-8").splitlines()
    assert [found for line in lines if (found := _is_avoided(re.sub(r"\{%.*?%\}", "", line)))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_pages_of_the_docs(page: Path) -> None:
    lines = _FENCED.sub("", page.read_text("utf-8")).splitlines()
    assert [found for line in lines if (found := _is_avoided(line))] == []


def test_what_is_looked_at_has_the_words_that_it_looks_for() -> None:
    assert _is_avoided("The server answered") and not _is_avoided("The server responded")
