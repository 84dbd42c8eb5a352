"""Whatever servers and clients send: the proxy goes on, every exchange has its record, nothing unescaped comes out."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.browser.kit.mitmdump import Mitm

ORIGIN = b"Origin: https://evil\x1b[31m.example\r\n"
CORS = b"Access-Control-Allow-Origin: https://app.example\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: 2\r\nConnection: close\r\n\r\nok"

ANSWERS = {
    "two Access-Control-Allow-Origin lines": OK + CORS + CORS + END,
    "a value of 48 KB": OK + b"Access-Control-Allow-Origin: " + b"a" * 48_000 + b"\r\n" + END,
    "a value of 1 MB": OK + b"Access-Control-Allow-Headers: " + b"a, " * 350_000 + b"\r\n" + END,
    "5,000 lines of one name": OK + b"Access-Control-Allow-Methods: PUT\r\n" * 5_000 + END,
    "2,000 names": OK + b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(2_000)) + END,
    "bytes that are not UTF-8": OK + b"Access-Control-Allow-Origin: \xff\xfe\x80\r\n" + END,
    "terminal escapes": OK + b"Access-Control-Allow-Origin: \x1b]0;owned\x07\x1b[2J\r\n" + END,
    "right-to-left overrides": OK + "Access-Control-Allow-Origin: \u202egnp.exe\r\n".encode() + END,
    "a folded line": OK + b"Access-Control-Allow-Origin: https://app.example\r\n  folded\r\n" + END,
    "a bare carriage return": OK + b"Access-Control-Allow-Origin: a\rSet-Cookie: b\r\n" + END,
    "a null byte": OK + b"Access-Control-Allow-Origin: a\x00b\r\n" + END,
    "a name with a space": OK + b"Access-Control Allow-Origin: *\r\n" + END,
    "a line without a colon": OK + b"Access-Control-Allow-Origin\r\n" + END,
    "an empty name": OK + b": x\r\n" + END,
    "no reason phrase": b"HTTP/1.1 200\r\n" + CORS + END,
    "status 999": b"HTTP/1.1 999 Odd\r\n" + CORS + END,
    "status 000": b"HTTP/1.1 000 Odd\r\n" + CORS + END,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + CORS + b"\r\nok",
    "early hints before the answer": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + CORS + END,
    "continue before the answer": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + CORS + END,
    "trailers": OK
    + CORS
    + b"Transfer-Encoding: chunked\r\nTrailer: X\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX: 1\r\n\r\n",
    "two lengths": OK + CORS + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a negative length": OK + CORS + b"Content-Length: -1\r\n\r\nok",
    "a body cut short": OK + CORS + b"Content-Length: 9\r\n\r\nok",
    "a head cut short": OK + CORS,
    "nothing at all": b"",
    "no HTTP": b"\x16\x03\x01\x00\xa5 not http \r\n\r\n",
    "a redirect to nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n" + CORS + END,
    "a redirect to a script": b"HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\n" + CORS + END,
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n",
    "max-age of 400 digits": b"HTTP/1.1 204 No Content\r\nAccess-Control-Max-Age: " + b"9" * 400 + b"\r\n" + CORS + b"\r\n",
}


class Raw:
    """A server that answers each path with the bytes of its case, in small pieces, and closes."""

    async def __aenter__(self) -> "Raw":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            number = int(head.split(b" ")[1].rpartition(b"/")[2].partition(b"?")[0])
            data = list(ANSWERS.values())[number]
            for start in (0, 7):  # a head rarely comes in one piece
                writer.write(data[start : 7 if start == 0 else None])
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mitm]:
    """A mitmdump that shows everything and patches everything, so that every path of ours is taken."""
    options = {"cors_show": "cors", "cors_patch": "~all", "cors_patch_origins": "any"}
    async with Mitm(options=options, confdir=tmp_path_factory.mktemp("confdir")) as mitm:
        yield mitm


async def exchange(port: int, data: bytes, *, close_at_once: bool = False, count: int = -1) -> bytes:
    """Send bytes to the proxy and return what comes back until it closes (at most `count` bytes)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        if close_at_once:
            return b""
        async with asyncio.timeout(15):
            return await reader.read(count)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def assert_clean(mitm: Mitm) -> None:
    """Nothing of ours failed, and nothing unescaped was printed. (mitmproxy itself has no trailers yet, and says so in a traceback.)"""
    text = "\n".join(mitm.lines)
    assert not re.search(r'File "[^"]*corslens', text), text[-3000:]
    assert "corslens failed" not in text
    assert "Addon error" not in text
    assert not re.search(r"\x1b\]|\x1b\[[0-9]*J|\x07|\x00|\u202e", text)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_server_may_answer(case: str, method: str, proxy: Mitm) -> None:
    """The exchange has a record that is valid JSON and visible ASCII, and the client gets an answer or an end."""
    number = list(ANSWERS).index(case)
    asked = b"Access-Control-Request-Method: PUT\r\n" if method == "OPTIONS" else b""
    async with Raw() as raw:
        url = f"http://127.0.0.1:{raw.port}/{number}?{method}"
        request = (
            f"{method} {url} HTTP/1.1\r\nHost: 127.0.0.1:{raw.port}\r\nConnection: close\r\n".encode()
            + ORIGIN
            + asked
            + b"\r\n"
        )
        await exchange(proxy.port, request)
        await proxy.until(lambda records: any(record["url"] == url for record in records))
    assert_clean(proxy)
    assert all(31 < byte < 127 for line in proxy.log.read_bytes().splitlines() for byte in line)


CLIENTS: dict[str, Callable[[int], bytes]] = {
    "a header of 60 KB": lambda port: (
        b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\n\r\n" % (port, b"o" * 60_000)
    ),
    "two origins": lambda port: (
        b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: a\r\nOrigin: b\r\n\r\n" % port
    ),
    "a control byte in the origin": lambda port: (
        b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: \x01\x02\r\n\r\n" % port
    ),
    "an odd method": lambda port: b"<script> http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % port,
    "a host that is no host": lambda _: (
        b"GET http://a b/ HTTP/1.1\r\nHost: a b\r\nConnection: close\r\nOrigin: https://a.test\r\n\r\n"
    ),
    "a URL with user and password": lambda port: (
        b"GET http://user:hunter2@127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: https://a.test\r\n\r\n"
        % port
    ),
    "no HTTP": lambda _: b"\x00\x01\x02\x03\r\n\r\n",
    "a head that never ends": lambda port: b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nOrigin: https://a.test\r\n" % port,
    "CONNECT to nowhere": lambda _: b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n",
    "a preflight without its origin": lambda port: (
        b"OPTIONS http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccess-Control-Request-Method: PUT\r\n\r\n"
        % port
    ),
    "a body shorter than said": lambda port: (
        b"POST http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\nContent-Length: 900\r\n\r\nshort" % port
    ),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CLIENTS)
@pytest.mark.parametrize("ending", ["waits", "leaves"])
async def test_client_may_send(case: str, ending: str, proxy: Mitm) -> None:
    """The proxy answers the next well-formed request, and says nothing of a fault."""
    async with Raw() as raw:
        unfinished = case in ("a head that never ends", "a body shorter than said")
        await exchange(proxy.port, CLIENTS[case](raw.port), close_at_once=ending == "leaves" or unfinished, count=64)
        url = f"http://127.0.0.1:{raw.port}/0?after-{ending}-{list(CLIENTS).index(case)}"
        ask = (
            f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1:{raw.port}\r\nOrigin: https://a.test\r\nConnection: close\r\n\r\n".encode()
        )
        assert (await exchange(proxy.port, ask)).startswith(b"HTTP/1.1 200")
        await proxy.until(lambda records: any(record["url"] == url for record in records))
    assert_clean(proxy)


@pytest.mark.asyncio(loop_scope="module")
async def test_every_line_of_the_log_is_json(proxy: Mitm) -> None:
    """After all of that, and with the file still open."""
    assert all(isinstance(json.loads(line), dict) for line in proxy.log.read_bytes().splitlines())
