"""The policy as a document, for servers that have no template here: YAML or JSON, the same keys in both."""

import json
from collections.abc import Sequence
from typing import Any

import yaml
from msgspec import Struct

from corslens.advice.policy import Item, Policy
from corslens.fetch.constants import NULL
from corslens.fetch.header_values import is_token
from corslens.fetch.origins import is_serialized_origin

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


LARGEST = 1 << 20
"""Characters of a document."""


class _Loader(yaml.SafeLoader):
    """Reads plain data without aliases, by which a few lines expand to more than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) cannot be used here")
        return super().compose_node(parent, index)


class ReadPolicy(Struct, frozen=True, kw_only=True):
    """One policy of a document: what an API, or some of its paths, is meant to allow."""

    api: str
    paths: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    request_headers: tuple[str, ...] = ()
    credentials: bool = False


def read_document(text: str) -> tuple[ReadPolicy, ...]:
    """Return the policies of a document, YAML or JSON.

    Raises: ValueError with a sentence that names the entry.
    """
    if len(text) > LARGEST:
        raise ValueError(f"is not a policy: it has more than {LARGEST:,} characters")
    try:
        data = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ValueError("is not a policy: it is nested too deep") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(f'is not a policy: it has no "schema: {SCHEMA}" (corslens advise --format policy writes one)')
    policies = data.get("policies")
    if not isinstance(policies, list) or not policies:
        raise ValueError("has no policies: a list is missing")
    return tuple(_read(policy, f"policies[{number}]") for number, policy in enumerate(policies))


def _read(policy: Any, where: str) -> ReadPolicy:
    if not isinstance(policy, dict):
        raise ValueError(f"{where} is not a mapping")
    origins = _values(policy, "origins", where)
    for origin in origins:
        if origin != NULL and not is_serialized_origin(origin):
            raise ValueError(f'{where}.origins: "{origin}" is not an origin, such as https://app.example')
    paths = policy.get("paths") or []
    if not isinstance(paths, list) or not all(isinstance(path, str) and path.startswith("/") for path in paths):
        raise ValueError(f"{where}.paths is not a list of paths that begin with /")
    for name in ("methods", "request_headers"):
        for token in _values(policy, name, where):
            if not is_token(token):
                raise ValueError(f'{where}.{name}: "{token}" is not a token')
    api = policy.get("api", "")
    if not isinstance(api, str):
        raise ValueError(f"{where}.api is not an origin, such as https://api.example")
    credentials = policy.get("credentials") or {}
    return ReadPolicy(
        api=api,
        paths=tuple(paths),
        origins=origins,
        methods=_values(policy, "methods", where),
        request_headers=_values(policy, "request_headers", where),
        credentials=bool(credentials.get("allowed")) if isinstance(credentials, dict) else bool(credentials),
    )


def _values(policy: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    """Return the values of a list whose items are `{value: …}`, or texts in one that was written by hand."""
    items = policy.get(name) or []
    values = [item.get("value") if isinstance(item, dict) else item for item in items] if isinstance(items, list) else [None]
    texts = tuple(value for value in values if isinstance(value, str))
    if len(texts) < len(values):
        raise ValueError(f"{where}.{name} is not a list of values")
    return texts
