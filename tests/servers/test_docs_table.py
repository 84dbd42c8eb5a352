"""The table of servers says what ran, and nothing else."""

import pytest
from corslens.advice.table import SERVERS

from tests.servers.docs_table import BEGIN, CRITERIA, END, PAGE, put, render


def test_only_what_ran_gets_a_tick() -> None:
    """A failure is a cross, silence is no tick."""
    rows = render({"nginx": {"Vary": True, "null blocked": False}}).splitlines()
    nginx = next(row for row in rows if "`nginx`" in row)
    assert (nginx.count("✓"), nginx.count("✗")) == (1, 1)
    assert "".join(rows).count("✓") == 1
    assert "".join(rows).count("not run by our tests") == sum(not server.tested for server in SERVERS)


def test_the_table_goes_between_its_marks() -> None:
    """And nothing around it changes."""
    assert put(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\nnew\n{END}\nb"
    with pytest.raises(ValueError, match="lacks the line"):
        put("a", "new")


def test_the_page_has_a_full_table() -> None:
    """Every server is in it, and every one that tests start has all its ticks."""
    table = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    for server in SERVERS:
        row = next(line for line in table.splitlines() if f"| `{server.name}` |" in line)
        assert row.count("✓") == (len(CRITERIA) if server.tested else 0)
