"""What one types every time, in a file: `corslens.toml`, or `[tool.corslens]` of pyproject.toml.

    [analyze]                      # in pyproject.toml: [tool.corslens.analyze]
    fail-on = "warning"
    rules = ["cors-rules.yaml"]

A table a command; its keys are the command's long options. The nearest folder upward that has such a file counts, and only one file.
What is typed wins. Paths in the file are relative to it. The file may be others': it came with a repository, or lies in a folder that
everybody writes to. So what widens who may read what, says where requests go, or names a program is only ever typed, nothing is written
outside the file's own folder, and another user's file is passed over.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from corslens.report.escape import escape
from corslens.suggest import did_you_mean

TYPED_ONLY = frozenset({
    "patch", "insecure", "insecure-upstream", "set", "show-values", "send", "against", "allow-host", "allow-origin", "cookie-from", "browser",
    "proxy-server", "dev.origin",
})  # fmt: skip
"""Options, of one command where it is named."""
_WRITTEN = frozenset({"output", "write-baseline"})
_LARGEST = 1 << 20
FILE, PROJECT = "corslens.toml", "pyproject.toml"


def defaults(group: click.Group, context: click.Context, name: str, start: Path) -> dict[str, Any]:
    """Return the values that the nearest file has for a command's options, by the names of its parameters.

    Args:
        name: the command's.
        start: the folder to look in first.
    Raises: click.UsageError naming the file and the entry.
    """
    found = _find(start)
    if found is None:
        return {}
    file, tables = found
    for key in tables:
        if not isinstance(tables[key], dict) or key not in group.list_commands(context):
            raise _fault(file, f"[{key}] is not a command", key, group.list_commands(context))
    table = tables.get(name, {})
    command = group.get_command(context, name)
    assert command is not None
    options = {
        option.removeprefix("--"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--") and not parameter.is_eager
    }
    values = {}
    for key, value in table.items():
        if not TYPED_ONLY.isdisjoint((key, f"{name}.{key}")):
            raise _fault(file, f"[{name}] {key}: can only be given on the command line")
        parameter = options.get(key)
        if parameter is None:
            raise _fault(file, f"[{name}] {key}: no such option of corslens {name}", key, options)
        values[str(parameter.name)] = _checked(file, name, key, value, parameter, context)
    return values


def _find(start: Path) -> tuple[Path, Mapping[str, Any]] | None:
    for folder in (start, *start.parents):
        for file, section in ((folder / FILE, ()), (folder / PROJECT, ("tool", "corslens"))):
            if not file.is_file():
                continue
            try:
                content: Any = _read(file)
            except (OSError, ValueError, RecursionError) as error:
                if section:
                    continue  # another tool's file: it says so itself
                raise click.UsageError(f"{escape(str(file))}: {escape(str(error))}") from None
            for key in section:
                content = content.get(key) if isinstance(content, dict) else None
            if isinstance(content, dict):
                return file, content
    return None


def _read(file: Path) -> Any:
    """Return what the file holds; nothing where it is another user's, or where others may write to it.

    Raises: OSError, ValueError, RecursionError
    """
    with file.open("rb") as opened:
        status = os.fstat(opened.fileno())
        if os.name != "nt" and (status.st_uid not in (0, os.geteuid()) or status.st_mode & stat.S_IWOTH):
            click.echo(f"{escape(str(file))}: is ignored, because other users may write to it", err=True)
            return None
        content = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError("is larger than a megabyte")
    if file.name == PROJECT and b"corslens" not in content:
        return None  # read as text, another tool's file takes as long as a small capture
    import tomllib  # late: most have no such file

    return tomllib.loads(content.decode())


def _checked(file: Path, name: str, key: str, value: Any, option: click.Option, context: click.Context) -> Any:
    """Return the value as click wants it: text, or a list of texts, as if it were typed."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise _fault(file, f"[{name}] {key}: {value!r} is neither true nor false")
        return value
    if option.multiple != isinstance(value, list):
        raise _fault(file, f"[{name}] {key}: {value!r} is {'not ' if option.multiple else ''}a list")
    items = [str(item) for item in (value if option.multiple else [value])]
    if isinstance(option.type, click.Path) or key == "rules":
        items = [str(file.parent / item) for item in items]
    if key in _WRITTEN and not all(Path(item).resolve().is_relative_to(file.parent.resolve()) for item in items):
        raise _fault(file, f"[{name}] {key}: only files in this folder can be named here")
    try:
        for item in items:
            option.type.convert(item, option, context)
    except click.BadParameter as error:
        raise _fault(file, f"[{name}] {key}: {error.message}") from None
    return items if option.multiple else items[0]


def _fault(file: Path, sentence: str, key: str = "", known: Any = ()) -> click.UsageError:
    return click.UsageError(escape(f"{file}: {sentence}{did_you_mean(key, known)}"))
