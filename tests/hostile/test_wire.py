"""Whatever servers and clients send: the proxy goes on, every exchange has its record, nothing unescaped comes out."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.deadline import DEADLINE_SECONDS
from tests.hostile.peer import GONE, Act, Ending, Watch, Witnessed, every_path

ORIGIN = b"Origin: https://evil\x1b[31m.example\r\n"
CORS = b"Access-Control-Allow-Origin: https://app.example\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
CHUNKED = b"Transfer-Encoding: chunked\r\nTrailer: X\r\nConnection: close\r\n\r\n"

HANGS_UP = {"is closed": Ending.CLOSES, "is reset": Ending.ABORTS}

ANSWERS: dict[str, bytes | Act] = {
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
    "early hints that grant, 100 of them": (b"HTTP/1.1 103 Early Hints\r\n" + CORS + b"\r\n") * 100 + OK + END,
    "continue, and no more": b"HTTP/1.1 100 Continue\r\n\r\n",
    "every byte for itself": Act(OK + CORS + CORS + END, byte_by_byte=True),
    "trailers that grant": OK + CHUNKED + b"2\r\nok\r\n0\r\n" + CORS + CORS + b"\r\n",
    "two lengths": OK + CORS + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a negative length": OK + CORS + b"Content-Length: -1\r\n\r\nok",
    "a body cut short": OK + CORS + b"Content-Length: 9\r\n\r\nok",
    "a head cut short": OK + CORS,
    "nothing at all": b"",
    "no HTTP": b"\x16\x03\x01\x00\xa5 not http \r\n\r\n",
    "HTTP/2": b"\0\0\0\4\0\0\0\0\0",
    **{f"a head within which the socket {how}": Act(OK + CORS[:9], end) for how, end in HANGS_UP.items()},
    **{
        f"a body within which the socket {how}": Act(OK + CORS + b"Content-Length: 9\r\n\r\nok", end)
        for how, end in HANGS_UP.items()
    },
    **{f"a chunk within which the socket {how}": Act(OK + CORS + CHUNKED + b"9\r\nok", end) for how, end in HANGS_UP.items()},
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
            what = list(ANSWERS.values())[number]
            await (what if isinstance(what, Act) else Act(what)).perform(reader, writer)
        except (*GONE, ValueError):
            pass
        finally:
            writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["validating", "not-validating"])
async def watch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watch]:
    """A mitmdump that shows everything and patches everything, so that every path of ours is taken, and streams some bodies."""
    folder = tmp_path_factory.mktemp("wire")
    async with Witnessed(every_path(folder, validates=request.param), confdir=folder) as mitm:
        watch = Watch(mitm, folder / "witnessed")
        yield watch
        await watch.end()


async def exchange(port: int, data: bytes, ending: Ending = Ending.WAITS, *, count: int = -1) -> bytes:
    """Send bytes to the proxy and return what comes back until it closes (at most `count` bytes)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            if ending is Ending.WAITS:
                writer.write(data)
                await writer.drain()
                return await reader.read(count)
            await Act(data, ending).perform(reader, writer)
            return b""
    except GONE:
        return b""
    finally:
        writer.close()


NO_TRAILERS = "NotImplementedError: HTTP trailers are not implemented yet"
"""What mitmproxy 12 says of them, in a traceback."""
SEEN_AS: dict[str, tuple[int | None, str]] = {
    "two Access-Control-Allow-Origin lines": (200, "acao-multiple"),
    "every byte for itself": (200, "acao-multiple"),
    "a head cut short": (None, "acao-missing"),
    "a body within which the socket is reset": (None, "acao-missing"),
}
"""What the records of some cases say: the status, and why Chromium keeps the answer from a page.

Where the server fails, the answer is a page of mitmproxy's.
"""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_server_may_answer(case: str, method: str, watch: Watch) -> None:
    """The exchange has a record, and the client gets an answer or an end."""
    number = list(ANSWERS).index(case)
    asked = b"Access-Control-Request-Method: PUT\r\n" if method == "OPTIONS" else b""
    begun = len(watch.begun())
    async with Raw() as raw:
        url = f"http://127.0.0.1:{raw.port}/{number}?{method}"
        request = (
            f"{method} {url} HTTP/1.1\r\nHost: 127.0.0.1:{raw.port}\r\nConnection: close\r\n".encode()
            + ORIGIN
            + asked
            + b"\r\n"
        )
        await exchange(watch.mitm.port, request)
        await watch.all_have_records(begun + 1, loses="trailers" in case)
    watch.assert_clean(raises=NO_TRAILERS if "trailers" in case else "")
    if case in SEEN_AS and method == "GET":
        (record,) = (record for record in watch.mitm.latest() if record["url"].startswith(f"http://127.0.0.1:{raw.port}/"))
        assert SEEN_AS[case] == (record["status"], record["verdicts"]["chromium"]["reason"])


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
    "CONNECT to nothing": lambda _: b"CONNECT  HTTP/1.1\r\nHost:\r\n\r\n",
    "CONNECT to port 0": lambda _: b"CONNECT 127.0.0.1:0 HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://a.test\r\n\r\n",
    "CONNECT, and no TLS": lambda port: b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01\xff\xff\x1b[2J" % port,
    "100 requests at once": lambda port: (
        b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\n\r\n" % port * 100
    ),
    "an upgrade to HTTP/2": lambda port: (
        b"GET http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        % port
    ),
    "HTTP/2 at once": lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "trailers with an origin": lambda port: (
        b"POST http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%s\r\n"
        % (port, ORIGIN)
    ),
    "a body shorter than said": lambda port: (
        b"POST http://127.0.0.1:%d/0 HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\nContent-Length: 900\r\n\r\nshort" % port
    ),
}


WAIT_IN_VAIN = ("a head that never ends", "a body shorter than said", "HTTP/2 at once", "trailers with an origin")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CLIENTS)
@pytest.mark.parametrize("ending", Ending)
async def test_client_may_send(case: str, ending: Ending, watch: Watch) -> None:
    """The proxy answers the next well-formed request, says nothing of a fault, and what reached it has its record."""
    async with Raw() as raw:
        if ending is Ending.WAITS and case in WAIT_IN_VAIN:
            ending = Ending.CLOSES
        await exchange(watch.mitm.port, CLIENTS[case](raw.port), ending, count=64)
        await is_well(watch, raw)
    await watch.all_have_records(loses="trailers" in case)
    watch.assert_clean(raises=NO_TRAILERS if "trailers" in case else "")


async def is_well(watch: Watch, raw: Raw) -> None:
    """It answers a well-formed request."""
    host = b"127.0.0.1:%d" % raw.port
    ask = b"GET http://%b/0?well HTTP/1.1\r\nHost: %b\r\nOrigin: https://a.test\r\nConnection: close\r\n\r\n" % (host, host)
    assert (await exchange(watch.mitm.port, ask)).startswith(b"HTTP/1.1 200")
