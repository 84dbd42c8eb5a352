"""Redirects: what a Location changes about the URL."""

from enum import StrEnum

import ada_url

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import NULL
from corslens.fetch.origins import origin_of, scheme_host_port


class Redirection(StrEnum):
    """What a redirect does, as far as its two URLs tell."""

    TRAILING_SLASH = "trailing-slash"
    """Only a `/` at the end of the path is added or removed."""
    TO_HTTPS = "to-https"
    """Only http becomes https."""
    LOGIN = "login"
    """It leads to a page where people sign in."""
    WWW = "www"
    """Only `www.` is added or removed."""
    CASE = "case"
    """Only the case of the path changes."""
    SAME_ORIGIN = "same-origin"
    OTHER_ORIGIN = "other-origin"
    UNPARSABLE = "unparsable"


_LOGIN = ("login", "signin", "sign-in", "sign_in", "/oauth", "/authorize", "/sso", "/saml", "/auth/", "openid")


@bounded_cache(2048)
def redirection(url: str, location: str) -> Redirection:
    """Say what the redirect from a URL to a Location changes."""
    try:
        target = ada_url.join_url(url, location)
    except ValueError:
        return Redirection.UNPARSABLE
    before, after = _path(url), _path(target)
    scheme, host, _ = scheme_host_port(origin_of(url))
    target_origin = origin_of(target)
    new_scheme, new_host, _ = scheme_host_port(target_origin)
    if target_origin == NULL:
        return Redirection.OTHER_ORIGIN
    same_host = host == new_host
    if same_host and (scheme, new_scheme) == ("http", "https") and before.rstrip("/") == after.rstrip("/"):
        return Redirection.TO_HTTPS
    if before == after and host != new_host and host.removeprefix("www.") == new_host.removeprefix("www."):
        return Redirection.WWW
    if any(sign in f"{new_host}{after}".lower() for sign in _LOGIN):
        return Redirection.LOGIN
    if target_origin != origin_of(url):
        return Redirection.OTHER_ORIGIN
    if before != after and before.rstrip("/") == after.rstrip("/"):
        return Redirection.TRAILING_SLASH
    if before != after and before.lower() == after.lower():
        return Redirection.CASE
    return Redirection.SAME_ORIGIN


def _path(url: str) -> str:
    return url.partition("://")[2].partition("#")[0].partition("?")[0].partition("/")[2]
