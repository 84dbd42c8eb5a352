"""Reasons to block, and rules, by what a browser's console says: Chrome's, Firefox's and Safari's messages, and their codes.

Firefox's are in the user's language, and say the names and values of headers as they are: those are enough.
What is no CORS error but often taken for one (frames, canvases, WebSockets, cookies, ad blockers) leads to the rule that names it.

Chromium: `services/network/public/cpp/cors/cors_error_status`, DevTools' issue texts; Firefox: `security.properties`; WebKit: `CrossOriginAccessControl.cpp`.
"""

import re

from corslens.fetch.header_values import is_token
from corslens.verdict.reasons import NAMES, Reason

_PREFLIGHT = "preflight"

_FRAME, _CANVAS, _OPAQUE, _COOKIE = (
    ("frame-refused",),
    ("image-without-crossorigin",),
    ("opaque-response",),
    ("cookie-stays-home",),
)
_WINDOW = ("frame-access-refused",)
_FAILED, _CANCELED, _TRACKER = ("browser-refused",), ("request-cancelled",), ("blocked-by-tracking-protection",)
_POLICY, _MIXED = ("blocked-by-page-policy", Reason.CSP_BLOCKED), ("mixed-content-refused", Reason.MIXED_CONTENT)
_LIKELY_MISSING = (Reason.ACAO_MISSING, Reason.ACAO_MISMATCH)
_NOT_SENT = (Reason.ACTUAL_NETWORK_ERROR, *_TRACKER, "blocked-by-extension")
"""What Firefox reports as CORS of every request without a response."""

_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # More particular ones first.
    ("x-frame-options", _FRAME),
    ("frame-ancestors", _FRAME),
    ("canvas has been tainted", _CANVAS),
    ("tainted canvas", _CANVAS),
    ("contains cross-origin data", _CANVAS),
    ("securityerror: the operation is insecure", _CANVAS),
    ("blocked a frame with origin", _WINDOW),
    ("permission denied to access property", _WINDOW),
    ("does not match the recipient window's origin", _WINDOW),
    ("unsafe attempt to load url", _WINDOW),
    ("cross-origin-opener-policy", ("opener-cut-off",)),
    ("script error.", ("script-error-muted",)),
    ("loading failed for the", (Reason.ACTUAL_NETWORK_ERROR, "blocked-by-extension", *_TRACKER)),  # Firefox, of a script
    ("cross-origin read blocking", (Reason.OPAQUE_RESPONSE_BLOCKED,)),
    ("passed an opaque response to fetchevent", _OPAQUE),
    ('an "opaque" response was used', _OPAQUE),
    ("response served by service worker is opaque", _OPAQUE),
    ("unexpected response code", ("websocket-refused",)),
    ("failed: there was a bad response from the server", ("websocket-refused",)),
    ("establish a connection to the server at ws", ("websocket-refused", Reason.ACTUAL_NETWORK_ERROR)),
    ("request credentials mode does not match", ("font-preload-without-crossorigin",)),
    ("err_blocked_by_client", ("blocked-by-extension",)),
    ("err_blocked_by_administrator", ("blocked-by-administrator",)),
    ("err_blocked_by_csp", _POLICY),
    ("err_blocked_by_local_network_access_checks", (Reason.LNA_PERMISSION_DENIED,)),
    ("ns_error_local_network_denied", (Reason.LNA_PERMISSION_DENIED,)),
    ("err_blocked_by_fingerprinting_protection", _TRACKER),
    ("tracking_uri", _TRACKER),
    ("request to access cookie", ("third-party-cookies-held-back",)),
    ("tracking protection is enabled", _TRACKER),
    ("content blocking is enabled", _TRACKER),  # Firefox until 66
    ("err_aborted", _CANCELED),
    ("ns_binding_aborted", _CANCELED),
    ("aborterror", _CANCELED),
    ('in a cross-site context and its "samesite"', _COOKIE),
    ('had the "samesite', _COOKIE),
    ('didn\'t specify a "samesite"', _COOKIE),
    ("third-party cookie", ("third-party-cookies-held-back",)),
    ("cross-site access not allowed", _LIKELY_MISSING),  # Firefox, of a font
    ("notsameoriginafterdefaultedtosameoriginbydip", (Reason.CORP_REQUIRED_BY_EMBEDDER,)),
    ("notsameoriginafterdefaultedtosameoriginbycoep", (Reason.CORP_REQUIRED_BY_EMBEDDER,)),
    ("err_blocked_by_response.notsamesite", (Reason.CORP_NOT_SAME_SITE,)),
    ("err_blocked_by_response.notsameorigin", (Reason.CORP_NOT_SAME_ORIGIN,)),
    ("cross-origin-resource-policy", (Reason.CORP_NOT_SAME_ORIGIN, Reason.CORP_NOT_SAME_SITE)),
    ("err_blocked_by_orb", (Reason.OPAQUE_RESPONSE_BLOCKED,)),
    ("opaqueresponseblocking", (Reason.OPAQUE_RESPONSE_BLOCKED,)),
    ("err_unsafe_port", (Reason.BAD_PORT,)),
    ("restricted network port", (Reason.BAD_PORT,)),
    ("err_too_many_redirects", (Reason.REDIRECT_LIMIT_EXCEEDED,)),
    ("content security policy", _POLICY),
    ("content-security-policy", _POLICY),
    ("mixed content", _MIXED),
    ("mixed active content", _MIXED),
    ("mixed display content", _MIXED),
    ("insecure content", _MIXED),
    ("'integrity' attribute", (Reason.INTEGRITY_MISMATCH,)),
    ('"integrity" attribute', (Reason.INTEGRITY_MISMATCH,)),
    ("integrity attribute", (Reason.INTEGRITY_MISMATCH,)),
    ("integrity metadata check", (Reason.INTEGRITY_MISMATCH,)),
    ("not eligible for integrity checks", (Reason.INTEGRITY_MISMATCH,)),
    ("refused to get unsafe header", (Reason.RESPONSE_HEADER_NOT_EXPOSED,)),
    ("mime type", (Reason.MIME_OR_NOSNIFF_BLOCKED,)),
    ("permission was denied for this request to access", (Reason.LNA_PERMISSION_DENIED,)),
    ("target ip address space", (Reason.LNA_ADDRESS_SPACE_MISMATCH,)),
    ("'access-control-allow-private-network'", ("private-network-preflight-obsolete",)),  # older Chromium
    ("not a secure context and the resource is in more-private", (Reason.LNA_INSECURE_CONTEXT,)),
    ("the 'authorization' header is not covered", ("authorization-under-wildcard",)),
    ("redirect is not allowed for a preflight request", (Reason.PREFLIGHT_REDIRECT,)),
    ("does not have http ok status", (Reason.PREFLIGHT_STATUS_NOT_OK,)),
    ("preflight response did not succeed", (Reason.PREFLIGHT_STATUS_NOT_OK,)),
    ("preflight response is not successful", (Reason.PREFLIGHT_STATUS_NOT_OK,)),
    ("preflight has invalid http status code", (Reason.PREFLIGHT_STATUS_NOT_OK,)),  # older Chromium
    ("disallowed for cross-origin requests that require preflight", (Reason.PREFLIGHT_REDIRECT,)),
    ("cannot parse access-control-allow-methods", (Reason.PREFLIGHT_ACAM_UNPARSABLE,)),
    ("cannot parse access-control-allow-headers", (Reason.PREFLIGHT_ACAH_UNPARSABLE,)),
    ("is not allowed by access-control-allow-methods", (Reason.PREFLIGHT_METHOD_NOT_ALLOWED,)),
    ("did not find method in cors header", (Reason.PREFLIGHT_METHOD_NOT_ALLOWED,)),
    ("is not allowed by access-control-allow-headers", (Reason.PREFLIGHT_HEADER_NOT_ALLOWED,)),
    ("is not allowed according to header 'access-control-allow-headers'", (Reason.PREFLIGHT_HEADER_NOT_ALLOWED,)),
    ("from cors preflight channel", (Reason.PREFLIGHT_HEADER_NOT_ALLOWED,)),
    ("in cors header 'access-control-allow-methods'", (Reason.PREFLIGHT_ACAM_UNPARSABLE,)),
    ("in cors header 'access-control-allow-headers'", (Reason.PREFLIGHT_ACAH_UNPARSABLE,)),
    ("only supported for protocol schemes", (Reason.SCHEME_NOT_CORS_ENABLED,)),
    ("only supported for http", (Reason.SCHEME_NOT_CORS_ENABLED,)),
    ('url scheme "file" is not supported', (Reason.SCHEME_NOT_CORS_ENABLED,)),
    ("cors request not http", (Reason.SCHEME_NOT_CORS_ENABLED,)),
    ("reason: cors disabled", (Reason.CORS_DISABLED_BY_USER,)),
    ("cors header 'origin' cannot be added", (Reason.ORIGIN_HEADER_NOT_ADDABLE,)),
    ("must not be the wildcard", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),
    ("a wildcard '*' cannot be used", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),  # older Chromium
    ("credential is not supported if the cors header", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),
    ("cannot use wildcard in access-control-allow-origin", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),
    ("contains multiple values", (Reason.ACAO_MULTIPLE,)),
    ("multiple cors header", (Reason.ACAO_MULTIPLE,)),
    ("cannot contain more than one origin", (Reason.ACAO_MULTIPLE,)),
    ("contains the invalid value", (Reason.ACAO_INVALID,)),
    ("no 'access-control-allow-origin' header", (Reason.ACAO_MISSING,)),
    ("cors header 'access-control-allow-origin' missing", (Reason.ACAO_MISSING,)),
    ("that is not equal to the supplied origin", (Reason.ACAO_MISMATCH,)),
    ("is not allowed by access-control-allow-origin", _LIKELY_MISSING),
    ("'access-control-allow-credentials' header in the response is", (Reason.ACAC_NOT_TRUE,)),
    ("in cors header 'access-control-allow-credentials'", (Reason.ACAC_NOT_TRUE,)),
    ("access-control-allow-credentials is not", (Reason.ACAC_NOT_TRUE,)),
    ("contains a username and password", (Reason.REDIRECT_HAS_CREDENTIALS,)),
    ("has a disallowed scheme for cross-origin requests", (Reason.REDIRECT_SCHEME_NOT_HTTP,)),
    ("redirection to url with a scheme that is not http", (Reason.REDIRECT_SCHEME_NOT_HTTP,)),
    ("redirect mode is", (Reason.REDIRECT_MODE_ERROR,)),
    ("more than 20 redirections", (Reason.REDIRECT_LIMIT_EXCEEDED,)),
    ("too many http redirects", (Reason.REDIRECT_LIMIT_EXCEEDED,)),
    ("denied by cross-origin resource sharing policy", _LIKELY_MISSING),
    ("preflight channel did not succeed", (Reason.PREFLIGHT_STATUS_NOT_OK,)),
    ("external redirect not allowed", (Reason.PREFLIGHT_REDIRECT,)),
    ("cors request did not succeed", _NOT_SENT),
    ("err_connection_", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("err_name_not_resolved", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("err_cert_", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("err_ssl_", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("could not connect to the server", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("server with the specified hostname could not be found", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("certificate for this server is invalid", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("network connection was lost", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("the request timed out", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("an ssl error has occurred", (Reason.ACTUAL_NETWORK_ERROR,)),
    ("internet connection appears to be offline", (Reason.ACTUAL_NETWORK_ERROR,)),
    *(
        (code, (Reason.ACTUAL_NETWORK_ERROR,))
        for code in (
            "err_empty_response",
            "err_http2_",
            "err_quic_",
            "err_timed_out",
            "err_address_unreachable",
            "err_internet_disconnected",
            "err_network_changed",
            "err_proxy_",
            "err_tunnel_",
            "ns_error_connection_refused",
            "ns_error_net_",
            "ns_error_unknown_host",
            "ns_error_offline",
            "ns_error_proxy_",
            "sec_error_",
            "ssl_error_",
            "mozilla_pkix_error_",
        )
    ),
    # Titles in the Issues tab of Chromium's developer tools.
    ("cors response header values are valid", (Reason.ACAO_MISSING, Reason.ACAO_MULTIPLE, Reason.ACAO_INVALID)),
    (
        "preflight responses are valid",
        (Reason.PREFLIGHT_STATUS_NOT_OK, Reason.PREFLIGHT_REDIRECT, Reason.PREFLIGHT_NETWORK_ERROR),
    ),
    ("cors request includes only allowed headers", (Reason.PREFLIGHT_HEADER_NOT_ALLOWED,)),
    ("cors request uses allowed method", (Reason.PREFLIGHT_METHOD_NOT_ALLOWED,)),
    ("cors requesting origin matches", (Reason.ACAO_MISMATCH,)),
    ("to cors resources with origin wildcards", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),
    ("cors requests include credentials only when allowed", (Reason.ACAC_NOT_TRUE,)),
    ("cors requests are made on supported schemes", (Reason.SCHEME_NOT_CORS_ENABLED,)),
    # The column Transferred of Firefox's Network panel, which the console repeats behind a request.
    ("cors missing allow origin", (Reason.ACAO_MISSING,)),
    ("cors allow origin not matching origin", (Reason.ACAO_MISMATCH,)),
    ("cors multiple origin not allowed", (Reason.ACAO_MULTIPLE,)),
    ("cors no allow credentials", (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)),
    ("cors missing allow credentials", (Reason.ACAC_NOT_TRUE,)),
    ("cors preflight did not succeed", (Reason.PREFLIGHT_STATUS_NOT_OK,)),
    ("cors missing allow header", (Reason.PREFLIGHT_HEADER_NOT_ALLOWED,)),
    ("cors invalid allow header", (Reason.PREFLIGHT_ACAH_UNPARSABLE,)),
    ("cors method not found", (Reason.PREFLIGHT_METHOD_NOT_ALLOWED,)),
    ("cors invalid allow method", (Reason.PREFLIGHT_ACAM_UNPARSABLE,)),
    ("cors origin header missing", (Reason.ORIGIN_HEADER_NOT_ADDABLE,)),
    ("cors not http", (Reason.SCHEME_NOT_CORS_ENABLED,)),
    ("cors failed", _NOT_SENT),
    ("failed to load resource: cancel", _CANCELED),  # Safari
    ("not allowed to request resource", (*_MIXED, *_POLICY)),
    ("due to access control checks", _FAILED),
    ("ns_error_dom_bad_uri", _FAILED),
    # What axios and Angular print of a request without a response.
    ("axioserror: network error", _FAILED),
    ("'err_network'", _FAILED),
    ("0 unknown error", _FAILED),
    ("err_failed", _FAILED),
    ("typeerror: failed to fetch", _FAILED),
    ("typeerror: load failed", _FAILED),
    ("networkerror when attempting to fetch resource", _FAILED),
)
_WITHOUT_REASON = re.compile(r"blocked by cors policy[:.]?$|cross-origin request blocked(?!.*\(reason)|cors error")
"""Lines that were cut before their reason, and all that the column Status of Chromium's Network panel says."""
_UNSAID = (Reason.ACAO_MISSING, Reason.PREFLIGHT_ACAO_MISSING, Reason.ACAO_MISMATCH, Reason.PREFLIGHT_STATUS_NOT_OK)
_FAILED_RESPONSE = re.compile(r"err_failed [1-5]\d\d\b")
"""Chromium's second line: the response arrived, and failed its check."""
_ON_PREFLIGHTS = ("response to preflight request", "xhroptions")
"""What says that a line is on a preflight: Chromium's words, and how Firefox's console begins the line of a request."""
_CODE = re.compile(r"[A-Z][A-Za-z0-9]{9,60}")
"""A browser's code among other words: a tooltip of Chromium's Network panel, a link to MDN."""
_QUOTES = str.maketrans("‘’`“”", "'''\"\"")


def reasons_of_code(code: str) -> tuple[Reason, ...]:
    """Return the reasons that a browser, its DevTools protocol or MDN calls so, whatever its case; a code can stand for several."""
    wanted = code.lower()
    return tuple(
        reason
        for reason, names in sorted(NAMES.items(), key=lambda one: one[0].startswith(_PREFLIGHT))
        if wanted in {name.lower() for name in (*names.chromium, *names.chromium_other, *names.firefox, *names.mdn)}
    )


def rules_of_line(line: str) -> tuple[str, ...]:
    """Return the rules (most of them reasons to block) that a line of a console can stand for, the likeliest first; empty for none."""
    text = " ".join(line.lower().translate(_QUOTES).split())
    if _FAILED_RESPONSE.search(text):
        return (*_LIKELY_MISSING, *_FAILED)
    found = next((reasons for phrase, reasons in _PHRASES if phrase in text), None)
    if found is None:
        named = _of_firefox(text) or next(filter(None, map(reasons_of_code, _CODE.findall(line))), ())
        return named or (_UNSAID if _WITHOUT_REASON.search(text) else ())
    if not any(words in text for words in _ON_PREFLIGHTS):
        return found
    return tuple(name if (name := f"{_PREFLIGHT}-{reason}") in set(Reason) else reason for reason in found)


_STATUS = re.compile(r"[:：] ?[1-5]\d\d\b")
_URL = re.compile(r"https?://[^\s'\"]*")
_QUOTED = re.compile(r"""(?<![a-zà-ÿ])['"«„]\s*([^'"«»„]+?)\s*['"»]""")
_REASON = re.compile(r"[:：](?!//).*cors(?! policy)")
_SEVERAL = re.compile(
    r"m[uú]ltip|mehrere|plusieurs|несколько|кілька|кількох|wiele|meerdere|birden|více|flera|flere|több|複数|多个|多個|여러|다중|복수"
)
_PREFLIGHT_WORDS = re.compile(r"pre-?flight|pré-conexão|pré-voo|предпол|предвар|プリフライト|预检|預檢|사전")
_WORDS = (
    (
        "redirec redirig weiterleitung umleitung перенаправ リダイレクト 重定向 yönlendir przekierow reindiriz",
        (Reason.PREFLIGHT_REDIRECT,),
    ),
    ("deaktiv désactiv desactiv disattiv отключ 無効 未启用 停用 devre wyłącz", (Reason.CORS_DISABLED_BY_USER,)),
)
"""How words of Firefox's languages begin, in the lines that name no header."""


def _of_firefox(text: str) -> tuple[str, ...]:
    """Return the reasons that a line of Firefox in any language can stand for, by the header that it names and the values beside it."""
    if "cors" not in text and "access-control-" not in text:
        return ()
    _, _, text = _URL.sub("\0", text, count=1).rpartition("\0")  # what follows the address is the reason
    values = [value for value in _QUOTED.findall(text) if not value.startswith("access-control-")]
    status = _STATUS.search(_URL.sub("", text))
    if "access-control-allow-headers" in text:
        both = (Reason.PREFLIGHT_HEADER_NOT_ALLOWED, Reason.PREFLIGHT_ACAH_UNPARSABLE)
        return both if all(map(is_token, values)) else both[::-1]
    if "access-control-allow-methods" in text:
        both = (Reason.PREFLIGHT_METHOD_NOT_ALLOWED, Reason.PREFLIGHT_ACAM_UNPARSABLE)
        return both[::-1] if values else both  # a missing method is not named
    _, credentials, value = text.partition("access-control-allow-credentials")
    if credentials and "*" not in value:
        return (Reason.ACAC_NOT_TRUE,)
    if any("," in value for value in values):
        return (Reason.ACAO_MULTIPLE,)
    if credentials or "*" in text:
        return (Reason.ACAO_WILDCARD_WITH_CREDENTIALS,)
    if "access-control-allow-origin" in text:
        if values:
            return (Reason.ACAO_MISMATCH,)
        return (Reason.ACAO_MULTIPLE,) if _SEVERAL.search(text) else (Reason.ACAO_MISSING,)
    if status:
        return (Reason.PREFLIGHT_STATUS_NOT_OK,)
    if "(null)" in text:
        return _NOT_SENT
    if {"origin", "origen"}.intersection(values):
        return (Reason.ORIGIN_HEADER_NOT_ADDABLE,)
    if re.search(r"\bhttp\b", _URL.sub("", text)):
        return (Reason.SCHEME_NOT_CORS_ENABLED,)
    if not _REASON.search(_URL.sub("", text)):
        return ()
    named = next((reasons for words, reasons in _WORDS if any(word in text for word in words.split())), None)
    return named or (
        (Reason.PREFLIGHT_STATUS_NOT_OK, Reason.PREFLIGHT_NETWORK_ERROR) if _PREFLIGHT_WORDS.search(text) else _NOT_SENT
    )
