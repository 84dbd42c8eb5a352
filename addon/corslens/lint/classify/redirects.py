"""Redirects: what a Location changes about the URL."""

import re
from enum import StrEnum

import ada_url

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import NULL
from corslens.fetch.origins import is_schemelessly_same_site, origin_of, scheme_host_port
from corslens.lint.classify.hosts import NetworkScope, place_of


class Redirection(StrEnum):
    """What a redirect does, as far as its two URLs tell."""

    TRAILING_SLASH = "trailing-slash"
    """Only a `/` at the end of the path is added or removed."""
    DOUBLED_SLASH = "doubled-slash"
    """Only slashes that stand together become one."""
    SLASH_ELSEWHERE = "slash-elsewhere"
    """A `/` at the end is added or removed, and the scheme or port changes: a server that does not know its public address."""
    TO_HTTPS = "to-https"
    """Only http becomes https."""
    LOGIN = "login"
    """It leads to a page where people sign in."""
    WWW = "www"
    """Only `www.` is added or removed."""
    CASE = "case"
    """Only the case of the path changes."""
    LOCAL_NETWORK = "local-network"
    """It leads from a public host into a private network: the sign-in of a Wi-Fi, or a company's filter."""
    SAME_ORIGIN = "same-origin"
    OTHER_ORIGIN = "other-origin"
    UNPARSABLE = "unparsable"


_SLASHES = re.compile("//+")

_LOGIN = (
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "/oauth",
    "/authorize",
    "/sso/",
    "/saml",
    "/auth/",
    "openid",
    "/adfs/",
    "/cas/",
)
"""Parts of `host/path/` that stand for a login."""

_LOGIN_HOSTS = frozenset({"accounts", "adfs", "auth", "authelia", "authentik", "idp", "keycloak", "sso", "sts"})
"""Labels of a host name that stand for a login; only where a redirect leads to another host."""

_LOGIN_QUERIES = (
    {"samlrequest"},
    {"client_id", "redirect_uri"},
    {"client_id", "response_type"},
    {"wa", "wtrealm"},
    {"openid.mode"},
)
"""Query names of SAML, OAuth 2, WS-Federation and OpenID 2, which together only a request to sign in has."""

_SIGNATURES = frozenset({
    "x-amz-signature", "x-goog-signature", "x-oss-signature", "q-signature", "signature", "sig", "sign", "hmac", "expires", "expiry", "token",
    "access_token", "key-pair-id", "hdnts", "hdnea", "jwt",
})  # fmt: skip
"""Query names of a URL that is signed or expires, so that it is no address to write into a page."""

_LONGEST_QUERY = 4096


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
    same_host, same_path = host == new_host, before.rstrip("/") == after.rstrip("/")
    if same_host and same_path and (scheme, new_scheme) == ("http", "https"):
        return Redirection.TO_HTTPS
    if before == after and not same_host and host.removeprefix("www.") == new_host.removeprefix("www."):
        return Redirection.WWW
    same_origin = target_origin == origin_of(url)
    if same_origin and before != after and same_path:
        return Redirection.TRAILING_SLASH
    if same_host and not same_origin and before != after and same_path:
        return Redirection.SLASH_ELSEWHERE
    if same_origin and before != after and _SLASHES.sub("/", f"/{before}") == f"/{after}":
        return Redirection.DOUBLED_SLASH
    if same_origin and before != after and before.lower() == after.lower():
        return Redirection.CASE
    if place_of(target_origin) is NetworkScope.PRIVATE and place_of(origin_of(url)) is NetworkScope.PUBLIC:
        return Redirection.LOCAL_NETWORK
    if _asks_to_sign_in(target, new_host, after) and not (same_host and same_path):
        return Redirection.LOGIN
    if not same_host and not _LOGIN_HOSTS.isdisjoint(new_host.lower().split(".")[:-1]):
        return Redirection.LOGIN
    return Redirection.SAME_ORIGIN if same_origin else Redirection.OTHER_ORIGIN


@bounded_cache(2048)
def works_directly(url: str, location: str) -> bool:
    """Say whether a page may request the target of a redirect in its place: it lasts, is no login, and is of the same site or has the same path."""
    try:
        target = ada_url.join_url(url, location)
    except ValueError:
        return False
    moved = _path(url) == _path(target) and _path(url).strip("/") != ""
    return (
        redirection(url, target) not in (Redirection.LOGIN, Redirection.LOCAL_NETWORK, Redirection.UNPARSABLE)
        and (moved or is_schemelessly_same_site(origin_of(url), origin_of(target)))
        and not (url.startswith("https:") and target.startswith("http:"))
        and is_lasting(target)
    )


def is_lasting(url: str) -> bool:
    """Say whether a URL is neither signed nor expires, as far as its query tells."""
    return _SIGNATURES.isdisjoint(query_names(url))


def _asks_to_sign_in(target: str, host: str, path: str) -> bool:
    place = f"{host}/{path}/".lower()
    if any(sign in place for sign in _LOGIN):
        return True
    names = query_names(target)
    return any(sign <= names for sign in _LOGIN_QUERIES)


def query_names(url: str) -> set[str]:
    """Return the names of a URL's query, lower-case."""
    query = url.partition("#")[0].partition("?")[2][:_LONGEST_QUERY].lower()
    return {part.partition("=")[0] for part in query.split("&")}


def _path(url: str) -> str:
    return url.partition("://")[2].partition("#")[0].partition("?")[0].partition("/")[2]
