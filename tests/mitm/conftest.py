"""Fixtures of the tests of the addon."""

from functools import cache
from pathlib import Path

import pytest
from mitmproxy import certs

# The CA's key is checked whenever a proxy reads it, for longer than the proxy takes to start otherwise.
certs.load_pem_private_key = cache(certs.load_pem_private_key)


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One mitmproxy configuration folder for all proxies of the session, so that one CA is made."""
    return tmp_path_factory.mktemp("mitmproxy")
