"""Requests that name several hosts: in the target, `:authority`, Host, the TLS handshake, or the tunnel, where one of them is the live page's.

Nobody gets more of it than who names its host, which nobody can guess, everywhere where a browser names it. The attacker here even
knows it, and is on this machine: what is left to show is that no disagreement leads past what is checked.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from itertools import product
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from corslens.mitm.live.proxy_host import SIGNPOST

from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Server, fixed, tls_context
from tests.deadline import DEADLINE_SECONDS
from tests.hostile.http2_peer import DATA, HEADERS, PREFACE, SETTINGS, Client, frame, headers
from tests.hostile.test_reach import SECRETS, get, send

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

DOMAIN = "corslens.test"
OTHER = "other.test"
THEIRS = "theirs"
"""What the server behind every other name says."""
COMMAND = '{"on":true,"scope":"~all"}'


class Scene:
    """A proxy, the host of its page, and a server for every other name."""

    def __init__(self, mitm: Mitm, host: str, server: Server, secure: Server) -> None:
        self.mitm, self.host, self.server, self.secure = mitm, host, server, secure

    def names(self) -> tuple[str, ...]:
        """The page's host, how else it may be written, its domain, a guess, another host, and addresses that lead to the proxy itself."""
        itself = f"127.0.0.1:{self.mitm.port}"
        return self.host, f"{self.host}:443", f"{self.host}.", f"x@{self.host}", DOMAIN, f"{'a' * 26}.{DOMAIN}", OTHER, itself


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    async with (
        Server(default=fixed(200, (), THEIRS)) as server,
        Server(default=fixed(200, (), THEIRS), tls=tls_context()) as secure,
    ):
        routes = {OTHER: (server.port, secure.port)}
        async with Mitm(routes=routes, options={"connection_strategy": "lazy"}) as mitm:
            host = urlsplit(await mitm.page_url()).hostname
            assert host is not None
            yield Scene(mitm, host, server, secure)


def assert_nothing_shown(answer: str, scene: Scene, what: object) -> None:
    """Check that the answer has nothing of the page but what it repeats of the request."""
    shown = answer.replace(scene.host, "").replace(scene.host.upper(), "")
    assert not SECRETS.search(shown), (what, answer)
    assert not re.match(r"HTTP/\S+ 2", answer) or answer.endswith(THEIRS), (what, answer)


async def test_target_and_host_disagree(scene: Scene) -> None:
    """Over HTTP/1: absolute and origin form, none, one or two Host lines; only where both name it does the page respond."""
    served = []
    for target, host in product((*scene.names(), ""), (*scene.names(), "")):
        start = f"http://{target}/" if target else "/"
        for lines in ([], [f"Host: {scene.host}"], ["X-Forwarded-Host: " + scene.host, "Forwarded: host=" + scene.host]):
            text = get(start, host, *lines) if host else get(start, "x", *lines).replace("Host: x\r\n", "", 1)
            answer = await send(scene.mitm.port, text)
            if answer.startswith("HTTP/1.1 200") and "corslens-token" in answer:
                served.append((target, host, bool(lines) and lines[0].startswith("Host")))
            else:
                assert_nothing_shown(answer, scene, (target, host, lines))
    assert served
    for target, host, repeated in served:
        asked = {target, host, scene.host if repeated else ""} - {""}
        # With a dot at its end in the target alone, as no browser names it: it is the same secret.
        assert {name.removesuffix(":443").removesuffix(".") for name in asked} == {scene.host}, (target, host, repeated)


async def tunnel(
    scene: Scene, target: str, sni: str | None, *, alpn: str | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | str:
    """Open a tunnel to a target and make a TLS handshake with a name in it; return what was said where that is refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.mitm.port)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 200"):
        writer.transport.abort()
        return answer.decode("latin-1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols([alpn])
    try:
        await writer.start_tls(context, server_hostname=sni or "")
    except (OSError, ssl.SSLError, ValueError) as error:
        writer.transport.abort()
        return f"no handshake: {error}"
    return reader, writer


async def answer_of(reader: asyncio.StreamReader) -> str:
    """Return one answer, empty when the other side left."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
            return ""
    return (head + body).decode("latin-1")


async def test_tunnel_handshake_and_host_disagree(scene: Scene) -> None:
    """Within TLS the page is never served: there is no tunnel to it, and no name in the handshake or Host makes one."""
    for target, sni in product(
        (f"{scene.host}:443", f"{scene.host}:80", f"{OTHER}:443", f"{DOMAIN}:443"), (scene.host, DOMAIN, OTHER, None)
    ):
        for host in scene.names():
            opened = await tunnel(scene, target, sni)
            if isinstance(opened, str):
                assert_nothing_shown(opened, scene, (target, sni))
                assert not target.startswith(OTHER), opened
                break
            reader, writer = opened
            for start in ("/", f"http://{scene.host}/", f"https://{scene.host}/"):
                writer.write(get(start, host).replace("Connection: close\r\n", "").encode())
                answer = await answer_of(reader)
                assert_nothing_shown(answer, scene, (target, sni, host, start))
                if not answer or "connection: close" in answer.lower():
                    break
            writer.transport.abort()


async def test_authority_and_host_disagree(scene: Scene) -> None:
    """Over HTTP/2, in a tunnel to another server, whatever the names are in the handshake, in `:authority`, and in Host."""
    statuses = set()
    for sni in (scene.host, OTHER):
        client = None
        for authority, host, scheme in product((*scene.names(), ""), (scene.host, OTHER, ""), (b"https", b"http")):
            if client is None:
                opened = await tunnel(scene, f"{OTHER}:443", sni, alpn="h2")
                assert not isinstance(opened, str), opened
                client, stream = Client(*opened), 1
                client.writer.write(PREFACE + frame(SETTINGS, 0, 0))
            pseudo = [(b":method", b"GET"), (b":scheme", scheme), (b":path", b"/")]
            pseudo += [(b":authority", authority.encode())] if authority else []
            client.writer.write(headers(stream, [*pseudo, *([(b"host", host.encode())] if host else [])], end=True))
            status, text, left = await answer_to(client, stream)
            statuses.add(status)
            assert_nothing_shown(text, scene, (sni, authority, host, scheme))
            stream += 2
            if left:
                client.writer.transport.abort()
                client = None
        if client is not None:
            client.writer.transport.abort()
    assert b"200" in statuses  # the other server's: the requests do arrive


async def answer_to(client: Client, stream: int) -> tuple[bytes, str, bool]:
    """Return the status on a stream, all that came on it, and whether the other side left."""
    status, text = b"", b""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (got := await client.until(lambda got: got.stream == stream)) is not None:
            if got.type == HEADERS:
                found = client.lines(got)
                status = found.get(b":status", b"")
                text += repr(found).encode()
            text += got.payload if got.type == DATA else b""
            if got.ends:
                break
    return status, text.decode("latin-1"), got is None


async def test_the_domain_says_one_sentence(scene: Scene) -> None:
    """To whoever asks, however: the same bytes, with nothing in them of this start."""
    answers = {
        await send(scene.mitm.port, get(f"http://{DOMAIN}{path}", DOMAIN)) for path in ("/", "/api/changes?since=0", "/page.js")
    }
    assert len(answers) == 1
    assert answers.pop().encode().endswith(SIGNPOST)


async def test_nothing_was_commanded(scene: Scene) -> None:
    """A command needs the page's token, wherever its host is named."""
    for target, host in product(scene.names(), repeat=2):
        text = get(f"http://{target}/api/patching", host, "Content-Type: application/json", method="POST", body=COMMAND)
        assert_nothing_shown(await send(scene.mitm.port, text), scene, (target, host))
    assert not [line for line in scene.mitm.lines if "patch mode" in line.lower() or "patching is on" in line.lower()]
