"""Refusals: why a browser does not send a request or keeps its response from the page, by its own codes. CORS is one reason of many.

Sources: https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h (`net::ERR_…`); the DevTools protocol's
BlockedReason, https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-BlockedReason, and its CorsErrors of the local network;
https://searchfox.org/mozilla-central/source/js/xpconnect/src/xpc.msg (`NS_ERROR_…`).
"""

from enum import StrEnum

from corslens.bounded_cache import bounded_cache


class Refusal(StrEnum):
    """Why the browser refused."""

    CLIENT = "client"
    """An extension (an ad blocker), or the tool that drives the browser."""
    CSP = "csp"
    MIXED_CONTENT = "mixed-content"
    RESOURCE_POLICY = "resource-policy"
    """Cross-Origin-Resource-Policy, or an embedder policy that wants one."""
    OPAQUE_RESPONSE = "opaque-response"
    LOCAL_NETWORK = "local-network"
    ADDRESS_SPACE = "address-space"
    """The page declared an address space (`targetAddressSpace`) that the connection does not have; through a proxy none has any."""
    BAD_PORT = "bad-port"
    INTEGRITY = "integrity"
    ADMINISTRATOR = "administrator"
    """A policy of the browser's administrator, or a filter against malware."""
    TRACKING_PROTECTION = "tracking-protection"
    """The browser's own list of trackers."""
    UNSPECIFIED = "unspecified"
    """A network error without a reason: what a page gets of a CORS failure, too."""


_BEGINNINGS = (
    ("net::ERR_BLOCKED_BY_CLIENT", Refusal.CLIENT),
    ("net::ERR_BLOCKED_BY_CSP", Refusal.CSP),
    ("net::ERR_BLOCKED_BY_RESPONSE", Refusal.RESOURCE_POLICY),
    ("net::ERR_BLOCKED_BY_ORB", Refusal.OPAQUE_RESPONSE),
    ("net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS", Refusal.LOCAL_NETWORK),
    ("net::ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS_CHECKS", Refusal.LOCAL_NETWORK),
    ("net::ERR_CLEARTEXT_NOT_PERMITTED", Refusal.MIXED_CONTENT),
    ("net::ERR_UNSAFE_PORT", Refusal.BAD_PORT),
    ("net::ERR_BLOCKED_BY_ADMINISTRATOR", Refusal.ADMINISTRATOR),
    ("net::ERR_BLOCKED_ENROLLMENT_CHECK_PENDING", Refusal.ADMINISTRATOR),
    ("net::ERR_BLOCKED_BY_FINGERPRINTING_PROTECTION", Refusal.TRACKING_PROTECTION),
    ("net::ERR_BLOCKED_BY_", Refusal.UNSPECIFIED),
    ("net::ERR_FAILED", Refusal.UNSPECIFIED),
    ("net::<unknown>", Refusal.UNSPECIFIED),
    ("NS_ERROR_LOCAL_NETWORK_DENIED", Refusal.LOCAL_NETWORK),
    ("NS_ERROR_CONTENT_BLOCKED", Refusal.CSP),
    ("NS_ERROR_ABORT", Refusal.CLIENT),  # what an extension cancels (webRequest); a page's own abort is NS_BINDING_ABORTED
    *(
        (f"NS_ERROR_{kind}_URI", Refusal.TRACKING_PROTECTION)
        for kind in ("TRACKING", "EMAILTRACKING", "SOCIALTRACKING", "FINGERPRINTING", "CRYPTOMINING")
    ),
    ("NS_ERROR_PORT_ACCESS_NOT_ALLOWED", Refusal.BAD_PORT),
    ("NS_ERROR_DOM_CORP_FAILED", Refusal.RESOURCE_POLICY),
    ("NS_ERROR_DOM_BAD_URI", Refusal.UNSPECIFIED),
)
"""The first that a code begins with counts; Chromium puts details behind a dot (`net::ERR_BLOCKED_BY_RESPONSE.NotSameSite`)."""

_BLOCKED_REASONS = {
    "csp": Refusal.CSP,
    "mixed-content": Refusal.MIXED_CONTENT,
    "inspector": Refusal.CLIENT,
    "integrity": Refusal.INTEGRITY,
    "subresource-filter": Refusal.CLIENT,
    "content-type": Refusal.OPAQUE_RESPONSE,
    "coep-frame-resource-needs-coep-header": Refusal.RESOURCE_POLICY,
    "coop-sandboxed-iframe-cannot-navigate-to-coop-page": Refusal.RESOURCE_POLICY,
    "corp-not-same-origin": Refusal.RESOURCE_POLICY,
    "corp-not-same-origin-after-defaulted-to-same-origin-by-coep": Refusal.RESOURCE_POLICY,
    "corp-not-same-origin-after-defaulted-to-same-origin-by-dip": Refusal.RESOURCE_POLICY,
    "corp-not-same-origin-after-defaulted-to-same-origin-by-coep-and-dip": Refusal.RESOURCE_POLICY,
    "corp-not-same-site": Refusal.RESOURCE_POLICY,
    "sri-message-signature-mismatch": Refusal.INTEGRITY,
    "InvalidLocalNetworkAccess": Refusal.ADDRESS_SPACE,
    "LocalNetworkAccessPermissionDenied": Refusal.LOCAL_NETWORK,
    "InsecureLocalNetwork": Refusal.LOCAL_NETWORK,
    "other": Refusal.UNSPECIFIED,
    "origin": Refusal.UNSPECIFIED,
}


@bounded_cache(256)
def refusal_of(code: str) -> Refusal | None:
    """Return why the browser refused, None for a code of another failure (the network's, or the page's own abort).

    No code at all is what some versions write of a refusal: it gives no reason.
    """
    if not code:
        return Refusal.UNSPECIFIED
    known = _BLOCKED_REASONS.get(code)
    if known is not None:
        return known
    return next((refusal for beginning, refusal in _BEGINNINGS if code.startswith(beginning)), None)
