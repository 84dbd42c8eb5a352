"""Lists in CORS headers: their elements, and those that do nothing where they stand."""

from corslens.bounded_cache import bounded_cache
from corslens.fetch.methods import FORBIDDEN_METHODS, is_cors_safelisted_method, normalize_method
from corslens.fetch.request_headers import is_forbidden_request_header

_RESPONSE_BEGINNINGS = ("access-control-allow-", "access-control-expose-", "access-control-max-")


@bounded_cache(4096)
def split_list(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the lower-case elements of comma lists, whatever they hold."""
    parts = {part for line in lines for part in line.lower().split(",")}
    return frozenset(name for part in parts if (name := part.strip()))


def forbidden_methods(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the listed methods that no page can send."""
    return frozenset(name.upper() for name in split_list(lines)) & FORBIDDEN_METHODS


def wrong_case_methods(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the listed methods that would need capital letters to match what pages ask for, which is normalized."""
    names = {part.strip() for part in {part for line in lines for part in line.split(",")}}
    asked = {name: _asked_for(name) for name in names}
    return frozenset(
        name
        for name, method in asked.items()
        if name != method and method not in names and not is_cors_safelisted_method(method)
    )


def _asked_for(method: str) -> str:
    # PATCH is not normalized, but who lists `patch` has seen others that are, and means it.
    return "PATCH" if method.upper() == "PATCH" else normalize_method(method)


def forbidden_headers(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the listed header names that no page can set."""
    return frozenset(name for name in split_list(lines) if is_forbidden_request_header(name))


def response_headers(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the listed names that are response headers."""
    return frozenset(name for name in split_list(lines) if name.startswith(_RESPONSE_BEGINNINGS))


@bounded_cache(4096)
def holds_odd_elements(methods: tuple[str, ...], headers: tuple[str, ...]) -> bool:
    """Say whether the lists of methods and of headers hold any of these."""
    return bool(
        forbidden_methods(methods) or wrong_case_methods(methods) or forbidden_headers(headers) or response_headers(headers)
    )


@bounded_cache(2048)
def is_by_hand(lines: tuple[str, ...]) -> bool:
    """Say whether an Access-Control-Request-Headers is written as no browser writes it: not lower-case, unsorted, spaced, or with repeats."""
    if not lines:
        return False
    names = ",".join(lines).split(",")
    return names != sorted({name.strip().lower() for name in names})
