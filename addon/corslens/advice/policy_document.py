"""The policy as a document, for servers that have no template here: YAML or JSON, the same keys in both."""

import json
from collections.abc import Sequence
from typing import Any

import yaml

from corslens.advice.policy import Item, Policy

SCHEMA = "corslens-policy/1"


def document(policies: Sequence[Policy]) -> dict[str, Any]:
    """Return the policies as plain data: what is allowed, and the evidence for each item."""
    return {"schema": SCHEMA, "policies": [_policy(policy) for policy in policies]}


def render_yaml(policies: Sequence[Policy]) -> str:
    """Return the document as YAML; whatever is not plain text is escaped in it."""
    return yaml.safe_dump(document(policies), sort_keys=False, width=120)


def render_json(policies: Sequence[Policy]) -> str:
    """Return the document as JSON, in ASCII."""
    return json.dumps(document(policies), indent=2) + "\n"


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "api": policy.api,
        "paths": list(policy.paths),
        "origins": [_item(item) for item in policy.origins],
        "methods": [_item(item) for item in policy.methods],
        "request_headers": [_item(item) for item in policy.request_headers],
        "exposed_headers": [_item(item) for item in policy.exposed_headers],
        "credentials": {"allowed": policy.credentials is not None}
        | (_evidence(policy.credentials) if policy.credentials else {}),
        "max_age_seconds": policy.max_age_seconds,
    }


def _item(item: Item) -> dict[str, Any]:
    return {"value": item.value, **_evidence(item)}


def _evidence(item: Item) -> dict[str, Any]:
    return {"because": item.because, "times": item.times, "exchanges": list(item.exchanges)}
