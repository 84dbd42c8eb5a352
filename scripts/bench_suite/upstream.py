"""A fast HTTP/1.1 server on an ephemeral loopback port, so that the proxy is what is measured. Prints `ready PORT`."""

import asyncio

_BODY = b'{"hello":"world"}\n'
_PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n" + _BODY
_CORS = b"Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"
_GRANT = (
    b"HTTP/1.1 204 No Content\r\n" + _CORS + b"Access-Control-Allow-Methods: PUT\r\n"
    b"Access-Control-Allow-Headers: content-type\r\nAccess-Control-Max-Age: 0\r\n\r\n"
)
PLAIN_ANSWER = _PLAIN % (len(_BODY), b"")
CORS_ANSWER = _PLAIN % (len(_BODY), _CORS)


class Upstream(asyncio.Protocol):
    """Answers each request by its first bytes; requests have no body or a short one that comes with the head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        """Answer every head that is complete."""
        self.waiting += data
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head, self.waiting = self.waiting[:end], self.waiting[end + 4 :]
            if head.startswith(b"OPTIONS"):
                self.transport.write(_GRANT)
            else:
                self.transport.write(CORS_ANSWER if b"\nrigin:" in head or b"rigin: " in head else PLAIN_ANSWER)


async def main() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(Upstream, "127.0.0.1", 0, backlog=512)
    print(f"ready {listening.sockets[0].getsockname()[1]}", flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
