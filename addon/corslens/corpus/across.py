"""across: what the whole corpus shows of an endpoint, and the shards judged again by the same rules with that in mind.

A capture of one page seldom shows two origins at an endpoint, so no rule can say there that a server reflects whoever asks. The evidence
of all captures together can; it is joined at the end, because it is not monotone: one refused origin makes a reflection a list.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from msgspec import Struct, structs

from corslens.corpus.shards import Shard
from corslens.diagnosis.matrix import Endpoint
from corslens.diagnosis.problem import endpoint_of
from corslens.inspection import Inspection
from corslens.lint.finding import Finding
from corslens.lint.rules.condition import leaves
from corslens.lint.rules.rule import Rule, RuleSet
from corslens.observation.evidence import EndpointEvidence, OriginOutcome, Prior, Seen, ServerEvidence, level_of

_HISTORY = "history."
"""How the facts begin that stand on more than one exchange."""
_FETCHED = 10_000

_ROWS = """
    SELECT api, path, asked, origin, allow_origin, allow_credentials, vary_origin, status, role = 'preflight' AS preflight, jsonp
    FROM latest SEMI JOIN shared_servers USING (api)
    WHERE asked IS NOT NULL AND NOT (asked = 'granted' AND contains(origin, '*')) GROUP BY ALL
"""
"""A starred origin is not the real name, and would count as one more beside it."""
_SHARED = """
    CREATE OR REPLACE TEMP TABLE shared AS
    SELECT api, path, count(DISTINCT origin) AS origins, count(DISTINCT capture) AS captures
    FROM latest WHERE asked IS NOT NULL GROUP BY api, path HAVING captures > 1;
    CREATE OR REPLACE TEMP TABLE shared_servers AS
    SELECT api FROM latest WHERE asked IS NOT NULL GROUP BY api HAVING count(DISTINCT capture) > 1
"""
"""The endpoints, and the servers, that more than one capture shows: of the others each capture knew all."""


class Across(Struct, frozen=True):
    """What the corpus shows of some endpoints."""

    prior: Prior
    seen: Mapping[Endpoint, tuple[int, int]]
    """On how many origins and captures it stands."""


def evidence(connection: Any) -> Across:
    """Return what the corpus shows of the endpoints and servers that several captures share."""
    connection.execute(_SHARED)
    found = connection.execute("SELECT api, path, origins, captures FROM shared").fetchall()
    seen = {(api, path): (origins, captures) for api, path, origins, captures in found}
    endpoints: dict[Endpoint, EndpointEvidence] = defaultdict(EndpointEvidence)
    servers: dict[str, ServerEvidence] = defaultdict(ServerEvidence)
    cursor = connection.execute(_ROWS)
    while fetched := cursor.fetchmany(_FETCHED):
        for api, path, asked, origin, allow_origin, allow_credentials, vary_origin, status, preflight, jsonp in fetched:
            one = Seen(
                OriginOutcome(asked), origin, allow_origin, allow_credentials, vary_origin, level_of(status), preflight, jsonp
            )
            servers[api].add(one)
            if (api, path) in seen:
                endpoints[api, path].add(one)
    return Across(Prior(dict(endpoints), dict(servers)), seen)


def again(connection: Any, shards: Sequence[Shard], whole: Across) -> Iterator[tuple[Shard, Across]]:
    """Yield the shards to judge again, each with what the corpus shows of its endpoints.

    A shard's name follows from that, so that one of which nothing more is known is not judged again.
    """
    endpoints: dict[str, list[Endpoint]] = defaultdict(list)
    servers: dict[str, list[str]] = defaultdict(list)
    found = connection.execute("SELECT DISTINCT shard, api, path FROM latest SEMI JOIN shared USING (api, path)")
    for shard, api, path in found.fetchall():
        endpoints[shard].append((api, path))
    found = connection.execute("SELECT DISTINCT shard, api FROM latest SEMI JOIN shared_servers USING (api)")
    for shard, api in found.fetchall():
        servers[shard].append(api)
    for one in shards:
        own = sorted(endpoints[one.name])
        prior = Prior(
            {endpoint: whole.prior.endpoints[endpoint] for endpoint in own if endpoint in whole.prior.endpoints},
            {api: whole.prior.servers[api] for api in sorted(servers[one.name]) if api in whole.prior.servers},
        )
        part = Across(prior, {endpoint: whole.seen[endpoint] for endpoint in own})
        yield structs.replace(one, name=_name(one, part)), part


def _name(shard: Shard, part: Across) -> str:
    hashed = blake2b(shard.name.encode(), digest_size=16)
    for endpoint, known in part.prior.endpoints.items():
        values = (known.granted_origins, known.credentials_granted, known.refused_origins, known.allow_origins)
        kinds = (known.vary_present, known.vary_missing, known.granted_levels, known.plain_levels)
        content = (
            endpoint,
            part.seen[endpoint],
            [sorted(one) for one in values],
            [sorted(map(str, one)) for one in kinds],
            known.null_granted,
            known.jsonp,
        )
        hashed.update(repr(content).encode())
    for api, server in part.prior.servers.items():
        hashed.update(repr((api, sorted(server.granted_origins), sorted(server.refused_origins))).encode())
    return hashed.hexdigest()


class CorpusSupport:
    """Says of findings that stand on the corpus on how much of it they do."""

    def __init__(self, across: Across, rules: RuleSet) -> None:
        self._seen = across.seen
        self._rules = frozenset(id for id, rule in rules.rules.items() if _stands_on_history(rule))

    def amend(self, inspection: Inspection) -> Inspection:
        """Return the inspection with what its findings stand on."""
        if not any(one.rule in self._rules for one in inspection.findings):
            return inspection
        seen = self._seen.get(endpoint_of(inspection))
        if seen is None:
            return inspection
        return structs.replace(inspection, findings=tuple(self._amended(one, *seen) for one in inspection.findings))

    def _amended(self, finding: Finding, origins: int, captures: int) -> Finding:
        if finding.rule not in self._rules:
            return finding
        basis = f"{origins:,} origin{'' if origins == 1 else 's'} in {captures:,} captures"
        return structs.replace(finding, message=f"{finding.message} (in this corpus: requests from {basis})")


def _stands_on_history(rule: Rule) -> bool:
    conditions = (rule.condition, *(case.when for case in rule.cases))
    return any(leaf.fact.startswith(_HISTORY) for one in conditions if one is not None for leaf in leaves(one))
