"""Contribution: what one page request adds to a session's summary, all of it, so that all of it can be taken back."""

from collections.abc import Hashable
from functools import lru_cache

from msgspec import Struct

from corslens.diagnosis.diagnose import JUDGED, Diagnosis, diagnose
from corslens.diagnosis.example import Example, example_of
from corslens.diagnosis.matrix import OriginPair
from corslens.diagnosis.page_request import PageRequest
from corslens.diagnosis.problem import Key, endpoint_of, key_of
from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import CORS_ROLES, Followed, Observation, Role
from corslens.verdict.verdict import Outcome

_DECIDED = frozenset({*JUDGED, "ABORTED"})


class Suppressed(Struct, frozen=True, order=True):
    """A finding that the user's own rules suppress."""

    rule: str
    note: str
    """Who suppresses it and why, as `my.yaml:2: known`."""
    api_origin: str
    path: str


class Agreement(Struct, frozen=True):
    """What a browser that was listened to made of a page request, beside the verdict."""

    engine: Engine
    agreed: bool


class Contribution(Struct, frozen=True, gc=False):
    """What one page request adds to the summary."""

    counted: tuple[Hashable, ...]
    origin_pair: OriginPair | None = None
    word: str = "ALLOWED"
    key: Key | None = None
    example: Example | None = None
    suppressed: tuple[Suppressed, ...] = ()


@lru_cache(maxsize=2048)
def _quiet(role: Role, paired: bool, agreement: Agreement | None, origin_pair: OriginPair | None) -> Contribution:
    """Return what one exchange adds of which there is nothing to say; pages request the same over and over."""
    counted: tuple[Hashable, ...] = ("exchanges", role, *(("pairs",) if paired else ()))
    if role in CORS_ROLES - {Role.PREFLIGHT}:
        counted += ("page requests", "ALLOWED")
    return Contribution(counted if agreement is None else (*counted, agreement), origin_pair)


def _agreement(members: tuple[Inspection, ...]) -> Agreement | None:
    """Return what the browser made of a page request, None where it said nothing of it."""
    said = [one for one in members if one.confirmed is not None]
    if not said or said[0].observation.engine is None:
        return None
    return Agreement(said[0].observation.engine, all(one.confirmed for one in said))


def with_member(members: tuple[Inspection, ...], inspection: Inspection) -> tuple[Inspection, ...]:
    """Return the exchanges with one more, or with a later inspection of one; oldest first."""
    id = inspection.id
    if len(members) == 1 and members[0].id == id:
        return (inspection,)
    if any(one.id == id for one in members):
        return tuple(inspection if one.id == id else one for one in members)
    found = (*members, inspection)
    return tuple(sorted(found, key=lambda one: one.observation.exchange.request.time))


def _is_quiet(inspection: Inspection) -> bool:
    return (
        not inspection.findings
        and inspection.patch is None
        and not inspection.suppressed
        and (inspection.verdict.allowed or not (inspection.observation.is_cors or inspection.verdict.blocked))
    )


def _is_awaited(inspection: Inspection) -> bool:
    """Say whether nothing more than a remark is on a preflight whose request is on its way: the two are diagnosed together then.

    A preflight that is never followed is inspected anew, and is awaited no longer.
    """
    return (
        inspection.observation.followed in (Followed.PENDING, Followed.FOLLOWED)
        and inspection.verdict.allowed
        and inspection.patch is None
        and not inspection.suppressed
        and inspection.worst in (None, Severity.INFO)
    )


def contribution_of(root: str, members: tuple[Inspection, ...]) -> tuple[Contribution, Diagnosis | None]:
    """Return what a page request adds, and its diagnosis where there is something to say of it."""
    quiet = all(map(_is_quiet, members)) or (len(members) == 1 and _is_awaited(members[0]))
    agreement = _agreement(members)
    if quiet and len(members) == 1:
        observation = members[0].observation
        return _quiet(observation.role, observation.preflight is not None, agreement, _origin_pair(observation)), None
    counted: list[Hashable] = [] if agreement is None else [agreement]
    for one in members:
        observation = one.observation
        counted += ("exchanges", observation.role)
        if observation.preflight is not None:
            counted.append("pairs")
        if observation.is_cors and one.verdict.outcome is Outcome.DEPENDS:
            counted.append("depending")
    origin_pair = next(filter(None, (_origin_pair(one.observation) for one in reversed(members))), None)
    if quiet:
        if any(one.observation.is_cors and one.observation.role is not Role.PREFLIGHT for one in members):
            counted += ("page requests", "ALLOWED")
        return Contribution(tuple(counted), origin_pair), None
    diagnosis = diagnose(PageRequest(id=root, members=members))
    suppressed = tuple(
        Suppressed(finding.rule, finding.justification, *endpoint_of(one)) for one in members for finding in one.suppressed
    )
    counted += ["suppressed"] * len(suppressed)
    if diagnosis.page_request.is_cors or diagnosis.cause is not None:
        counted.append("page requests")
        if diagnosis.word not in _DECIDED and diagnosis.page_request.verdict.outcome is Outcome.NOT_JUDGED:
            counted.append("not judged")  # the browser refused it itself, or the capture ends before its response
    counted.append(diagnosis.word)
    if not diagnosis.is_problem:
        return Contribution(tuple(counted), origin_pair, diagnosis.word, suppressed=suppressed), diagnosis
    counted += ((diagnosis.word, diagnosis.rule), diagnosis.severity)
    return Contribution(
        tuple(counted), origin_pair, diagnosis.word, key_of(diagnosis), example_of(diagnosis), suppressed
    ), diagnosis


_UNPAIRED = frozenset({Role.SAME_ORIGIN, Role.NAVIGATION})


_MAX_ORIGIN_CHARACTERS = 512
"""Characters of an origin that are told apart: a name has 253 at most."""


def _origin_pair(observation: Observation) -> OriginPair | None:
    page = observation.page_origin or observation.origin
    # A site's own icon is fetched with mode no-cors: its role alone does not show that it stays within the site.
    if page is None or page == observation.target_origin or observation.role in _UNPAIRED:
        return None
    return page[:_MAX_ORIGIN_CHARACTERS], observation.target_origin[:_MAX_ORIGIN_CHARACTERS]
