"""Write the table of servers in docs/server-settings.md from the outcomes of a run: `python -m tests.servers.docs_table OUTCOMES.json`.

Only what really ran gets a tick; what ran and failed gets a cross, and the servers that no test starts say so.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from corslens.advice.table import SERVERS

PAGE = Path(__file__).parents[2] / "docs" / "server-settings.md"
BEGIN, END = "<!-- servers: begin (scripts/test-servers --table) -->", "<!-- servers: end -->"
CRITERIA = ("blocked → allowed", "cross-site blocked", "null blocked", "errors covered", "Vary", "clean report")


def render(outcomes: Mapping[str, Mapping[str, bool]]) -> str:
    """Return the table."""
    lines = [f"| server | `corslens advise …` | {' | '.join(CRITERIA)} |", "| --- | --- |" + " :-: |" * len(CRITERIA)]
    for server in SERVERS:
        ran = outcomes.get(server.name, {})
        cells = ["✓" if ran.get(criterion) else "✗" if criterion in ran else "" for criterion in CRITERIA]
        if not ran:
            cells = ["not run by our tests" if not server.tested else "not run", *[""] * (len(CRITERIA) - 1)]
        lines.append(f"| {server.title} | `{server.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def put(text: str, table: str) -> str:
    """Return the page's text with the table between its marks.

    Raises: ValueError when the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/server-settings.md lacks the line {BEGIN if not begin else END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text(), render(json.loads(Path(sys.argv[1]).read_text()))))
