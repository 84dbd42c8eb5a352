"""A mitmproxy script for the kit: lets host names that exist nowhere lead to servers on loopback.

Only the proxy's look-up of names is answered differently, ports included, so that flows, certificates and connections keep
the names and ports that the browser asked for.
"""

import asyncio
import json
import socket
from typing import Any

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader

TLS_PORTS = frozenset({443, 8443})
"""The ports of a URL at which TLS is spoken; any other is plain."""


class Routes:
    """Answers the event loop's getaddrinfo for the names in its table."""

    name = "kit-routes"

    def __init__(self) -> None:
        self.table: dict[str, tuple[int, int, str]] = {}

    def load(self, loader: Loader) -> None:
        """Declare the option."""
        loader.add_option(
            "kit_routes",
            str,
            "{}",
            "JSON: host name, *.suffix or * to [http port, https port] on loopback, or on the address that follows; 0 keeps the URL's port.",
        )

    def configure(self, updated: set[str]) -> None:
        """Read the table."""
        if "kit_routes" in updated:
            try:
                table = json.loads(ctx.options.kit_routes).items()
                self.table = {host: (place[0], place[1], *(place[2:3] or ["127.0.0.1"])) for host, place in table}
            except (ValueError, TypeError, LookupError) as error:
                raise exceptions.OptionsError(f"kit_routes: {error}") from error

    def find(self, host: str) -> tuple[int, int, str] | None:
        """Return the ports and the address for a host name, the most specific entry first."""
        if host in self.table:
            return self.table[host]
        labels = host.split(".")
        for start in range(1, len(labels)):
            if ports := self.table.get("*." + ".".join(labels[start:])):
                return ports
        return self.table.get("*")

    def running(self) -> None:
        """Put the table before the loop's own look-up."""
        loop = asyncio.get_running_loop()
        look_up = loop.getaddrinfo

        async def getaddrinfo(host: Any, port: Any, **arguments: Any) -> Any:
            ports = self.find(host) if isinstance(host, str) else None
            if ports is None:
                return await look_up(host, port, **arguments)
            address = (ports[2], (ports[1] if port in TLS_PORTS else ports[0]) or port)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]  # the only seam between a name and a connection


addons = [Routes()]
