"""Answers that come before the request ends, and connections that become something else: as in test_wire.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.deadline import DEADLINE_SECONDS
from tests.hostile.http2_peer import HEADERS, Client, Server, data, headers, request, reset
from tests.hostile.peer import GONE, Act, Ending, Watch, Witnessed

ORIGIN, GRANT = (b"origin", b"https://app.example"), (b"access-control-allow-origin", b"https://other.example")
HELLO = (
    b"GET http://127.0.0.1:%d/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://app.example\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Odd: \x1b]0;owned\x07\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
MESSAGE = b"\x81\x82\0\0\0\0ok"
AFTERWARDS = {
    "a message": b"\x81\x02ok",
    "a message of no UTF-8": b"\x81\x02\xff\xfe",
    "a frame of reserved bits": b"\xff\x02ok",
    "half a frame": b"\x81\x7f\xff",
    "a masked frame": b"\x81\x82abcdok",
    "a close with an odd reason": b"\x88\x07\x03\xe8\x1b[2J\x07",
    "HTTP": b"HTTP/1.1 200 OK\r\n\r\n",
    "nothing": b"",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watch]:
    """A mitmdump that streams larger bodies; its own dumper, which does not escape what ends a WebSocket, is silent."""
    witness = tmp_path_factory.mktemp("ahead") / "witnessed"
    options: dict[str, str | int] = {
        "witness_file": str(witness),
        "cors_show": "cors",
        "stream_large_bodies": "1k",
        "flow_detail": 0,
    }
    async with Witnessed(options) as mitm:
        watch = Watch(mitm, witness)
        yield watch
        await watch.end()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("ending", Ending)
async def test_websocket_has_its_record_whatever_comes_over_it(ending: Ending, watch: Watch) -> None:
    """The server sends what no WebSocket may, and closes, or resets, or waits until the client is gone."""
    sends = iter(AFTERWARDS.values())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*GONE):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(SWITCH)
            await reader.readexactly(1)  # a reset would throw away what the proxy has not read yet
            await Act(b"\x81\x02ok" + next(sends), ending).perform(reader, writer)
        writer.close()

    begun = len(watch.begun())
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(DEADLINE_SECONDS):
        for _ in AFTERWARDS:
            reader, writer = await asyncio.open_connection("127.0.0.1", watch.mitm.port)
            writer.write(HELLO % server.sockets[0].getsockname()[1])
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            with contextlib.suppress(*GONE):
                writer.write(MESSAGE)
                await reader.read(1)
                await Act(b"\x81\x80", Ending.CLOSES if ending is Ending.WAITS else ending).perform(reader, writer)
            writer.close()
        await watch.all_have_records(begun + len(AFTERWARDS))
        watch.assert_clean()
        assert {record["role"] for record in watch.mitm.latest()[begun:]} == {"websocket"}


HEAD = (
    b"POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\nContent-Length: 9000\r\n\r\n"
    + b"x" * 2_000
)
EARLY = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://other.example\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("protocol", ["HTTP/1", "HTTP/2"])
@pytest.mark.parametrize("then", ["ends the request", "leaves", "resets"])
async def test_answer_may_come_before_the_request_ends(protocol: str, then: str, watch: Watch) -> None:
    """The record is on that answer, whatever the client does then."""
    begun = len(watch.begun())
    answer = headers(1, [(b":status", b"200"), GRANT], end=False) + data(1, b"ok")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await Act(EARLY, Ending.WAITS).perform(reader, writer)
        writer.close()

    plain = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with (
        plain,
        Server({"": Act(answer, Ending.WAITS)}) as server,
        asyncio.timeout(DEADLINE_SECONDS),
    ):
        ending = Ending.ABORTS if then == "resets" else Ending.CLOSES
        if protocol == "HTTP/1":
            reader, writer = await asyncio.open_connection("127.0.0.1", watch.mitm.port)
            writer.write(HEAD % plain.sockets[0].getsockname()[1])
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            await Act(b"x" * 7_000 if then == "ends the request" else b"", ending).perform(reader, writer)
            writer.close()
        else:
            async with await Client.connect(watch.mitm.port, server.port) as client:
                lines = (ORIGIN, (b"content-length", b"9000"))
                client.writer.write(request(*lines, method=b"POST", end=False) + data(1, b"x" * 2_000, end=False))
                got = await client.until(lambda got: got.type == HEADERS)
                assert got is not None
                assert client.lines(got)[b":status"] == b"200"
                rest = {"ends the request": data(1, b"x" * 7_000), "leaves": b"", "resets": reset(1)}[then]
                await Act(rest, ending).perform(client.reader, client.writer)
        await watch.all_have_records(begun + 1)
        watch.assert_clean()
        record = watch.mitm.latest()[-1]
        assert (record["status"], record["verdicts"]["chromium"]["reason"]) == (200, "acao-mismatch")
