"""A proxy within a process that has a life of its own."""

import asyncio
import logging
from pathlib import Path

import pytest
from corslens.mitm.embedded import EmbeddedProxy, ProxyError


def proxy(folder: Path) -> EmbeddedProxy:
    return EmbeddedProxy((), {"confdir": str(folder), "listen_host": "127.0.0.1"})


async def test_what_the_process_logs_besides_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    """As asyncio does of a connection that somebody forgot."""
    asyncio.get_running_loop().call_soon(logging.getLogger("asyncio").error, "Unclosed connection")
    async with proxy(tmp_path) as started:
        assert started.port


async def test_an_error_of_its_own_does(tmp_path: Path) -> None:
    asyncio.get_running_loop().call_soon(logging.getLogger("mitmproxy.addons.any").error, "no such certificate")
    with pytest.raises(ProxyError, match="did not start"):
        async with proxy(tmp_path):
            pass
