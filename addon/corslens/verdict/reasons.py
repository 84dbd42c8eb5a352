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


class EngineNames(Struct, frozen=True, kw_only=True):
    """What the engines call a reason; empty where they have no name for it."""

    effect: Effect = Effect.BLOCKS
    chromium: tuple[str, ...] = ()
    chromium_other: tuple[str, ...] = ()
    """A net error or BlockedReason, where there is no CorsError."""
    firefox: tuple[str, ...] = ()
    mdn: tuple[str, ...] = ()


_NAMES = {
    Reason.MODE_SAME_ORIGIN_VIOLATED: EngineNames(chromium=("DisallowedByMode",)),
    Reason.SCHEME_NOT_CORS_ENABLED: EngineNames(
        chromium=("CorsDisabledScheme",), firefox=("CORSRequestNotHttp",), mdn=("CORSRequestNotHttp",)
    ),
    Reason.NO_CORS_REDIRECT_MODE: EngineNames(chromium=("NoCorsRedirectModeNotFollow",)),
    Reason.ORIGIN_HEADER_NOT_ADDABLE: EngineNames(firefox=("CORSOriginHeaderNotAdded",), mdn=("CORSOriginHeaderNotAdded",)),
    Reason.CORS_DISABLED_BY_USER: EngineNames(firefox=("CORSDisabled",), mdn=("CORSDisabled",)),
    Reason.LNA_INSECURE_CONTEXT: EngineNames(chromium=("InsecureLocalNetwork",)),
    Reason.LNA_ADDRESS_SPACE_MISMATCH: EngineNames(chromium=("InvalidLocalNetworkAccess",)),
    Reason.LNA_PERMISSION_DENIED: EngineNames(chromium=("LocalNetworkAccessPermissionDenied",)),
    Reason.MIXED_CONTENT: EngineNames(
        chromium_other=("mixed-content",), firefox=("BlockMixedActiveContent", "BlockMixedDisplayContent")
    ),
    Reason.CSP_BLOCKED: EngineNames(chromium_other=("csp",)),
    Reason.CONNECTION_ALLOWLIST_BLOCKED: EngineNames(),
    Reason.BAD_PORT: EngineNames(),
    Reason.KEEPALIVE_BODY_TOO_LARGE: EngineNames(),
    Reason.PREFLIGHT_NETWORK_ERROR: EngineNames(
        chromium=("InvalidResponse",), firefox=("CORSDidNotSucceed2",), mdn=("CORSDidNotSucceed",)
    ),
    Reason.PREFLIGHT_REDIRECT: EngineNames(
        chromium=("PreflightDisallowedRedirect",),
        # The second of a fetch with `redirect: "manual"`.
        firefox=("CORSExternalRedirectNotAllowed", "CORSPreflightDidNotSucceed3"),
        mdn=("CORSExternalRedirectNotAllowed",),
    ),
    Reason.PREFLIGHT_STATUS_NOT_OK: EngineNames(
        chromium=("PreflightInvalidStatus",), firefox=("CORSPreflightDidNotSucceed3",), mdn=("CORSPreflightDidNotSucceed",)
    ),
    Reason.PREFLIGHT_ACAM_UNPARSABLE: EngineNames(
        chromium=("InvalidAllowMethodsPreflightResponse",),
        firefox=("CORSInvalidAllowMethod",),
        mdn=("CORSInvalidAllowMethod",),
    ),
    Reason.PREFLIGHT_ACAH_UNPARSABLE: EngineNames(
        chromium=("InvalidAllowHeadersPreflightResponse",),
        firefox=("CORSInvalidAllowHeader",),
        mdn=("CORSInvalidAllowHeader",),
    ),
    Reason.PREFLIGHT_METHOD_NOT_ALLOWED: EngineNames(
        chromium=("MethodDisallowedByPreflightResponse",), firefox=("CORSMethodNotFound",), mdn=("CORSMethodNotFound",)
    ),
    Reason.PREFLIGHT_HEADER_NOT_ALLOWED: EngineNames(
        chromium=("HeaderDisallowedByPreflightResponse",),
        firefox=("CORSMissingAllowHeaderFromPreflight2",),
        mdn=("CORSMissingAllowHeaderFromPreflight",),
    ),
    Reason.PREFLIGHT_AUTHORIZATION_NOT_COVERED_BY_WILDCARD: EngineNames(
        chromium=("HeaderDisallowedByPreflightResponse",),
        firefox=("CORSMissingAllowHeaderFromPreflight2",),
        mdn=("CORSMissingAllowHeaderFromPreflight",),
    ),
    Reason.PNA_PREFLIGHT_MISSING_ALLOW: EngineNames(),
    Reason.PNA_PREFLIGHT_INVALID_ALLOW: EngineNames(),
    Reason.PNA_PREFLIGHT_MISSING_DEVICE_IDENTITY: EngineNames(),
    Reason.PNA_UNEXPECTED_PRIVATE_NETWORK: EngineNames(effect=Effect.CONTRIBUTES),
    Reason.ACTUAL_NETWORK_ERROR: EngineNames(firefox=("CORSDidNotSucceed2",), mdn=("CORSDidNotSucceed",)),
    Reason.RESPONSE_HEADERS_INVALID: EngineNames(),
    Reason.ACAO_MISSING: EngineNames(
        chromium=("MissingAllowOriginHeader",), firefox=("CORSMissingAllowOrigin2",), mdn=("CORSMissingAllowOrigin",)
    ),
    Reason.ACAO_WILDCARD_WITH_CREDENTIALS: EngineNames(
        chromium=("WildcardOriginNotAllowed",),
        firefox=("CORSNotSupportingCredentials",),
        mdn=("CORSNotSupportingCredentials",),
    ),
    Reason.ACAO_MULTIPLE: EngineNames(
        chromium=("MultipleAllowOriginValues",),
        firefox=("CORSMultipleAllowOriginNotAllowed",),
        mdn=("CORSMultipleAllowOriginNotAllowed",),
    ),
    Reason.ACAO_INVALID: EngineNames(
        chromium=("InvalidAllowOriginValue",),
        firefox=("CORSAllowOriginNotMatchingOrigin",),
        mdn=("CORSAllowOriginNotMatchingOrigin",),
    ),
    Reason.ACAO_MISMATCH: EngineNames(
        chromium=("AllowOriginMismatch",),
        firefox=("CORSAllowOriginNotMatchingOrigin",),
        mdn=("CORSAllowOriginNotMatchingOrigin",),
    ),
    Reason.ACAC_NOT_TRUE: EngineNames(
        chromium=("InvalidAllowCredentials",),
        firefox=("CORSMissingAllowCredentials",),
        mdn=("CORSMIssingAllowCredentials",),
    ),
    Reason.CORP_NOT_SAME_ORIGIN: EngineNames(chromium_other=("corp-not-same-origin",)),
    Reason.CORP_NOT_SAME_SITE: EngineNames(chromium_other=("corp-not-same-site",)),
    Reason.CORP_REQUIRED_BY_EMBEDDER: EngineNames(
        chromium_other=(
            "corp-not-same-origin-after-defaulted-to-same-origin-by-coep",
            "corp-not-same-origin-after-defaulted-to-same-origin-by-dip",
            "corp-not-same-origin-after-defaulted-to-same-origin-by-coep-and-dip",
            "coep-frame-resource-needs-coep-header",
        )
    ),
    Reason.OPAQUE_RESPONSE_BLOCKED: EngineNames(chromium_other=("net::ERR_BLOCKED_BY_ORB",)),
    Reason.MIME_OR_NOSNIFF_BLOCKED: EngineNames(
        chromium_other=("content-type",),
        firefox=(
            "MimeTypeMismatch2",
            "BlockScriptWithWrongMimeType2",
            "BlockModuleWithWrongMimeType",
            "BlockWorkerWithWrongMimeType",
        ),
    ),
    Reason.UNREQUESTED_RANGE_RESPONSE: EngineNames(),
    Reason.INTEGRITY_MISMATCH: EngineNames(chromium_other=("integrity",), firefox=("IntegrityMismatch3", "IneligibleResource")),
    Reason.RESPONSE_HEADER_NOT_EXPOSED: EngineNames(effect=Effect.DEGRADES),
    Reason.TIMING_NOT_ALLOWED: EngineNames(effect=Effect.DEGRADES),
    Reason.REDIRECT_HAS_CREDENTIALS: EngineNames(chromium=("RedirectContainsCredentials",)),
    Reason.REDIRECT_SCHEME_NOT_HTTP: EngineNames(
        chromium=("CorsDisabledScheme",),
        chromium_other=("net::ERR_UNSAFE_REDIRECT",),
        firefox=("CORSRequestNotHttp",),
        mdn=("CORSRequestNotHttp",),
    ),
    Reason.REDIRECT_LOCATION_UNPARSABLE: EngineNames(),
    Reason.REDIRECT_LIMIT_EXCEEDED: EngineNames(chromium_other=("net::ERR_TOO_MANY_REDIRECTS",)),
    Reason.REDIRECT_MODE_ERROR: EngineNames(chromium_other=("net::ERR_FAILED",)),
    Reason.REDIRECT_BODY_NOT_REPLAYABLE: EngineNames(chromium_other=("net::ERR_INVALID_ARGUMENT",)),
    Reason.REDIRECT_ORIGIN_BECAME_NULL: EngineNames(effect=Effect.CONTRIBUTES),
    Reason.REDIRECT_AUTHORIZATION_DROPPED: EngineNames(effect=Effect.CONTRIBUTES),
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
