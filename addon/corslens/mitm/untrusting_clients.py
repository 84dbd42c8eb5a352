"""Clients that do not trust the proxy's certificate authority: nothing of their https is seen, and browsers report a network or a CORS error."""

from collections.abc import Callable, Iterable

from mitmproxy import tls

TRUST = (
    "Trust mitmproxy's certificate authority in that browser (open http://mitm.it in it), or let `corslens open` start one that does; "
    "`corslens doctor` shows which stores have it."
)
_SURE = "does not trust"
"""mitmproxy's words where the client's alert says so; a handshake that merely ended may have other reasons."""
_LISTED = 20
"""Hosts that are counted by name."""
_SHOWN = 3


class UntrustingClients:
    """Counts TLS handshakes in which clients refused the proxy's certificate, and says so once, at once.

    Args:
        say: prints lines; not through the log, which `mitmdump -q` silences.
    """

    def __init__(self, say: Callable[[Iterable[str]], None]) -> None:
        self._say = say
        self._hosts: dict[str, int] = {}
        self.count = 0
        """Handshakes refused so far."""

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """Count the handshake if the client refused the certificate."""
        if _SURE not in (data.conn.error or ""):
            return
        host = data.conn.sni or (data.context.server.address or ("a server",))[0]
        self.count += 1
        if host in self._hosts or len(self._hosts) < _LISTED:
            self._hosts[host] = self._hosts.get(host, 0) + 1
        if self.count == 1:
            self._say(
                [
                    f"corslens: a client does not trust the proxy's certificate for {host}, so corslens does not see its https traffic. {TRUST}"
                ]
            )

    def summary(self) -> list[str]:
        """Return what is to be said at the end, nothing where all was said already."""
        if self.count < 2:
            return []
        hosts = sorted(self._hosts, key=lambda host: (-self._hosts[host], host))
        more = " and others" if len(hosts) > _SHOWN else ""
        return [
            f"corslens: clients refused the proxy's certificate {self.count} times ({', '.join(hosts[:_SHOWN])}{more}); that traffic was not seen. {TRUST}"
        ]
