"""The import statements keep to one direction, and only the rooms that are meant to touch the world do.

Reads the source, imports nothing. That imports are absolute, that all that is public has a docstring, and that nothing prints, is ruff's part.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "addon" / "corslens"
TESTS = Path(__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

DIRECTION = (
    ("bounded", "bounded_cache", "suggest"),
    ("mistakes",),
    ("yaml_reader",),
    ("fetch",),
    ("engines", "witness"),
    ("observation",),
    ("verdict",),
    ("lint",),
    ("patching",),
    ("advice", "probing"),
    ("inspection",),
    ("delivery",),
    ("inspector",),
    ("diagnosis",),
    ("report", "inputs"),
    ("mitm",),
    ("launch", "bridge"),
    ("analysis",),
    ("library", "asking", "corpus"),
    ("testing",),
    ("pytest_plugin",),
    ("exits", "script", "cli"),
    ("__main__", "__init__"),
)
"""Each room may import those before it, and none of its siblings."""

SHARED = frozenset({"exits"})
"""Knows nothing, and may be known by every console room."""

TOUCHES_FILES = frozenset(
    {"lint/rules/rule_files.py", "lint/rules/compiled.py", "inputs/archives.py", "inputs/files.py", "fetch/origins.py"}
)
"""Below mitm, the modules that may open a file: rule files, inputs, and the Public Suffix List as it was installed."""

WORLDLY_MODULES = frozenset({"logging", "random", "socket", "subprocess", "tempfile", "threading", "time", "urllib.request"})
WORLDLY_CALLS = frozenset({"open", "input"})
WORLDLY_METHODS = frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes", "now", "utcnow", "today"})

WITHOUT_A_NAMESAKE = {
    "engines/chromium.py": "data; tests/engines/test_profile.py takes every field of it out once",
    "engines/gecko.py": "data; tests/engines/test_profile.py takes every field of it out once",
    "engines/webkit.py": "data; tests/engines/test_profile.py takes every field of it out once",
    "fetch/credentials.py": "one enum",
    "observation/mcp.py": "data; tests/advice and the samples of rules/products/mcp-server.yaml read it",
    "observation/probe.py": "an enum and a record; tests/lint/facts/test_probe.py and tests/asking read them",
    "verdict/checked.py": "a record and names; tests/verdict/test_decide.py reads them where it explains",
    "inspection.py": "a record; tests/test_inspector.py makes it",
}
CORE = ("fetch", "engines", "observation", "verdict", "inspection.py", "inspector.py")
"""The rooms whose modules each have a test of their name."""


@cache
def _nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def _name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def _room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _rank(room: str) -> int:
    return next(rank for rank, rooms in enumerate(DIRECTION) if room in rooms)


def _imported(file: Path) -> Iterator[str]:
    for node in _nodes(file):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module="corslens"):
                yield from (f"corslens.{alias.name}" for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module


def _rooms_imported(file: Path) -> set[str]:
    names = (name.split(".") for name in _imported(file))
    return {parts[1] for parts in names if parts[0] == "corslens" and len(parts) > 1} - {"__version__"}


def test_every_room_has_its_place() -> None:
    assert {_room(file) for file in MODULES} <= {room for rooms in DIRECTION for room in rooms}


def test_imports_go_one_way() -> None:
    wrong = {
        f"{_name(file)} imports {room}"
        for file in MODULES
        for room in _rooms_imported(file) - SHARED - {_room(file)}
        if _rank(room) >= _rank(_room(file))
    }
    assert not wrong


def test_only_mitm_imports_mitmproxy() -> None:
    importers = {_room(file) for file in MODULES if "mitmproxy" in {name.split(".")[0] for name in _imported(file)}}
    assert importers == {"mitm"}


def _worldly(file: Path) -> Iterator[str]:
    yield from WORLDLY_MODULES & set(_imported(file))
    for node in _nodes(file):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in WORLDLY_CALLS:
                yield f"{name}() in line {node.lineno}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in WORLDLY_METHODS:
                yield f".{name}() in line {node.lineno}"


def test_below_mitm_nobody_touches_the_world() -> None:
    """No file is opened, no clock read, nothing logged or printed: what a function returns follows from what it is given."""
    touching = {
        f"{_name(file)}: {what}"
        for file in MODULES
        if _rank(_room(file)) < _rank("mitm") and _name(file) not in TOUCHES_FILES
        for what in _worldly(file)
    }
    assert not touching


def test_the_exceptions_are_needed() -> None:
    assert {name for name in TOUCHES_FILES if list(_worldly(PACKAGE / name))} == TOUCHES_FILES


def test_every_module_of_the_core_has_its_namesake_test() -> None:
    core = [file.relative_to(PACKAGE) for file in MODULES if file.relative_to(PACKAGE).parts[0] in CORE]
    missing = {
        file.as_posix()
        for file in core
        if file.name != "__init__.py" and not (TESTS / file.parent / f"test_{file.name}").exists()
    }
    assert missing == set(WITHOUT_A_NAMESAKE)


def test_every_capture_comes_through_the_door() -> None:
    """Adapters make no head of their own: `fetch.limits` does, so that none is larger than what is behind it can bear."""
    made = [
        f"{_name(file)}:{node.lineno}"
        for file in MODULES
        if _room(file) in ("inputs", "mitm")
        for node in _nodes(file)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Request", "Response", "HeaderList")
    ]
    assert made == []
