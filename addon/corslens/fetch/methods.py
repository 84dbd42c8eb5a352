"""Methods, https://fetch.spec.whatwg.org/#methods"""

CORS_SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})


def is_cors_safelisted_method(method: str) -> bool:
    """Say whether the method alone needs no preflight. Case matters: the API normalizes before this is asked.

    Standard: https://fetch.spec.whatwg.org/#cors-safelisted-method
    """
    return method in CORS_SAFELISTED_METHODS


def is_forbidden_method(method: str) -> bool:
    """Say whether no page can send it.

    Standard: https://fetch.spec.whatwg.org/#forbidden-method
    """
    return method.upper() in FORBIDDEN_METHODS


def normalize_method(method: str) -> str:
    """Return what a page's method becomes: six are upper-cased, `patch` stays.

    Standard: https://fetch.spec.whatwg.org/#concept-method-normalize
    """
    upper = method.upper()
    return upper if upper in NORMALIZED_METHODS else method
