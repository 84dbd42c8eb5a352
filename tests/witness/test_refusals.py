"""A browser's own code says why it refused, or that it did not."""

import pytest
from corslens.witness.refusals import Refusal, refusal_of

CODES = {
    "net::ERR_FAILED": Refusal.UNSPECIFIED,
    "net::ERR_BLOCKED_BY_CLIENT": Refusal.CLIENT,
    "net::ERR_BLOCKED_BY_CLIENT.Inspector": Refusal.CLIENT,
    "net::ERR_BLOCKED_BY_CSP": Refusal.CSP,
    "net::ERR_BLOCKED_BY_ORB": Refusal.OPAQUE_RESPONSE,
    "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep": Refusal.RESOURCE_POLICY,
    "net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS": Refusal.LOCAL_NETWORK,
    "net::ERR_BLOCKED_BY_SOMETHING_NEW": Refusal.UNSPECIFIED,
    "net::ERR_UNSAFE_PORT": Refusal.BAD_PORT,
    "NS_ERROR_ABORT": Refusal.CLIENT,
    "NS_ERROR_LOCAL_NETWORK_DENIED": Refusal.LOCAL_NETWORK,
    "NS_ERROR_TRACKING_URI": Refusal.TRACKING_PROTECTION,
    "NS_ERROR_EMAILTRACKING_URI": Refusal.TRACKING_PROTECTION,
    "net::ERR_BLOCKED_BY_FINGERPRINTING_PROTECTION": Refusal.TRACKING_PROTECTION,
    "InvalidLocalNetworkAccess": Refusal.ADDRESS_SPACE,
    "csp": Refusal.CSP,
    "mixed-content": Refusal.MIXED_CONTENT,
    "": Refusal.UNSPECIFIED,
    "net::ERR_ABORTED": None,
    "net::ERR_CONNECTION_REFUSED": None,
    "NS_ERROR_CONNECTION_REFUSED": None,
    "Client disconnected.": None,
}


@pytest.mark.parametrize(("code", "refusal"), CODES.items(), ids=CODES)
def test_refusal(code: str, refusal: Refusal | None) -> None:
    assert refusal_of(code) is refusal
