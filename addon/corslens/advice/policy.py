"""The least policy that allows what was legitimately asked of an API, with the evidence for each item.

An origin is allowed only when the user names it, or when it is of the API's own site and the server allows it already, at an
endpoint that does not allow whoever asks; to have been seen is not enough.
Only what such origins asked counts, so that a stranger's preflight opens nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct, structs

from corslens.advice.needs import Needs, ValueCounts
from corslens.advice.origins import choose_origins, parse_allow_origin
from corslens.advice.present_state import sent_today, why_dead
from corslens.observation.observation import Observation

__all__ = ["Drawn", "Item", "Observed", "Policy", "draw_policies", "parse_allow_origin"]

DEFAULT_MAX_AGE = 600
PLACEHOLDER = "https://your-page.invalid"
"""An origin that nobody can have (RFC 6761, section 6.4), where only the user can say which one is theirs."""
LONGEST_MAX_AGE = 7200
"""Chromium caps there; a longer one only keeps users broken for longer after a mistake."""


class Observed(Protocol):
    """Anything that holds an observation: an Inspection."""

    @property
    def observation(self) -> Observation:
        """The exchange in its context."""


class Item(Struct, frozen=True, kw_only=True):
    """One thing that the policy allows, and why."""

    value: str
    because: str
    times: int = 0
    """How many exchanges asked for it."""
    exchanges: tuple[str, ...] = ()
    """The ids of the first of them."""


class Policy(Struct, frozen=True, kw_only=True):
    """What an API, or a group of its paths, has to allow."""

    api: str
    """The API's serialized origin."""
    today: str = ""
    """The CORS headers that its responses have today, which something sends that the new settings would double; empty for none."""
    paths: tuple[str, ...] = ()
    """Path prefixes (`/account/`) that it is for; empty: the whole origin."""
    origins: tuple[Item, ...] = ()
    methods: tuple[Item, ...] = ()
    request_headers: tuple[Item, ...] = ()
    exposed_headers: tuple[Item, ...] = ()
    credentials: Item | None = None
    """Set when requests with credentials have to be allowed."""
    max_age: Item = Item(
        value=str(DEFAULT_MAX_AGE), because="ten minutes: a mistake does not stay in preflight caches for long"
    )

    @property
    def max_age_seconds(self) -> int:
        """How long a preflight's response may be kept."""
        return int(self.max_age.value)


class Drawn(Struct, frozen=True, kw_only=True):
    """The policies drawn from traffic, and what was left out of them."""

    policies: tuple[Policy, ...]
    warnings: tuple[str, ...]
    """What it refuses to include and why; text from the wire in it is not yet escaped."""


def draw_policies(
    seen: Iterable[Observed], *, allow_origins: Sequence[str] = (), api: str | None = None, by_path: bool = True
) -> Drawn:
    """Draw the least policy for each API origin that was asked across origins.

    Args:
        allow_origins: the origins that the user calls theirs; with any, no other origin is allowed.
        api: only this API's serialized origin.
        by_path: split an API where groups of its paths differ; else warn and draw the sum.
    Raises: ValueError when one of `allow_origins` is not an origin that a policy may hold.
    """
    named = tuple(dict.fromkeys(parse_allow_origin(text) for text in allow_origins))
    by_api: dict[str, list[Observation]] = {}
    # What is said of an exchange later replaces what was said before.
    newest = {each.observation.id: each.observation for each in seen}
    for observation in newest.values():
        if observation.is_cors and observation.origin is not None and api in (None, observation.target_origin):
            by_api.setdefault(observation.target_origin, []).append(observation)
    policies: list[Policy] = []
    warnings: list[str] = []
    for target in sorted(by_api):
        if (dead := why_dead(by_api[target])) is not None:
            warnings.append(f"{target}: {dead}")
            continue
        drawn = _draw(target, by_api[target], named, by_path=by_path)
        policies += drawn.policies
        warnings += drawn.warnings
    return Drawn(policies=tuple(policies), warnings=tuple(dict.fromkeys(warnings)))


def _draw(target: str, observations: Sequence[Observation], named: Sequence[str], *, by_path: bool) -> Drawn:
    choice = choose_origins(target, observations, named)
    warnings = list(choice.warnings)
    legitimate = [each for each in observations if each.origin in choice.counted]
    groups = list(_path_groups(legitimate))
    if len(groups) > 1 and not by_path:
        different = " and ".join(" ".join(paths) for paths, _ in groups)
        warnings.append(
            f"{target}: {different} differ in their origins or credentials, and this server has one policy for all paths: "
            "it covers all of them, so it is wider than each needs"
        )
    if not groups or not by_path:
        groups = [((), legitimate)]
    policies = []
    today = sent_today(observations) or ""
    for paths, members in groups:
        needs = Needs.of(members)
        asking = {each.origin for each in members}
        origins = tuple(
            Item(value=origin, because=because, times=choice.counts.times(origin), exchanges=choice.counts.exchanges(origin))
            for origin, because in choice.allowed.items()
            # Named origins are the user's word for the whole API; a grant counts where it was seen.
            if origin in named or origin in asking or not members
        )
        warnings += needs.warnings
        number = needs.credentials_unknown
        if number and not needs.credentials.values:
            warnings.append(
                f"{' '.join((target, *paths))}: the traffic does not show whether {number} of the requests {'includes' if number == 1 else 'include'} credentials; "
                "no request certainly did, so these settings do not allow credentials; change that by hand if the page uses credentials: 'include'"
            )
        policies.append(
            Policy(
                api=target,
                today=today,
                paths=paths,
                origins=origins,
                methods=_items(needs.methods, "requested"),
                request_headers=_items(needs.request_headers, "requested"),
                exposed_headers=_items(needs.exposed_headers, "sent, and unreadable to pages unless exposed"),
                credentials=next(iter(_items(needs.credentials, "requests with credentials were seen")), None),
                max_age=_max_age(needs.max_ages),
            )
        )
    return Drawn(policies=tuple(policies), warnings=tuple(warnings))


def _items(counts: ValueCounts, because: str) -> tuple[Item, ...]:
    return tuple(
        Item(
            value=value, because=counts.notes.get(value, because), times=counts.times(value), exchanges=counts.exchanges(value)
        )
        for value in counts.values
    )


def _max_age(counts: ValueCounts) -> Item:
    """Keep the server's own lifetime where it is a sane one."""
    for value in sorted(counts.values, key=int):
        kept = min(int(value), LONGEST_MAX_AGE)
        because = "as the server says today" if kept == int(value) else "Chromium keeps a preflight no longer than that"
        return Item(value=str(kept), because=because, times=counts.times(value), exchanges=counts.exchanges(value))
    return Item(value=str(DEFAULT_MAX_AGE), because="ten minutes: a mistake does not stay in preflight caches for long")


def _path_groups(observations: Sequence[Observation]) -> Iterator[tuple[tuple[str, ...], list[Observation]]]:
    """Split an API by the first segment of its paths where who may ask, or with what credentials, differs.

    Methods and headers alone do not split: a policy for every endpoint would be a second router.
    """
    by_path: dict[str, list[Observation]] = {}
    for each in observations:
        by_path.setdefault(path_group(each.exchange.request.url), []).append(each)
    alike: dict[tuple[object, ...], list[str]] = {}
    for path, members in sorted(by_path.items()):
        needs = Needs.of(members)
        asked_by = frozenset(each.origin for each in members)
        alike.setdefault((bool(needs.credentials.values), asked_by), []).append(path)
    if len(alike) <= 1 or "" in by_path:
        if observations:
            yield (), list(observations)
        return
    for paths in alike.values():
        yield tuple(paths), [each for path in paths for each in by_path[path]]


def path_group(url: str) -> str:
    """Return the first segment of a URL's path as a prefix (`/account/`), or nothing when it cannot be one.

    Only plain characters: a group's name is written into configuration languages that have patterns in paths.
    """
    parts = url.split("?", 1)[0].split("#", 1)[0].split("/", 4)
    segment = parts[3] if len(parts) > 3 else ""
    if not segment or not (segment.isascii() and segment.replace("-", "").replace("_", "").isalnum()):
        return ""
    return f"/{segment}"


def with_origins(drawn: Drawn, origins: Sequence[str]) -> Drawn:
    """Return the same policies for other origins; a policy that allows nobody stays so."""
    items = tuple(Item(value=origin, because="to be replaced by your own") for origin in origins)
    policies = tuple(structs.replace(policy, origins=items) if policy.origins else policy for policy in drawn.policies)
    return structs.replace(drawn, policies=policies)


def without(policy: Policy, characters: frozenset[str]) -> tuple[Policy, tuple[str, ...]]:
    """Return the policy without the items that hold one of the characters, and those items' values."""
    dropped: list[str] = []

    def keep(items: tuple[Item, ...]) -> tuple[Item, ...]:
        dropped.extend(item.value for item in items if characters.intersection(item.value))
        return tuple(item for item in items if not characters.intersection(item.value))

    kept = structs.replace(
        policy,
        methods=keep(policy.methods),
        request_headers=keep(policy.request_headers),
        exposed_headers=keep(policy.exposed_headers),
    )
    return kept, tuple(dropped)
