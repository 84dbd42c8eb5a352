"""The environment in which programs find the proxy and trust its CA.

What honors which variable is in docs/ci.md, "Any command behind the proxy"; each row of it was tried.
"""

from collections.abc import Mapping
from pathlib import Path

import certifi

EVERYTHING = "<-loopback>"
"""Chromium's and Cypress's word in NO_PROXY for: loopback is no exception. To others it is a host that does not exist."""

BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT")
"""Each replaces a program's own list of CAs."""


def proxy_environment(base: Mapping[str, str], *, proxy: str, authority: Path, bundle: Path) -> dict[str, str]:
    """Return the environment of a program behind the proxy.

    Args:
        proxy: the proxy's URL.
        authority: the file (PEM) of the proxy's CA.
        bundle: the file that `certificate_bundle` is written to.
    """
    result = dict(base)
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        result[name] = result[name.lower()] = proxy  # curl reads http_proxy in lowercase only
    for name in ("ALL_PROXY", "all_proxy"):
        if name in result:
            result[name] = proxy
    result["NO_PROXY"] = result["no_proxy"] = EVERYTHING
    result["NODE_USE_ENV_PROXY"] = "1"
    result["NODE_EXTRA_CA_CERTS"] = str(authority)
    for name in BUNDLE_VARIABLES:
        result[name] = str(bundle)
    # For a program's configuration, where it reads none of the above.
    result["CORSLENS_PROXY"] = proxy
    result["CORSLENS_CA"] = str(authority)
    return result


def certificate_bundle(base: Mapping[str, str], authority: Path) -> bytes:
    """Return PEM of the CAs that a program trusts without us (its SSL_CERT_FILE, or Mozilla's list), and the proxy's.

    Raises: OSError when a file cannot be read.
    """
    own = Path(base.get("SSL_CERT_FILE") or certifi.where())
    if not own.is_file():
        own = Path(certifi.where())
    return own.read_bytes() + b"\n" + authority.read_bytes()
