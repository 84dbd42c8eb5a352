"""Set-Cookie: which cookies a browser will not send with cross-site requests, and which it does not even store.

Standard: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-samesite-attribute-2
"""

from corslens.fetch.origins import is_ip_address, registrable_domain


def cookies_kept_home(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the names of cookies that need `SameSite=None; Secure` to travel cross-site and do not have it."""
    return frozenset(name for name, given in map(_read, lines) if name and not _travels(given) and not _deletes(given))


def cookies_of_other_domains(lines: tuple[str, ...], host: str) -> frozenset[str]:
    """Return the names of cookies that a browser does not store from this host, because their Domain does not cover it.

    One that the response sets a second time, for a Domain that does, is none of them: such servers set it for all of their names.
    """
    set_here = [
        (name, _covers(given.get("domain", ""), host)) for name, given in map(_read, lines) if name and not _deletes(given)
    ]
    return frozenset(name for name, _ in set_here) - {name for name, covered in set_here if covered}


def secure_cookies(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the names of cookies that only an https response can set."""
    return frozenset(name for name, given in map(_read, lines) if name and "secure" in given and not _deletes(given))


def _read(line: str) -> tuple[str, dict[str, str]]:
    """Return a cookie's name, empty where the line sets none, and its attributes in lower case."""
    pair, _, attributes = line.partition(";")
    name, equals, _ = pair.partition("=")
    given = {
        key.strip().lower(): value.strip().lower() for key, _, value in (part.partition("=") for part in attributes.split(";"))
    }
    return (name.strip() if equals else ""), given


def _travels(given: dict[str, str]) -> bool:
    return given.get("samesite") == "none" and "secure" in given


def _deletes(given: dict[str, str]) -> bool:
    return given.get("max-age", "").startswith(("-", "0")) or "1970" in given.get("expires", "")


def _covers(domain: str, host: str) -> bool:
    domain = domain.removeprefix(".")
    if domain in ("", host):
        return True
    return not is_ip_address(host) and host.endswith(f".{domain}") and registrable_domain(domain) is not None
