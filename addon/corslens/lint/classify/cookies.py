"""Set-Cookie: which cookies a browser will not send with cross-site requests.

Standard: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-samesite-attribute-2
"""


def cookies_kept_home(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the names of cookies that need `SameSite=None; Secure` to travel cross-site and do not have it."""
    return frozenset(name for line in lines if (name := _kept_home(line)) is not None)


def _kept_home(line: str) -> str | None:
    pair, _, attributes = line.partition(";")
    name, equals, _ = pair.partition("=")
    if not equals or not name.strip():
        return None
    given = {
        key.strip().lower(): value.strip().lower() for key, _, value in (part.partition("=") for part in attributes.split(";"))
    }
    if given.get("max-age", "").startswith(("-", "0")) or "1970" in given.get("expires", ""):
        return None  # deletes the cookie
    travels = given.get("samesite") == "none" and "secure" in given
    return None if travels else name.strip()
