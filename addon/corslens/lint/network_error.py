"""Why a server did not answer, read from the words of the program that captured the exchange."""

from enum import StrEnum


class NetworkError(StrEnum):
    """What really happened where the browser reports a CORS error."""

    REFUSED = "refused"
    RESET = "reset"
    """The connection was closed without an answer."""
    DNS = "dns"
    TLS = "tls"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    """The browser itself gave up."""
    OTHER = "other"


_SIGNS = (
    (NetworkError.CANCELLED, ("client disconnected", "client closed", "err_aborted", "ns_binding_aborted")),
    (NetworkError.TLS, ("tls", "ssl", "certificate", "handshake", "cert_")),
    (NetworkError.DNS, ("getaddrinfo", "name or service not known", "nodename nor servname", "name resolution", "name_not_resolved", "dns", "no address associated")),
    (NetworkError.TIMEOUT, ("timed out", "timeout", "timed_out")),
    (NetworkError.REFUSED, ("refused", "connect call failed", "unreachable", "errno 111", "errno 61", "winerror 1225")),
    (NetworkError.RESET, ("reset", "closed connection", "connection closed", "disconnected", "broken pipe", "peer closed", "eof", "empty_response", "aborted", "killed")),
)  # fmt: skip


def network_error(error: str) -> NetworkError:
    """Say what kind of failure an error message tells of."""
    lowered = error.lower()
    for kind, signs in _SIGNS:
        if any(sign in lowered for sign in signs):
            return kind
    return NetworkError.OTHER
