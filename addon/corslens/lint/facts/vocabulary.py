"""Facts: the vocabulary that rules are written in, about one exchange, its pair, its verdicts and its endpoint's history.

A fact is computed when the first rule asks for it, and once. Unknown never matches.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from corslens.lint.facts.cors_headers import CorsHeaderFacts
from corslens.lint.facts.endpoint_history import HistoryFacts
from corslens.lint.facts.fact import Fact, facts_of
from corslens.lint.facts.libraries import LibraryFacts
from corslens.lint.facts.neighbors import NeighborFacts
from corslens.lint.facts.page import PageFacts
from corslens.lint.facts.page_mistakes import PageMistakeFacts
from corslens.lint.facts.probe import ProbeFacts
from corslens.lint.facts.related import PairFacts
from corslens.lint.facts.request import RequestFacts
from corslens.lint.facts.suggested_values import CompletedFacts
from corslens.lint.facts.verdict import VerdictFacts
from corslens.lint.facts.witness import WitnessFacts


class Facts(
    RequestFacts,
    CorsHeaderFacts,
    CompletedFacts,
    PairFacts,
    LibraryFacts,
    PageFacts,
    PageMistakeFacts,
    NeighborFacts,
    VerdictFacts,
    WitnessFacts,
    ProbeFacts,
    HistoryFacts,
):
    """Everything that a rule can ask of one exchange."""


VOCABULARY: Mapping[str, Fact[Any]] = MappingProxyType(facts_of(Facts))
"""Every fact by its name in rules."""
