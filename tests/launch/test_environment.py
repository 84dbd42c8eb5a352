"""The environment of a command behind the proxy."""

from pathlib import Path

from corslens.launch.environment import certificate_bundle, proxy_environment


def made(base):
    return proxy_environment(base, proxy="http://127.0.0.1:9", authority=Path("/ca.pem"), bundle=Path("/bundle.pem"))


def test_an_inherited_proxy_does_not_win():
    """In either case of letters, and loopback is no exception."""
    base = {"http_proxy": "http://other", "HTTPS_PROXY": "http://other", "all_proxy": "socks5://other", "no_proxy": "localhost"}
    result = made(base)
    assert {name: value for name, value in result.items() if name.lower().endswith("_proxy") and "NODE" not in name} == {
        **dict.fromkeys(
            ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "all_proxy", "CORSLENS_PROXY"), "http://127.0.0.1:9"
        ),
        "NO_PROXY": "<-loopback>",
        "no_proxy": "<-loopback>",
    }
    assert base["no_proxy"] == "localhost"


def test_the_rest_stays():
    """Only what leads to the proxy and its CA is set."""
    assert made({"PATH": "/bin"})["PATH"] == "/bin"
    assert made({})["NODE_EXTRA_CA_CERTS"] == "/ca.pem"
    assert made({})["SSL_CERT_FILE"] == made({})["REQUESTS_CA_BUNDLE"] == made({})["CURL_CA_BUNDLE"] == "/bundle.pem"


def test_own_authorities_stay_trusted(tmp_path):
    """Of a company's SSL_CERT_FILE, or Mozilla's where there is none."""
    (tmp_path / "ca.pem").write_bytes(b"OURS")
    (tmp_path / "company.pem").write_bytes(b"COMPANY")
    base = {"SSL_CERT_FILE": str(tmp_path / "company.pem")}
    assert certificate_bundle(base, tmp_path / "ca.pem") == b"COMPANY\nOURS"
    mozilla = certificate_bundle({"SSL_CERT_FILE": str(tmp_path / "gone.pem")}, tmp_path / "ca.pem")
    assert mozilla.count(b"BEGIN CERTIFICATE") > 50
    assert mozilla.endswith(b"OURS")
