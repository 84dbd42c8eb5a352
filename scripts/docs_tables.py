"""Regenerate the tables of options and commands in docs/options.md from the code that declares them (scripts/render_docs runs it)."""

import inspect
from pathlib import Path

from corslens.mitm.commands import Commands
from corslens.mitm.options import OPTIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "options.md"


def options_table() -> str:
    """Return the table of mitmproxy options."""
    rows = ["| option | meaning | default |", "| --- | --- | --- |"]
    for option in OPTIONS:
        choices = f" One of {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
        default = ", ".join(option.default) if isinstance(option.default, list) else str(option.default)
        if isinstance(option.default, bool):
            default = default.lower()
        rows.append(f"| `{option.name}` | {_cell(option.help)}{choices} | {f'`{default}`' if default else ''} |")
    return "\n".join(rows)


def commands_table() -> str:
    """Return the table of mitmproxy commands, with their arguments."""
    rows = []
    for _, function in inspect.getmembers(Commands, inspect.isfunction):
        name = getattr(function, "command_name", None)
        if name is not None:
            parameters = list(inspect.signature(function).parameters.values())[1:]
            shown = [f"{one.name.upper()}..." if one.kind is one.VAR_POSITIONAL else one.name.upper() for one in parameters]
            rows.append(f"| `{' '.join([name, *shown])}` | {_cell(inspect.getdoc(function) or '')} |")
    return "\n".join(["| command | what it does |", "| --- | --- |", *sorted(rows)])


def rendered(text: str) -> str:
    """Return the page's text with its generated tables as they should be."""
    for name, table in {"options": options_table(), "commands": commands_table()}.items():
        begin, end = f"<!-- {name}: begin (scripts/render_docs) -->", f"<!-- {name}: end -->"
        before, begins, rest = text.partition(begin)
        _, ends, after = rest.partition(end)
        if not (begins and ends):
            raise ValueError(f"docs/options.md: {begin} … {end} is not there")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
