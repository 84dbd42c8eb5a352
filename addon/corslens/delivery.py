"""Delivery: what the browser gets of a response, once it is patched, or changed by an injection."""

from collections.abc import Sequence

from msgspec import structs

from corslens.inspection import PatchedView
from corslens.observation.observation import Observation
from corslens.observation.stored_responses import StoredResponses
from corslens.patching.injection import Injection, inject
from corslens.patching.patch import apply
from corslens.patching.policy import PatchPolicy
from corslens.patching.propose import NOTHING, propose
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.decide_each import decide_each


def deliver(
    observation: Observation,
    policy: PatchPolicy | None,
    stored: StoredResponses,
    *,
    patch: bool,
    injections: Sequence[Injection] = (),
    dry_run: bool = False,
    made_by_proxy: bool = False,
    proven_page: str | None = None,
) -> tuple[Observation, PatchedView | None]:
    """Return the observation with what the browser gets, and the patch that makes it so; None where nothing is to be changed.

    Args:
        policy: what may be changed; None when nothing is ever patched.
        stored: what the browser holds, for a 304.
        patch: propose what would fix the response.
        injections: change the response so instead, where one matches.
        dry_run: say what would be changed, and change nothing.
        made_by_proxy: the response is no server's: the proxy responds to this preflight itself.
        proven_page: the origin of the page whose redirect brought the request here, where that is proven.
    """
    exchange = observation.exchange
    response = exchange.response
    if policy is None or response is None or not (patch or injections) or is_cut(observation):
        return observation, None  # of a head that was cut nobody knows all that a change would be made to
    if dry_run and observation.tainted:
        # Nothing is changed, and so nothing is proven: what would be, were the redirect patched, may be supposed.
        proven_page = observation.page_origin
    # What was injected on purpose is not patched: it may be meant to break.
    made = inject(injections, observation, policy, proven_page=proven_page) if injections else NOTHING
    injected = not made.empty
    if patch and not injected:
        made = propose(observation, policy, proven_page=proven_page)
    if made.empty and made.refused is None and not made.beyond:
        return observation, None
    got = apply(made, response)
    got = stored.renewed_by(observation, got) or got
    after = structs.replace(observation, exchange=structs.replace(exchange, replaced=got))
    if made_by_proxy:
        after = structs.replace(
            after, exchange=structs.replace(after.exchange, response=None, renewed=None, got_proxy_error_page=True)
        )
    applied = not made.empty and not dry_run
    view = PatchedView(patch=made, applied=applied, verdicts_after=decide_each(after), injected=injected)
    return after if applied else observation, view
