"""A corpus's problem: what puts it in order at once, its names and examples when a report asks for them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from corslens.corpus.details import decode
from corslens.corpus.rows import column
from corslens.diagnosis.diagnose import WORDS, diagnose
from corslens.diagnosis.example import Example, example_of
from corslens.diagnosis.names import NameCounts
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import NAMES, Key, Problem
from corslens.engines.engine import Engine
from corslens.lint.finding import Severity

_LATE = frozenset({"words", "severities", "engines", "beside", "methods", "pages", "examples"})
"""What is loaded when it is first asked for."""

_WORDS: Mapping[str, str] = {word.lower(): word for word in WORDS}


def word_of(outcome: str) -> str:
    """Return the word that a table writes in lower case."""
    return _WORDS[outcome]


class Loader(Protocol):
    """Where the rest of the problems is."""

    def fill(self, problem: "StoredProblem") -> None:
        """Fill in what the problem lacks."""

    def beside(self, problem: "StoredProblem") -> Sequence[str]:
        """Return the rules of what else is wrong there."""


class StoredProblem(Problem):
    """A problem over all shards."""

    def __init__(self, row: tuple[Any, ...], loader: Loader) -> None:
        self.place: int
        """Among all problems, from 0 on."""
        self.place, rule, api, path, self.count, first, last, severity, outcome, state = row
        self.key = Key(rule, api, path)
        self.version = 1
        self._times, self._settled = [], (first, last)
        self._severity, self._state = Severity[severity.upper()], ProblemState(state)
        self._word = word_of(outcome)
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        if name not in _LATE:
            raise AttributeError(name)
        self._loader.fill(self)
        return self.__dict__[name]

    @property
    def severity(self) -> Severity:
        """The worst that was found on its page requests."""
        return self._severity

    @property
    def word(self) -> str:
        """The worst of the words that stand before its page requests."""
        return self._word

    @property
    def state(self) -> ProblemState:
        """Open while any kind of its page requests is, resolved once all pass."""
        return self._state

    def named(self) -> Iterator[Key]:
        """Yield its key, and those of what else is wrong there, be it known by itself or not."""
        yield self.key
        for rule in sorted(self._loader.beside(self)):
            yield Key(rule, self.key.api_origin, self.key.path)

    def load(self, row: Mapping[str, Any]) -> None:
        """Take what the tables say of it.

        Args:
            row: counts by column, `beside`, `methods`, `pages` as lists of names with a severity and a number, and `requests`: its
                first page requests as stored.
        """
        self.words = Counter({word: row[column(word)] for word in WORDS if row[column(word)]})
        self.severities = Counter({one: row[column(one.word)] for one in Severity if row[column(one.word)]})
        self.engines = Counter({one: row[column(one)] for one in Engine if row[column(one)]})
        self.beside = Counter({(rule, Severity(severity)): n for rule, severity, n in sorted(row["beside"])})
        self.methods, self.pages = _names(row, "methods"), _names(row, "pages")
        self.examples: list[Example] = [example_of(diagnose(decode(stored))) for stored in row["requests"]]


def _names(row: Mapping[str, Any], column: str) -> NameCounts:
    names = NameCounts(NAMES)
    for name, _, n in sorted(row[column]):
        names.add(name, n)
    names.more = names.more or row[f"{column}_more"]
    return names
