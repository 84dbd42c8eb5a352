"""Why a server did not answer, and who told the browser so."""

import pytest
from corslens.observation.network_error import KILLED, NetworkError, gets_proxy_error_page, network_error, plain_words


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", NetworkError.REFUSED),
        ("net::ERR_CONNECTION_REFUSED", NetworkError.REFUSED),
        ("server closed connection", NetworkError.RESET),
        ("[Errno 104] Connection reset by peer", NetworkError.RESET),
        ("stream reset by client (INTERNAL_ERROR)", NetworkError.RESET),
        (KILLED, NetworkError.RESET),
        ("[Errno -2] Name or service not known", NetworkError.DNS),
        ("net::ERR_NAME_NOT_RESOLVED", NetworkError.DNS),
        ("NS_ERROR_UNKNOWN_HOST", NetworkError.DNS),
        ("A server with the specified hostname could not be found.", NetworkError.DNS),
        ("NS_ERROR_UNKNOWN_PROXY_HOST", NetworkError.PROXY),
        ("Could not connect to the server.", NetworkError.REFUSED),
        ("The network connection was lost.", NetworkError.RESET),
        ("NS_ERROR_NET_INTERRUPT", NetworkError.RESET),
        ("connect ETIMEDOUT", NetworkError.TIMEOUT),
        ("Certificate verify failed: self-signed certificate", NetworkError.CERTIFICATE),
        ("net::ERR_CERT_AUTHORITY_INVALID", NetworkError.CERTIFICATE),
        (
            "The certificate for this server is invalid. You might be connecting to a server that is pretending to be …",
            NetworkError.CERTIFICATE,
        ),
        ("The remote server does not speak TLS.", NetworkError.NOT_TLS),
        ("net::ERR_SSL_PROTOCOL_ERROR", NetworkError.NOT_TLS),
        ("TLS handshake failed: connection closed", NetworkError.TLS),
        ("[Errno 110] Connection timed out", NetworkError.TIMEOUT),
        ("Client disconnected.", NetworkError.CANCELLED),
        ("stream reset by client (CANCEL)", NetworkError.CANCELLED),
        ("stream closed by client (H3_REQUEST_CANCELLED)", NetworkError.CANCELLED),
        ("net::ERR_ABORTED", NetworkError.CANCELLED),
        ("NS_BINDING_ABORTED", NetworkError.CANCELLED),
        ("cancelled", NetworkError.CANCELLED),
        ("Load request cancelled", NetworkError.CANCELLED),
        ("The operation couldn’t be completed. (NSURLErrorDomain error -999.)", NetworkError.CANCELLED),
        ("net::ERR_CONNECTION_ABORTED", NetworkError.RESET),
        ("something else", NetworkError.OTHER),
        ("", NetworkError.OTHER),
    ],
)
def test_kinds(error: str, kind: NetworkError) -> None:
    assert network_error(error) is kind


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        ("server closed connection", True),
        ("Server disconnected", True),
        ("stream reset by client (INTERNAL_ERROR)", True),
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", True),
        ("Client disconnected.", False),
        ("stream reset by client (CANCEL)", False),
        ("stream reset by client (HTTP_1_1_REQUIRED)", False),
        ("stream closed by client (H3_VERSION_FALLBACK)", False),
        (KILLED, False),
        ("net::ERR_CONNECTION_REFUSED", False),
        ("NS_ERROR_UNKNOWN_HOST", False),
        ("MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", False),
        ("SEC_ERROR_UNKNOWN_ISSUER", False),
    ],
)
def test_who_is_told_by_the_proxy(error: str, answered: bool) -> None:
    assert gets_proxy_error_page(error) is answered


@pytest.mark.parametrize(
    ("error", "plain"),
    [
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", "no connection to 127.0.0.1:9"),
        ("[Errno 111] Connect call failed ('::1', 9, 0, 0)", "no connection to [::1]:9"),
        ("[Errno -2] Name or service not known", "Name or service not known"),
        ("server closed connection", "server closed connection"),
    ],
)
def test_plain_words(error: str, plain: str) -> None:
    assert plain_words(error) == plain
