"""The page's data: what the HTML report embeds and what the live page sends, in one form."""

from collections.abc import Iterable
from typing import Any

from corslens.advice.origins import is_own_site, suppose_own_origins
from corslens.advice.policy import PLACEHOLDER, draw_policies, with_origins
from corslens.advice.settings import guess_server, write
from corslens.advice.table import SERVERS
from corslens.diagnosis.problem import Problem
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.observation.redaction import public_url
from corslens.report.page.exchange_detail import Find, details

type Json = dict[str, Any]


def in_full(problems: Iterable[Problem], find: Find, rules: RuleSet) -> Json:
    """Return the examples of these problems, and what the catalogue says of their rules.

    Args:
        find: looks up the exchanges around an example, where they are still known.
    """
    found = list(problems)
    diagnoses = [example.diagnosis for problem in found for example in problem.examples]

    def around(id: str) -> Inspection | None:
        return within.get(id) or find(id)

    within = {one.id: one for diagnosis in diagnoses for one in diagnosis.page_request.members}
    ids = sorted({problem.key.rule for problem in found})
    return {**details(diagnoses, around), "rules": {id: words for id in ids if (words := _words(rules, id)) is not None}}


def settings(inspections: Iterable[Inspection], api: str) -> list[Json]:
    """Return settings that allow what was seen of an API, for each server; the one that it looks like comes first."""
    found = (inspection for inspection in inspections if public_url(inspection.observation.target_origin) == api)
    seen = list(found)
    if not seen:
        return []
    api = seen[0].observation.target_origin
    named: tuple[str, ...] = ()
    if not any(policy.origins for policy in draw_policies(seen, api=api).policies):
        named = suppose_own_origins(api, [inspection.observation for inspection in seen])
        if not named:
            return []
    drawn = {by_path: draw_policies(seen, allow_origins=named, api=api, by_path=by_path) for by_path in (True, False)}
    own = all(is_own_site(origin, api) for origin in named)
    if not own:
        drawn = {by_path: with_origins(policies, [PLACEHOLDER]) for by_path, policies in drawn.items()}
    guessed = guess_server(seen)
    written = []
    for server in sorted(SERVERS, key=lambda server: (server is not guessed, server.title.lower())):
        policies, warnings = drawn[server.by_path].policies, drawn[server.by_path].warnings
        advice = write(server, policies, warnings, guessed=server is guessed, supposed=bool(named))
        written.append(
            {
                "server": server.name,
                "label": f"{server.title} (guessed from its responses)" if server is guessed else server.title,
                "blocks": [{"file": block.where, "text": block.text} for block in advice.blocks],
                "notes": (*(_supposed(named) if own else _to_replace(named)), *advice.warnings),
            }
        )
    return written


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
