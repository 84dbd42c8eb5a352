"""One request over a connection of its own, its header lines as they are given; of the response the head alone is read.

h11 is the parser: it writes header lines in the order and the case given, and adds none, which clients with defaults do not. HTTP/1.1 only:
what a server allows is the same in every version.
"""

import socket
import ssl
import time

import ada_url
import h11

from corslens.fetch.limits import limited_headers, received_response
from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.fetch.origins import origin_of, scheme_host_port

TIMEOUT_SECONDS = 15.0
"""From the connection to the end of the response's head."""
_HEAD_BYTES = 262_144


class ConnectionFailedError(Exception):
    """No response came; the text says why, in the words of the operating system or of TLS."""


class Client:
    """Sends requests, no faster than a rate.

    Args:
        per_second: requests a second at most; 0 for no limit.
        verify: check certificates.
        identification: a header line that says who asks, sent with every request.
    """

    def __init__(
        self,
        *,
        per_second: float = 0,
        verify: bool = True,
        timeout: float = TIMEOUT_SECONDS,
        identification: HeaderLine | None = None,
    ) -> None:
        self._identification = () if identification is None else (identification,)
        self._interval = 1 / per_second if per_second else 0.0
        self._timeout = timeout
        self._next = 0.0
        self._tls = ssl.create_default_context()
        if not verify:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def send(self, request: Request) -> Response:
        """Return the head of the response.

        Raises: ConnectionFailedError
        """
        wait = self._next - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._next = time.monotonic() + self._interval
        try:
            return self._exchange(request, time.monotonic() + self._timeout)
        except (OSError, h11.ProtocolError, ValueError) as error:
            raise ConnectionFailedError(str(error) or type(error).__name__) from None

    def _exchange(self, request: Request, deadline: float) -> Response:
        # The parser that also says which host a URL names (asking.hosts): two parsers may differ, and what was not named be sent to.
        url = ada_url.URL(request.url)
        scheme, host, port = scheme_host_port(origin_of(request.url))
        name = host.strip("[]")
        with socket.create_connection((name, int(port)), timeout=self._timeout) as plain:
            connected = self._tls.wrap_socket(plain, server_hostname=name) if scheme == "https" else plain
            with connected:
                lines = (*request.headers.lines, *self._identification)
                return _head(connected, request.method, lines, f"{url.pathname}{url.search}", deadline)


def _head(connected: socket.socket, method: str, lines: tuple[HeaderLine, ...], target: str, deadline: float) -> Response:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    head = h11.Request(
        method=method.encode("latin-1"),
        target=target.encode("latin-1"),
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines],
    )
    connected.sendall(connection.send(head) or b"")
    connected.sendall(connection.send(h11.EndOfMessage()) or b"")
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            connected.settimeout(left)
            received = connected.recv(65_536)
            if not received and connection.their_state is h11.SEND_RESPONSE and connection.trailing_data[0] == b"":
                raise ConnectionResetError("the server closed the connection without a response")
            connection.receive_data(received)
        elif isinstance(event, h11.Response):
            received_lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items()]
            version = f"HTTP/{event.http_version.decode('latin-1')}"
            return received_response(
                status=event.status_code, headers=limited_headers(received_lines), http_version=version, time=time.time()
            )
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionResetError("the server closed the connection without a response")
