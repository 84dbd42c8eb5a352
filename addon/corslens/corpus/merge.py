"""merge: the tables of all shards to one summary, which every report reads; DuckDB adds up within a limit of memory, and Python holds little."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from corslens.corpus import rows
from corslens.corpus.ranking import Problems, Ranking
from corslens.corpus.store import RECEIPTS
from corslens.diagnosis.contribution import Suppressed
from corslens.diagnosis.diagnose import WORDS, Diagnosis
from corslens.diagnosis.matrix import Cell, Endpoint, OriginPair
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import Input, SessionSummary, Standing

_FETCHED = 10_000
"""Rows fetched at once."""

_PAIRS = f"""
    WITH counted AS (SELECT a, b, c, sum(n)::BIGINT AS n FROM shards.counts WHERE kind = 'pair' GROUP BY a, b, c),
    placed AS (SELECT *, list_position({list(WORDS)}, c) AS word FROM counted WHERE n > 0)
    SELECT a, b, map_from_entries(list((c, n))), count(*) OVER () FROM placed
    GROUP BY a, b ORDER BY min(word), arg_min(n, word) DESC, a, b LIMIT ?
"""
_UNTOLD = """
    SELECT a, b, count(*) OVER () FROM (SELECT DISTINCT a, b FROM shards.counts WHERE kind = 'endpoint')
    ANTI JOIN (SELECT DISTINCT api AS a, path AS b FROM ranked) USING (a, b) ORDER BY a, b LIMIT ?
"""


class CorpusSummary(SessionSummary):
    """The summary of a corpus: what it says of problems, pairs and endpoints is read from the tables when it is asked for."""

    def __init__(self, connection: Any) -> None:
        super().__init__(hold=0)
        self._connection = connection
        self._ranking = Ranking(connection)
        self.left_out = self._ranking.page_requests

    def problems(self) -> Problems:
        """Return the problems, worst first; each is read anew when it is iterated over."""
        return self._ranking.problems()

    def standings(self) -> Counter[Standing]:
        """Return how many problems stand how."""
        return self._ranking.standings()

    def held_with(self, problems: Iterable[Problem]) -> Iterator[Diagnosis]:
        """Yield the examples of these problems; from then on, `left_out` counts what is not among them."""
        self.left_out = self._ranking.page_requests
        for problem in problems:
            self.left_out -= len(problem.examples)
            for example in problem.examples:
                yield example.diagnosis

    def worst_cells(self, most: int) -> tuple[Sequence[tuple[OriginPair, Cell]], int]:
        """Return the worst and busiest pairs of a page's origin and an API, and how many there are."""
        found = self._connection.execute(_PAIRS, [most]).fetchall()
        return [((a, b), Cell(words=Counter(words))) for a, b, words, _ in found], found[0][-1] if found else 0

    def endpoints_without_problems(self, most: int) -> tuple[Sequence[Endpoint], int]:
        """Return the first endpoints of which nothing is to be said, and how many there are."""
        found = self._connection.execute(_UNTOLD, [most]).fetchall()
        return [(a, b) for a, b, _ in found], found[0][-1] if found else 0


def merge(connection: Any) -> CorpusSummary:
    """Return the summary of what the connection's tables hold."""
    summary = CorpusSummary(connection)
    counts: Counter[Hashable] = Counter()
    suppressed: Counter[Suppressed] = Counter()
    cursor = connection.execute(
        "SELECT kind, a, b, c, d, sum(n)::BIGINT FROM shards.counts WHERE kind NOT IN ('pair', 'endpoint') GROUP BY ALL"
    )
    while fetched := cursor.fetchmany(_FETCHED):
        for kind, a, b, c, d, n in fetched:
            if kind == "suppressed":
                suppressed[Suppressed(a, b, c, d)] += n
            else:
                counts[rows.name_of(kind, a, b)] += n
    summary.add_totals(counts, suppressed)
    cursor = connection.execute(
        f"SELECT capture, exchanges, filtered_out, damages, notes FROM shards.{RECEIPTS} ORDER BY capture"
    )
    while fetched := cursor.fetchmany(_FETCHED):
        for name, exchanges, filtered_out, damages, notes in fetched:
            summary.inputs.append(
                Input(name=name, exchanges=exchanges, filtered_out=filtered_out, damages=damages, notes=notes)
            )
    return summary
