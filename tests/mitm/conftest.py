"""Fixtures of the tests of the addon."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One mitmproxy configuration folder for all proxies of the session, so that one CA is made."""
    return tmp_path_factory.mktemp("mitmproxy")
