"""Why a server did not respond, and who told the browser so, read from the words of the program that captured the exchange."""

import re
from enum import StrEnum


class NetworkError(StrEnum):
    """What really happened where the browser reports a CORS error."""

    REFUSED = "refused"
    RESET = "reset"
    """The connection was closed without a response."""
    DNS = "dns"
    CERTIFICATE = "certificate"
    """TLS was spoken, and the certificate is not trusted, is of another name, or has expired."""
    NOT_TLS = "not-tls"
    """https was requested of a port that does not speak TLS."""
    TLS = "tls"
    """The TLS handshake failed for another reason."""
    TIMEOUT = "timeout"
    OFFLINE = "offline"
    """The machine has no network, or changed it."""
    PROXY = "proxy"
    """A proxy that the browser or the network uses could not be reached, or refused the connection."""
    REDIRECTS = "redirects"
    """Redirects went around in a circle."""
    PROTOCOL = "protocol"
    """The response broke the rules of HTTP, or ended before its end."""
    RESOURCES = "resources"
    """The page made more requests at once than the browser can."""
    CANCELLED = "cancelled"
    """The browser itself gave up."""
    OTHER = "other"


# mitmproxy says "by client" of whichever side resets an HTTP/2 stream (`StreamReset` in mitmproxy/proxy/layers/http/_http2.py); the code
# tells: browsers abort with CANCEL (or HTTP/3's word for it), servers fail with another.
_SIGNS = (
    (NetworkError.CANCELLED, ("client disconnected", "client closed", "by client (cancel)", "by client (h3_request_cancelled)", "err_aborted", "ns_binding_aborted", "load request cancel", "nsurlerrordomain error -999")),
    (NetworkError.OFFLINE, ("err_internet_disconnected", "err_network_changed", "err_network_io_suspended", "ns_error_offline")),
    (NetworkError.PROXY, ("err_proxy_", "err_tunnel_connection_failed", "ns_error_proxy_", "unknown_proxy_host", "err_socks_")),
    (NetworkError.REDIRECTS, ("err_too_many_redirects", "ns_error_redirect_loop")),
    (NetworkError.PROTOCOL, (
        "err_http2_", "err_quic_", "err_invalid_http_response", "err_invalid_chunked", "err_incomplete_chunked", "err_content_length_mismatch",
        "err_content_decoding", "err_response_headers_", "ns_error_net_partial", "ns_error_net_http2", "ns_error_invalid_content_encoding",
    )),
    (NetworkError.RESOURCES, ("err_insufficient_resources",)),
    (NetworkError.CERTIFICATE, (
        "certificate verify failed", "err_cert_", "sec_error_", "mozilla_pkix_error", "ssl_error_bad_cert_domain", "self-signed certificate",
        "self signed certificate", "unable to get local issuer", "certificate for this server is invalid",
    )),
    (NetworkError.NOT_TLS, ("does not speak tls", "wrong version number", "err_ssl_protocol_error", "ssl_error_rx_record_too_long", "http request to an https")),
    (NetworkError.TLS, ("tls", "ssl", "certificate", "handshake", "cert_")),
    (NetworkError.DNS, ("getaddrinfo", "name or service not known", "nodename nor servname", "name resolution", "name_not_resolved", "unknown_host", "dns", "no address associated", "specified hostname")),
    (NetworkError.TIMEOUT, ("timed out", "timeout", "timed_out", "timedout")),
    (NetworkError.REFUSED, ("refused", "connect call failed", "unreachable", "could not connect to the server", "errno 111", "errno 61", "winerror 1225")),
    (NetworkError.RESET, ("reset", "closed connection", "connection closed", "disconnected", "connection was lost", "net_interrupt", "broken pipe", "peer closed", "eof", "empty_response", "aborted", "killed")),
)  # fmt: skip

_CANCELLED_BY_SAFARI = ("cancelled", "canceled")
"""All that macOS says of a load that the page gave up or left (`NSURLErrorCancelled`), in Safari's HAR."""

KILLED = "Connection killed."
"""What mitmproxy says of a flow that its user ended."""

OF_BROWSERS = ("net::", "NS_", "SEC_ERROR_", "SSL_ERROR_", "MOZILLA_PKIX_ERROR_", "The certificate for this server is invalid")
"""How the errors begin that browsers name."""
_UNTOLD = ("(CANCEL)", "(HTTP_1_1_REQUIRED)", "(H3_REQUEST_CANCELLED)", "(H3_VERSION_FALLBACK)")


_CODE = re.compile(r"\[Errno -?\d+\] ")
_CALL = re.compile(r"Connect call failed \('([^']*)', (\d+)[^)]*\)")


def plain_words(error: str) -> str:
    """Return an error message without the numbers and brackets of the program that wrote it."""

    def failed(call: re.Match[str]) -> str:
        host, port = call.groups()
        return f"no connection to {f'[{host}]' if ':' in host else host}:{port}"

    return _CALL.sub(failed, _CODE.sub("", error))


def network_error(error: str) -> NetworkError:
    """Say what kind of failure an error message tells of."""
    lowered = error.lower()
    if lowered in _CANCELLED_BY_SAFARI:
        return NetworkError.CANCELLED
    for kind, signs in _SIGNS:
        if any(sign in lowered for sign in signs):
            return kind
    return NetworkError.OTHER


def gets_proxy_error_page(error: str) -> bool:
    """Say whether this is a capturing proxy's error, of which it told the browser with a page of its own.

    It does unless the browser is gone, the flow was killed, or an HTTP/2 or HTTP/3 stream was canceled (`ErrorCode.http_status_code`
    in mitmproxy/proxy/layers/http/_events.py). Browsers name their own errors.
    """
    if error == KILLED or error.startswith(OF_BROWSERS) or error.endswith(_UNTOLD):
        return False
    return network_error(error) is not NetworkError.CANCELLED
