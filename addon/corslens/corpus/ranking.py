"""ranking: the problems of a corpus in order, as tables of DuckDB, of which Python holds those alone that are looked at.

Numbers come first, of all problems; names, examples and messages later, of those that a report lists: gathered for all at once they
would be the corpus again. What was looked at is dropped with the problem, so that a report holds as much of them as it writes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from corslens.corpus.problem import StoredProblem, word_of
from corslens.corpus.rows import COUNTED, column
from corslens.corpus.sql import STANDING
from corslens.diagnosis.diagnose import WORDS
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import EXAMPLES, NAMES, Problem
from corslens.diagnosis.summary import Standing
from corslens.lint.finding import Severity

_BLOCK = 500
"""Problems that are loaded together."""
_GATHERED = 16 * _BLOCK
"""The worst problems, of which details are gathered at the first look. Each time after these are twice as many: it costs a look at all tables."""

_WORDS = [word.lower() for word in WORDS]
_GRADES = [severity.word for severity in sorted(Severity, reverse=True)]
_SUMMED = tuple(map(column, COUNTED))

_RANKED = f"""
    CREATE OR REPLACE TEMP TABLE ranked AS
    WITH summed AS MATERIALIZED (
        SELECT rule, api, path, sum(n)::BIGINT AS n, min(first) AS first, max(last) AS last, {STANDING}
        FROM shards.problems GROUP BY rule, api, path
    ), newest AS (
        SELECT rule, severity, outcome, state = '{ProblemState.RESOLVED}' AS over, max(last) AS newest FROM summed GROUP BY ALL
    )
    SELECT row_number() OVER (
        ORDER BY over, list_position({_WORDS}, outcome), list_position({_GRADES}, severity), newest DESC, rule, last DESC, api, path
    ) - 1 AS place, rule, api, path, n, first, last, severity, outcome, state
    FROM (SELECT *, state = '{ProblemState.RESOLVED}' AS over FROM summed) JOIN newest USING (rule, severity, outcome, over)
    ORDER BY place
"""
"""As `diagnosis.problem.worst_first` has them."""

_DETAILS = {
    "details": f"""
        SELECT place, {", ".join(f"sum({name})::BIGINT AS {name}" for name in _SUMMED)},
            bool_or(methods_more) AS methods_more, bool_or(pages_more) AS pages_more
        FROM parts GROUP BY place
    """,
    "names": f"""
        WITH named AS (
            SELECT place, 'methods' AS kind, 0 AS severity, unnest(methods) AS one FROM parts
            UNION ALL SELECT place, 'pages', 0, unnest(pages) FROM parts
        )
        SELECT place, kind, 0 AS severity, one.name AS name, sum(one.n)::BIGINT AS n FROM named GROUP BY place, kind, one.name
        QUALIFY row_number() OVER (PARTITION BY place, kind ORDER BY one.name) <= {NAMES + 1}
        UNION ALL SELECT place, 'beside', one.severity, one.rule, sum(one.n)::BIGINT
        FROM (SELECT place, unnest(beside) AS one FROM parts) GROUP BY ALL
    """,
    "examples": f"""
        SELECT place, row_number() OVER (
            PARTITION BY place ORDER BY one.severity DESC, one.file, one.entry, one.time, one.id
        ) AS number, one.request AS request
        FROM (SELECT place, unnest(examples) AS one FROM shards.problems JOIN wanted USING (rule, api, path))
        QUALIFY number <= {EXAMPLES}
    """,
}
"""What is gathered of each problem that is wanted. Names are one too many where there are too many."""

_BESIDE = """
    CREATE TEMP TABLE besides AS SELECT DISTINCT place, beside
    FROM (SELECT rule, api, path, unnest(beside).rule AS beside FROM shards.problems) JOIN ranked USING (rule, api, path) ORDER BY place
"""


class Ranking:
    """The problems in order, worst first.

    Args:
        connection: as `corpus.sql.connect` returns it.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._gathered = 0
        self._knows_besides = False
        connection.execute(_RANKED)
        self.count, self.page_requests = connection.execute(
            "SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM ranked"
        ).fetchone()

    def problems(self) -> "Problems":
        """Return all of them."""
        return Problems(self, range(self.count))

    def standings(self) -> Counter[Standing]:
        """Return how many there are of each kind."""
        found = self._connection.execute("SELECT rule, state, outcome, severity, count(*) FROM ranked GROUP BY ALL").fetchall()
        return Counter(
            {
                Standing(
                    rule=rule, state=ProblemState(state), word=word_of(outcome), severity=Severity[severity.upper()]
                ): number
                for rule, state, outcome, severity, number in found
            }
        )

    def block(self, places: range) -> list[StoredProblem]:
        """Return the problems at places that follow each other."""
        block = _Block(self, places)
        rows = self._between("ranked", "place, rule, api, path, n, first, last, severity, outcome, state", places)
        return [StoredProblem(row, block) for row in sorted(rows)]

    def details(self, places: range) -> Mapping[int, Mapping[str, Any]]:
        """Return by place what `StoredProblem.load` takes."""
        self._gather(places.stop)
        found: dict[int, dict[str, Any]] = {}
        for place, methods_more, pages_more, *summed in self._between(
            "details", f"place, methods_more, pages_more, {', '.join(_SUMMED)}", places
        ):
            found[place] = {
                **dict(zip(_SUMMED, summed, strict=True)),
                "methods_more": methods_more,
                "pages_more": pages_more,
                **{name: [] for name in ("methods", "pages", "beside", "requests")},
            }
        for place, kind, severity, name, n in self._between("names", "place, kind, severity, name, n", places):
            found[place][kind].append((name, severity, n))
        for place, _, request in sorted(self._between("examples", "place, number, request", places)):
            found[place]["requests"].append(request)
        return found

    def besides(self, places: range) -> Mapping[int, Sequence[str]]:
        """Return by place the rules of what else is wrong there."""
        if not self._knows_besides:
            self._connection.execute(_BESIDE)
            self._knows_besides = True
        found: dict[int, list[str]] = defaultdict(list)
        for place, rule in self._between("besides", "place, beside", places):
            found[place].append(rule)
        return found

    def _between(self, table: str, columns: str, places: range) -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM {table} WHERE place >= ? AND place < ?"
        rows: list[tuple[Any, ...]] = self._connection.execute(query, [places.start, places.stop]).fetchall()
        return rows

    def _gather(self, stop: int) -> None:
        """Gather details of the problems before that place."""
        while self._gathered < stop:
            start, self._gathered = self._gathered, 2 * self._gathered or _GATHERED
            execute = self._connection.execute
            execute(
                "CREATE OR REPLACE TEMP TABLE wanted AS SELECT place, rule, api, path FROM ranked WHERE place >= ? AND place < ?",
                [start, self._gathered],
            )
            execute(
                "CREATE OR REPLACE TEMP TABLE parts AS SELECT place, p.* EXCLUDE (rule, api, path, n, first, last, examples) "
                "FROM shards.problems AS p JOIN wanted USING (rule, api, path)"
            )
            for table, query in _DETAILS.items():
                if start:
                    execute(f"INSERT INTO {table} {query}")
                else:
                    execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
            execute("DROP TABLE parts")


class Problems(Sequence[Problem]):
    """Problems of a ranking, read from it each time that they are asked for."""

    def __init__(self, ranking: Ranking, places: range) -> None:
        self._ranking = ranking
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Problem: ...
    @overload
    def __getitem__(self, place: slice) -> "Problems": ...
    def __getitem__(self, place: int | slice) -> "Problem | Problems":
        if isinstance(place, slice):
            if place.step not in (None, 1):
                raise ValueError("problems are sliced without a step")
            return Problems(self._ranking, self._places[place])
        at = self._places[place]
        return self._ranking.block(range(at, at + 1))[0]

    def __iter__(self) -> Iterator[Problem]:
        for start in self._places[::_BLOCK]:
            yield from self._ranking.block(range(start, min(start + _BLOCK, self._places.stop)))


class _Block:
    """Problems that follow each other: what one of them lacks is loaded for all, and handed to each when it asks."""

    def __init__(self, ranking: Ranking, places: range) -> None:
        self._ranking = ranking
        self._places = places
        self._details: dict[int, Mapping[str, Any]] | None = None
        self._besides: Mapping[int, Sequence[str]] | None = None

    def fill(self, problem: StoredProblem) -> None:
        """Fill in what the problem lacks."""
        if self._details is None:
            self._details = dict(self._ranking.details(self._places))
        problem.load(self._details.pop(problem.place))

    def beside(self, problem: StoredProblem) -> Sequence[str]:
        """Return the rules of what else is wrong where this problem is."""
        if self._besides is None:
            self._besides = self._ranking.besides(self._places)
        return self._besides.get(problem.place, ())
