"""Messages over pipes: whole, in order, bounded; a browser that dies ends them."""

import asyncio
import os

import pytest
from corslens.bridge import pipe as pipes
from corslens.bridge.pipe import Pipe, PipeEnds


async def opened() -> tuple[Pipe, int, int]:
    """A pipe, and the browser's ends of it: where it reads, where it writes."""
    ends = PipeEnds()
    reads, writes = (os.dup(one) for one in ends.inherited)
    return await ends.open(), reads, writes


async def test_messages() -> None:
    pipe, reads, writes = await opened()
    pipe.send({"id": 1, "method": "Network.enable"})
    assert os.read(reads, 1000) == b'{"id":1,"method":"Network.enable"}\0'
    os.write(writes, b'{"method":"a","params":{"x":1}}\0{"method":"b","sessionId":"s"}\0{"meth')
    first = await pipe.receive()
    assert [(one.method, one.sessionId, bytes(one.params)) for one in first] == [("a", "", b'{"x":1}'), ("b", "s", b"{}")]
    os.write(writes, b'od":"c"}\0not json\0')
    assert [one.method for one in await pipe.receive()] == ["c"]
    os.write(writes, b'{"id":1,"error":{"code":-32601,"message":"there is no such method"}}\0')
    (refused,) = await pipe.receive()
    assert (refused.id, b"no such method" in bytes(refused.error)) == (1, True)
    os.close(writes)
    assert await pipe.receive() == []
    os.close(reads)
    pipe.send({"id": 2})  # to nobody
    pipe.close()


async def test_a_message_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "MAX_MESSAGE_BYTES", 100_000)
    pipe, reads, writes = await opened()

    def write() -> None:
        os.write(writes, b'{"method":"a"}\0')
        for _ in range(10):
            os.write(writes, b"x" * 30_000)
        os.write(writes, b'"}\0{"method":"b"}\0')
        os.close(writes)

    task = asyncio.create_task(asyncio.to_thread(write))
    found = []
    while messages := await pipe.receive():
        found += [one.method for one in messages]
    await task
    assert found == ["a", "b"]
    os.close(reads)
    pipe.close()


async def test_the_browser_gets_both_ends_where_it_looks_for_them() -> None:
    ends = PipeEnds()
    argv = ends.wrap(["/bin/sh", "-c", "cat <&3 >&4"])
    process = await asyncio.create_subprocess_exec(*argv, pass_fds=ends.inherited)
    pipe = await ends.open()
    pipe.send({"method": "echo"})
    assert [one.method for one in await pipe.receive()] == ["echo"]
    pipe.close()
    assert await process.wait() == 0


def test_what_was_never_opened_is_closed() -> None:
    ends = PipeEnds()
    ends.close()
    with pytest.raises(OSError):
        os.fstat(ends.inherited[0])
