"""Cross-Origin-Resource-Policy on no-cors responses, https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header"""

from enum import StrEnum

from corslens.fetch.constants import CROSS_ORIGIN_RESOURCE_POLICY
from corslens.fetch.messages import Response
from corslens.fetch.origins import is_schemelessly_same_site, scheme_host_port


class ResourcePolicy(StrEnum):
    """A valid policy."""

    SAME_ORIGIN = "same-origin"
    SAME_SITE = "same-site"
    CROSS_ORIGIN = "cross-origin"


def resource_policy(response: Response) -> ResourcePolicy | None:
    """Return the policy; None when absent, invalid, or given in two lines, which counts as absent."""
    try:
        return ResourcePolicy(response.headers.get(CROSS_ORIGIN_RESOURCE_POLICY) or "")
    except ValueError:
        return None


def resource_policy_failure(
    response: Response, request_origin: str, response_origin: str, *, required: bool = False
) -> ResourcePolicy | None:
    """Return the policy that blocks the response, None when it may be used.

    Args:
        required: the page's embedder policy is `require-corp`: a response without a policy has the strictest.
    Standard: cross-origin resource policy internal check, https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check
    """
    policy = resource_policy(response) or (ResourcePolicy.SAME_ORIGIN if required else None)
    if policy is ResourcePolicy.SAME_ORIGIN and request_origin != response_origin:
        return policy
    if policy is ResourcePolicy.SAME_SITE and (
        not is_schemelessly_same_site(request_origin, response_origin)
        or (scheme_host_port(request_origin)[0] != "https" and scheme_host_port(response_origin)[0] == "https")
    ):
        return policy
    return None
