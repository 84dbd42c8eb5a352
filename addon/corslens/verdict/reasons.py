"""Every reason that a browser has to block (or degrade) a cross-origin exchange, and its name in each engine.

`chromium` are values of the DevTools protocol's Network.CorsError
(https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-CorsError), `firefox` keys of Gecko's security.properties
(the console message's category), `mdn` pages below https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors/.
WebKit has sentences, no names. What a reason means for a person stands in its rule, rules/violations/<reason>.yaml.
"""

from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, structs


class Effect(StrEnum):
    """What a reason does to the exchange."""

    BLOCKS = "blocks"
    DEGRADES = "degrades"
    """The page gets the response, but not all of it."""
    CONTRIBUTES = "contributes"
    """It blocks nothing by itself, but explains why another check fails."""


class Reason(StrEnum):
    """A failing step, by the name that logs and reports use."""

    MODE_SAME_ORIGIN_VIOLATED = "mode-same-origin-violated"
    SCHEME_NOT_CORS_ENABLED = "scheme-not-cors-enabled"
    NO_CORS_REDIRECT_MODE = "no-cors-redirect-mode"
    ORIGIN_HEADER_NOT_ADDABLE = "origin-header-not-addable"
    CORS_DISABLED_BY_USER = "cors-disabled-by-user"
    LNA_INSECURE_CONTEXT = "lna-insecure-context"
    LNA_ADDRESS_SPACE_MISMATCH = "lna-address-space-mismatch"
    LNA_PERMISSION_DENIED = "lna-permission-denied"
    MIXED_CONTENT = "mixed-content"
    CSP_BLOCKED = "csp-blocked"
    CONNECTION_ALLOWLIST_BLOCKED = "connection-allowlist-blocked"
    BAD_PORT = "bad-port"
    KEEPALIVE_BODY_TOO_LARGE = "keepalive-body-too-large"
    PREFLIGHT_NETWORK_ERROR = "preflight-network-error"
    PREFLIGHT_REDIRECT = "preflight-redirect"
    PREFLIGHT_ACAO_MISSING = "preflight-acao-missing"
    PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS = "preflight-acao-wildcard-with-credentials"
    PREFLIGHT_ACAO_MULTIPLE = "preflight-acao-multiple"
    PREFLIGHT_ACAO_INVALID = "preflight-acao-invalid"
    PREFLIGHT_ACAO_MISMATCH = "preflight-acao-mismatch"
    PREFLIGHT_ACAC_NOT_TRUE = "preflight-acac-not-true"
    PREFLIGHT_STATUS_NOT_OK = "preflight-status-not-ok"
    PREFLIGHT_ACAM_UNPARSABLE = "preflight-acam-unparsable"
    PREFLIGHT_ACAH_UNPARSABLE = "preflight-acah-unparsable"
    PREFLIGHT_METHOD_NOT_ALLOWED = "preflight-method-not-allowed"
    PREFLIGHT_HEADER_NOT_ALLOWED = "preflight-header-not-allowed"
    PREFLIGHT_AUTHORIZATION_NOT_COVERED_BY_WILDCARD = "preflight-authorization-not-covered-by-wildcard"
    PNA_PREFLIGHT_MISSING_ALLOW = "pna-preflight-missing-allow"
    PNA_PREFLIGHT_INVALID_ALLOW = "pna-preflight-invalid-allow"
    PNA_PREFLIGHT_MISSING_DEVICE_IDENTITY = "pna-preflight-missing-device-identity"
    PNA_UNEXPECTED_PRIVATE_NETWORK = "pna-unexpected-private-network"
    ACTUAL_NETWORK_ERROR = "actual-network-error"
    RESPONSE_HEADERS_INVALID = "response-headers-invalid"
    ACAO_MISSING = "acao-missing"
    ACAO_WILDCARD_WITH_CREDENTIALS = "acao-wildcard-with-credentials"
    ACAO_MULTIPLE = "acao-multiple"
    ACAO_INVALID = "acao-invalid"
    ACAO_MISMATCH = "acao-mismatch"
    ACAC_NOT_TRUE = "acac-not-true"
    CORP_NOT_SAME_ORIGIN = "corp-not-same-origin"
    CORP_NOT_SAME_SITE = "corp-not-same-site"
    CORP_REQUIRED_BY_EMBEDDER = "corp-required-by-embedder"
    OPAQUE_RESPONSE_BLOCKED = "opaque-response-blocked"
    MIME_OR_NOSNIFF_BLOCKED = "mime-or-nosniff-blocked"
    UNREQUESTED_RANGE_RESPONSE = "unrequested-range-response"
    INTEGRITY_MISMATCH = "integrity-mismatch"
    RESPONSE_HEADER_NOT_EXPOSED = "response-header-not-exposed"
    TIMING_NOT_ALLOWED = "timing-not-allowed"
    REDIRECT_HAS_CREDENTIALS = "redirect-has-credentials"
    REDIRECT_SCHEME_NOT_HTTP = "redirect-scheme-not-http"
    REDIRECT_LOCATION_UNPARSABLE = "redirect-location-unparsable"
    REDIRECT_LIMIT_EXCEEDED = "redirect-limit-exceeded"
    REDIRECT_MODE_ERROR = "redirect-mode-error"
    REDIRECT_BODY_NOT_REPLAYABLE = "redirect-body-not-replayable"
    REDIRECT_ORIGIN_BECAME_NULL = "redirect-origin-became-null"
    REDIRECT_AUTHORIZATION_DROPPED = "redirect-authorization-dropped"


class Names(Struct, frozen=True, kw_only=True):
    """What the engines call a reason; empty where they have no name for it."""

    effect: Effect = Effect.BLOCKS
    chromium: tuple[str, ...] = ()
    chromium_other: tuple[str, ...] = ()
    """A net error or BlockedReason, where there is no CorsError."""
    firefox: tuple[str, ...] = ()
    mdn: tuple[str, ...] = ()


_NAMES = {
    Reason.MODE_SAME_ORIGIN_VIOLATED: Names(chromium=("DisallowedByMode",)),
    Reason.SCHEME_NOT_CORS_ENABLED: Names(
        chromium=("CorsDisabledScheme",), firefox=("CORSRequestNotHttp",), mdn=("CORSRequestNotHttp",)
    ),
    Reason.NO_CORS_REDIRECT_MODE: Names(chromium=("NoCorsRedirectModeNotFollow",)),
    Reason.ORIGIN_HEADER_NOT_ADDABLE: Names(firefox=("CORSOriginHeaderNotAdded",), mdn=("CORSOriginHeaderNotAdded",)),
    Reason.CORS_DISABLED_BY_USER: Names(firefox=("CORSDisabled",), mdn=("CORSDisabled",)),
    Reason.LNA_INSECURE_CONTEXT: Names(chromium=("InsecureLocalNetwork",)),
    Reason.LNA_ADDRESS_SPACE_MISMATCH: Names(chromium=("InvalidLocalNetworkAccess",)),
    Reason.LNA_PERMISSION_DENIED: Names(chromium=("LocalNetworkAccessPermissionDenied",)),
    Reason.MIXED_CONTENT: Names(
        chromium_other=("mixed-content",), firefox=("BlockMixedActiveContent", "BlockMixedDisplayContent")
    ),
    Reason.CSP_BLOCKED: Names(chromium_other=("csp",)),
    Reason.CONNECTION_ALLOWLIST_BLOCKED: Names(),
    Reason.BAD_PORT: Names(),
    Reason.KEEPALIVE_BODY_TOO_LARGE: Names(),
    Reason.PREFLIGHT_NETWORK_ERROR: Names(
        chromium=("InvalidResponse",), firefox=("CORSDidNotSucceed2",), mdn=("CORSDidNotSucceed",)
    ),
    Reason.PREFLIGHT_REDIRECT: Names(
        chromium=("PreflightDisallowedRedirect",),
        # The second of a fetch with `redirect: "manual"`.
        firefox=("CORSExternalRedirectNotAllowed", "CORSPreflightDidNotSucceed3"),
        mdn=("CORSExternalRedirectNotAllowed",),
    ),
    Reason.PREFLIGHT_STATUS_NOT_OK: Names(
        chromium=("PreflightInvalidStatus",), firefox=("CORSPreflightDidNotSucceed3",), mdn=("CORSPreflightDidNotSucceed",)
    ),
    Reason.PREFLIGHT_ACAM_UNPARSABLE: Names(
        chromium=("InvalidAllowMethodsPreflightResponse",),
        firefox=("CORSInvalidAllowMethod",),
        mdn=("CORSInvalidAllowMethod",),
    ),
    Reason.PREFLIGHT_ACAH_UNPARSABLE: Names(
        chromium=("InvalidAllowHeadersPreflightResponse",),
        firefox=("CORSInvalidAllowHeader",),
        mdn=("CORSInvalidAllowHeader",),
    ),
    Reason.PREFLIGHT_METHOD_NOT_ALLOWED: Names(
        chromium=("MethodDisallowedByPreflightResponse",), firefox=("CORSMethodNotFound",), mdn=("CORSMethodNotFound",)
    ),
    Reason.PREFLIGHT_HEADER_NOT_ALLOWED: Names(
        chromium=("HeaderDisallowedByPreflightResponse",),
        firefox=("CORSMissingAllowHeaderFromPreflight2",),
        mdn=("CORSMissingAllowHeaderFromPreflight",),
    ),
    Reason.PREFLIGHT_AUTHORIZATION_NOT_COVERED_BY_WILDCARD: Names(
        chromium=("HeaderDisallowedByPreflightResponse",),
        firefox=("CORSMissingAllowHeaderFromPreflight2",),
        mdn=("CORSMissingAllowHeaderFromPreflight",),
    ),
    Reason.PNA_PREFLIGHT_MISSING_ALLOW: Names(),
    Reason.PNA_PREFLIGHT_INVALID_ALLOW: Names(),
    Reason.PNA_PREFLIGHT_MISSING_DEVICE_IDENTITY: Names(),
    Reason.PNA_UNEXPECTED_PRIVATE_NETWORK: Names(effect=Effect.CONTRIBUTES),
    Reason.ACTUAL_NETWORK_ERROR: Names(firefox=("CORSDidNotSucceed2",), mdn=("CORSDidNotSucceed",)),
    Reason.RESPONSE_HEADERS_INVALID: Names(),
    Reason.ACAO_MISSING: Names(
        chromium=("MissingAllowOriginHeader",), firefox=("CORSMissingAllowOrigin2",), mdn=("CORSMissingAllowOrigin",)
    ),
    Reason.ACAO_WILDCARD_WITH_CREDENTIALS: Names(
        chromium=("WildcardOriginNotAllowed",),
        firefox=("CORSNotSupportingCredentials",),
        mdn=("CORSNotSupportingCredentials",),
    ),
    Reason.ACAO_MULTIPLE: Names(
        chromium=("MultipleAllowOriginValues",),
        firefox=("CORSMultipleAllowOriginNotAllowed",),
        mdn=("CORSMultipleAllowOriginNotAllowed",),
    ),
    Reason.ACAO_INVALID: Names(
        chromium=("InvalidAllowOriginValue",),
        firefox=("CORSAllowOriginNotMatchingOrigin",),
        mdn=("CORSAllowOriginNotMatchingOrigin",),
    ),
    Reason.ACAO_MISMATCH: Names(
        chromium=("AllowOriginMismatch",),
        firefox=("CORSAllowOriginNotMatchingOrigin",),
        mdn=("CORSAllowOriginNotMatchingOrigin",),
    ),
    Reason.ACAC_NOT_TRUE: Names(
        chromium=("InvalidAllowCredentials",),
        firefox=("CORSMissingAllowCredentials",),
        mdn=("CORSMIssingAllowCredentials",),
    ),
    Reason.CORP_NOT_SAME_ORIGIN: Names(chromium_other=("corp-not-same-origin",)),
    Reason.CORP_NOT_SAME_SITE: Names(chromium_other=("corp-not-same-site",)),
    Reason.CORP_REQUIRED_BY_EMBEDDER: Names(
        chromium_other=(
            "corp-not-same-origin-after-defaulted-to-same-origin-by-coep",
            "corp-not-same-origin-after-defaulted-to-same-origin-by-dip",
            "corp-not-same-origin-after-defaulted-to-same-origin-by-coep-and-dip",
            "coep-frame-resource-needs-coep-header",
        )
    ),
    Reason.OPAQUE_RESPONSE_BLOCKED: Names(chromium_other=("net::ERR_BLOCKED_BY_ORB",)),
    Reason.MIME_OR_NOSNIFF_BLOCKED: Names(
        chromium_other=("content-type",),
        firefox=(
            "MimeTypeMismatch2",
            "BlockScriptWithWrongMimeType2",
            "BlockModuleWithWrongMimeType",
            "BlockWorkerWithWrongMimeType",
        ),
    ),
    Reason.UNREQUESTED_RANGE_RESPONSE: Names(),
    Reason.INTEGRITY_MISMATCH: Names(chromium_other=("integrity",), firefox=("IntegrityMismatch3", "IneligibleResource")),
    Reason.RESPONSE_HEADER_NOT_EXPOSED: Names(effect=Effect.DEGRADES),
    Reason.TIMING_NOT_ALLOWED: Names(effect=Effect.DEGRADES),
    Reason.REDIRECT_HAS_CREDENTIALS: Names(chromium=("RedirectContainsCredentials",)),
    Reason.REDIRECT_SCHEME_NOT_HTTP: Names(
        chromium=("CorsDisabledScheme",),
        chromium_other=("net::ERR_UNSAFE_REDIRECT",),
        firefox=("CORSRequestNotHttp",),
        mdn=("CORSRequestNotHttp",),
    ),
    Reason.REDIRECT_LOCATION_UNPARSABLE: Names(),
    Reason.REDIRECT_LIMIT_EXCEEDED: Names(chromium_other=("net::ERR_TOO_MANY_REDIRECTS",)),
    Reason.REDIRECT_MODE_ERROR: Names(chromium_other=("net::ERR_FAILED",)),
    Reason.REDIRECT_BODY_NOT_REPLAYABLE: Names(chromium_other=("net::ERR_INVALID_ARGUMENT",)),
    Reason.REDIRECT_ORIGIN_BECAME_NULL: Names(effect=Effect.CONTRIBUTES),
    Reason.REDIRECT_AUTHORIZATION_DROPPED: Names(effect=Effect.CONTRIBUTES),
}
"""Source: the protocol's and Gecko's own lists, read for this project; what was measured wins."""

OF_PREFLIGHT = MappingProxyType(
    {
        Reason.ACAO_MISSING: Reason.PREFLIGHT_ACAO_MISSING,
        Reason.ACAO_WILDCARD_WITH_CREDENTIALS: Reason.PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS,
        Reason.ACAO_MULTIPLE: Reason.PREFLIGHT_ACAO_MULTIPLE,
        Reason.ACAO_INVALID: Reason.PREFLIGHT_ACAO_INVALID,
        Reason.ACAO_MISMATCH: Reason.PREFLIGHT_ACAO_MISMATCH,
        Reason.ACAC_NOT_TRUE: Reason.PREFLIGHT_ACAC_NOT_TRUE,
    }
)
"""The CORS check's reasons, which have other names of a preflight; in Chromium as well."""

NAMES = MappingProxyType(
    _NAMES
    | {
        of_preflight: structs.replace(_NAMES[reason], chromium=tuple(f"Preflight{name}" for name in _NAMES[reason].chromium))
        for reason, of_preflight in OF_PREFLIGHT.items()
    }
)
