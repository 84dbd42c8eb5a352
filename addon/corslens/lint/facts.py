"""Facts: the vocabulary that rules are written in, about one exchange, its pair, its verdicts and its endpoint's history.

A fact is computed when the first rule asks for it, and once. Unknown never matches.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from corslens.lint.completed_facts import CompletedFacts
from corslens.lint.fact import Fact, facts_of
from corslens.lint.history_facts import HistoryFacts
from corslens.lint.library_facts import LibraryFacts
from corslens.lint.oddities import OddityFacts
from corslens.lint.page_facts import PageFacts
from corslens.lint.pair_facts import PairFacts
from corslens.lint.probe_facts import ProbeFacts
from corslens.lint.request_facts import RequestFacts
from corslens.lint.response_facts import ResponseFacts
from corslens.lint.verdict_facts import VerdictFacts
from corslens.lint.witness_facts import WitnessFacts


class Facts(
    OddityFacts,
    RequestFacts,
    ResponseFacts,
    CompletedFacts,
    PairFacts,
    LibraryFacts,
    PageFacts,
    VerdictFacts,
    WitnessFacts,
    ProbeFacts,
    HistoryFacts,
):
    """Everything that a rule can ask of one exchange."""


VOCABULARY: Mapping[str, Fact[Any]] = MappingProxyType(facts_of(Facts))
"""Every fact by its name in rules."""
