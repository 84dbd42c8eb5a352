"""Who can reach the proxy: mitmproxy listens on every interface unless told otherwise, corslens' own commands on loopback."""

import logging

from mitmproxy.optmanager import OptManager
from mitmproxy.proxy.mode_specs import LocalMode, ProxyMode

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_EVERY_INTERFACE = frozenset({"", "0.0.0.0", "::"})


def stay_local(options: OptManager) -> None:
    """Make loopback the default of `listen_host`; a mode's own address and the user's setting go before it."""
    options.add_option(
        "listen_host",
        str,
        LOOPBACK,
        "Address to bind proxy server(s) to (may be overridden for individual modes, see `mode`). "
        "With 0.0.0.0 or an empty value other devices can use the proxy, too.",
    )


def listens_everywhere(options: OptManager) -> bool:
    """Say whether one of the proxy's modes listens on every interface."""
    modes = map(ProxyMode.parse, options.mode) if options.server else ()
    return any(not isinstance(mode, LocalMode) and mode.listen_host(options.listen_host) in _EVERY_INTERFACE for mode in modes)


def warn_if_open(options: OptManager) -> None:
    """Say once that other devices can use the proxy, which hardly anybody means."""
    if listens_everywhere(options):
        logger.warning(
            "corslens: the proxy listens on all interfaces, so other devices can use it; --listen-host %s keeps it to this machine.",
            LOOPBACK,
        )
