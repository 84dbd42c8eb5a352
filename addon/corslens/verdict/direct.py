"""direct: what an engine would do without the proxy where that is something else.

A connection to a proxy has no address space, so Local Network Access checks nothing there, and what the user would be asked about, or
what would be blocked, passes. Standard: https://wicg.github.io/local-network-access/; measured without a proxy in Chromium 156: a page in
the public address space is kept from the local one and from this machine, at each hop of a redirect, preflight or not; no other page is.
Firefox 153 asks in the same cases, and of an http page, too, which Chromium blocks; of a WebSocket it does not.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.fetch.address_space import AddressSpace, space_of_address, space_of_origin
from corslens.fetch.origins import is_potentially_trustworthy
from corslens.observation.observation import Observation, Role
from corslens.observation.request_head import head_of
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome

_KEPT_APART = (AddressSpace.LOCAL, AddressSpace.LOOPBACK)
_CHECKED = frozenset({Role.PREFLIGHT, Role.ACTUAL, Role.SIMPLE, Role.NO_CORS, Role.WEBSOCKET})


class Direct(Struct, frozen=True, gc=False):
    """The outcome in one engine without the proxy."""

    outcome: Outcome
    """`depends` on the user's permission, or `blocked`."""
    reason: Reason


_ASKS = Direct(Outcome.DEPENDS, Reason.LNA_PERMISSION_DENIED)
_BLOCKS = Direct(Outcome.BLOCKED, Reason.LNA_INSECURE_CONTEXT)
_THE_SAME: Mapping[Engine, Direct] = MappingProxyType({})


def direct(observation: Observation) -> Mapping[Engine, Direct]:
    """Return what the engines would do without the proxy; none in it that would do the same.

    Of what a browser recorded itself there is nothing to say: that is what it did.
    """
    if observation.role not in _CHECKED or observation.exchange.by_browser:
        return _THE_SAME
    hop: Observation | None = observation
    while hop is not None and target_space(hop) not in _KEPT_APART:
        hop = hop.redirected_from
    if hop is None or page_space(observation) is not AddressSpace.PUBLIC:
        return _THE_SAME
    secure = is_potentially_trustworthy(observation.page_origin or "")
    head = head_of(observation.exchange.request.headers)
    of_socket = observation.role is Role.WEBSOCKET
    engines = {}
    for engine, profile in PROFILES.items():
        since = profile.local_network_websockets_since if of_socket else profile.local_network_access_since
        if since is not None and (engine is not head.engine or head.version >= since):
            engines[engine] = _BLOCKS if profile.blocks_local_network_from_http and not secure else _ASKS
    return engines


def target_space(observation: Observation) -> AddressSpace | None:
    """Return where the server is, None where neither an address nor the name shows it."""
    address = observation.exchange.server_address
    return space_of_origin(observation.target_origin) if address is None else space_of_address(address)


def page_space(observation: Observation) -> AddressSpace | None:
    """Return where the page came from: its documents' addresses, where they agree, else what its host shows by itself; None when unknown."""
    page = observation.page
    if page is not None:
        spaces = {None if one.address is None else space_of_address(one.address) for one in page.documents}
        if len(spaces) == 1 and None not in spaces:
            return spaces.pop()
        if len(spaces) > 1:
            return None
    return None if observation.page_origin is None else space_of_origin(observation.page_origin)
