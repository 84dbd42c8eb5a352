"""What is found of the servers against what they do: precision and recall of each rule that says something of a server."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.corpus_suite.generator import Truth
from scripts.corpus_suite.servers import Manner

_RIGHT: Mapping[tuple[str, str], frozenset[Manner]] = {
    ("any-origin-reflected-with-credentials", "error"): frozenset({Manner.REFLECTS_CREDENTIALS}),
    ("any-origin-reflected-with-credentials", "warning"): frozenset({Manner.REFLECTS_CREDENTIALS}),
    ("any-origin-reflected", "info"): frozenset({Manner.REFLECTS}),
    ("cors-lost-on-error", "error"): frozenset({Manner.LIST_LOST_ON_ERROR}),
    ("vary-origin-missing", "info"): frozenset({Manner.LIST_WITHOUT_VARY}),
    ("vary-origin-missing", "warning"): frozenset({Manner.LIST_WITHOUT_VARY}),
}
"""By rule and severity the manners of the servers of which it is true."""


def accuracy(report: Path, truth: Truth) -> Iterator[str]:
    """Yield a line for each rule: of how many endpoints it was right, and how many of the servers of which it is true it found.

    Args:
        report: in JSON, with all problems.
    """
    endpoints: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for problem in json.loads(report.read_bytes())["problems"]:
        api = "/".join(problem["endpoint"].split("/", 3)[:3])
        for finding in filter(None, [problem["cause"], *problem["beside"]]):
            endpoints[finding["rule"], finding["severity"]].add((api, problem["endpoint"]))
    for key, manners in _RIGHT.items():
        found = endpoints[key]
        right = {one for one in found if truth.servers.get(one[0]) in manners}
        servers = {server for server, manner in truth.servers.items() if manner in manners}
        named = {api for api, _ in right}
        precision = f"{len(right) / len(found):.0%}" if found else "–"
        recall = f"{len(named) / len(servers):.0%}" if servers else "–"
        yield (
            f"{' '.join(key)}: right of {len(right):,} of {len(found):,} endpoints ({precision}); "
            f"names {len(named):,} of {len(servers):,} servers ({recall})"
        )
