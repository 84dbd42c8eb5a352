"""merge: the tables of all shards to one summary, which every report reads; DuckDB adds up within a limit of memory.

Numbers come first, of all problems; names, examples and messages later, of those alone that a report lists: to gather them for all at
once is what memory would not hold.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from corslens.corpus import rows
from corslens.corpus.extra import need
from corslens.corpus.problem import StoredProblem
from corslens.corpus.rows import column
from corslens.corpus.sql import STANDING
from corslens.corpus.store import RECEIPTS
from corslens.diagnosis.contribution import Suppressed
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.problem import EXAMPLES, NAMES, Key, Problem, worst_first
from corslens.diagnosis.summary import Input, SessionSummary

_FIRST_BLOCK = 500
"""The worst problems, which are filled in at once. Each block after them is twice as large, because each costs a look at all tables."""
_LARGEST_BLOCK = 4_000
_FETCHED = 10_000
"""Rows fetched at once."""


class CorpusSummary(SessionSummary):
    """The summary of a corpus: its problems in order, with details of those that are asked for."""

    def __init__(self, connection: Any) -> None:
        super().__init__(hold=0)
        self._connection = connection
        self._ranked: list[StoredProblem] = []
        self._places: dict[Key, int] = {}
        self._beside: Mapping[Key, Sequence[str]] | None = None
        self._rank()

    def problems(self) -> list[Problem]:
        """Return the problems, worst first."""
        return list(self._ranked)

    def changed_problems(self) -> Mapping[Key, Problem]:
        """Return the problems by key."""
        return {problem.key: problem for problem in reversed(self._ranked)}

    def held(self) -> list[Diagnosis]:
        """Return the examples of the problems that were looked at so far."""
        loaded = [problem for problem in self._ranked if "examples" in problem.__dict__]
        return [example.diagnosis for problem in loaded for example in problem.examples]

    def beside(self, key: Key) -> Sequence[str]:
        """Return the rules of what else is wrong where this problem is."""
        if self._beside is None:
            found = self._connection.execute(
                "SELECT rule, api, path, list(DISTINCT b.rule) FROM (SELECT rule, api, path, unnest(beside) AS b FROM shards.problems) GROUP BY ALL"
            )
            self._beside = {Key(rule, api, path): rules for rule, api, path, rules in found.fetchall()}
        return self._beside.get(key, ())

    def fill(self, problem: StoredProblem) -> None:
        """Fill in what the problem lacks, and while at it of those that are listed next to it."""
        block = {one.key: one for one in self._ranked[_block_of(self._places[problem.key])]}
        found: dict[Key, dict[str, Any]] = {}
        for part in self._parts(block):
            row = found.setdefault(Key(part["rule"], part["api"], part["path"]), _nothing())
            _add(row, part)
        for key, row in found.items():
            row["requests"] = [one["request"] for one in sorted(row["examples"], key=_order)[:EXAMPLES]]
            block[key].load(_listed(row))
            self.left_out -= len(block[key].examples)

    def _parts(self, keys: Iterable[Key]) -> Iterable[Mapping[str, Any]]:
        pa = need("pyarrow")
        wanted = pa.table({"rule": [k.rule for k in keys], "api": [k.api_origin for k in keys], "path": [k.path for k in keys]})
        self._connection.register("wanted", wanted)
        cursor = self._connection.execute("SELECT p.* FROM shards.problems AS p SEMI JOIN wanted USING (rule, api, path)")
        names = [one[0] for one in cursor.description]
        while fetched := cursor.fetchmany(_FETCHED):
            for row in fetched:
                yield dict(zip(names, row, strict=True))

    def _rank(self) -> None:
        cursor = self._connection.execute(
            f"SELECT rule, api, path, sum(n)::BIGINT, min(first), max(last), {STANDING} FROM shards.problems GROUP BY rule, api, path"
        )
        found: list[StoredProblem] = []
        one: dict[str, str] = {}  # each text once: millions of problems share their rules, servers and paths
        while fetched := cursor.fetchmany(_FETCHED):
            found += [StoredProblem((*(one.setdefault(text, text) for text in row[:3]), *row[3:]), self) for row in fetched]
        self._ranked = worst_first(found)
        self.left_out = sum(problem.count for problem in found)
        self._places = {problem.key: place for place, problem in enumerate(self._ranked)}


def merge(connection: Any) -> CorpusSummary:
    """Return the summary of what the connection's tables hold."""
    summary = CorpusSummary(connection)
    counts: Counter[Hashable] = Counter()
    cells: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    endpoints: list[tuple[str, str]] = []
    suppressed: Counter[Suppressed] = Counter()
    cursor = connection.execute("SELECT kind, a, b, c, d, sum(n)::BIGINT FROM shards.counts GROUP BY ALL")
    while fetched := cursor.fetchmany(_FETCHED):
        for kind, a, b, c, d, n in fetched:
            match kind:
                case "pair":
                    cells[a, b][c] += n
                case "endpoint":
                    endpoints.append((a, b))
                case "suppressed":
                    suppressed[Suppressed(a, b, c, d)] += n
                case _:
                    counts[rows.name_of(kind, a, b)] += n
    summary.add_totals(counts, cells, endpoints, suppressed)
    cursor = connection.execute(
        f"SELECT capture, exchanges, filtered_out, damages, notes FROM shards.{RECEIPTS} ORDER BY capture"
    )
    while fetched := cursor.fetchmany(_FETCHED):
        for name, exchanges, filtered_out, damages, notes in fetched:
            summary.inputs.append(
                Input(name=name, exchanges=exchanges, filtered_out=filtered_out, damages=damages, notes=notes)
            )
    return summary


_SUMMED = tuple(map(column, rows.COUNTED))
_LISTS = ("beside", "methods", "pages")


def _nothing() -> dict[str, Any]:
    return {
        **dict.fromkeys(_SUMMED, 0),
        "beside": Counter(),
        "methods": Counter(),
        "pages": Counter(),
        "methods_more": False,
        "pages_more": False,
        "examples": [],
    }


def _add(row: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add what a shard says of a problem."""
    for name in _SUMMED:
        row[name] += part[name]
    for one in part["beside"]:
        row["beside"][one["rule"], one["severity"]] += one["n"]
    for name in ("methods", "pages"):
        for one in part[name]:
            row[name][one["name"]] += one["n"]
        row[f"{name}_more"] = row[f"{name}_more"] or part[f"{name}_more"]
        if len(row[name]) > 2 * NAMES:
            _first(row, name)
    row["examples"] += part["examples"]
    if len(row["examples"]) > 4 * EXAMPLES:
        row["examples"] = sorted(row["examples"], key=_order)[:EXAMPLES]


def _block_of(place: int) -> slice:
    """Return the block that is filled in with the problem at a place."""
    start, size = 0, _FIRST_BLOCK
    while place >= start + size:
        start, size = start + size, min(2 * size, _LARGEST_BLOCK)
    return slice(start, start + size)


def _first(row: dict[str, Any], name: str) -> None:
    row[f"{name}_more"] = row[f"{name}_more"] or len(row[name]) > NAMES
    row[name] = Counter(dict(sorted(row[name].items())[:NAMES]))


def _listed(row: dict[str, Any]) -> Mapping[str, Any]:
    for name in ("methods", "pages"):
        _first(row, name)
        row[name] = [{"name": one, "n": number} for one, number in row[name].items()]
    row["beside"] = [{"rule": rule, "severity": severity, "n": number} for (rule, severity), number in row["beside"].items()]
    return row


def _order(example: Mapping[str, Any]) -> tuple[Any, ...]:
    return -example["severity"], example["file"], example["entry"], example["time"], example["id"]
