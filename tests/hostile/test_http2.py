"""Whatever HTTP/2 servers and clients send, legal or not: as in test_wire.py."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.kit.mitmdump import Mitm
from tests.deadline import DEADLINE_SECONDS
from tests.hostile.http2_peer import (
    ACK,
    CONTINUATION,
    END_HEADERS,
    HEADERS,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    SETTINGS,
    WINDOW_UPDATE,
    Asker,
    Client,
    Server,
    block,
    data,
    frame,
    goaway,
    headers,
    request,
    reset,
)
from tests.hostile.peer import GONE, Act, Ending, Watch, Witnessed, abort, every_path

ORIGIN = (b"origin", b"https://app.example")
ACAO = (b"access-control-allow-origin", b"https://app.example")
WAITS, CLOSES, ABORTS = Ending.WAITS, Ending.CLOSES, Ending.ABORTS


def head(*lines: tuple[bytes, bytes], status: bytes = b"200", end: bool = False, size: int = 16_384) -> bytes:
    """The head of an answer."""
    return headers(1, [(b":status", status), *lines], end=end, size=size)


def answer(*lines: tuple[bytes, bytes], status: bytes = b"200", size: int = 16_384) -> bytes:
    """A whole answer."""
    return head(*lines, status=status, size=size) + data(1, b"ok")


def grant(value: bytes) -> bytes:
    """An answer that grants this."""
    return answer((b"access-control-allow-origin", value))


BODY = data(1, b"ok")
PARTLY = headers(1, [(b":status", b"200"), ACAO], end=False, complete=False)
"""A head that would go on."""
BOMB = b"\x88\x40\x01x\x7f\x81\x1e" + b"a" * 4_000 + b"\xbe" * 16_000
"""The status, a line of 4 KB, and 16,000 references to that."""
ENDS = {"is closed": CLOSES, "is reset": ABORTS}

ANSWERS: dict[str, bytes | Act] = {
    "two Access-Control-Allow-Origin lines": answer(ACAO, ACAO),
    "two that differ": answer(ACAO, (b"access-control-allow-origin", b"*")),
    "1,000 lines of one name": answer(*[(b"access-control-allow-methods", b"PUT")] * 1_000),
    "1,000 names": answer(*((b"x-%d" % n, b"%d" % n) for n in range(1_000))),
    "a value of 60 KB": grant(b"a" * 60_000),
    "a value of 1 MB": answer((b"access-control-allow-headers", b"a, " * 350_000)),
    "a head in CONTINUATION frames of one byte": answer(ACAO, size=1),
    "a head in CONTINUATION frames without end": Act(PARTLY + frame(CONTINUATION, 0, 1) * 5_000),
    "every byte for itself": Act(answer(ACAO, ACAO), WAITS, byte_by_byte=True),
    "a bomb": headers(1, BOMB, end=True),
    "a block of no sense": headers(1, b"\xff\xff\xff\xff\xff\xff\xff", end=True),
    "a reference to nowhere": headers(1, b"\xfe", end=True),
    "bytes that are not UTF-8": grant(b"\xff\xfe\x80"),
    "terminal escapes": grant(b"\x1b]0;owned\x07\x1b[2J\x9b31m"),
    "right-to-left overrides": grant("\u202egnp.exe".encode()),
    "a null byte": grant(b"a\x00b"),
    "two lines in one value": grant(b"a\r\nset-cookie: b"),
    "spaces around a value": grant(b" \thttps://app.example\t "),
    "an upper-case name": answer((b"Access-Control-Allow-Origin", b"*")),
    "a name with a space": answer((b"access-control allow-origin", b"*")),
    "a name with a line's end": answer((b"access-control-allow-origin\r\nx", b"*")),
    "a name of terminal escapes": answer((b"\x1b]0;owned\x07", b"*")),
    "an empty name": answer((b"", b"*")),
    "a colon as a name": answer((b":", b"*")),
    "two statuses": answer((b":status", b"204"), ACAO),
    "a pseudo-header after the others": headers(1, [ACAO, (b":status", b"200")], end=True),
    "a pseudo-header among the others": answer(ACAO, (b":status", b"500"), ACAO),
    "an unknown pseudo-header": answer((b":origin\x1b", b"*")),
    "a pseudo-header of requests": answer((b":path", b"/")),
    "no status": headers(1, [ACAO], end=True),
    "status \\x1b[2J": answer(ACAO, status=b"\x1b[2J"),
    "status 000": answer(ACAO, status=b"000"),
    "status 99999": answer(ACAO, status=b"99999"),
    "status -1": answer(ACAO, status=b"-1"),
    "fields of HTTP/1": answer(ACAO, (b"connection", b"x"), (b"transfer-encoding", b"chunked"), (b"upgrade", b"websocket")),
    "a wrong length": answer(ACAO, (b"content-length", b"900")),
    "two lengths": answer((b"content-length", b"2"), (b"content-length", b"3")),
    "early hints that grant, 100 of them": head((b"link", b"</x>"), ACAO, status=b"103") * 100 + answer(),
    "continue": head(status=b"100") + answer(ACAO),
    "continue, and no more": Act(head(status=b"100")),
    "early hints as the end": head(status=b"103", end=True),
    "status 101": answer(ACAO, (b"upgrade", b"websocket"), status=b"101"),
    "trailers that grant": head() + data(1, b"ok", end=False) + headers(1, [ACAO, ACAO], end=True),
    "trailers of control characters": head(ACAO) + BODY[:4] + b"\0" + BODY[5:] + headers(1, [(b"x", b"\x1b[2J\0")], end=True),
    "trailers with a status": head(ACAO) + headers(1, [(b":status", b"500")], end=True),
    "trailers that do not end it": head(ACAO) + headers(1, [(b"x", b"y")], end=False) + BODY,
    "two answers": answer(ACAO) + answer(ACAO),
    "a body before its head": BODY + head(ACAO, end=True),
    "a body after the end": head(ACAO, end=True) + BODY,
    "a stream nobody opened": headers(3, [(b":status", b"200"), ACAO], end=True),
    "a promise": frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block([(b":method", b"GET"), (b":path", b"/")]))
    + grant(b"*"),
    "a redirect to nowhere": answer((b"location", b"http://[::1\x1b"), ACAO, status=b"302"),
    "1,000 pings": frame(PING, 0, 0, b"\x1b]0;ownd") * 1_000 + grant(b"*"),
    "unknown frames": frame(0xEE, 0xFF, 1, b"\x1b[2J") + frame(0xEF, 0, 0) + grant(b"*"),
    "a window that overflows": frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2 + grant(b"*"),
    "a window of nothing": frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
    "odd settings": frame(SETTINGS, 0, 0, b"\0\1\0\0\0\0" + b"\0\2\0\0\0\x09" + b"\xfa\xfa\xff\xff\xff\xff") + grant(b"*"),
    "settings cut short": frame(SETTINGS, 0, 0, b"\0\1\0"),
    "a frame of 16 MB": Act(frame(HEADERS, END_HEADERS, 1, b"\x88" * 100, length=(1 << 24) - 1)),
    "no HTTP/2": Act(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n\r\n"),
    "nothing at all": Act(b""),
    "a reset within the head": PARTLY + reset(1),
    "a reset after the head": head(ACAO) + reset(1, 2),
    "a reset within the body": head(ACAO) + data(1, b"o", end=False) + reset(1, 0x1B5D07),
    "goodbye at once": goaway(debug=b"\x1b]0;owned\x07"),
    "goodbye within the head": PARTLY + goaway(),
    "goodbye after the head": head(ACAO) + goaway(1, 11, b"\x1b[2J\r\n{}"),
    "goodbye within the body": head(ACAO) + data(1, b"o", end=False) + goaway(1),
    **{f"a head within which the socket {how}": Act(PARTLY, end) for how, end in ENDS.items()},
    **{f"a frame within which the socket {how}": Act(answer(ACAO)[:20], end) for how, end in ENDS.items()},
    **{f"a body within which the socket {how}": Act(head(ACAO) + data(1, b"o", end=False), end) for how, end in ENDS.items()},
}


asks = partial(request, ORIGIN)
"""A request that is well-formed but for what is in the arguments."""


def pseudo(*lines: tuple[bytes, bytes], end: bool = True) -> bytes:
    """A request of just these lines."""
    return headers(1, lines, end=end)


GET, HTTPS, PATH, HOST = (b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/"), (b":authority", b"127.0.0.1")
POST = request(ORIGIN, method=b"POST", end=False)
LONG = request(ORIGIN, (b"content-length", b"9000"), method=b"POST", end=False)
"""The head of a request that is streamed to the server while it comes in."""
SEEN = frame(PING, 0, 0, bytes(8))
"""Is answered when what was sent before has been looked at."""
UNFINISHED = headers(1, [GET, HTTPS, HOST, PATH, ORIGIN], end=True, complete=False)
BAD_METHOD = b"<script>\x1b[2J"

# What reaches an addon: always, if mitmproxy is told not to validate headers, or never.
ALWAYS, LAX, NEVER = ({False, True}, {False}, set[bool]())

REQUESTS: dict[str, tuple[set[bool], bytes | Act]] = {
    "two origins": (ALWAYS, asks(ORIGIN)),
    "an origin of 60 KB": (ALWAYS, asks((b"origin", b"o" * 60_000))),
    "an origin of 100 KB": (NEVER, asks((b"origin", b"o" * 100_000))),
    "1,000 lines": (ALWAYS, asks(*[(b"access-control-request-headers", b"x-\x80")] * 1_000, method=b"OPTIONS")),
    "a head in CONTINUATION frames of one byte": (ALWAYS, headers(1, [GET, HTTPS, HOST, PATH, ORIGIN], end=True, size=1)),
    "a head in CONTINUATION frames without end": (NEVER, UNFINISHED + frame(CONTINUATION, 0, 1) * 5_000),
    "every byte for itself": (ALWAYS, Act(asks(ORIGIN), WAITS, byte_by_byte=True)),
    "a bomb": (NEVER, headers(1, BOMB, end=True)),
    "terminal escapes": (ALWAYS, asks((b"origin", b"https://a\x1b]0;owned\x07\x9b31m\xff"))),
    "two lines in one value": (LAX, asks((b"origin", b"a\r\nx: \x00b"))),
    "an upper-case name": (LAX, asks((b"Origin", b"*"))),
    "a name of terminal escapes": (LAX, asks((b"\x1b]0;owned\x07", b"*"))),
    "an empty name": (LAX, asks((b"", b"*"))),
    "fields of HTTP/1": (LAX, asks((b"connection", b"upgrade"), (b"upgrade", b"websocket"))),
    "a path twice": (NEVER, pseudo(GET, HTTPS, HOST, PATH, PATH, ORIGIN)),
    "a pseudo-header after the others": (NEVER, pseudo(ORIGIN, GET, HTTPS, HOST, PATH)),
    "a pseudo-header among the others": (LAX, asks((b":path", b"/x"), ORIGIN)),
    "an unknown pseudo-header": (NEVER, pseudo(GET, HTTPS, HOST, PATH, (b":x\x1b[2J", b"\x1b[2J"))),
    "a pseudo-header of answers": (NEVER, pseudo(GET, HTTPS, HOST, PATH, (b":status", b"200"))),
    "no path": (NEVER, pseudo(GET, HTTPS, HOST, ORIGIN)),
    "no authority": (LAX, pseudo(GET, HTTPS, PATH, ORIGIN)),
    "an authority that is none": (NEVER, asks(authority=b"a b\x1b[2J")),
    "an authority of another port": (ALWAYS, asks(authority=b"127.0.0.1:1")),
    "a scheme of scripts": (ALWAYS, pseudo(GET, (b":scheme", b"javascript\x1b[2J"), HOST, PATH, ORIGIN)),
    "a path of terminal escapes": (ALWAYS, asks(path=b"/\x1b]0;owned\x07\x9b31m\xff")),
    "a path of several lines": (LAX, asks(path=b"/\r\nx: \x00")),
    "a path without its slash": (ALWAYS, asks(path=b"x")),
    "an empty path": (LAX, asks(path=b"")),
    "an odd method": (ALWAYS, asks(method=BAD_METHOD)),
    "CONNECT": (NEVER, pseudo((b":method", b"CONNECT"), HOST)),
    "CONNECT to nothing": (NEVER, pseudo((b":method", b"CONNECT"), (b":authority", b""))),
    "CONNECT with a path": (NEVER, pseudo((b":method", b"CONNECT"), HTTPS, HOST, PATH)),
    "CONNECT for a WebSocket": (
        NEVER,
        pseudo((b":method", b"CONNECT"), (b":protocol", b"websocket"), HTTPS, HOST, PATH, ORIGIN),
    ),
    "trailers with an origin": (ALWAYS, POST + data(1, b"x", end=False) + headers(1, [ORIGIN], end=True)),
    "trailers with a method": (LAX, POST + headers(1, [GET, (b"x", b"\x1b[2J")], end=True)),
    "a second head": (NEVER, POST + POST + data(1, b"x")),
    "a body on no stream": (NEVER, data(1, b"x")),
    "a head on stream 0": (NEVER, headers(0, [GET, HTTPS, HOST, PATH], end=True)),
    "a head on a server's stream": (NEVER, headers(2, [GET, HTTPS, HOST, PATH], end=True)),
    "another frame within a head": (NEVER, UNFINISHED + frame(PING, 0, 0, b"12345678")),
    "a body longer than said": (NEVER, asks((b"content-length", b"1"), end=False) + data(1, b"xyz")),
    "a stream that waits for itself": (NEVER, frame(PRIORITY, 0, 1, b"\0\0\0\1\0") + asks()),
    "a frame of 16 MB": (NEVER, Act(frame(HEADERS, END_HEADERS, 1, b"\x88", length=(1 << 24) - 1))),
    "an odd goodbye": (ALWAYS, Act(asks() + goaway(7, 0xFFFFFFFF, b"\x1b]0;owned\x07"))),
    "a reset within the head": (NEVER, UNFINISHED + reset(1)),
    "a reset after the head": (ALWAYS, POST + reset(1) + SEEN),
    "a reset of what was asked": (ALWAYS, asks() + reset(1) + SEEN),
    "a reset within a streamed body": (ALWAYS, LONG + data(1, b"x" * 2_000, end=False) + reset(1, 0x1B5D07) + SEEN),
    **{f"a head within which it {how}": (NEVER, Act(UNFINISHED, end)) for how, end in ENDS.items()},
    **{f"a body within which it {how}": (ALWAYS, Act(POST + data(1, b"x", end=False), end)) for how, end in ENDS.items()},
    **{
        f"a streamed body within which it {how}": (ALWAYS, Act(LONG + data(1, b"x" * 2_000, end=False), end))
        for how, end in ENDS.items()
    },
    **{f"a question before whose answer it {how}": (ALWAYS, Act(asks(), end)) for how, end in ENDS.items()},
}


SEEN_AS: dict[str, tuple[int | None, str | None]] = {
    "two Access-Control-Allow-Origin lines": (200, "acao-multiple"),
    "1,000 lines of one name": (200, "acao-missing"),
    "a value of 60 KB": (200, None),  # it is cut at the door, so that nothing is certain
    "a value of 1 MB": (None, "acao-missing"),
    "a head in CONTINUATION frames of one byte": (200, None),
    "every byte for itself": (200, "acao-multiple"),
    "early hints that grant, 100 of them": (200, "acao-missing"),
    "continue": (200, None),
    "trailers that grant": (200, "acao-missing"),
    "a reset after the head": (None, "acao-missing"),
    "goodbye within the body": (None, "acao-missing"),
    "nothing at all": (None, "acao-missing"),
}
"""What the records of some cases say: the status, and why Chromium keeps the answer from a page without credentials.

Where the server fails, the answer is a page of mitmproxy's.
"""


def acts(answers: dict[str, bytes | Act]) -> dict[str, Act]:
    """By the number of the case, which stands in a path."""
    return {str(number): act_of(what) for number, what in enumerate(answers.values())}


def act_of(what: bytes | Act) -> Act:
    """Bytes are sent, and then the other side's reaction is waited for."""
    return what if isinstance(what, Act) else Act(what, WAITS)


class Proxied:
    """A mitmdump, the server behind it, and a well-behaved client."""

    def __init__(self, mitm: Mitm, server: Server, well: Asker, watch: Watch, *, validates: bool) -> None:
        self.mitm, self.server, self.well, self.watch, self.validates = mitm, server, well, watch, validates

    async def is_well(self, count: int) -> None:
        """It answers the next question; all of `count` exchanges and that one have their records; nothing went wrong."""
        assert await self.well.ask("/well", ORIGIN) == 200
        await self.watch.all_have_records(count + 1)
        self.watch.assert_clean()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["validating", "not-validating"])
async def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxied]:
    """A mitmdump that shows everything and patches everything, so that every path of ours is taken, and streams some bodies."""
    folder = tmp_path_factory.mktemp("http2")
    async with (
        Server(acts(ANSWERS)) as server,
        Witnessed(every_path(folder, validates=request.param)) as mitm,
        Asker(mitm.port, server.port) as well,
    ):
        watch = Watch(mitm, folder / "witnessed")
        yield Proxied(mitm, server, well, watch, validates=request.param)
        await watch.end()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", ANSWERS)
async def test_server_may_answer(case: str, proxied: Proxied) -> None:
    """The exchange has its record, and the client gets an answer or an end."""
    begun = len(proxied.watch.begun())
    async with Asker(proxied.mitm.port, proxied.server.port) as client:
        await client.ask(f"/{list(ANSWERS).index(case)}", ORIGIN)
    await proxied.is_well(begun + 1)
    if case in SEEN_AS:
        id = proxied.watch.begun()[begun]
        (record,) = (record for record in proxied.mitm.latest() if record["source"]["flow"] == id)
        verdict = record["verdicts"]["chromium"]
        assert SEEN_AS[case] == (record["status"], (verdict.get("if_not_credentialed") or verdict)["reason"])


async def send(client: Client, act: Act, *, arrives: bool = True) -> None:
    """Do what a hostile client does, and wait for an end of the stream or of the connection.

    Args:
        arrives: what it sends is read before it resets the connection, which would throw away what is not.
    """
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            first = act
            if act.ending is not CLOSES:
                first = Act(act.data + (SEEN if act.ending is ABORTS and arrives else b""), CLOSES, act.byte_by_byte)
            await first.perform(client.reader, client.writer)
            if act.ending is WAITS or (act.ending is ABORTS and arrives):
                await client.until(lambda got: got.ends or (got.type == PING and got.flags & ACK))
            if act.ending is ABORTS:
                abort(client.writer)
    except GONE:
        pass


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", REQUESTS)
async def test_client_may_ask(case: str, proxied: Proxied) -> None:
    """What got through to the addon has its record, and the next question is answered."""
    reaches, what = REQUESTS[case]
    begun = len(proxied.watch.begun())
    async with await Client.connect(proxied.mitm.port, proxied.server.port) as client:
        await send(client, act_of(what), arrives=proxied.validates in reaches)
    await proxied.is_well(begun + (proxied.validates in reaches))


async def test_thousand_streams_may_be_reset(tmp_path: Path) -> None:
    """By the client, a few at a time or all in one, or by the server: each exchange has its record when mitmdump has ended."""
    witness = tmp_path / "witnessed"
    streams = range(1, 2_000, 2)
    async with Server({}, {"reset": reset}) as server, Witnessed({"witness_file": str(witness)}) as mitm:
        watch = Watch(mitm, witness)
        for size, count in ((20, 100), (1_000, 1_000)):
            async with await Client.connect(mitm.port, server.port) as client:
                for start in range(0, count, size):
                    some = streams[start : start + size]
                    await send(client, act_of(b"".join(asks(stream=stream) + reset(stream) for stream in some) + SEEN))
        async with await Client.connect(mitm.port, server.port) as client:
            for stream in streams[:100]:
                await send(client, act_of(asks(stream=stream, path=b"/reset")))
        # More than mitmproxy allows at a time, so it hangs up.
        async with await Client.connect(mitm.port, server.port) as client:
            await send(client, act_of(b"".join(asks(stream=stream, end=False) for stream in streams)))
        async with Asker(mitm.port, server.port) as well:
            assert await well.ask("/well", ORIGIN) == 200
        # mitmproxy works off recursively what a server does not take at once; when that is too much, the connection ends without a hook.
        watch.assert_clean(raises="RecursionError")
        assert len(watch.begun()) >= 1_200
        await watch.end()
