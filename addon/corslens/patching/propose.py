"""propose: from failing checks to the fewest header edits after which every engine allows the exchange.

Each failing check is decided by one header (or the status), so the headers of the failing checks are the fewest that can be
edited; everything beside them stays as the server sent it.
"""

from collections.abc import Iterable

from msgspec import structs

from corslens.engines.engine import Engine
from corslens.fetch.constants import NULL
from corslens.fetch.messages import Response
from corslens.fetch.origins import host_of, origin_of
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import public_url
from corslens.observation.stored_responses import is_renewal
from corslens.patching.edits import cleaning_for, companions, edit_for
from corslens.patching.patch import HeaderChange, Patch, StatusChange, apply
from corslens.patching.policy import PatchPolicy, sounds_local
from corslens.verdict.decide import decide
from corslens.verdict.decide_each import Verdicts
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

NOTHING = Patch()


def propose(observation: Observation, policy: PatchPolicy, *, proven_page: str | None = None) -> Patch:
    """Return what to change in the response so that the page may have it.

    Of a 304 that renews a stored response, the changes are made to the 304, whose headers replace stored ones; one that was not seen
    is taken to have no CORS headers.
    Empty when the browser that asked allows the exchange.
    `refused` when the policy does not let the page in.
    With `beyond` nothing is changed when no edit would help: an edit that leaves the page blocked is only noise.

    Args:
        proven_page: the origin of the page whose redirect brought the request here, where that is proven.
    """
    got = observation.exchange.response
    if observation.exchange.renewed is not None:
        observation = with_response(observation, observation.exchange.renewed)
    elif got is not None and observation.is_cors and is_renewal(observation, got):
        observation = with_response(observation, structs.replace(got, status=200))
    verdicts = _verdicts(observation)
    if _is_allowed(verdicts, observation) or observation.exchange.aborted:
        return NOTHING
    response = observation.exchange.response
    if response is None:
        # Whatever the browser reports of the proxy's own error page, what is lacking is a response.
        preflight = observation.role is Role.PREFLIGHT
        return Patch(beyond=(Reason.PREFLIGHT_NETWORK_ERROR if preflight else Reason.ACTUAL_NETWORK_ERROR,))
    if (refused := refusal(observation, policy, proven_page)) is not None:
        return Patch(refused=refused)
    # A check may hide another one (the credentials check waits for an origin that matches), hence the loop; it ends because
    # a header that holds what its check wants is not edited again.
    patch, grown = NOTHING, _mend(observation, response, NOTHING, verdicts)
    while grown != patch:
        patch = grown
        verdicts = _verdicts(with_response(observation, apply(patch, response)))
        grown = _mend(observation, response, patch, verdicts)
    if not _is_allowed(verdicts, observation):
        return Patch(beyond=_reasons(verdicts))
    entailed = companions(observation, response, patch.changes, policy.max_age_seconds)
    # What an edit entails takes the place of what only cleaned the same header.
    changes = {change.header: change for change in (*patch.changes, *entailed)}
    return structs.replace(patch, changes=tuple(changes.values()), beyond=_reasons(verdicts))


def askers(observation: Observation) -> tuple[Engine, ...]:
    """Return the engine that sent the request, or all of them when it is not recognised."""
    return tuple(Engine) if observation.engine is None else (observation.engine,)


def page_of(observation: Observation, proven_page: str | None = None) -> str | None:
    """Return the origin of the page that would be allowed, None when nothing tells it.

    What browsers say of it (Origin, or Referer where there is no Origin), and never what pairing concludes: any page can send a
    request that looks like the next hop of somebody else's redirect.

    Args:
        proven_page: the origin of the page whose redirect brought the request here, where that is proven.
    """
    origin = observation.origin
    if origin not in (None, NULL):
        return origin
    if proven_page is not None:
        return proven_page
    referrer = observation.exchange.request.headers.get("referer")
    return NULL if origin is not None else origin_of(referrer) if referrer else None


def refusal(observation: Observation, policy: PatchPolicy, proven_page: str | None = None) -> str | None:
    """Return why the policy does not let the page in, None when it does."""
    page = page_of(observation, proven_page)
    if page is None:
        return "the request does not show the page's origin"
    if policy.allows(page):
        return None
    if page == NULL and observation.tainted:
        return (
            'the origin is "null", as behind any redirect to another origin, and nothing proves which page was redirected: '
            "cors_patch has to match the redirecting URL, too"
        )
    hint = ""
    if policy.origins.loopback and sounds_local(host_of(page)):
        hint = "; nothing of it was served from a loopback address yet: load the page through the proxy, or list its origin"
    return f"the page's origin {public_url(page)} is not among those that the proxy may allow ({policy.origins}){hint}"


def with_response(observation: Observation, response: Response) -> Observation:
    """Return the observation, had the exchange had this response."""
    return structs.replace(observation, exchange=observation.exchange.with_response(response))


def _verdicts(observation: Observation) -> Verdicts:
    return {engine: decide(observation, engine) for engine in Engine}


def _is_allowed(verdicts: Verdicts, observation: Observation) -> bool:
    return all(verdicts[engine].allowed for engine in askers(observation))


def _reasons(verdicts: Verdicts) -> tuple[Reason, ...]:
    """Return every reason to block, in whatever engine and credentials mode, without repeats."""
    return tuple(dict.fromkeys(failure.reason for failure in _failures(verdicts)))


def _failures(verdicts: Verdicts) -> Iterable[Failure]:
    for verdict in verdicts.values():
        yield from verdict.failures
        for branch in (verdict.if_credentialed, verdict.if_not_credentialed):
            if branch is not None:
                yield from branch.failures


def _mend(observation: Observation, response: Response, patch: Patch, verdicts: Verdicts) -> Patch:
    """Return the patch with an edit for each failing check."""
    changes = {change.header: change for change in patch.changes}
    status = patch.status
    for failure in _failures(verdicts):
        match edit_for(failure, observation, response):
            case HeaderChange() as change:
                # What only cleaned this header in an earlier turn gives way.
                if change.header not in changes or changes[change.header].lines != change.lines:
                    changes[change.header] = change
            case StatusChange() as change:
                status = status or change
            case None:
                pass
    for failure in _failures(verdicts):
        cleaning = cleaning_for(failure, response)
        if cleaning is not None:
            changes.setdefault(cleaning.header, cleaning)
    return structs.replace(patch, changes=tuple(changes.values()), status=status)
