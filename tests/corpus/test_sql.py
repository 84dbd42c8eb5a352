"""The views count each exchange once, and every query of the documentation says what it promises."""

import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.corpus.judge import judge
from corslens.corpus.sql import connect
from corslens.corpus.store import Store

from tests.corpus.run import WORK, on_one_machine, shards_of

QUERIES = re.findall(r"```sql\n(.*?)```", (Path(__file__).parents[2] / "docs" / "corpus.md").read_text(), re.DOTALL)


@pytest.mark.slow  # starts DuckDB on a corpus
def test_the_queries_of_the_documentation(captures: Path, tmp_path: Path) -> None:
    shards = shards_of(captures, 20_000)
    for shard in shards:
        judge(shard, WORK, str(tmp_path))
    connection = connect(Store(str(tmp_path)), [shard.name for shard in shards])
    assert len(QUERIES) == 10
    found = {query: connection.execute(query).fetchall() for query in QUERIES}
    by_column = {tuple(one[0] for one in connection.execute(query).description): rows for query, rows in found.items()}
    alone = on_one_machine(captures)
    problems = alone.problems()
    fingerprints = {
        one.key.fingerprint for one in problems if "localhost" not in one.key.api_origin and "127" not in one.key.api_origin
    }
    assert {row[2] for row in by_column["rule", "endpoint", "fingerprint"]} == fingerprints
    blocked = [one for one in problems if one.word == "BLOCKED"]
    assert sum(row[1] for row in by_column["api", "page_requests", "problems"]) == sum(one.count for one in blocked)
    assert [row[1] for row in by_column["capture", "sentence"]] == [one for each in alone.inputs for one in each.damages]
    # A preflight is written again when its request has come, and counts once.
    count = connection.execute("SELECT count(*) FROM latest WHERE role = 'preflight'").fetchall()
    assert count == [(alone.counts["preflight"],)]
    assert connection.execute("SELECT count(*), sum(page_requests) FROM problems").fetchall() == [
        (len(problems), sum(one.count for one in problems))
    ]
    rows = connection.execute("SELECT record FROM latest").fetchall()
    assert all(json.loads(record)["schema"] == "corslens/2" for (record,) in rows)


def test_what_memory_does_not_hold_goes_to_a_folder_of_ones_own_which_is_removed(tmp_path: Path) -> None:
    connection = connect(Store(str(tmp_path)), [])
    (folder,) = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    del connection
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [("SELECT nothing", "Binder Error"), ("SELECT 1 AS one, 'a' AS two", "one,two\n1,a\n")],
)
def test_a_query_on_the_command_line(query: str, said: str, tmp_path: Path) -> None:
    out = ["corpus", "--out", str(tmp_path / "out")]
    assert "there is no corpus here yet" in CliRunner().invoke(main, [*out, "--sql", query]).output
    (tmp_path / "empty").mkdir()
    CliRunner().invoke(main, [*out, str(tmp_path / "empty")])
    result = CliRunner().invoke(main, [*out, "--sql", query])
    assert said in result.output
    assert CliRunner().invoke(main, [*out, "--sql"], input=f"{query};").output.startswith(result.output[:10])


@pytest.mark.parametrize("query", ["", ";"])
def test_a_query_without_a_statement_prints_nothing(query: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["corpus", "--out", str(tmp_path / "out"), str(tmp_path / "empty"), f"--sql={query}"])
    assert (result.exit_code, result.stdout) == (0, "")
