"""What an API does today: whether it responds at all, and which CORS headers something already sends that new settings would double."""

from collections import Counter
from collections.abc import Sequence

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD, canonical_name
from corslens.fetch.origins import is_serialized_origin
from corslens.observation.network_error import network_error
from corslens.observation.observation import Observation
from corslens.witness.refusals import Refusal

_GATEWAY_ERRORS = frozenset({502, 503, 504})
"""Statuses of a layer in front whose application did not respond."""
_NEVER_SENT = frozenset({
    Refusal.CLIENT, Refusal.TRACKING_PROTECTION, Refusal.ADMINISTRATOR, Refusal.CSP, Refusal.MIXED_CONTENT, Refusal.BAD_PORT,
})  # fmt: skip
"""What keeps a request in the browser, whatever the server sends."""
_SHOWN_VALUES = 3
_OF_RESPONSES = (
    "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers",
    "access-control-max-age",
)  # fmt: skip


def why_dead(observations: Sequence[Observation]) -> str | None:
    """Say why an API needs something else than CORS settings: it responded to nothing. None where it did, or where that is not known."""
    kinds: Counter[str] = Counter()
    for each in observations:
        exchange = each.exchange
        if exchange.response is not None and exchange.response.status not in _GATEWAY_ERRORS:
            return None
        if exchange.response is not None:
            kinds[str(exchange.response.status)] += 1
        elif exchange.refused and exchange.witness is not None and exchange.witness.refusal in _NEVER_SENT:
            kinds[f"{exchange.witness.code or exchange.witness.refusal} in the browser"] += 1
        elif exchange.error is None or exchange.refused:
            return None
        else:
            kinds[network_error(exchange.error).value] += 1
    if not kinds:
        return None
    how = ", ".join(f"{kind} ({times} times)" if times > 1 else kind for kind, times in sorted(kinds.items()))
    return f"no settings, because the API never responded ({how}); make it respond first, and capture again"


def sent_today(observations: Sequence[Observation]) -> str | None:
    """Name the CORS headers that the API's responses have today, for one line of a comment; None when they have none.

    Only values that can be origins are repeated, so the text holds no control character.
    """
    values: Counter[str] = Counter()
    names: set[str] = set()
    doubled = 0
    for each in observations:
        response = each.exchange.response
        if response is None:
            continue
        lines = response.headers.values(ACCESS_CONTROL_ALLOW_ORIGIN)
        doubled += len(lines) > 1 or any("," in line for line in lines)
        values.update(line if line == WILDCARD or is_serialized_origin(line) else "an unusual value" for line in lines)
        names.update(name for name in _OF_RESPONSES if name in response.headers)
    if not values and not names:
        return None
    shown = [f"{value} ({times} times)" if times > 1 else value for value, times in values.most_common(_SHOWN_VALUES)]
    more = len(values) - len(shown)
    if more:
        shown.append(f"{more} more")
    parts = [f"{canonical_name(ACCESS_CONTROL_ALLOW_ORIGIN)}: {', '.join(shown)}"] if shown else []
    parts += [canonical_name(name) for name in sorted(names)]
    twice = (
        f"; {doubled} responses have the header twice, from two layers"
        if doubled > 1
        else "; one response has the header twice, from two layers"
    )
    return "; ".join(parts) + (twice if doubled else "")
