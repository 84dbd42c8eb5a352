"""respond_to_preflight: the response that the proxy itself gives to a preflight, for servers that know no OPTIONS, are down or want a login.

It is what `propose` makes of an empty 204, so that it grants what this one request asks for and not a word more.
"""

from msgspec import Struct

from corslens.fetch.messages import Response
from corslens.observation.observation import Observation, Role
from corslens.patching.patch import Patch, apply
from corslens.patching.policy import PatchPolicy
from corslens.patching.propose import propose, with_response


class ProxyResponse(Struct, frozen=True, kw_only=True):
    """The proxy's response, or why it gives none."""

    response: Response | None
    """None when the preflight has to go to the server: the policy does not let the page in, or no response would help."""
    patch: Patch
    """From an empty 204 to the response: what the server would have to send."""


def respond_to_preflight(
    observation: Observation, policy: PatchPolicy, *, proven_page: str | None = None
) -> ProxyResponse | None:
    """Return the proxy's response to a preflight; None for any other exchange. The response's `time` is the request's."""
    if observation.role is not Role.PREFLIGHT:
        return None
    request = observation.exchange.request
    empty = Response(status=204, http_version=request.http_version, time=request.time)
    patch = propose(with_response(observation, empty), policy, proven_page=proven_page)
    helps = patch.refused is None and not patch.empty
    return ProxyResponse(response=apply(patch, empty) if helps else None, patch=patch)
