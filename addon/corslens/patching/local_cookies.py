"""Set-Cookie of a server on the internet, as a browser takes it from http://localhost.

Standard: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-storage-model
"""

_PREFIXES = ("__host-", "__secure-", "__http-", "__host-http-")
"""Browsers refuse cookies of such names without Secure; Chromium 156 takes them with it from http://localhost, too."""
_MAX_LINE_CHARACTERS = 16_384


def usable_on_localhost(set_cookie: str) -> tuple[str, tuple[str, ...]]:
    """Return the header's value for http://localhost, and what was changed, a few words each.

    Domain names another host, so that the cookie would be refused. Secure is refused by Safari over http; without it, SameSite=None and
    Partitioned are refused, and Lax is enough: pages on other ports of localhost are same-site.
    """
    if len(set_cookie) > _MAX_LINE_CHARACTERS:
        return set_cookie, ()
    pair, *attributes = set_cookie.split(";")
    prefixed = pair.strip().lower().startswith(_PREFIXES)
    kept: list[str] = [pair]
    changes: list[str] = []
    for attribute in attributes:
        new, change = _changed(attribute, prefixed=prefixed)
        if new is not None:
            kept.append(new)
        if change is not None:
            changes.append(change)
    return ";".join(kept), tuple(dict.fromkeys(changes))


def _changed(attribute: str, *, prefixed: bool) -> tuple[str | None, str | None]:
    name, _, value = attribute.partition("=")
    match name.strip().lower(), value.strip().lower():
        case "domain", _:
            return None, f"Domain={value.strip()} removed"
        case "secure", _ if not prefixed:
            return None, "Secure removed"
        case "partitioned", _ if not prefixed:
            return None, "Partitioned removed"
        case "samesite", "none" if not prefixed:
            return " SameSite=Lax", "SameSite=None is Lax"
        case _:
            return attribute, None


def cookie_name(set_cookie: str) -> str:
    """Return the name of the cookie."""
    return set_cookie.partition(";")[0].partition("=")[0].strip()
