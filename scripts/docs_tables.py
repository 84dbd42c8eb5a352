"""Write the README's tables of options, commands and rules anew from the code that declares them (scripts/render_docs runs it)."""

import inspect
from pathlib import Path

from corslens.lint.catalogue import FAMILY_TITLES
from corslens.lint.loader import load_rules
from corslens.lint.rule import Family
from corslens.mitm.commands import Commands
from corslens.mitm.options import OPTIONS

README = Path(__file__).resolve().parents[1] / "README.md"


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


def rules_table() -> str:
    """Return the table of rule families."""
    rules = load_rules().rules.values()
    counts = {family: sum(rule.family is family for rule in rules) for family in Family if family is not Family.CUSTOM}
    rows = [f"| [`{family}`](rules/{family}) | {FAMILY_TITLES[family]} | {count} |" for family, count in counts.items()]
    return "\n".join(["| family | what it is about | rules |", "| --- | --- | --- |", *rows])


def rendered(text: str) -> str:
    """Return the README's text with its generated tables as they should be."""
    for name, table in {"options": options_table(), "commands": commands_table(), "rules": rules_table()}.items():
        begin, end = f"<!-- {name}: begin (scripts/render_docs) -->", f"<!-- {name}: end -->"
        before, begins, rest = text.partition(begin)
        _, ends, after = rest.partition(end)
        if not (begins and ends):
            raise ValueError(f"README.md: {begin} … {end} is not there")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
