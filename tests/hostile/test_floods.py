"""More than anybody asked for: HTTP/2 header blocks without end, and HPACK that amplifies.

Whoever else uses the proxy is served all the same, and the proxy's memory is what it was.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hpack import Encoder

from tests.hostile.http2_peer import (
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    Asker,
    Client,
    Server,
    block,
    data,
    frame,
    headers,
    reset,
)
from tests.hostile.peer import DEADLINE_SECONDS, GONE, Act, Ending, Watch, Witnessed, every_path

MEBIBYTE = 1 << 20
ORIGIN = (b"origin", b"https://app.example")
PREFLIGHT = [ORIGIN, (b"access-control-request-method", b"PUT")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watch]:
    """A mitmdump on which every path of ours is taken."""
    options = every_path(tmp_path_factory.mktemp("floods"), validates=True)
    async with Witnessed(options) as mitm:
        watch = Watch(mitm, Path(str(options["witness_file"])))
        yield watch
        await watch.end()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("a process without memory")


def pseudo(port: int, path: bytes = b"/", method: bytes = b"OPTIONS") -> list[tuple[bytes, bytes]]:
    """The lines that begin a request."""
    return [(b":method", method), (b":scheme", b"https"), (b":authority", b"127.0.0.1:%d" % port), (b":path", path)]


def endless(port: int) -> Iterator[bytes]:
    """A header block that goes on, full frame after full frame."""
    yield frame(HEADERS, 0, 1, block([*pseudo(port), *PREFLIGHT]))
    piece = block([(b"x-more", b"a" * 16_000)])
    for _ in range(4_000):
        yield frame(CONTINUATION, 0, 1, piece)


def crumbs(port: int) -> Iterator[bytes]:
    """The same in frames of nothing."""
    yield frame(HEADERS, 0, 1, block([*pseudo(port), *PREFLIGHT]))
    for _ in range(2_000):
        yield frame(CONTINUATION, 0, 1, b"") * 50


def amplified(port: int) -> Iterator[bytes]:
    """A line of 4 KB that is sent once and then named in one byte, thousands of times, stream after stream."""
    encoder = Encoder()
    first = encoder.encode([*pseudo(port), *PREFLIGHT, (b"access-control-request-headers", b"a," * 1_900)], huffman=False)
    again = bytes([0x80 | 62])
    for stream in range(1, 201, 2):
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, first + again * 8_000)


def many_streams(port: int) -> Iterator[bytes]:
    """As many preflights at once as may be open, each as large as it may be."""
    asked = (b"access-control-request-headers", b",".join(b"x-%05d" % number for number in range(6_000)))
    for stream in range(1, 200, 2):
        yield headers(stream, [*pseudo(port), *PREFLIGHT, asked], end=True)


def resets(port: int) -> Iterator[bytes]:
    """Ten thousand preflights, each taken back as soon as it was sent."""
    for stream in range(1, 20_001, 2):
        asked = (b"access-control-request-headers", b"x-%d" % stream)
        yield headers(stream, [*pseudo(port), *PREFLIGHT, asked], end=True) + reset(stream)


FLOODS = {
    "a block without end": endless,
    "a block in frames of nothing": crumbs,
    "amplified lines": amplified,
    "many streams": many_streams,
    "streams that are taken back": resets,
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_client_that_floods_harms_itself_alone(flood: Callable[[int], Iterator[bytes]], watch: Watch) -> None:
    """Somebody else is served meanwhile and afterwards, and the memory is given back."""
    async with Server({}) as server, Asker(watch.mitm.port, server.port) as other:
        assert await other.ask("/", ORIGIN) == 200
        before = resident(watch.mitm.pid)
        async with await Client.connect(watch.mitm.port, server.port) as client:
            sending = asyncio.create_task(pour(client, flood(server.port)))
            for _ in range(5):
                assert await other.ask("/", ORIGIN) == 200
            async with asyncio.timeout(DEADLINE_SECONDS * 2):
                await sending
        assert await other.ask("/", ORIGIN) == 200
        assert resident(watch.mitm.pid) - before < 48 * MEBIBYTE
    watch.assert_clean(raises=".*")


async def pour(client: Client, pieces: Iterator[bytes]) -> None:
    """Send until the other side has had enough."""
    reading = asyncio.create_task(client.until(lambda got: False))
    with contextlib.suppress(*GONE):
        for piece in pieces:
            if reading.done():
                break
            client.writer.write(piece)
            await client.writer.drain()
            await asyncio.sleep(0)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError, *GONE):
        await reading


BOMB = b"\x88\x40\x01x\x7f\x81\x1e" + b"a" * 4_000 + b"\xbe" * 16_000
"""The status, a line of 4 KB, and 16,000 references to that: 64 MB in 20 KB."""
FLOODING = {
    "amplified": Act(headers(1, BOMB, end=False) + data(1, b"ok")),
    "without-end": Act(
        frame(HEADERS, 0, 1, BOMB[:1]) + frame(CONTINUATION, 0, 1, block([(b"x", b"a" * 16_000)])) * 500, Ending.WAITS
    ),
    "crumbs": Act(frame(HEADERS, 0, 1, BOMB[:1]) + frame(CONTINUATION, 0, 1) * 100_000, Ending.WAITS),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", FLOODING)
async def test_a_server_that_floods_harms_itself_alone(name: str, watch: Watch) -> None:
    """Ten times over, the page gets an error, everybody else what they asked for, and the memory is given back."""
    async with Server(FLOODING) as server, Server({}) as honest, Asker(watch.mitm.port, honest.port) as other:
        assert await other.ask("/", ORIGIN) == 200
        before = resident(watch.mitm.pid)
        for _ in range(10):
            async with Asker(watch.mitm.port, server.port) as asker:
                assert await asker.ask(f"/{name}", ORIGIN) in (0, 502)
            assert await other.ask("/", ORIGIN) == 200
        assert resident(watch.mitm.pid) - before < 48 * MEBIBYTE
    watch.assert_clean(raises=".*")
