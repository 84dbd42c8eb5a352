"""Baseline: the findings that a team knows of and lives with, by fingerprint; a report names them and a gate lets them pass."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from corslens.report.escape import escape_json
from corslens.report.groups import Group

SCHEMA = "corslens-baseline/1"


class _Finding(Struct, frozen=True, kw_only=True):
    fingerprint: str
    rule: str
    endpoint: str


class _Baseline(Struct, frozen=True, kw_only=True):
    schema: str
    findings: tuple[_Finding, ...]


def parse_baseline(text: bytes) -> Mapping[str, str]:
    """Return what is known: fingerprints, with rule and endpoint for people.

    Raises: ValueError saying what is wrong with it.
    """
    try:
        baseline = msgspec.json.decode(text, type=_Baseline)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no baseline ({error}); --write-baseline makes one") from None
    if baseline.schema != SCHEMA:
        raise ValueError(f'is a baseline of the form "{baseline.schema}", and this version reads "{SCHEMA}"')
    return {finding.fingerprint: f"{finding.rule} {finding.endpoint}" for finding in baseline.findings}


def render_baseline(groups: Iterable[Group]) -> bytes:
    """Return a baseline that knows these findings, in an order that makes for small differences."""
    findings = sorted(
        (_Finding(fingerprint=group.key.fingerprint, rule=group.key.rule, endpoint=group.key.endpoint) for group in groups),
        key=lambda finding: (finding.rule, finding.endpoint, finding.fingerprint),
    )
    encoded = msgspec.json.encode(_Baseline(schema=SCHEMA, findings=tuple(findings)))
    return escape_json(msgspec.json.format(encoded, indent=1)) + b"\n"
