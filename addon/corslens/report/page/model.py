"""The page's data: what the HTML report embeds and what the live page sends, in one form."""

from collections.abc import Iterable

from corslens.advice.origins import is_own_site, suppose_own_origins
from corslens.advice.policy import PLACEHOLDER, Drawn, draw_policies, with_origins
from corslens.advice.settings import guess_server, write
from corslens.advice.table import SERVERS, Server, server_named
from corslens.diagnosis.problem import Problem
from corslens.inspection import FindInspection, Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.observation.correlation import Correlation
from corslens.observation.redaction import public_url
from corslens.report.page.exchange_detail import Json, details

_LOOKED_AT = 200
"""Responses of an API, the latest, by which its server is guessed."""


def in_full(problems: Iterable[Problem], find: FindInspection, rules: RuleSet, correlation: Correlation | None = None) -> Json:
    """Return the examples of these problems, and what the catalog says of their rules.

    Args:
        find: looks up the exchanges around an example, where they are still known.
        correlation: of the session; tells which redacted values are equal.
    """
    found = list(problems)
    diagnoses = [example.diagnosis for problem in found for example in problem.examples]

    def around(id: str) -> Inspection | None:
        return within.get(id) or find(id)

    within = {one.id: one for diagnosis in diagnoses for one in diagnosis.page_request.members}
    named = {finding.rule for diagnosis in diagnoses for finding in diagnosis.beside}
    ids = sorted(named.union(problem.key.rule for problem in found))
    return {
        **details(diagnoses, around, correlation),
        "rules": {id: words for id in ids if (words := _words(rules, id)) is not None},
    }


class ServerSettings:
    """Settings that allow what was seen of an API; each server's are written when they are asked for.

    Args:
        inspections: of any APIs.
        api: the origin, as it may be shown.
    """

    def __init__(self, inspections: Iterable[Inspection], api: str) -> None:
        self._seen = [each for each in inspections if public_url(each.observation.target_origin) == api]
        self._api = self._seen[0].observation.target_origin if self._seen else api
        self._drawn: dict[bool, Drawn] = {}
        self._named: tuple[str, ...] = ()
        """Origins that nobody named: they are supposed to be the user's own."""
        self._own = True
        self._guessed = guess_server(self._seen[-_LOOKED_AT:])
        if not any(policy.origins for policy in self._draw(by_path=True).policies):
            self._named = suppose_own_origins(self._api, [each.observation for each in self._seen])
            self._drawn.clear()
        self._own = all(is_own_site(origin, self._api) for origin in self._named)

    def servers(self) -> list[Json]:
        """Return `server` and `label` of each server, the one that it looks like first; none where no origin can be allowed."""
        if not any(policy.origins for policy in self._draw(by_path=True).policies):
            return []
        ordered = sorted(SERVERS, key=lambda server: (server is not self._guessed, server.title.lower()))
        return [{"server": server.name, "label": self._label(server)} for server in ordered]

    def write(self, name: str) -> Json:
        """Return the `blocks` and `notes` for a server.

        Raises: ValueError for an unknown one.
        """
        server = server_named(name)
        drawn = self._draw(by_path=server.by_path)
        advice = write(server, drawn.policies, drawn.warnings, guessed=server is self._guessed, supposed=bool(self._named))
        return {
            "blocks": [{"file": block.where, "text": block.text} for block in advice.blocks],
            "notes": (*(_supposed(self._named) if self._own else _to_replace(self._named)), *advice.warnings),
        }

    def _label(self, server: Server) -> str:
        return f"{server.title} (guessed from its responses)" if server is self._guessed else server.title

    def _draw(self, *, by_path: bool) -> Drawn:
        if by_path not in self._drawn:
            drawn = draw_policies(self._seen, allow_origins=self._named, api=self._api, by_path=by_path)
            self._drawn[by_path] = drawn if self._own else with_origins(drawn, [PLACEHOLDER])
        return self._drawn[by_path]


def settings(inspections: Iterable[Inspection], api: str) -> list[Json]:
    """Return settings that allow what was seen of an API, for every server; the one that it looks like comes first."""
    offered = ServerSettings(inspections, api)
    return [{**server, **offered.write(server["server"])} for server in offered.servers()]


def _supposed(origins: Iterable[str]) -> Iterable[str]:
    return [f"Only if {origin} is your own: it sent requests and is not allowed today." for origin in origins]


def _to_replace(origins: Iterable[str]) -> Iterable[str]:
    return [
        f"Replace {PLACEHOLDER} with the origin of your own page. {origin} sent requests; it is cross-site to the API, "
        "so only you know whether it is yours."
        for origin in origins
    ]


def _words(rules: RuleSet, id: str) -> Json | None:
    rule = rules.rules.get(id)
    return None if rule is None else {"summary": rule.title, "why": rule.why, "sources": rule.sources}
