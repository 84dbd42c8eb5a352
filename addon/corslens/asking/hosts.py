"""Which servers may be sent requests: those that the user named, with their ports."""

from collections.abc import Iterable

from corslens.fetch.constants import NULL
from corslens.fetch.origins import origin_of, scheme_host_port


class NamedHosts:
    """The servers that the user named.

    A host is named with its port; one without a port stands for both default ports (80 and 443), and so does a URL at one of them,
    because servers redirect from http to https.
    """

    def __init__(self, urls: Iterable[str], hosts: Iterable[str] = ()) -> None:
        self._named: set[tuple[str, str]] = set()
        for url in urls:
            self._add(origin_of(url))
        for host in hosts:
            self._add(parse_host(host))

    def _add(self, origin: str) -> None:
        _, host, port = scheme_host_port(origin)
        self._named |= {(host, one) for one in (("80", "443") if port in ("80", "443") else (port,))}

    def __contains__(self, url: object) -> bool:
        scheme, host, port = scheme_host_port(origin_of(url)) if isinstance(url, str) else ("", "", "")
        return scheme in ("http", "https") and (host, port) in self._named


def parse_host(text: str) -> str:
    """Return the origin of `host`, `host:port` or a URL.

    Raises: ValueError
    """
    origin = origin_of(text if "://" in text else f"http://{text}")
    if origin == NULL:
        raise ValueError(f'"{text}" is not a host; write it as api.example or api.example:8443')
    return origin
