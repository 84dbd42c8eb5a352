"""Why a server did not answer."""

import pytest
from corslens.lint.network_error import NetworkError, network_error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("[Errno 111] Connect call failed ('127.0.0.1', 9)", NetworkError.REFUSED),
        ("net::ERR_CONNECTION_REFUSED", NetworkError.REFUSED),
        ("server closed connection", NetworkError.RESET),
        ("[Errno 104] Connection reset by peer", NetworkError.RESET),
        ("[Errno -2] Name or service not known", NetworkError.DNS),
        ("net::ERR_NAME_NOT_RESOLVED", NetworkError.DNS),
        ("Certificate verify failed: self-signed certificate", NetworkError.TLS),
        ("TLS handshake failed: connection closed", NetworkError.TLS),
        ("[Errno 110] Connection timed out", NetworkError.TIMEOUT),
        ("something else", NetworkError.OTHER),
        ("", NetworkError.OTHER),
    ],
)
def test_kinds(error: str, kind: NetworkError) -> None:
    assert network_error(error) is kind
