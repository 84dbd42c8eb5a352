"""Loopback servers that allow origins by a function, and write down what they were asked."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WANTED = "https://app.example.com"

type Allows = Callable[[str], bool]


class Server(ThreadingHTTPServer):
    """Answers every path; `asked` holds method, path and headers of each request in order."""

    daemon_threads = True

    def __init__(
        self, allows: Allows, *, credentials: bool = True, extra: Mapping[str, str] | None = None, status: int = 200
    ) -> None:
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.allows, self.credentials, self.extra, self.status = allows, credentials, dict(extra or {}), status
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def origins(self) -> list[str | None]:
        """The Origin of each request."""
        return [{name.lower(): value for name, value in lines}.get("origin") for _, _, lines in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _respond(self) -> None:
        server = self.server
        server.asked.append((self.command, self.path, self.headers.items()))
        origin = self.headers.get("Origin")
        self.send_response(server.status if self.command != "OPTIONS" else 204)
        if origin is not None and server.allows(origin):
            self.send_header("Access-Control-Allow-Origin", origin)
            if server.credentials:
                self.send_header("Access-Control-Allow-Credentials", "true")
            if self.command == "OPTIONS":
                self.send_header("Access-Control-Allow-Methods", "PUT")
                self.send_header("Access-Control-Allow-Headers", "content-type, x-a")
        self.send_header("Vary", "Origin")
        for name, value in server.extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_OPTIONS = do_PUT = do_POST = do_DELETE = _respond

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    allows: Allows, *, credentials: bool = True, extra: Mapping[str, str] | None = None, status: int = 200
) -> Iterator[Server]:
    """Run a server while the block lasts."""
    server = Server(allows, credentials=credentials, extra=extra, status=status)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
